// views/values.h: how a value lies in a posting's key, one form for each kind of index. Forms sort
// as what they stand for, and none is the beginning of another, so they can stand behind each other
// (composites) and before a row. Used by whoever writes postings and whoever looks for them.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"
#include "fhir/decimal.h"
#include "fhir/type.h"

namespace holdfast::views {

/// Longest text in a key. A longer one is cut there, and known to be cut: who needs more of it
/// looks at the body.
inline constexpr std::size_t value_text_bytes_max = 512;

/// Appends `text`: sorts as its bytes do.
void append_value_text(Bytes& to, std::string_view text);
/// What append_value_text() wrote; the beginning, where it was cut.
struct ValueText {
  std::string text;
  bool cut = false;
};
[[nodiscard]] ValueText read_value_text(ByteReader& reader);
/// The beginning of every value whose text begins with `text`.
void append_value_text_prefix(Bytes& to, std::string_view text);

/// https://hl7.org/fhir/R4/search.html#token: code, then system; either may be empty.
void append_token(Bytes& to, std::string_view system, std::string_view code);

/// https://hl7.org/fhir/R4/search.html#reference: a resource of this server, of whatever version.
void append_target(Bytes& to, fhir::TypeId type, std::string_view id);
/// Anything else that a reference names: a URL, URN or canonical. Its version (behind '|') is a
/// text of its own.
void append_target_url(Bytes& to, std::string_view url, std::string_view version);
/// Reference.identifier
void append_target_identifier(Bytes& to, std::string_view system, std::string_view value);
/// The beginning of every target of that type; of every URL; of every identifier.
void append_target_type(Bytes& to, fhir::TypeId type);
void append_target_urls(Bytes& to);
void append_target_identifiers(Bytes& to);
/// Goes past the form of a reference.
void read_target(ByteReader& reader);

/// A number, or an interval of them (Range), both ends included; an end that is missing is open.
struct NumberValue {
  std::optional<fhir::Decimal> low;
  std::optional<fhir::Decimal> high;
};
enum class NumberForm : std::uint8_t { point = 1, interval = 2 };
/// A number by its value: 1.50 and 1.5 have one form.
void append_decimal(Bytes& to, const fhir::Decimal& value);
[[nodiscard]] fhir::Decimal read_decimal(ByteReader& reader);
void append_number(Bytes& to, const NumberValue& value);
[[nodiscard]] NumberValue read_number(ByteReader& reader);

/// https://hl7.org/fhir/R4/search.html#quantity: unit as given, then the number.
struct Unit {
  std::string system;
  std::string code;
  std::string text;  ///< Quantity.unit where it is not the code
  auto operator<=>(const Unit&) const = default;
};
void append_unit(Bytes& to, const Unit& unit);
[[nodiscard]] Unit read_unit(ByteReader& reader);

/// https://hl7.org/fhir/R4/search.html#date: [from, until) in milliseconds; ends that are open are
/// those of Time. Values lie in classes by their length, so that a bound on `until` is a bound on
/// `from` as well.
inline constexpr Time open_from{INT64_MIN};
inline constexpr Time open_until{INT64_MAX};
struct DateClass {
  std::uint8_t number = 0;
  std::int64_t length_max = 0;  ///< INT64_MAX: any
};
inline constexpr std::int64_t day_ms = 86'400'000;
inline constexpr DateClass date_classes[] = {
    {1, 1000},          {2, day_ms},    {3, 31 * day_ms}, {4, 366 * day_ms},
    {5, 3653 * day_ms}, {6, INT64_MAX}, {7, INT64_MAX},
};
void append_date(Bytes& to, const TimeRange& range);
/// The beginning of the values of one class that begin at `from` or later.
void append_date_from(Bytes& to, const DateClass& of, Time from);
[[nodiscard]] TimeRange read_date(ByteReader& reader);

}  // namespace holdfast::views
