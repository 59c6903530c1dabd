#include "search/values.h"

#include "fhir/sites.h"
#include "search/text.h"
#include "views/extracted.h"

namespace holdfast::search {

Result<views::PostingPrefix> token_value(fhir::TypeId type, fhir::ParamId param,
                                         std::string_view text) {
  const views::IndexNumber index = views::index_of(param);
  const auto parts = split_unescaped(text, '|');
  if (parts.size() > 2) {
    return fail(Code::value, quoted(text) +
                                 " has more than one '|'; one that belongs to the "
                                 "value is written '\\|'");
  }
  TRY(const std::string first, unescape(parts[0]));
  if (parts.size() == 1) {
    return views::token_code_prefix(index, type, first);
  }
  TRY(const std::string code, unescape(parts[1]));
  if (first.empty() && code.empty()) {
    return fail(Code::value, "'|' alone selects nothing: write system|code, code, or system|");
  }
  return code.empty() ? views::token_system_prefix(index, type, first)
                      : views::token_prefix(index, type, first, code);
}

Result<void> add_reference_values(fhir::TypeId type, const fhir::ParamRow& row,
                                  std::optional<fhir::TypeId> named, const std::string& value,
                                  std::vector<views::PostingPrefix>& any) {
  const views::IndexNumber index = views::index_of(fhir::ParamId{row.code});
  if (const auto literal = fhir::parse_literal(value)) {
    if (!literal->version.empty()) {
      return fail(Code::unsupported,
                  "this server searches for references to a resource, not to "
                  "one version of it");
    }
    if (named && *named != literal->type) {
      return fail(Code::value, quoted(value) + " is not a " + std::string(fhir::name(*named)));
    }
    any.push_back(views::reference_prefix(index, type, literal->type, literal->id));
    return ok();
  }
  if (value.find_first_of(":/#") != std::string::npos) {
    any.push_back(views::uri_prefix(index, type, value));
    return ok();
  }
  if (value.find('\0') != std::string::npos) {
    return fail(Code::value, "an id has letters, digits, '-' and '.' only");
  }
  if (named) {
    any.push_back(views::reference_prefix(index, type, *named, value));
    return ok();
  }
  const auto targets = fhir::target_types(row.targets);
  const std::size_t count = targets.empty() ? fhir::type_count : targets.size();
  for (std::size_t i = 0; i < count; ++i) {
    const fhir::TypeId target{targets.empty() ? static_cast<std::uint8_t>(i) : targets[i]};
    any.push_back(views::reference_prefix(index, type, target, value));
  }
  return ok();
}

}  // namespace holdfast::search
