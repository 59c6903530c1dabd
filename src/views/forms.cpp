#include "views/forms.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/time.h"
#include "fhir/definitions.h"
#include "fhir/fold.h"
#include "fhir/sites.h"
#include "views/values.h"

namespace holdfast::views {
namespace {

using fhir::ElementKind;
using fhir::Json;
using fhir::JsonValue;
using fhir::ParamKind;
using fhir::Selected;

/// What kinds of structure mean something to an index. Found once per row by name.
enum class Shape : std::uint8_t {
  other,
  concept_,
  coding,
  identifier,
  contact_point,
  reference,
  period,
  timing,
  range,
  money,
  quantity,
};

Shape shape_of_name(std::string_view name) {
  if (name == "CodeableConcept") {
    return Shape::concept_;
  }
  if (name == "Coding") {
    return Shape::coding;
  }
  if (name == "Identifier") {
    return Shape::identifier;
  }
  if (name == "ContactPoint") {
    return Shape::contact_point;
  }
  if (name == "Reference") {
    return Shape::reference;
  }
  if (name == "Period") {
    return Shape::period;
  }
  if (name == "Timing") {
    return Shape::timing;
  }
  if (name == "Range") {
    return Shape::range;
  }
  if (name == "Money") {
    return Shape::money;
  }
  const bool is_quantity = name == "Quantity" || name == "Age" || name == "Duration" ||
                           name == "Count" || name == "Distance";
  return is_quantity ? Shape::quantity : Shape::other;
}

Shape shape_of(const fhir::ElementRow* row) {
  static const std::vector<Shape> shapes = [] {
    std::vector<Shape> all(fhir::tables::structure_count);
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i] = shape_of_name(fhir::name(fhir::tables::structures[i]));
    }
    return all;
  }();
  return row != nullptr && row->kind == ElementKind::complex ? shapes[row->structure]
                                                             : Shape::other;
}

/// The text of a member, or empty. Lives as long as `scratch` is left alone.
std::string_view member_text(JsonValue object, std::string_view key, std::string& scratch) {
  const auto member = object.find(key);
  return member && member->is_string() ? member->text(scratch) : std::string_view{};
}

class Appender {
 public:
  Appender(Forms& to, const Json& json) : to_(to), json_(json) {}

  void append(ParamKind kind, const Selected& selected) {
    const JsonValue value = json_.at(selected.node);
    switch (kind) {
      case ParamKind::token: return token(value, selected.row);
      case ParamKind::reference: return reference(value, selected.row);
      case ParamKind::date: return date(value, selected.row);
      case ParamKind::number: return number(value, selected.row);
      case ParamKind::quantity: return quantity(value, selected.row);
      case ParamKind::string: return text(value, &fhir::append_folded);
      case ParamKind::uri:
        return text(value, [](Bytes& to, std::string_view from) { to.append(from); });
      case ParamKind::composite:
      case ParamKind::special: return;
    }
  }

 private:
  // https://hl7.org/fhir/R4/search.html#token
  void token(JsonValue value, const fhir::ElementRow* row) {
    switch (shape_of(row)) {
      case Shape::concept_: return concepts(value);
      case Shape::coding: return pair(value, "code");
      case Shape::identifier: return pair(value, "value");
      case Shape::contact_point: {
        const std::string_view number = member_text(value, "value", scratch_);
        return number.empty() ? void() : one_token({}, number);
      }
      default: break;
    }
    if (value.is_string()) {
      one_token({}, value.text(scratch_));
    } else if (value.kind() == fhir::JsonKind::boolean || value.kind() == fhir::JsonKind::number) {
      one_token({}, value.raw());
    }
  }
  // A concept of text only is there, though no code finds it: it is not missing.
  void concepts(JsonValue value) {
    const auto codings = value.find("coding");
    if (!codings || !codings->is_array()) {
      return one_token({}, {});
    }
    for (const JsonValue coding : codings->children()) {
      pair(coding, "code");
    }
  }
  void pair(JsonValue value, std::string_view code_key) {
    const std::string_view system = member_text(value, "system", scratch_);
    const std::string_view code = member_text(value, code_key, other_);
    if (!system.empty() || !code.empty()) {
      one_token(system, code);
    }
  }
  void one_token(std::string_view system, std::string_view code) {
    append_token(to_.bytes, system, code);
    to_.end_one();
  }

