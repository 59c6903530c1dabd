#include "fhir/primitive.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>

#include "fhir/json_text.h"

namespace holdfast::fhir {

namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// A number of exactly `digits` digits at the start of `text`, which it shortens; -1 if none.
int take_digits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) {
    return -1;
  }
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (!is_digit(text[i])) {
      return -1;
    }
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

int days_in(int year, int month) {
  constexpr std::array days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && is_leap ? 29 : days[static_cast<std::size_t>(month - 1)];
}

/// YYYY, YYYY-MM or YYYY-MM-DD. `has_day` says whether a time may follow.
bool take_date(std::string_view& text, bool& has_day) {
  has_day = false;
  const int year = take_digits(text, 4);
  if (year < 1) {
    return false;
  }
  if (!take(text, '-')) {
    return true;
  }
  const int month = take_digits(text, 2);
  if (month < 1 || month > 12) {
    return false;
  }
  if (!take(text, '-')) {
    return true;
  }
  const int day = take_digits(text, 2);
  has_day = true;
  return day >= 1 && day <= days_in(year, month);
}

/// hh:mm:ss with any fraction; second 60 is a leap second.
bool take_time(std::string_view& text) {
  const int hour = take_digits(text, 2);
  if (hour < 0 || hour > 23 || !take(text, ':')) {
    return false;
  }
  const int minute = take_digits(text, 2);
  if (minute < 0 || minute > 59 || !take(text, ':')) {
    return false;
  }
  const int second = take_digits(text, 2);
  if (second < 0 || second > 60) {
    return false;
  }
  if (!take(text, '.')) {
    return true;
  }
  if (text.empty() || !is_digit(text[0])) {
    return false;
  }
  while (!text.empty() && is_digit(text[0])) {
    text.remove_prefix(1);
  }
  return true;
}

/// Z, or an offset up to 14:00.
bool take_zone(std::string_view& text) {
  if (take(text, 'Z')) {
    return true;
  }
  if (!take(text, '+') && !take(text, '-')) {
    return false;
  }
  const int hour = take_digits(text, 2);
  if (hour < 0 || !take(text, ':')) {
    return false;
  }
  const int minute = take_digits(text, 2);
  return minute >= 0 && minute <= 59 && (hour <= 13 || (hour == 14 && minute == 0));
}

/// Unescaped characters below 32, other than tab, line feed and carriage return.
bool has_control_escape(std::string_view raw) {
  for (std::size_t i = raw.find('\\'); i != std::string_view::npos; i = raw.find('\\', i + 2)) {
    const char kind = raw[i + 1];
    if (kind == 'b' || kind == 'f') {
      return true;
    }
    if (kind == 'u' && raw.substr(i + 2, 2) == "00" && raw[i + 4] < '2') {
      const char last = raw[i + 5];
      const bool is_white = raw[i + 4] == '0' && (last == '9' || last == 'a' || last == 'A' ||
                                                  last == 'd' || last == 'D');
      if (!is_white) {
        return true;
      }
    }
  }
  return false;
}

/// The texts that may hold anything printable: string and markdown.
std::optional<std::string_view> find_text_fault(JsonValue value) {
  const BytesView raw = value.raw_text();
  if (raw.size() > string_bytes_max) {
    std::string scratch;
    if (value.text(scratch).size() > string_bytes_max) {
      return "is longer than 1 MB";
    }
  }
  if (value.has_escapes() && has_control_escape(raw)) {
    return "holds a control character";
  }
  return std::nullopt;
}

/// https://hl7.org/fhir/R4/narrative.html#xhtml: one <div>. What is inside is not looked at here.
bool is_div(JsonValue value) {
  std::string scratch;
  std::string_view text = value.raw_text();
  if (!text.starts_with("<div")) {
    text = value.text(scratch);
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  }
  return text.starts_with("<div") && text.size() > 4 &&
         (is_space(text[4]) || text[4] == '>' || text[4] == '/' || text[4] == '\\');
}

std::optional<std::string_view> find_whole_fault(JsonValue value, std::int64_t from) {
  const BytesView raw = value.raw();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), number);
  // https://hl7.org/fhir/R4/datatypes.html#integer: 32 bits, signed; a whole number as digits.
  if (end != raw.data() + raw.size()) {
    return "is not written as a whole number";
  }
  if (error != std::errc{} || number < from || number > INT32_MAX) {
    return "is out of range";
  }
  // JSON has one more spelling of zero, which the type's grammar allows for integer only.
  return from >= 0 && raw[0] == '-' ? std::optional<std::string_view>("is out of range")
                                    : std::nullopt;
}

}  // namespace

JsonKind json_kind_of(ElementKind primitive) {
  switch (primitive) {
    case ElementKind::boolean: return JsonKind::boolean;
    case ElementKind::integer:
    case ElementKind::unsigned_int:
    case ElementKind::positive_int:
    case ElementKind::decimal: return JsonKind::number;
    default: return JsonKind::string;
  }
}

std::string_view name(ElementKind kind) {
  switch (kind) {
    case ElementKind::boolean: return "boolean";
    case ElementKind::integer: return "integer";
    case ElementKind::unsigned_int: return "unsignedInt";
    case ElementKind::positive_int: return "positiveInt";
    case ElementKind::decimal: return "decimal";
    case ElementKind::string: return "string";
    case ElementKind::code: return "code";
    case ElementKind::id: return "id";
    case ElementKind::markdown: return "markdown";
    case ElementKind::uri: return "uri";
    case ElementKind::url: return "url";
    case ElementKind::canonical: return "canonical";
    case ElementKind::oid: return "oid";
    case ElementKind::uuid: return "uuid";
    case ElementKind::date: return "date";
    case ElementKind::date_time: return "dateTime";
    case ElementKind::instant: return "instant";
    case ElementKind::time: return "time";
    case ElementKind::base64_binary: return "base64Binary";
    case ElementKind::xhtml: return "xhtml";
    case ElementKind::complex: return "object";
    case ElementKind::resource: return "resource";
  }
  return "element";
}

