// decide/remove.cpp: https://hl7.org/fhir/R4/http.html#delete
// Removing is a new version without content. Removing what is not there changes nothing.
#include "decide/decision.h"

namespace holdfast::decide {

Result<void> Decision::remove(std::size_t index) {
  TRY(const Named named, take_named(index));
  OperationResult& result = outcome_.results[index];
  result.id = operation(index).id;
  result.status = named.there ? Status::removed : Status::absent;
  result.version = named.there ? Version{named.newest.value + 1} : named.newest;
  return ok();
}

}  // namespace holdfast::decide
