#include "fhir/validation/validator.h"

#include <algorithm>

#include "fhir/check.h"
#include "fhir/validation/base_rules.h"
#include "fhir/validation/inspection.h"

namespace holdfast::fhir::validation {
namespace {

IssueType type_of(Code code) {
  switch (code) {
    case Code::required: return IssueType::required;
    case Code::value: return IssueType::value;
    case Code::unknown_type: return IssueType::not_supported;
    default: return IssueType::structure;
  }
}

}  // namespace

JsonPlace BundleEntries::place(std::uint32_t offset) {
  const BytesView all = json_.bytes();
  if (offset < counted_to_) {
    return json_.place(offset);
  }
  const BytesView between = all.substr(counted_to_, offset - counted_to_);
  line_ += static_cast<std::uint32_t>(std::ranges::count(between, '\n'));
  counted_to_ = offset;
  const std::size_t before = offset == 0 ? BytesView::npos : all.rfind('\n', offset - 1);
  const auto start = before == BytesView::npos ? 0 : static_cast<std::uint32_t>(before) + 1;
  return {line_, offset - start + 1};
}

BundleEntries::BundleEntries(JsonValue bundle) : json_(bundle.document()) {
  const auto entries = bundle.find("entry");
  const auto type = bundle.find("resourceType");
  if (!entries || !entries->is_array() || !type || !type->equals("Bundle")) {
    return;
  }
  for (const JsonValue entry : entries->children()) {
    const auto url = entry.find("fullUrl");
    const auto resource = entry.find("resource");
    if (url && url->is_string() && resource && resource->is_object()) {
      by_url_.emplace(url->raw_text(), *resource);
    }
  }
}

std::optional<JsonValue> BundleEntries::find(std::string_view full_url) const {
  const auto found = by_url_.find(full_url);
  return found == by_url_.end() ? std::nullopt : std::optional(found->second);
}

Validator::Validator(std::unique_ptr<Library> library, const terminology::Terminology& terminology)
    : library_(std::move(library)),
      terminology_(terminology),
      rules_(std::make_unique<BaseRules>(terminology)) {}
Validator::~Validator() = default;

Result<std::unique_ptr<Validator>> Validator::over(std::span<const Bytes> definitions,
                                                   const terminology::Terminology& terminology) {
  TRY(auto library, Library::over(definitions));
  return std::unique_ptr<Validator>(new Validator(std::move(library), terminology));
}

Report Validator::validate(JsonValue resource, const Terms& terms, Workspace& workspace) const {
  Report report(terms.detail);
  const Inspection::Knowledge known{*rules_, *library_, terminology_};
  Inspection inspection(known, terms, workspace, report, resource.document());
  inspection.run(resource);
  return report;
}

Report Validator::check_and_validate(JsonValue resource, const Terms& terms,
                                     Workspace& workspace) const {
  auto checked = check_resource(resource);
  if (checked) {
    return validate(resource, terms, workspace);
  }
  Report report(terms.detail);
  const auto add = [&report](Error& error) {
    report.add(
        {Severity::error, type_of(error.code), std::move(error.what), std::move(error.where), {}});
  };
  add(checked.error());
  for (Error& further : checked.error().more) {
    add(further);
  }
  report.add({Severity::information,
              IssueType::informational,
              "invariants, bindings and profiles are looked at once the structure is right",
              {},
              {}});
  return report;
}

}  // namespace holdfast::fhir::validation
