// What references may point to: the type as the text says it, and where the target is in the same
// document, what it is. The record itself is not looked at.
// https://hl7.org/fhir/R4/references.html
#include <algorithm>

#include <fmt/format.h>

#include "fhir/path/references.h"
#include "fhir/validation/inspection.h"

namespace holdfast::fhir::validation {

/// Looking for a resource among the entries costs a walk through them; its type is mostly in the
/// text.
std::optional<path::Value> Inspection::target_of(JsonValue reference, Depth depth) {
  const auto text = reference.find("reference");
  if (text && text->is_string()) {
    std::string scratch;
    const std::string_view named = text->text(scratch);
    const std::size_t query = named.find('?');  // a conditional reference: "Patient?identifier=…"
    if (query != std::string_view::npos) {
      const auto type = type_id(named.substr(0, query));
      return type ? std::optional(path::Value::of_type_only(path::type_of(structure_of(*type))))
                  : std::nullopt;
    }
    BundleEntries* const entries = entries_ ? &*entries_ : terms_.entries;
    if (entries != nullptr && !named.starts_with('#')) {
      if (const auto found = entries->find(named)) {
        return path::resource_value(*found);
      }
    }
    const bool may_be_here =
        named.starts_with('#') || (depth == Depth::resource && entries != nullptr);
    if (!may_be_here || !spend(1 + json_.value_count() / 64)) {
      return resolver_.resolve(named);
    }
    if (const auto found =
            path::find_in_document(path::Value::of_node(json_, text->index(), path::no_json,
                                                        path::type_of(ElementKind::string)),
                                   named)) {
      return found;
    }
    if (const auto type = resolver_.resolve(named)) {
      return type;
    }
  }
  const auto type = reference.find("type");
  const auto known = type && type->is_string() ? type_id(type->text()) : std::nullopt;
  return known ? std::optional(path::Value::of_type_only(path::type_of(structure_of(*known))))
               : std::nullopt;
}

void Inspection::check_targets(JsonValue reference, const ElementRow& row) {
  const auto target = target_of(reference, Depth::type);
  if (!target || !target->type().is_structure()) {
    return;
  }
  const auto allowed = target_types(row.targets);
  const auto is_allowed = [&](std::uint8_t type) {
    return path::type_of(structure_of(TypeId{type})) == target->type();
  };
  if (std::ranges::any_of(allowed, is_allowed) || !wants(Severity::error)) {
    return;
  }
  std::string list;
  for (const std::uint8_t type : allowed) {
    list += fmt::format("{}{}", list.empty() ? "" : ", ", name(TypeId{type}));
  }
  note(Severity::error, IssueType::structure, reference,
       fmt::format("{} refers to a {}; it may refer to: {}", name(row), path::name(target->type()),
                   list));
}

void Inspection::check_profile_targets(const Profile& profile, const ProfileNode& node,
                                       const TypeRule& rule, const path::Value& reference) {
  const auto target =
      reference.has_value() ? target_of(reference.value(), Depth::resource) : std::nullopt;
  if (!target || !target->type().is_structure()) {
    return;  // an identifier, a display: nothing that could be of another type
  }
  const bool is_here = target->document() != nullptr;
  bool of_right_type = false;
  for (const std::string& canonical : rule.targets) {
    const FoundProfile found = known_.library.find(canonical);
    if (!found.is_known()) {
      return;  // its type cannot be told; read_types() of the profile has said so where it is used
    }
    const path::TypeRef type = found.profile != nullptr ? found.profile->type : found.type;
    if (!path::is_a(target->type(), type)) {
      continue;
    }
    of_right_type = true;
    if (!is_here || found.profile == nullptr || conforms_quietly(*found.profile, *target)) {
      return;
    }
  }
  if (!wants(Severity::error)) {
    return;
  }
  std::string list;
  for (const std::string& canonical : rule.targets) {
    list += fmt::format("{}{}", list.empty() ? "" : ", ", canonical);
  }
  note(Severity::error, of_right_type ? IssueType::value : IssueType::structure,
       place_of(reference),
       fmt::format("{} refers to a {} that is none of {}, as {} asks", node.id,
                   path::name(target->type()), list, profile.url),
       profile.url);
}

}  // namespace holdfast::fhir::validation
