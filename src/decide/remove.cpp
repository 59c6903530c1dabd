// decide/remove.cpp: https://hl7.org/fhir/R4/http.html#delete
// Removing is a new version without content. Removing what is not there changes nothing.
#include "decide/decision.h"
#include "views/versions.h"

namespace holdfast::decide {

Result<void> Decision::remove(std::size_t index) {
  const Operation& wanted = operation(index);
  TRY_OK(claim(index, wanted.id));
  TRY(const auto current, views::read_current(view_, prepared_.operations[index].type, wanted.id));
  const bool there = current && current->presence == views::Presence::present;
  TRY_OK(check_version(index, there ? std::optional(current->version) : std::nullopt));
  OperationResult& result = outcome_.results[index];
  result.id = wanted.id;
  if (there) {
    result.status = Status::removed;
    result.version = Version{current->version.value + 1};
  } else {
    result.status = Status::absent;
    result.version = current ? current->version : Version{0};
  }
  return ok();
}

}  // namespace holdfast::decide
