#include "hl7v2/mapping/convert.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/text.h"
#include "fhir/decimal.h"
#include "fhir/primitive.h"
#include "hl7v2/mapping/naming.h"
#include "hl7v2/text.h"
#include "hl7v2/time.h"

namespace holdfast::hl7v2 {
namespace {

constexpr Instance only{};

/// Puts a text down and takes the value it came from.
bool put(const Conversion& one, const Value& from, std::string_view text,
         NodeKind kind = NodeKind::text) {
  if (!one.sketch.set(one.node, text, kind)) {
    return false;
  }
  one.reading.take(from);
  return true;
}

/// FHIR strings are not empty, and at most a megabyte.
bool is_string(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") != std::string_view::npos &&
         text.size() <= fhir::string_bytes_max;
}

bool string(const Conversion& one) {
  const Value leaf = one.reading.leaf(one.value);
  const std::string_view text = one.reading.text(leaf);
  if (!is_string(text)) {
    return unconverted(one, leaf, "is blank or too long for a string");
  }
  return put(one, leaf, text);
}

bool uri(const Conversion& one) {
  const Value leaf = one.reading.leaf(one.value);
  const std::string_view text = trimmed(one.reading.text(leaf));
  return fhir::is_uri(text) && !text.empty() ? put(one, leaf, text)
                                             : unconverted(one, leaf, "is no URI");
}

/// As JSON writes numbers; empty for what is none. "1.50" stays 1.50.
std::string_view json_number(Reading& reading, std::string_view text) {
  text = trimmed(text);
  if (text.empty() || text.find_first_not_of("0123456789+-.") != std::string_view::npos) {
    return {};
  }
  const std::optional<fhir::Decimal> number = fhir::Decimal::parse(text);
  if (!number || !number->is_in_range()) {
    return {};
  }
  std::string written = number->json_text();
  return written == text ? text : reading.keep(std::move(written));
}

bool decimal(const Conversion& one) {
  const Value leaf = one.reading.leaf(one.value);
  const std::string_view number = json_number(one.reading, one.reading.text(leaf));
  return number.empty() ? unconverted(one, leaf, "is no number")
                        : put(one, leaf, number, NodeKind::token);
}

/// positiveInt and its like: from 1, at most 31 bits.
bool integer(const Conversion& one) {
  const Value leaf = one.reading.leaf(one.value);
  const std::string_view number = json_number(one.reading, one.reading.text(leaf));
  const std::optional<fhir::Decimal> value = fhir::Decimal::parse(number);
  const std::optional<std::int64_t> whole = value ? value->to_int64() : std::nullopt;
  if (!whole || *whole < 1 || *whole > INT32_MAX) {
    return unconverted(one, leaf, "is no positive whole number");
  }
  return put(one, leaf, one.reading.keep(std::to_string(*whole)), NodeKind::token);
}

bool boolean(const Conversion& one) {
  const Value leaf = one.reading.leaf(one.value);
  const std::string_view text = trimmed(one.reading.text(leaf));
  if (text == "Y" || text == "y" || text == "1" || text == "true" || text == "YES") {
    return put(one, leaf, "true", NodeKind::token);
  }
  if (text == "N" || text == "n" || text == "0" || text == "false" || text == "NO") {
    return put(one, leaf, "false", NodeKind::token);
  }
  return unconverted(one, leaf, "is neither Y nor N");
}

bool date(const Conversion& one) {
  const Value leaf = one.reading.leaf(one.value);
  Result<std::string> text = to_fhir_date(trimmed(one.reading.text(leaf)));
  return text ? put(one, leaf, one.reading.keep(*std::move(text)))
              : unconverted(one, leaf, "is no date");
}

bool date_time(const Conversion& one) {
  const Value leaf = one.reading.leaf(one.value);
  Result<FhirTime> time =
      to_fhir_date_time(trimmed(one.reading.text(leaf)), one.reading.overlay().zone);
  return time ? put(one, leaf, one.reading.keep(std::move(time->text)))
              : unconverted(one, leaf, "is no date or time");
}

/// Only a time that names its second; a rule behind it may take the date.
bool instant(const Conversion& one) {
  const Value leaf = one.reading.leaf(one.value);
  Result<FhirTime> time =
      to_fhir_date_time(trimmed(one.reading.text(leaf)), one.reading.overlay().zone);
  if (!time) {
    return unconverted(one, leaf, "is no date or time");
  }
  return fhir::is_instant(time->text) && put(one, leaf, one.reading.keep(std::move(time->text)));
}

bool time(const Conversion& one) {
  const Value leaf = one.reading.leaf(one.value);
  Result<std::string> text = to_fhir_time(trimmed(one.reading.text(leaf)));
  return text ? put(one, leaf, one.reading.keep(*std::move(text)))
              : unconverted(one, leaf, "is no time of day");
}

bool put_identity(const Conversion& one, BusinessId identity) {
  const NodeId system = one.sketch.enter(one.node, "system", false);
  const NodeId value = one.sketch.enter(one.node, "value", false);
  const bool put = system != no_node && value != no_node &&
                   one.sketch.set(system, one.reading.keep(std::move(identity.system))) &&
                   one.sketch.set(value, one.reading.keep(std::move(identity.value)));
  return put;
}

bool identity(const Conversion& one) {
  const IdentityParts parts{one.rule.arguments[0], one.rule.arguments[1], one.rule.arguments[2]};
  std::optional<BusinessId> found = read_identity(one.reading, one.value, parts);
  return found && put_identity(one, *std::move(found));
}

/// A place is known within its facility by the names of its parts: "WARD/ROOM/BED".
bool place(const Conversion& one) {
  std::string name;
  for (std::size_t i = 1; i <= one.rule.arguments[0]; ++i) {
    const std::string_view part = trimmed(one.reading.part_text(one.value, i));
    if (i > 1) {
      name.push_back('/');
    }
    name.append(part);
  }
  while (!name.empty() && name.back() == '/') {
    name.pop_back();
  }
  const Value facility = one.reading.part(one.value, 4);
  std::string system = authority_system(one.reading, trimmed(one.reading.part_text(facility, 1)),
                                        trimmed(one.reading.part_text(facility, 2)),
                                        one.reading.part_text(facility, 3));
  if (name.empty()) {
    if (system.empty()) {
      return false;
    }
    name = "-";  // the facility itself
  }
  for (std::size_t i = 1; i <= 4; ++i) {
    one.reading.take_part(one.value, i);
  }
  if (system.empty()) {
    system = sender_system(one.reading, "authority");
  }
  return put_identity(one, {std::move(system), std::move(name)});
}

/// "5.1", "<5", ">= 10": a number, perhaps with what it is compared to.
bool measured(const Conversion& one) {
  const Value leaf = one.reading.leaf(one.value);
  std::string_view text = trimmed(one.reading.text(leaf));
  const std::string_view all = text;
  std::string_view comparator;
  for (const std::string_view sign : {"<=", ">=", "<", ">"}) {
    if (text.starts_with(sign)) {
      comparator = all.substr(0, sign.size());
      text = trimmed(text.substr(sign.size()));
      break;
    }
  }
  const std::string_view number = json_number(one.reading, text);
  if (number.empty()) {
    return unconverted(one, leaf, "is no number");
  }
  const NodeId value = one.sketch.enter(one.node, "value", false, only);
  if (value == no_node || !one.sketch.set(value, number, NodeKind::token)) {
    return false;
  }
  if (!comparator.empty()) {
    const NodeId sign = one.sketch.enter(one.node, "comparator", false, only);
    if (sign == no_node || !one.sketch.set(sign, comparator)) {
      return false;
    }
  }
  one.reading.take(leaf);
  return true;
}

bool put_limit(const Conversion& one, std::string_view name, std::string_view number) {
  const NodeId limit = one.sketch.enter(one.node, name, false, only);
  const NodeId value = limit == no_node ? no_node : one.sketch.enter(limit, "value", false, only);
  return value != no_node && one.sketch.set(value, number, NodeKind::token);
}

/// "3.5-5.1", "-2 - 2", ">= 60", "<= 5": limits that a value at them is within, in the value's own
/// unit. A value at "<5" is not within it, and R4 has no such limit: that stays words (which
/// clinical/range_text.h reads), as does whatever else is said of whom or when it holds.
bool limits(const Conversion& one) {
  const std::string_view text = trimmed(one.reading.text(one.reading.leaf(one.value)));
  for (const auto& [sign, name] : {std::pair{">=", "low"}, std::pair{"<=", "high"}}) {
    if (text.starts_with(sign)) {
      const std::string_view number = json_number(one.reading, trimmed(text.substr(2)));
      return !number.empty() && put_limit(one, name, number);
    }
  }
  const std::size_t dash = text.find('-', 1);  // the first may be a sign
  if (dash == std::string_view::npos) {
    return false;
  }
  const std::string_view low = json_number(one.reading, trimmed(text.substr(0, dash)));
  const std::string_view high = json_number(one.reading, trimmed(text.substr(dash + 1)));
  if (low.empty() || high.empty()) {
    return false;
  }
  const auto from = fhir::Decimal::parse(low);
  const auto to = fhir::Decimal::parse(high);
  return from && to && *from <= *to && put_limit(one, "low", low) && put_limit(one, "high", high);
}

void append_leaves(Reading& reading, const Value& of, std::string& to) {
  if (of.level == ValueLevel::subcomponent) {
    const std::string_view text = trimmed(reading.text(of));
    if (!text.empty()) {
      if (!to.empty()) {
        to.push_back(' ');
      }
      to.append(text);
    }
    return;
  }
  const Delimiters& by = reading.message().delimiters();
  const char delimiter = of.level == ValueLevel::field        ? by.repetition
                         : of.level == ValueLevel::repetition ? by.component
                                                              : by.subcomponent;
  const std::size_t count = Pieces(of.raw, delimiter).count();
  for (std::size_t i = 1; i <= count; ++i) {
    append_leaves(reading, reading.part(of, i), to);
  }
}

bool joined(const Conversion& one) {
  std::string text;
  append_leaves(one.reading, one.value, text);
  return is_string(text) && put(one, one.value, one.reading.keep(std::move(text)));
}

bool all_lines(const Conversion& one) {
  std::string text = lines(one.reading, one.value);
  if (!is_string(text)) {
    return unconverted(one, one.value, "is blank or too long for a string");
  }
  return put(one, one.value, one.reading.keep(std::move(text)));
}

/// XTN.5 to XTN.8: "+44 20 79460000 X12".
bool phone(const Conversion& one) {
  std::string text;
  const auto add = [&](std::size_t part, std::string_view before) {
    const std::string_view number = trimmed(one.reading.part_text(one.value, part));
    if (!number.empty()) {
      text.append(text.empty() && part != 5 ? "" : before).append(number);
    }
  };
  add(5, "+");
  add(6, " ");
  add(7, " ");
  add(8, " X");
  return is_string(text) && one.sketch.set(one.node, one.reading.keep(std::move(text)));
}

/// What a person would call it: the text, the display, the code of a CWE. Takes nothing.
bool title(const Conversion& one) {
  for (const std::size_t part : {9U, 2U, 1U}) {
    const std::string_view text = one.reading.part_text(one.value, part);
    if (is_string(text)) {
      return one.sketch.set(one.node, text);
    }
  }
  return false;
}

}  // namespace

bool unconverted(const Conversion& one, const Value& value, std::string_view why) {
  if (Reading::says(value)) {
    one.reading.found(Finding::Kind::unconverted, value.raw, std::string(why));
  }
  return false;
}

std::string lines(Reading& reading, const Value& field) {
  const Delimiters& by = reading.message().delimiters();
  std::string text;
  bool first = true;
  for (const BytesView repetition : Pieces(field.raw, by.repetition)) {
    if (!first) {
      text.push_back('\n');
    }
    first = false;
    if (repetition != "\"\"") {
      // Many senders do not escape a delimiter in a text: it is one.
      text.append(reading.sound(reading.keep(unescaped(repetition, by)), repetition));
    }
  }
  return text;
}

bool convert(const Conversion& one) {
  using Kind = tables::Conversion;
  switch (one.rule.conversion) {
    case Kind::string: return string(one);
    case Kind::code: return convert_code(one);
    case Kind::uri: return uri(one);
    case Kind::decimal: return decimal(one);
    case Kind::integer: return integer(one);
    case Kind::boolean: return boolean(one);
    case Kind::date: return date(one);
    case Kind::date_time: return date_time(one);
    case Kind::instant: return instant(one);
    case Kind::time: return time(one);
    case Kind::identity: return identity(one);
    case Kind::coding: return convert_coding(one);
    case Kind::unit: return convert_unit(one);
    case Kind::measured: return measured(one);
    case Kind::joined: return joined(one);
    case Kind::lines: return all_lines(one);
    case Kind::phone: return phone(one);
    case Kind::mime: return convert_mime(one);
    case Kind::encoded: return convert_encoded(one);
    case Kind::place: return place(one);
    case Kind::title: return title(one);
    case Kind::text64: return convert_text64(one);
    case Kind::limits: return limits(one);
  }
  check(false, "a conversion of the tables");
  return false;
}

}  // namespace holdfast::hl7v2
