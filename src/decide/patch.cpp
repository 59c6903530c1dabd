// decide/patch.cpp: https://hl7.org/fhir/R4/http.html#patch
// The body is what the patch made of version If-Match, outside the sequencer. So a patch is an
// update of exactly that version, or a conflict; then whoever patched may patch again
// (docs/adr/0008).
#include <fmt/format.h>

#include "base/check.h"
#include "decide/decision.h"

namespace holdfast::decide {

Result<void> Decision::patch(std::size_t index) {
  const Operation& wanted = operation(index);
  check(wanted.if_match.has_value(), "a patch was made from some version");
  OperationResult& result = outcome_.results[index];
  result.id = wanted.id;
  if (!wanted.condition.empty()) {
    TRY(const auto found, selected(index));
    if (!found || *found != wanted.id) {
      return fail(Code::conflict,
                  fmt::format("the condition {}?{} no longer selects {}; send the same again",
                              wanted.type, wanted.condition, wanted.id),
                  where(index));
    }
  }
  TRY(const Named named, take_named(index, wanted.id));
  result.status = named.there ? Status::updated : Status::created;
  result.version = Version{named.newest.value + 1};
  return ok();
}

}  // namespace holdfast::decide
