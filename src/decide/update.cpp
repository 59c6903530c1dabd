// decide/update.cpp: https://hl7.org/fhir/R4/http.html#update
// Updating what is not there, or was removed, creates it under the id that the caller names
// (https://hl7.org/fhir/R4/http.html#upsert); version numbers go on where they ended. With a
// condition (#cond-update) the resource that it selects is meant.
#include "decide/decision.h"

namespace holdfast::decide {

Result<void> Decision::update(std::size_t index) {
  OperationResult& result = outcome_.results[index];
  result.id = operation(index).id;
  if (!operation(index).condition.empty()) {
    TRY(result.id, updated_by_condition(index));
  }
  TRY(const Named named, take_named(index, result.id));
  result.status = named.there ? Status::updated : Status::created;
  result.version = Version{named.newest.value + 1};
  return ok();
}

}  // namespace holdfast::decide
