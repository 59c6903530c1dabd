// decide/create.cpp: https://hl7.org/fhir/R4/http.html#create and #ccreate
// A conditional create looks at the record below this Command and at the conditional creates
// before it in the same Command, so that one condition never makes two resources.
#include <fmt/format.h>

#include "base/check.h"
#include "decide/decision.h"
#include "search/matches.h"
#include "views/versions.h"

namespace holdfast::decide {

Result<void> Decision::create(std::size_t index) {
  const Operation& wanted = operation(index);
  const fhir::TypeId type = prepared_.operations[index].type;
  OperationResult& result = outcome_.results[index];
  if (!wanted.condition.empty()) {
    const auto [first, fresh] =
        created_if_none_.try_emplace({wanted.type, wanted.condition}, index);
    if (!fresh && wanted.if_match) {
      return fail(Code::conflict,
                  fmt::format("entry {} makes what {}?{} selects already", first->second,
                              wanted.type, wanted.condition),
                  where(index));
    }
    if (!fresh) {
      result = outcome_.results[first->second];
      result.status = Status::matched;
      return ok();
    }
    TRY(const auto found, matching(index, type, wanted.condition, search::matches_wanted));
    if (found.size() > 1) {
      return fail(Code::multiple_matches,
                  fmt::format("ifNoneExist {}?{} selects {} and {}; make the condition narrower",
                              wanted.type, wanted.condition, found[0], found[1]),
                  where(index));
    }
    if (found.size() == 1 && wanted.if_match) {
      return fail(Code::conflict,
                  fmt::format("{}?{} was to select nothing and selects {}", wanted.type,
                              wanted.condition, found[0]),
                  where(index));
    }
    if (found.size() == 1) {
      result.status = Status::matched;
      result.id = found[0];
      TRY(const auto matched, views::read_current(view_, type, found[0]));
      check(matched.has_value(), "search finds what is current");
      result.version = matched->version;
      return ok();
    }
  }
  TRY_OK(claim(index, wanted.id));
  TRY(const auto current, views::read_current(view_, type, wanted.id));
  if (current) {
    return fail(Code::conflict,
                fmt::format("the id {} drawn for a new {} is taken; send the same again", wanted.id,
                            wanted.type),
                where(index));
  }
  result.status = Status::created;
  result.id = wanted.id;
  result.version = Version{1};
  return ok();
}

}  // namespace holdfast::decide
