// decide/remove.cpp: https://hl7.org/fhir/R4/http.html#delete
// Removing is a new version without content. Removing what is not there changes nothing, and so
// does removing by a condition that selects nothing; one that selects several is refused.
#include "decide/decision.h"

namespace holdfast::decide {

Result<void> Decision::remove(std::size_t index) {
  OperationResult& result = outcome_.results[index];
  result.id = operation(index).id;
  if (!operation(index).condition.empty()) {
    TRY(auto found, selected(index));
    result.id = std::move(found).value_or("");
    if (result.id.empty()) {
      TRY_OK(check_version(index, std::nullopt));
      result.status = Status::absent;
      return ok();
    }
  }
  TRY(const Named named, take_named(index, result.id));
  result.status = named.there ? Status::removed : Status::absent;
  result.version = named.there ? Version{named.newest.value + 1} : named.newest;
  return ok();
}

}  // namespace holdfast::decide
