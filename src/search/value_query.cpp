#include "search/value_query.h"

#include <array>

#include "search/text.h"

namespace holdfast::search {
namespace {

struct PrefixName {
  std::string_view text;
  Prefix prefix;
};
constexpr std::array prefix_names{
    PrefixName{"eq", Prefix::eq}, PrefixName{"ne", Prefix::ne}, PrefixName{"gt", Prefix::gt},
    PrefixName{"lt", Prefix::lt}, PrefixName{"ge", Prefix::ge}, PrefixName{"le", Prefix::le},
    PrefixName{"sa", Prefix::sa}, PrefixName{"eb", Prefix::eb}, PrefixName{"ap", Prefix::ap}};

}  // namespace

bool ValueQuery::holds(fhir::JsonValue /*resource*/, const fhir::Selected& /*value*/) const {
  return true;
}

Result<ValueQueryPtr> ValueQuery::at(const Moment& /*moment*/,
                                     const fhir::SearchParam& /*param*/) const {
  return ValueQueryPtr();
}

Result<ValueQueryPtr> value_query(const Asked& asked, std::string_view text) {
  switch (asked.param.kind) {
    case fhir::ParamKind::token: return token_query(asked, text);
    case fhir::ParamKind::reference: return reference_query(asked, text);
    case fhir::ParamKind::date: return date_query(asked, text);
    case fhir::ParamKind::number: return number_query(asked, text);
    case fhir::ParamKind::quantity: return quantity_query(asked, text);
    case fhir::ParamKind::string: return string_query(asked, text);
    case fhir::ParamKind::uri: return uri_query(asked, text);
    case fhir::ParamKind::composite: return composite_query(asked, text);
    case fhir::ParamKind::special: break;
  }
  return fail(Code::unsupported, std::string(asked.param.unsupported));
}

Prefix take_prefix(std::string_view& text) {
  for (const PrefixName& known : prefix_names) {
    if (text.starts_with(known.text)) {
      text.remove_prefix(known.text.size());
      return known.prefix;
    }
  }
  return Prefix::eq;
}

KeyRange forms_beginning(BytesView base, BytesView form) {
  KeyRange range;
  range.from.append(base).append(form);
  range.until = views::after_prefix(range.from);
  return range;
}

KeyRange exactly(BytesView base, BytesView form) {
  KeyRange range = forms_beginning(base, form);
  range.exact = true;
  return range;
}

}  // namespace holdfast::search