std::optional<std::string_view> find_fault(ElementKind kind, JsonValue value) {
  if (json_kind_of(kind) == JsonKind::string && value.raw_text().empty()) {
    return "is empty";  // https://hl7.org/fhir/R4/json.html: a property is absent, never empty
  }
  std::string scratch;
  const auto unless = [&](bool is_good, std::string_view fault) {
    return is_good ? std::nullopt : std::optional(fault);
  };
  switch (kind) {
    case ElementKind::boolean:
    case ElementKind::decimal:
    case ElementKind::complex:
    case ElementKind::resource: return std::nullopt;
    case ElementKind::integer: return find_whole_fault(value, INT32_MIN);
    case ElementKind::unsigned_int: return find_whole_fault(value, 0);
    case ElementKind::positive_int: return find_whole_fault(value, 1);
    case ElementKind::string:
    case ElementKind::markdown: return find_text_fault(value);
    case ElementKind::code:
      return unless(is_code(value.text(scratch)), "has space at an end or twice in a row");
    case ElementKind::id:
      return unless(is_id(value.text(scratch)), "is not 1 to 64 of A-Z a-z 0-9 - .");
    case ElementKind::uri:
    case ElementKind::url:
    case ElementKind::canonical: return unless(is_uri(value.text(scratch)), "holds white space");
    case ElementKind::oid: return unless(is_oid(value.text(scratch)), "is not urn:oid: and an OID");
    case ElementKind::uuid:
      return unless(is_uuid(value.text(scratch)), "is not urn:uuid: and a UUID in lower case");
    case ElementKind::date:
      return unless(is_date(value.text(scratch)),
                    "is not YYYY, YYYY-MM or YYYY-MM-DD of a real day");
    case ElementKind::date_time:
      return unless(is_date_time(value.text(scratch)),
                    "is not a date, or a date with hh:mm:ss and a zone");
    case ElementKind::instant:
      return unless(is_instant(value.text(scratch)), "is not YYYY-MM-DDThh:mm:ss with a zone");
    case ElementKind::time: return unless(is_time(value.text(scratch)), "is not hh:mm:ss");
    case ElementKind::base64_binary: return unless(is_base64(value.text(scratch)), "is not base64");
    case ElementKind::xhtml: return unless(is_div(value), "does not start with <div");
  }
  return std::nullopt;
}

bool is_id(std::string_view text) {
  static constexpr auto allowed = [] {
    std::array<bool, 256> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const char c = static_cast<char>(i);
      bytes[i] = is_letter(c) || is_digit(c) || c == '-' || c == '.';
    }
    return bytes;
  }();
  if (text.empty() || text.size() > 64) {
    return false;
  }
  bool all = true;
  for (const char c : text) {
    all = all && allowed[static_cast<unsigned char>(c)];
  }
  return all;
}

bool is_code(std::string_view text) {
  bool may_be_space = false;
  for (const char c : text) {
    if (is_space(c) && !may_be_space) {
      return false;
    }
    may_be_space = !is_space(c);
  }
  return may_be_space;  // not empty, and the last one is no space
}

bool is_uri(std::string_view text) {
  for (const char c : text) {
    if (is_space(c)) {
      return false;
    }
  }
  return !text.empty();
}

bool is_oid(std::string_view text) {
  constexpr std::string_view prefix = "urn:oid:";
  if (!text.starts_with(prefix)) {
    return false;
  }
  text.remove_prefix(prefix.size());
  if (text.empty() || text[0] < '0' || text[0] > '2') {
    return false;
  }
  text.remove_prefix(1);
  bool has_arc = false;
  while (take(text, '.')) {
    std::size_t digits = 0;
    while (digits < text.size() && is_digit(text[digits])) {
      ++digits;
    }
    if (digits == 0 || (digits > 1 && text[0] == '0')) {
      return false;
    }
    text.remove_prefix(digits);
    has_arc = true;
  }
  return has_arc && text.empty();
}

bool is_uuid(std::string_view text) {
  constexpr std::string_view form = "urn:uuid:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (text.size() != form.size()) {
    return false;
  }
  for (std::size_t i = 0; i < form.size(); ++i) {
    const char c = text[i];
    if (form[i] == 'x' ? !is_digit(c) && !(c >= 'a' && c <= 'f') : c != form[i]) {
      return false;
    }
  }
  return true;
}

bool is_date(std::string_view text) {
  bool has_day = false;
  return take_date(text, has_day) && text.empty();
}

bool is_date_time(std::string_view text) {
  bool has_day = false;
  if (!take_date(text, has_day)) {
    return false;
  }
  return text.empty() ||
         (has_day && take(text, 'T') && take_time(text) && take_zone(text) && text.empty());
}

bool is_instant(std::string_view text) {
  bool has_day = false;
  return take_date(text, has_day) && has_day && take(text, 'T') && take_time(text) &&
         take_zone(text) && text.empty();
}

bool is_time(std::string_view text) { return take_time(text) && text.empty(); }

bool is_base64(std::string_view text) {
  std::size_t characters = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (is_space(c)) {
      continue;
    }
    ++characters;
    if (c == '=') {
      ++padding;
    } else if (padding != 0 || (!is_letter(c) && !is_digit(c) && c != '+' && c != '/')) {
      return false;
    }
  }
  return characters != 0 && characters % 4 == 0 && padding <= 2;
}

}  // namespace holdfast::fhir
