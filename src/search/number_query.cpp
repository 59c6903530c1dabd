// search/number_query.cpp: https://hl7.org/fhir/R4/search.html#number and #quantity
#include <set>

#include "fhir/ucum.h"
#include "search/moment.h"
#include "search/numbers.h"
#include "search/text.h"
#include "search/value_query.h"
#include "views/values.h"

namespace holdfast::search {
namespace {

using views::NumberForm;
using views::NumberValue;

constexpr std::string_view ucum_system = "http://unitsofmeasure.org";

void append_form(Bytes& to, NumberForm form) { to.push_back(static_cast<char>(form)); }

// Ranges of numbers that may pass, behind `before` (the unit of a quantity, or nothing). Points lie
// in order, so all in the ranges of most prefixes pass; of intervals both ends count.
void add_number_ranges(const AskedNumber& asked, BytesView base, BytesView before,
                       std::vector<KeyRange>& to) {
  Bytes points(before);
  append_form(points, NumberForm::point);
  const KeyRange all = forms_beginning(base, points);
  const auto at = [&](const fhir::Decimal& value) {
    Bytes form = points;
    views::append_decimal(form, value);
    return forms_beginning(base, form);
  };
  const auto add = [&](Bytes from, Bytes until, bool tight) {
    to.push_back({std::move(from), std::move(until), false, tight});
  };
  switch (asked.prefix) {
    case Prefix::eq: add(at(asked.low).from, at(asked.high).from, true); break;
    case Prefix::ne:
      add(all.from, at(asked.low).from, true);
      add(at(asked.high).from, all.until, true);
      break;
    case Prefix::gt:
    case Prefix::sa: add(at(asked.value).until, all.until, true); break;
    case Prefix::ge: add(at(asked.value).from, all.until, true); break;
    case Prefix::lt:
    case Prefix::eb: add(all.from, at(asked.value).from, true); break;
    case Prefix::le: add(all.from, at(asked.value).until, true); break;
    case Prefix::ap: {
      const NumberBounds within = bounds(asked);
      add(within.from ? at(*within.from).from : all.from,
          within.until ? at(*within.until).until : all.until, false);
      break;
    }
  }
  Bytes intervals(before);
  append_form(intervals, NumberForm::interval);
  to.push_back(forms_beginning(base, intervals));
}

class NumberQuery final : public ValueQuery {
 public:
  explicit NumberQuery(const AskedNumber& asked) : asked_(asked) {}
  Result<void> add_ranges(const Moment& /*moment*/, BytesView base,
                          std::vector<KeyRange>& to) const override {
    add_number_ranges(asked_, base, {}, to);
    return ok();
  }
  Verdict judge(BytesView form) const override {
    ByteReader reader(form);
    return verdict(passes(asked_, views::read_number(reader)));
  }
  bool is_tight() const override { return false; }

 private:
  const AskedNumber asked_;
};

/// The units behind `base`: one seek each.
Result<std::vector<views::Unit>> units_of(const Moment& moment, BytesView base) {
  std::set<views::Unit> units;
  constexpr std::size_t units_max = 4096;
  for (const views::Table table : tables_seen(moment)) {
    const KeyRange all = forms_beginning(base, {});
    const auto cursor = moment.reader.scan(table, all.from, all.until, views::Direction::forward);
    while (cursor->valid()) {
      const BytesView forms = cursor->key().substr(base.size());
      ByteReader form_reader(forms);
      views::Unit unit = views::read_unit(form_reader);
      if (form_reader.failed()) {
        return fail(Code::corrupt, "a posting of a quantity has no unit");
      }
      const Bytes next =
          forms_beginning(base, forms.substr(0, forms.size() - form_reader.rest().size())).until;
      units.insert(std::move(unit));
      if (units.size() > units_max) {
        return fail(Code::too_costly, "this search would look at more than " +
                                          std::to_string(units_max) +
                                          " different units; name the one that you mean");
      }
      if (next.empty()) {
        break;
      }
      cursor->seek(next);
    }
    TRY_OK(cursor->status());
  }
  return std::vector<views::Unit>(units.begin(), units.end());
}

// [number]|[system]|[code], [number]||[code], [number]
class QuantityQuery final : public ValueQuery {
 public:
  QuantityQuery(const AskedNumber& asked, std::optional<std::string> system, std::string code)
      : asked_(asked), system_(std::move(system)), code_(std::move(code)) {
    if (system_ == ucum_system) {
      unit_ = fhir::parse_unit(code_);
    }
  }

