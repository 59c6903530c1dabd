#include "fhir/search_params.h"

#include <algorithm>

namespace holdfast::fhir {
namespace {

// No way in which values become keys has changed since it was this.
constexpr int extraction_version = 1;

std::string_view kind_name(ParamKind kind) {
  switch (kind) {
    case ParamKind::number: return "number";
    case ParamKind::date: return "date";
    case ParamKind::string: return "string";
    case ParamKind::token: return "token";
    case ParamKind::reference: return "reference";
    case ParamKind::composite: return "composite";
    case ParamKind::quantity: return "quantity";
    case ParamKind::uri: return "uri";
    case ParamKind::special: return "special";
  }
  return {};
}

}  // namespace

std::string identity_of(ParamKind kind, std::string_view path) {
  std::string text = std::to_string(extraction_version);
  text.append(" ").append(kind_name(kind)).append(" ").append(path);
  return text;
}

const SearchParam* SearchParams::find(TypeId type, std::string_view code) const {
  const std::span<const SearchParam> all = of(type);
  const auto at = std::ranges::lower_bound(all, code, {}, &SearchParam::code);
  return at != all.end() && at->code == code ? &*at : nullptr;
}

std::vector<std::string> SearchParams::catalogue() const {
  std::vector<std::string> identities;
  identities.reserve(indexes_.size());
  for (const PathIndex& index : indexes_) {
    identities.push_back(index.path.empty() ? std::string() : identity_of(index.kind, index.path));
  }
  return identities;
}

}  // namespace holdfast::fhir
