// decide/remove.cpp: https://hl7.org/fhir/R4/http.html#delete
// Removing is a new version without content. Removing what is not there changes nothing, and so
// does removing by a condition that selects nothing. A condition that selects several is refused,
// unless the Command names them all: then they are removed together, or, if others are selected by
// now, none.
#include <algorithm>

#include <fmt/format.h>

#include "decide/decision.h"

namespace holdfast::decide {

Result<void> Decision::remove(std::size_t index) {
  const Operation& wanted = operation(index);
  OperationResult& result = outcome_.results[index];
  result.id = wanted.id;
  if (!wanted.condition.empty() && !wanted.id.empty()) {
    TRY_OK(check_all_are_named(index));
  } else if (!wanted.condition.empty()) {
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

Result<void> Decision::check_all_are_named(std::size_t index) {
  const Operation& wanted = operation(index);
  if (!removed_by_.emplace(wanted.type, wanted.condition).second) {
    return ok();
  }
  std::vector<std::string> named;
  for (const Operation& one : prepared_.command.operations) {
    if (one.verb == Verb::remove && one.type == wanted.type && one.condition == wanted.condition) {
      named.push_back(one.id);
    }
  }
  TRY(auto found,
      matching(index, prepared_.operations[index].type, wanted.condition, named.size() + 1));
  std::ranges::sort(named);
  std::ranges::sort(found);
  if (named != found) {
    return fail(
        Code::conflict,
        fmt::format("the condition {}?{} no longer selects what it did; send the same again",
                    wanted.type, wanted.condition),
        where(index));
  }
  return ok();
}

}  // namespace holdfast::decide