  void reference(JsonValue value, const fhir::ElementRow* row) {
    if (row != nullptr && row->kind == ElementKind::resource) {
      const std::string_view name = member_text(value, "resourceType", scratch_);
      const std::string_view id = member_text(value, "id", other_);
      if (const auto type = fhir::type_id(name); type && !id.empty()) {
        append_target(to_.bytes, *type, id);
        to_.end_one();
      }
      return;
    }
    if (value.is_string()) {
      return append_reference_form(to_, value.text(scratch_),
                                   row != nullptr && row->kind == ElementKind::canonical);
    }
    append_reference_form(to_, member_text(value, "reference", scratch_), false);
    append_reference_identifier_form(to_, value);
  }

  // https://hl7.org/fhir/R4/search.html#date
  void date(JsonValue value, const fhir::ElementRow* row) {
    std::optional<TimeRange> range;
    switch (shape_of(row)) {
      case Shape::period: range = period(value); break;
      case Shape::timing: range = timing(value); break;
      default:
        range = value.is_string() ? parse_date_time(value.text(scratch_)) : std::nullopt;
        break;
    }
    if (range) {
      append_date(to_.bytes, *range);
      to_.end_one();
    }
  }
  std::optional<TimeRange> period(JsonValue value) {
    const auto start = parse_date_time(member_text(value, "start", scratch_));
    const auto end = parse_date_time(member_text(value, "end", scratch_));
    if (!start && !end) {
      return std::nullopt;
    }
    if (start && end) {  // one that ends before it begins is between the two all the same
      return TimeRange{std::min(start->from, end->from), std::max(start->until, end->until)};
    }
    return TimeRange{start ? start->from : open_from, end ? end->until : open_until};
  }
  // "only the outer limits matter"
  std::optional<TimeRange> timing(JsonValue value) {
    std::optional<TimeRange> outer;
    const auto widen = [&](const std::optional<TimeRange>& by) {
      if (by && outer) {
        outer = TimeRange{std::min(outer->from, by->from), std::max(outer->until, by->until)};
      } else if (by) {
        outer = by;
      }
    };
    if (const auto events = value.find("event"); events && events->is_array()) {
      for (const JsonValue event : events->children()) {
        widen(event.is_string() ? parse_date_time(event.text(scratch_)) : std::nullopt);
      }
    }
    if (const auto repeat = value.find("repeat")) {
      if (const auto bounds = repeat->find("boundsPeriod")) {
        widen(period(*bounds));
      }
    }
    return outer;
  }

  void number(JsonValue value, const fhir::ElementRow* row) {
    NumberValue made;
    if (shape_of(row) == Shape::range) {
      made = {decimal_in(value.find("low")), decimal_in(value.find("high"))};
    } else {
      made.low = made.high = fhir::Decimal::parse(value.raw());
    }
    if (made.low || made.high) {
      append_number(to_.bytes, made);
      to_.end_one();
    }
  }
  static std::optional<fhir::Decimal> decimal_in(const std::optional<JsonValue>& quantity) {
    const auto value = quantity ? quantity->find("value") : std::nullopt;
    return value ? fhir::Decimal::parse(value->raw()) : std::nullopt;
  }

  // https://hl7.org/fhir/R4/search.html#quantity
  void quantity(JsonValue value, const fhir::ElementRow* row) {
    const Shape shape = shape_of(row);
    NumberValue made;
    Unit unit;
    if (shape == Shape::range) {
      const auto low = value.find("low");
      const auto high = value.find("high");
      made = {decimal_in(low), decimal_in(high)};
      if (made.low || made.high) {
        unit = unit_of(made.low ? *low : *high);
      }
    } else {
      made.low = made.high = decimal_in(value);
      if (shape == Shape::money) {
        unit.system = "urn:iso:std:iso:4217";
        unit.code = member_text(value, "currency", scratch_);
      } else {
        unit = unit_of(value);
        compare(member_text(value, "comparator", scratch_), made);
      }
    }
    if (made.low || made.high) {
      append_unit(to_.bytes, unit);
      append_number(to_.bytes, made);
      to_.end_one();
    }
  }
  Unit unit_of(JsonValue quantity) {
    Unit unit;
    unit.system = member_text(quantity, "system", scratch_);
    unit.code = member_text(quantity, "code", scratch_);
    unit.text = member_text(quantity, "unit", scratch_);
    if (unit.text == unit.code) {
      unit.text.clear();
    }
    return unit;
  }
  // "< 5" is everything below 5.
  static void compare(std::string_view comparator, NumberValue& value) {
    if (comparator.starts_with('<')) {
      value.low.reset();
    } else if (comparator.starts_with('>')) {
      value.high.reset();
    }
  }

