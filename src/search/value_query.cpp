#include "search/value_query.h"

#include <algorithm>
#include <array>
#include <memory>

#include "search/text.h"
#include "views/keys.h"

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

/// Any value at all.
class AnyValueQuery final : public ValueQuery {
 public:
  Result<void> add_ranges(const Moment& /*moment*/, BytesView base,
                          std::vector<KeyRange>& to) const override {
    to.push_back(forms_beginning(base, {}));
    return ok();
  }
  Verdict judge(BytesView /*form*/) const override { return Verdict::yes; }
  bool is_tight() const override { return true; }
};

}  // namespace

std::optional<std::size_t> leading_form_bytes(fhir::ParamKind kind, BytesView forms) {
  ByteReader reader(forms);
  switch (kind) {
    case fhir::ParamKind::token:
      (void)views::read_value_text(reader);
      (void)views::read_value_text(reader);
      break;
    case fhir::ParamKind::string:
    case fhir::ParamKind::uri: (void)views::read_value_text(reader); break;
    case fhir::ParamKind::date: (void)views::read_date(reader); break;
    case fhir::ParamKind::number: (void)views::read_number(reader); break;
    case fhir::ParamKind::quantity:
      (void)views::read_unit(reader);
      (void)views::read_number(reader);
      break;
    case fhir::ParamKind::reference: views::read_target(reader); break;
    case fhir::ParamKind::composite:
    case fhir::ParamKind::special: return std::nullopt;
  }
  return reader.failed() ? std::nullopt : std::optional(forms.size() - reader.rest().size());
}

ValueQueryPtr any_value_query() { return std::make_shared<AnyValueQuery>(); }

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

namespace {

/// Indexes whose numbers follow one another touch, and a scan goes through one of them.
BytesView index_of(const KeyRange& range) {
  return BytesView(range.from).substr(0, sizeof(views::IndexNumber::value));
}

}  // namespace

std::vector<KeyRange> apart(std::vector<KeyRange> ranges) {
  std::ranges::sort(ranges, [](const KeyRange& a, const KeyRange& b) {
    return a.literal != b.literal ? a.literal : a.from < b.from;
  });
  std::vector<KeyRange> made;
  for (KeyRange& one : ranges) {
    const bool touches = !made.empty() && made.back().literal == one.literal &&
                         index_of(made.back()) == index_of(one) &&
                         (made.back().until.empty() || one.from <= made.back().until);
    if (!touches) {
      made.push_back(std::move(one));
    } else if (one.until.empty() || (!made.back().until.empty() && made.back().until < one.until)) {
      made.back().until = one.until;
    }
  }
  return made;
}

}  // namespace holdfast::search
