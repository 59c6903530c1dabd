// decide/update.cpp: https://hl7.org/fhir/R4/http.html#update
// Updating what is not there, or was removed, creates it under the id that the caller names
// (https://hl7.org/fhir/R4/http.html#upsert); version numbers go on where they ended.
#include "decide/decision.h"

namespace holdfast::decide {

Result<void> Decision::update(std::size_t index) {
  TRY(const Named named, take_named(index));
  OperationResult& result = outcome_.results[index];
  result.id = operation(index).id;
  result.status = named.there ? Status::updated : Status::created;
  result.version = Version{named.newest.value + 1};
  return ok();
}

}  // namespace holdfast::decide
