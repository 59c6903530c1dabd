// decide/update.cpp: https://hl7.org/fhir/R4/http.html#update
// Updating what is not there, or was removed, creates it under the id that the caller names
// (https://hl7.org/fhir/R4/http.html#upsert); version numbers go on where they ended.
#include "decide/decision.h"
#include "views/versions.h"

namespace holdfast::decide {

Result<void> Decision::update(std::size_t index) {
  const Operation& wanted = operation(index);
  TRY_OK(claim(index, wanted.id));
  TRY(const auto current, views::read_current(view_, prepared_.operations[index].type, wanted.id));
  const bool there = current && current->presence == views::Presence::present;
  TRY_OK(check_version(index, there ? std::optional(current->version) : std::nullopt));
  OperationResult& result = outcome_.results[index];
  result.id = wanted.id;
  result.status = there ? Status::updated : Status::created;
  result.version = Version{current ? current->version.value + 1 : 1};
  return ok();
}

}  // namespace holdfast::decide
