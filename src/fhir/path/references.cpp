#include "fhir/path/references.h"

#include <string>
#include <vector>

#include "fhir/path/evaluate.h"

namespace holdfast::fhir::path {
namespace {

/// The resources that an element is in, the outermost first.
std::vector<JsonValue> resources_around(const Value& of) {
  std::vector<JsonValue> found;
  const Json& json = *of.document();
  const std::uint32_t target = of.has_value() ? of.value().index() : of.sibling().index();
  for (std::uint32_t at = 0; at <= target;) {
    const JsonValue value = json.at(at);
    if (value.next_index() <= target) {
      at = value.next_index();
      continue;
    }
    if (value.is_object() && value.find("resourceType")) {
      found.push_back(value);
    }
    ++at;
  }
  return found;
}

std::optional<Value> find_contained(JsonValue container, std::string_view id) {
  if (id.empty()) {
    return resource_value(container);
  }
  const auto contained = container.find("contained");
  if (!contained) {
    return std::nullopt;
  }
  for (const JsonValue resource : contained->children()) {
    const auto has = resource.find("id");
    if (has && has->equals(id)) {
      return resource_value(resource);
    }
  }
  return std::nullopt;
}

/// "http://server/base/" of "http://server/base/Patient/1"; empty for urn:uuid and the like.
std::string_view base_of(std::string_view full_url) {
  if (!full_url.starts_with("http://") && !full_url.starts_with("https://")) {
    return {};
  }
  const std::size_t id = full_url.rfind('/');
  const std::size_t type = id == 0 ? id : full_url.rfind('/', id - 1);
  return type == std::string_view::npos ? std::string_view() : full_url.substr(0, type + 1);
}

std::string_view without_version(std::string_view reference) {
  const std::size_t at = reference.find("/_history/");
  return reference.substr(0, at);
}

std::optional<Value> find_entry(JsonValue bundle, JsonValue from, std::string_view reference) {
  const auto entries = bundle.find("entry");
  if (!entries) {
    return std::nullopt;
  }
  std::string full(without_version(reference));
  if (full.find(':') == std::string::npos) {  // relative to the entry that it stands in
    for (const JsonValue entry : entries->children()) {
      const auto url = entry.find("fullUrl");
      if (from.index() > entry.index() && from.index() < entry.next_index() && url) {
        full.insert(0, base_of(url->raw_text()));
        break;
      }
    }
  }
  for (const JsonValue entry : entries->children()) {
    const auto url = entry.find("fullUrl");
    const auto resource = entry.find("resource");
    if (url && resource && url->equals(full)) {
      return resource_value(*resource);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Value> find_in_document(const Value& from, std::string_view reference) {
  if (from.document() == nullptr || (!from.has_value() && !from.has_sibling())) {
    return std::nullopt;
  }
  const std::vector<JsonValue> around = resources_around(from);
  if (around.empty()) {
    return std::nullopt;
  }
  if (reference.starts_with('#')) {
    // Contained resources hold none themselves: the innermost that is not contained is the
    // container.
    for (std::size_t i = around.size(); i-- > 0;) {
      const bool contained = i > 0 && [&] {
        const auto list = around[i - 1].find("contained");
        return list && around[i].index() > list->index() && around[i].index() < list->next_index();
      }();
      if (!contained) {
        return find_contained(around[i], reference.substr(1));
      }
    }
    return std::nullopt;
  }
  for (std::size_t i = around.size(); i-- > 0;) {
    const auto type = around[i].find("resourceType");
    if (type && type->equals("Bundle") && i + 1 <= around.size()) {
      const JsonValue inner = i + 1 < around.size() ? around[i + 1] : around[i];
      if (auto found = find_entry(around[i], inner, reference)) {
        return found;
      }
    }
  }
  return std::nullopt;
}

std::optional<Value> TypeResolver::resolve(std::string_view reference) {
  std::string_view text = without_version(reference);
  const std::size_t id = text.rfind('/');
  if (id == std::string_view::npos || id + 1 == text.size()) {
    return std::nullopt;
  }
  text = text.substr(0, id);
  const std::size_t before = text.rfind('/');
  const auto type = type_id(before == std::string_view::npos ? text : text.substr(before + 1));
  return type ? std::optional(Value::of_type_only(type_of(structure_of(*type)))) : std::nullopt;
}

}  // namespace holdfast::fhir::path
