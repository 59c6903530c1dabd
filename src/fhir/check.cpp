#include "fhir/check.h"

#include <iterator>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "fhir/extract.h"
#include "fhir/walk.h"

namespace holdfast::fhir {

namespace {

Result<void> as_result(std::vector<Error> issues) {
  if (issues.empty()) {
    return ok();
  }
  Error first = std::move(issues.front());
  first.more.assign(std::make_move_iterator(issues.begin() + 1),
                    std::make_move_iterator(issues.end()));
  return fail(std::move(first));
}

}  // namespace

Result<void> check_resource(JsonValue resource) {
  std::vector<Error> issues;
  ElementWalk(resource.document(), {&issues, nullptr, nullptr, nullptr}).run(resource);
  return as_result(std::move(issues));
}

Result<void> check_and_examine(JsonValue resource, const SearchParams& params, Sites& sites,
                               Extraction& extraction) {
  std::vector<Error> issues;
  sites.clear();
  extraction.clear();
  ElementWalk(resource.document(), {&issues, &sites, &extraction, &params}).run(resource);
  return as_result(std::move(issues));
}

Result<TypeId> type_of(JsonValue resource) {
  if (const auto type = named_type(resource)) {
    return *type;
  }
  const auto where = [&](JsonValue at) {
    return where_text(element_path(resource.document(), at.index()),
                      resource.document().place(at.begin()));
  };
  const auto member = resource.find("resourceType");
  if (!member || !member->is_string()) {
    return fail(Code::required, "a resource is an object with a resourceType", where(resource));
  }
  constexpr std::size_t shown_bytes_max = 64;
  return fail(
      Code::unknown_type,
      fmt::format("FHIR R4 has no resource type \"{}\"", member->text().substr(0, shown_bytes_max)),
      where(*member));
}

}  // namespace holdfast::fhir
