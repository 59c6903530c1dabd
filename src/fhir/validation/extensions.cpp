// Extensions: what is known of a definition is asked for; what is not known may be anything.
// https://hl7.org/fhir/R4/extensibility.html,
// https://hl7.org/fhir/R4/defining-extensions.html#context
#include <algorithm>

#include <fmt/format.h>

#include "fhir/validation/inspection.h"

namespace holdfast::fhir::validation {
namespace {

std::string_view without_choice(std::string_view path) {
  return path.ends_with("[x]") ? path.substr(0, path.size() - 3) : path;
}

path::TypeRef type_of_host(const StructureRow& host, const ElementRow* as) {
  const bool is_of_primitive = &host == &structure(fhir::tables::element_structure);
  return is_of_primitive && as != nullptr
             ? path::type_of(as->kind)
             : path::TypeRef{static_cast<std::uint16_t>(&host - fhir::tables::structures)};
}

}  // namespace

bool Inspection::is_allowed(const Profile& profile, const StructureRow& host,
                            const ElementRow* host_as) {
  const path::TypeRef type = type_of_host(host, host_as);
  return profile.contexts.empty() ||
         std::ranges::any_of(profile.contexts, [&](const ExtensionContext& context) {
           if (context.kind == "fhirpath") {
             return true;  // not looked at
           }
           if (context.kind == "extension") {
             return &host == &structure(fhir::tables::extension_structure);
           }
           const std::string_view wanted = without_choice(context.expression);
           if (const auto of = path::fhir_type(wanted)) {
             return wanted == "Element" || path::is_a(type, *of);
           }
           // "Patient.contact", "HumanName.given"; deeper paths are those of what they end in.
           const std::string own =
               host_as == nullptr
                   ? std::string(name(host))
                   : fmt::format("{}.{}", name(structure(StructureId{host_as->structure_of})),
                                 path_name(*host_as));
           return wanted == own || wanted == name(host) || wanted.ends_with("." + own);
         });
}

// ext-1: https://hl7.org/fhir/R4/extensibility.html#Extension
void Inspection::check_extension_rule(JsonValue extension) {
  bool has_extensions = false;
  bool has_value = false;
  for (const JsonValue member : extension.children()) {
    const BytesView key = member.raw_key();
    has_extensions = has_extensions || key == "extension";
    has_value = has_value || key.starts_with("value") || key.starts_with("_value");
  }
  if (has_extensions == has_value && wants(Severity::error)) {
    note(Severity::error, IssueType::invariant, extension,
         fmt::format("ext-1: an extension must have either a value or extensions; this has {}",
                     has_value ? "both" : "neither"),
         "ext-1");
  }
}

void Inspection::check_extension(JsonValue extension, const StructureRow& host,
                                 const ElementRow* host_as) {
  if (terms_.invariants) {
    check_extension_rule(extension);
  }
  const auto url = extension.find("url");
  if (!terms_.profiled || !url || !url->is_string()) {
    return;
  }
  std::string scratch;
  const FoundProfile found = known_.library.find(url->text(scratch));
  if (found.profile == nullptr) {
    return;
  }
  // A warning: the definitions of R4 itself are used outside their contexts by those of R4.
  if (!is_allowed(*found.profile, host, host_as) && wants(Severity::warning)) {
    std::string list;
    for (const ExtensionContext& context : found.profile->contexts) {
      list += fmt::format("{}{}", list.empty() ? "" : ", ", context.expression);
    }
    note(Severity::warning, IssueType::extension, extension,
         fmt::format("the extension {} does not belong here, but at: {}", found.profile->url, list),
         found.profile->url);
  }
  check_profile(*found.profile,
                path::Value::of_node(json_, extension.index(), path::no_json,
                                     path::type_of(fhir::tables::extension_structure)));
}

}  // namespace holdfast::fhir::validation
