// hl7v2/rendering/say.cpp: texts, numbers and times. What a place cannot say is not put there:
// it stays in the list of what is left.
#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "hl7v2/rendering/fields.h"
#include "hl7v2/rendering/moments.h"

namespace holdfast::hl7v2 {
namespace {

bool put(const Saying& one, std::string_view text) {
  if (!one.fields.put(one.place, text)) {
    return false;
  }
  one.fields.will_carry(one.item);
  return true;
}

std::string_view value_of(const Saying& one) { return one.fields.documents().text(one.item); }

/// A text of the tables, such as %event, or the item's.
bool string(const Saying& one) {
  if (one.rule.path != out::none && Selector::is_text(one.rule.path)) {
    return one.fields.put(one.place, one.fields.selector().said(one.rule.path));
  }
  return put(one, value_of(one));
}

bool date(const Saying& one, const std::optional<Zone>& zone) {
  if (one.rule.path != out::none && Selector::is_text(one.rule.path)) {
    return one.fields.put(one.place, one.fields.selector().said(one.rule.path));
  }
  auto made = to_dtm(value_of(one), zone);
  return made && put(one, one.fields.documents().keep(*std::move(made)));
}

/// Its day alone, where the field has no place for more.
bool day(const Saying& one) {
  std::string_view text = value_of(one);
  text = text.substr(0, text.find('T'));
  auto made = to_dtm(text, std::nullopt);
  if (!made || !one.fields.put(one.place, one.fields.documents().keep(*std::move(made)))) {
    return false;
  }
  if (text.size() == value_of(one).size()) {
    one.fields.will_carry(one.item);
  }
  return true;
}

bool time(const Saying& one) {
  auto made = to_tm(value_of(one));
  return made && put(one, one.fields.documents().keep(*std::move(made)));
}

bool boolean(const Saying& one) {
  const std::string_view text = value_of(one);
  return (text == "true" && put(one, "Y")) || (text == "false" && put(one, "N"));
}

bool count(const Saying& one) {
  return one.fields.put(one.place,
                        one.fields.documents().keep(std::to_string(one.fields.number())));
}

/// Numbers between blanks, one a component.
bool series(const Saying& one) {
  std::string_view rest = value_of(one);
  std::uint16_t part = 0;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    if (end > 0 && (part == UINT16_MAX || !one.place.has_parts() ||
                    !one.fields.put(one.place.part(++part), rest.substr(0, end)))) {
      return false;
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  one.fields.will_carry(one.item);
  return part > 0;
}

/// "3.5-5.0", ">3.5", "<5.0"; the unit is that of the value.
bool range(const Saying& one) {
  Documents& documents = one.fields.documents();
  const auto bound = [&](std::string_view name) {
    const auto quantity = documents.member(one.item, name);
    const auto value = quantity ? documents.member(*quantity, "value") : std::nullopt;
    if (value) {
      one.fields.will_carry(*quantity);
    }
    return value ? documents.text(*value) : std::string_view();
  };
  const std::string_view low = bound("low");
  const std::string_view high = bound("high");
  if (low.empty() && high.empty()) {
    return false;
  }
  return one.fields.put(one.place,
                        documents.keep(low.empty()    ? fmt::format("<{}", high)
                                       : high.empty() ? fmt::format(">{}", low)
                                                      : fmt::format("{}-{}", low, high)));
}

/// The text that base64 stands for (RFC 4648 section 4), if it is one in UTF-8.
std::optional<std::string> from_base64(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    int digit = -1;
    if (c >= 'A' && c <= 'Z') {
      digit = c - 'A';
    } else if (c >= 'a' && c <= 'z') {
      digit = c - 'a' + 26;
    } else if (c >= '0' && c <= '9') {
      digit = c - '0' + 52;
    } else if (c == '+' || c == '/') {
      digit = c == '+' ? 62 : 63;
    } else if (c == '=' || c == ' ' || c == '\n' || c == '\r' || c == '\t') {
      continue;
    } else {
      return std::nullopt;
    }
    group = group << 6U | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes.push_back(static_cast<char>(group >> static_cast<unsigned>(bits) & 0xffU));
    }
  }
  return find_bad_utf8(bytes) ? std::nullopt : std::optional(std::move(bytes));
}

bool text64(const Saying& one) {
  auto text = from_base64(value_of(one));
  return text && put(one, one.fields.documents().keep(*std::move(text)));
}

}  // namespace

bool say_value(const Saying& one) {
  using Kind = out::Conversion;
  switch (one.rule.conversion) {
    case Kind::string:
    case Kind::again:
    case Kind::number: return string(one);
    case Kind::code: return say_code(one);
    case Kind::date: return day(one);
    case Kind::date_time: return date(one, one.fields.envelope().zone);
    case Kind::time: return time(one);
    case Kind::boolean: return boolean(one);
    case Kind::identity: return say_identity(one);
    case Kind::own: return say_own(one);
    case Kind::cwe:
    case Kind::is: return say_concept(one);
    case Kind::unit: return say_unit(one);
    case Kind::place: return say_place(one);
    case Kind::mime: return say_mime(one);
    case Kind::text64: return text64(one);
    case Kind::count: return count(one);
    case Kind::series: return series(one);
    case Kind::range: return range(one);
    case Kind::fixed:
    case Kind::map_: break;
  }
  check(false, "a conversion of one value");
  return false;
}

}  // namespace holdfast::hl7v2