  template <class Append>
  void text(JsonValue value, Append&& append) {
    if (!value.is_string()) {
      return;
    }
    text_.clear();
    append(text_, value.text(scratch_));
    append_value_text(to_.bytes, text_);
    to_.end_one();
  }

  Forms& to_;
  const Json& json_;
  std::string scratch_;
  std::string other_;
  Bytes text_;
};

// Whether anything but false is there.
void append_truth(Forms& to, JsonValue resource, const fhir::PathIndex& index,
                  const Selected& from) {
  const Json& json = resource.document();
  std::vector<Selected> found;
  fhir::select(json, from, index.parts.front().at.front().steps, found);
  const bool is_true = std::any_of(found.begin(), found.end(), [&](const Selected& one) {
    return json.at(one.node).raw() != "false";
  });
  append_token(to.bytes, {}, is_true ? "true" : "false");
  to.end_one();
}

// Every combination of one form of each part.
void append_composite(Forms& to, JsonValue resource, const fhir::PathIndex& index,
                      const Selected& value) {
  const Json& json = resource.document();
  std::vector<Forms> parts(index.parts.size());
  std::vector<Selected> found;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    found.clear();
    for (const fhir::Selector& at : index.parts[i].at) {
      fhir::select(json, at.from_resource ? Selected{nullptr, resource.index()} : value, at.steps,
                   found);
    }
    Appender appender(parts[i], json);
    for (const Selected& one : found) {
      appender.append(index.parts[i].kind, one);
    }
    if (parts[i].size() == 0) {
      return;
    }
  }
  std::vector<std::size_t> at(parts.size(), 0);
  for (std::size_t made = 0; made < combinations_max; ++made) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      to.bytes.append(parts[i][at[i]]);
    }
    to.end_one();
    std::size_t turn = parts.size();
    while (turn > 0 && ++at[turn - 1] == parts[turn - 1].size()) {
      at[--turn] = 0;
    }
    if (turn == 0) {
      return;
    }
  }
  to.overflow = true;
}

}  // namespace

void append_forms(Forms& to, JsonValue resource, const fhir::PathIndex& index,
                  const Selected& value) {
  if (index.is_truth) {
    append_truth(to, resource, index, value);
  } else if (index.kind == ParamKind::composite) {
    append_composite(to, resource, index, value);
  } else {
    Appender(to, resource.document()).append(index.kind, value);
  }
}

void append_reference_form(Forms& to, std::string_view text, bool is_canonical) {
  if (text.empty() || text.starts_with('#')) {
    return;
  }
  if (const auto literal = is_canonical ? std::nullopt : fhir::parse_literal(text)) {
    append_target(to.bytes, literal->type, literal->id);
  } else {
    const std::size_t bar = is_canonical ? text.find('|') : std::string_view::npos;
    append_target_url(to.bytes, text.substr(0, bar),
                      bar == std::string_view::npos ? std::string_view{} : text.substr(bar + 1));
  }
  to.end_one();
}

void append_reference_identifier_form(Forms& to, JsonValue reference) {
  const auto identifier = reference.find("identifier");
  if (!identifier || !identifier->is_object()) {
    return;
  }
  std::string scratch;
  std::string other;
  const std::string_view system = member_text(*identifier, "system", scratch);
  const std::string_view value = member_text(*identifier, "value", other);
  if (!value.empty()) {
    append_target_identifier(to.bytes, system, value);
    to.end_one();
  }
}

std::string text_of(const Json& json, const Selected& value) {
  std::string scratch;
  const JsonValue at = json.at(value.node);
  return at.is_string() ? std::string(at.text(scratch)) : std::string(at.raw());
}

}  // namespace holdfast::views
