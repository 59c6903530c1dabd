#include "fhir/params/definition.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace holdfast::fhir {
namespace {

constexpr std::size_t code_bytes_max = 64;

std::string text_of(JsonValue in, std::string_view member) {
  const auto found = in.find(member);
  return found && found->is_string() ? found->text() : std::string();
}

// https://hl7.org/fhir/R4/valueset-search-param-type.html
std::optional<ParamKind> kind_of(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, ParamKind>, 9> kinds{{
      {"number", ParamKind::number},
      {"date", ParamKind::date},
      {"string", ParamKind::string},
      {"token", ParamKind::token},
      {"reference", ParamKind::reference},
      {"composite", ParamKind::composite},
      {"quantity", ParamKind::quantity},
      {"uri", ParamKind::uri},
      {"special", ParamKind::special},
  }};
  const auto at = std::ranges::find(kinds, text, &std::pair<std::string_view, ParamKind>::first);
  return at == kinds.end() ? std::nullopt : std::optional(at->second);
}

// What may stand before ':' and '=' in a query, and between the dots of a chain.
bool is_code(std::string_view text) {
  return !text.empty() && text.size() <= code_bytes_max && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

std::unexpected<Error> refused(std::string_view url, std::string what) {
  return fail(Code::value,
              fmt::format("search parameter {}: {}", url.empty() ? "without url" : url, what));
}

// Resource and DomainResource stand for all types.
Result<std::vector<TypeId>> types_of(JsonValue resource, std::string_view member,
                                     std::string_view url) {
  std::vector<TypeId> types;
  const auto list = resource.find(member);
  if (!list) {
    return types;
  }
  for (const JsonValue one : list->children()) {
    const std::string text = one.is_string() ? one.text() : std::string();
    if (text == "Resource" || text == "DomainResource") {
      types.clear();
      for (std::uint8_t i = 0; i < type_count; ++i) {
        types.push_back(TypeId{i});
      }
      return types;
    }
    const auto type = type_id(text);
    if (!type) {
      return refused(
          url, fmt::format("its {} names '{}', which is no resource type of R4", member, text));
    }
    types.push_back(*type);
  }
  std::ranges::sort(types);
  const auto repeated = std::ranges::unique(types);
  types.erase(repeated.begin(), repeated.end());
  return types;
}

}  // namespace

Result<ParamDefinition> read_param_definition(JsonValue resource) {
  ParamDefinition made;
  made.url = text_of(resource, "url");
  if (text_of(resource, "resourceType") != "SearchParameter") {
    return refused(made.url, "the resource is no SearchParameter");
  }
  if (made.url.empty()) {
    return refused(made.url, "what it is called by is missing");
  }
  made.code = text_of(resource, "code");
  if (!is_code(made.code)) {
    return refused(made.url, fmt::format("its code '{}' must be 1 to {} letters, digits, '-', '_'",
                                         made.code, code_bytes_max));
  }
  const std::string type = text_of(resource, "type");
  const auto kind = kind_of(type);
  if (!kind) {
    return refused(made.url, fmt::format("its type '{}' is not one of R4", type));
  }
  made.kind = *kind;
  TRY(made.base, types_of(resource, "base", made.url));
  if (made.base.empty()) {
    return refused(made.url, "it has no base: what resources is it for?");
  }
  TRY(made.target, types_of(resource, "target", made.url));
  if (made.target.size() == type_count) {
    made.target.clear();
  }
  made.expression = text_of(resource, "expression");
  if (const auto parts = resource.find("component")) {
    for (const JsonValue part : parts->children()) {
      made.parts.push_back({text_of(part, "definition"), text_of(part, "expression")});
    }
  }
  return made;
}

}  // namespace holdfast::fhir