  Result<void> add_ranges(const Moment& moment, BytesView base,
                          std::vector<KeyRange>& to) const override {
    TRY(const auto units, units_of(moment, base));
    for (const views::Unit& unit : units) {
      if (const auto here = asked_in(unit)) {
        Bytes before;
        views::append_unit(before, unit);
        const std::size_t others = to.size();
        add_number_ranges(*here, base, before, to);
        const bool is_literal = system_ && unit.system == *system_ && unit.code == code_;
        for (std::size_t i = others; i < to.size(); ++i) {
          to[i].literal = is_literal;
        }
      }
    }
    return ok();
  }
  Verdict judge(BytesView form) const override {
    ByteReader reader(form);
    const auto here = asked_in(views::read_unit(reader));
    return verdict(here && passes(*here, views::read_number(reader)));
  }
  bool is_tight() const override { return false; }

 private:
  /// What is asked for, in another unit; nothing if that unit is not meant.
  [[nodiscard]] std::optional<AskedNumber> asked_in(const views::Unit& unit) const {
    if (code_.empty()) {
      return asked_;
    }
    if (!system_) {  // "where the code or the stated human unit is" it
      return unit.code == code_ || unit.text == code_ ? std::optional(asked_) : std::nullopt;
    }
    if (unit.system == *system_ && unit.code == code_) {
      return asked_;
    }
    const auto other =
        unit_ && unit.system == ucum_system ? fhir::parse_unit(unit.code) : std::nullopt;
    if (!other || !fhir::are_comparable(*unit_, *other)) {
      return std::nullopt;
    }
    AskedNumber converted = asked_;
    for (fhir::Decimal* number : {&converted.value, &converted.low, &converted.high}) {
      const auto there = fhir::convert(*number, *unit_, *other);
      if (!there) {
        return std::nullopt;
      }
      *number = *there;
    }
    return converted;
  }

  const AskedNumber asked_;
  const std::optional<std::string> system_;
  const std::string code_;
  std::optional<fhir::Unit> unit_;
};

}  // namespace

Result<ValueQueryPtr> number_query(const Asked& asked, std::string_view text) {
  if (!asked.modifier.empty()) {
    return fail(Code::unsupported, "a number has the modifier ':missing' only");
  }
  TRY(const AskedNumber number, parse_asked_number(text));
  return ValueQueryPtr(std::make_shared<NumberQuery>(number));
}

Result<ValueQueryPtr> quantity_query(const Asked& asked, std::string_view text) {
  if (!asked.modifier.empty()) {
    return fail(Code::unsupported, "a quantity has the modifier ':missing' only");
  }
  const auto parts = split_unescaped(text, '|');
  if (parts.size() != 1 && parts.size() != 3) {
    return fail(Code::value, quoted(text) +
                                 " is not a quantity: write 5.4, 5.4||mg or "
                                 "5.4|http://unitsofmeasure.org|mg");
  }
  TRY(const AskedNumber number, parse_asked_number(parts[0]));
  std::optional<std::string> system;
  std::string code;
  if (parts.size() == 3) {
    TRY(code, unescape(parts[2]));
    if (!parts[1].empty()) {
      TRY(system, unescape(parts[1]));
    }
    if (code.empty()) {
      return fail(Code::value, quoted(text) + " has no unit; leave the '|' out if any will do");
    }
  }
  return ValueQueryPtr(std::make_shared<QuantityQuery>(number, std::move(system), std::move(code)));
}

}  // namespace holdfast::search
