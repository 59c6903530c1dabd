#include "views/values.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "views/keys.h"

namespace holdfast::views {
namespace {

// Behind a text: its end, or the place where it was cut. A NUL inside is 00 FF.
constexpr char text_end = '\0';
constexpr char text_cut = '\x01';
constexpr char nul_inside = '\xff';

void append_escaped(Bytes& to, std::string_view text) {
  if (text.find('\0') == std::string_view::npos) {
    to.append(text);
    return;
  }
  for (const char c : text) {
    to.push_back(c);
    if (c == '\0') {
      to.push_back(nul_inside);
    }
  }
}

// First byte of a reference: the target's type, or one of these.
constexpr char identifier_target = '\xfe';
constexpr char url_target = '\xff';
static_assert(fhir::type_count < 0xfe);

// First byte of a decimal.
constexpr unsigned char negative_tag = 0x10;
constexpr unsigned char zero_tag = 0x20;
constexpr unsigned char positive_tag = 0x30;
constexpr std::int32_t exponent_bias = 1 << 14;
static_assert(fhir::decimal_exponent_max + fhir::decimal_digits_max < exponent_bias);

void append_flipped(Bytes& to, std::string_view bytes, bool flip) {
  for (const char c : bytes) {
    to.push_back(flip ? static_cast<char>(~static_cast<unsigned char>(c)) : c);
  }
}

std::uint64_t biased(Time time) {
  return static_cast<std::uint64_t>(time.ms) ^ (std::uint64_t{1} << 63U);
}
Time unbiased(std::uint64_t value) {
  return Time{static_cast<std::int64_t>(value ^ (std::uint64_t{1} << 63U))};
}

std::uint8_t class_of(const TimeRange& range) {
  if (range.until == open_until) {
    return date_classes[6].number;
  }
  if (range.from == open_from) {
    return date_classes[5].number;
  }
  for (const DateClass& one : date_classes) {
    if (range.until.ms - range.from.ms <= one.length_max) {
      return one.number;
    }
  }
  return date_classes[5].number;
}

}  // namespace

void append_value_text(Bytes& to, std::string_view text) {
  append_escaped(to, text.substr(0, value_text_bytes_max));
  to.push_back('\0');
  to.push_back(text.size() > value_text_bytes_max ? text_cut : text_end);
}

ValueText read_value_text(ByteReader& reader) {
  ValueText read;
  while (!reader.failed()) {
    const BytesView rest = reader.rest();
    const std::size_t nul = rest.find('\0');
    if (nul == BytesView::npos) {
      (void)reader.bytes(rest.size() + 1);  // fails
      break;
    }
    read.text.append(reader.bytes(nul));
    const BytesView end = reader.bytes(2);
    if (reader.failed() || end[1] != nul_inside) {
      read.cut = !reader.failed() && end[1] == text_cut;
      break;
    }
    read.text.push_back('\0');
  }
  return read;
}

void append_value_text_prefix(Bytes& to, std::string_view text) {
  append_escaped(to, text.substr(0, value_text_bytes_max));
}

void append_token(Bytes& to, std::string_view system, std::string_view code) {
  append_value_text(to, code);
  append_value_text(to, system);
}

void append_target(Bytes& to, fhir::TypeId type, std::string_view id) {
  to.push_back(static_cast<char>(type.value));
  append_id(to, id);
}

void append_target_url(Bytes& to, std::string_view url, std::string_view version) {
  to.push_back(url_target);
  append_value_text(to, url);
  append_value_text(to, version);
}

void append_target_identifier(Bytes& to, std::string_view system, std::string_view value) {
  to.push_back(identifier_target);
  append_token(to, system, value);
}

void append_target_type(Bytes& to, fhir::TypeId type) {
  to.push_back(static_cast<char>(type.value));
}
void append_target_urls(Bytes& to) { to.push_back(url_target); }
void append_target_identifiers(Bytes& to) { to.push_back(identifier_target); }

void read_target(ByteReader& reader) {
  const BytesView tag = reader.bytes(1);
  if (!reader.failed() && (tag[0] == url_target || tag[0] == identifier_target)) {
    (void)read_value_text(reader);
    (void)read_value_text(reader);
  } else {
    (void)read_id(reader);
  }
}

// ---- numbers ----------------------------------------------------------------------------------

namespace {

// 0.digits * 10^exponent: neither the first nor the last digit is a zero; no digits: zero.
struct Scientific {
  bool negative = false;
  std::int32_t exponent = 0;
  std::string digits;
};

Scientific scientific(const fhir::Decimal& value) {
  Scientific made;
  if (value.is_zero()) {
    return made;
  }
  const std::string text = value.text();
  made.negative = text.front() == '-';
  const std::string_view plain = std::string_view(text).substr(made.negative ? 1 : 0);
  const std::size_t point = std::min(plain.find('.'), plain.size());
  made.digits.append(plain.substr(0, point))
      .append(plain.substr(std::min(point + 1, plain.size())));
  const std::size_t leading = made.digits.find_first_not_of('0');
  made.digits.erase(0, leading);
  made.digits.erase(made.digits.find_last_not_of('0') + 1);
  made.exponent = static_cast<std::int32_t>(point) - static_cast<std::int32_t>(leading);
  return made;
}

}  // namespace

// Sign, exponent, digits two in a byte (1 to 100), 0 at the end; of a negative number everything
// behind the sign flipped, so that the larger comes first.
void append_decimal(Bytes& to, const fhir::Decimal& value) {
  const Scientific parts = scientific(value);
  if (parts.digits.empty()) {
    to.push_back(static_cast<char>(zero_tag));
    return;
  }
  to.push_back(static_cast<char>(parts.negative ? negative_tag : positive_tag));
  Bytes form;
  append_big(form, static_cast<std::uint16_t>(parts.exponent + exponent_bias));
  for (std::size_t i = 0; i < parts.digits.size(); i += 2) {
    const int high = parts.digits[i] - '0';
    const int low = i + 1 < parts.digits.size() ? parts.digits[i + 1] - '0' : 0;
    form.push_back(static_cast<char>(high * 10 + low + 1));
  }
  form.push_back('\0');
  append_flipped(to, form, parts.negative);
}

fhir::Decimal read_decimal(ByteReader& reader) {
  const BytesView tag = reader.bytes(1);
  if (reader.failed() || static_cast<unsigned char>(tag[0]) == zero_tag) {
    return {};
  }
  const bool negative = static_cast<unsigned char>(tag[0]) == negative_tag;
  const unsigned flip = negative ? 0xffU : 0U;
  const auto next = [&]() -> unsigned {
    const BytesView byte = reader.bytes(1);
    return reader.failed() ? 0U : (static_cast<unsigned char>(byte[0]) ^ flip);
  };
  const unsigned high = next();
  const auto exponent = static_cast<std::int32_t>(high << 8U | next()) - exponent_bias;
  std::string digits;
  for (unsigned pair = next(); pair != 0 && !reader.failed(); pair = next()) {
    digits.push_back(static_cast<char>('0' + (pair - 1) / 10));
    digits.push_back(static_cast<char>('0' + (pair - 1) % 10));
  }
  digits.erase(digits.find_last_not_of('0') + 1);
  const auto value =
      fhir::Decimal::parse((negative ? "-" : "") + digits + 'e' +
                           std::to_string(exponent - static_cast<std::int32_t>(digits.size())));
  return value.value_or(fhir::Decimal{});
}

void append_number(Bytes& to, const NumberValue& value) {
  if (value.low && value.high && *value.low == *value.high) {
    to.push_back(static_cast<char>(NumberForm::point));
    append_decimal(to, *value.low);
    return;
  }
  to.push_back(static_cast<char>(NumberForm::interval));
  for (const auto& end : {value.low, value.high}) {
    to.push_back(end ? '\x01' : '\0');
    if (end) {
      append_decimal(to, *end);
    }
  }
}

NumberValue read_number(ByteReader& reader) {
  const BytesView form = reader.bytes(1);
  NumberValue value;
  if (reader.failed()) {
    return value;
  }
  if (form[0] == static_cast<char>(NumberForm::point)) {
    value.low = value.high = read_decimal(reader);
    return value;
  }
  for (auto* end : {&value.low, &value.high}) {
    const BytesView there = reader.bytes(1);
    if (!reader.failed() && there[0] == '\x01') {
      *end = read_decimal(reader);
    }
  }
  return value;
}

void append_unit(Bytes& to, const Unit& unit) {
  append_value_text(to, unit.system);
  append_value_text(to, unit.code);
  append_value_text(to, unit.text);
}

Unit read_unit(ByteReader& reader) {
  Unit unit;
  unit.system = read_value_text(reader).text;
  unit.code = read_value_text(reader).text;
  unit.text = read_value_text(reader).text;
  return unit;
}

// ---- dates ------------------------------------------------------------------------------------

void append_date(Bytes& to, const TimeRange& range) {
  to.push_back(static_cast<char>(class_of(range)));
  append_big(to, biased(range.from));
  append_big(to, biased(range.until));
}

void append_date_from(Bytes& to, const DateClass& of, Time from) {
  to.push_back(static_cast<char>(of.number));
  append_big(to, biased(from));
}

TimeRange read_date(ByteReader& reader) {
  (void)reader.bytes(1);
  const Time from = unbiased(reader.big<std::uint64_t>());
  return {from, unbiased(reader.big<std::uint64_t>())};
}

}  // namespace holdfast::views
