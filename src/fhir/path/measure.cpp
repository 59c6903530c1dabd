#include "fhir/path/measure.h"

#include "fhir/path/moment.h"

namespace holdfast::fhir::path {

std::optional<Unit> unit_of(const PathQuantity& quantity, Calendar calendar) {
  if (quantity.is_foreign) {
    return std::nullopt;
  }
  if (!quantity.calendar) {
    return parse_unit(quantity.unit);
  }
  const auto named = time_unit(quantity.unit);
  if (!named) {
    return std::nullopt;
  }
  switch (named->unit) {
    case TimeUnit::millisecond: return parse_unit("ms");
    case TimeUnit::second: return parse_unit("s");
    case TimeUnit::minute: return parse_unit("min");
    case TimeUnit::hour: return parse_unit("h");
    case TimeUnit::day: return parse_unit("d");
    case TimeUnit::week: return parse_unit("wk");
    case TimeUnit::month:
    case TimeUnit::year: break;
  }
  const bool year = named->unit == TimeUnit::year;
  if (calendar == Calendar::as_ucum) {
    return parse_unit(year ? "a" : "mo");
  }
  Unit months;  // of no fixed length: a unit that measures only itself
  months.own = UINT8_MAX;
  months.own_power = 1;
  months.numerator = Decimal(year ? 12 : 1);
  return months;
}

std::optional<std::strong_ordering> compare(const PathQuantity& a, const PathQuantity& b,
                                            Calendar calendar) {
  if (a.unit == b.unit && a.calendar == b.calendar) {
    return a.value <=> b.value;
  }
  const auto unit_a = unit_of(a, calendar);
  const auto unit_b = unit_of(b, calendar);
  return unit_a && unit_b ? fhir::compare(a.value, *unit_a, b.value, *unit_b) : std::nullopt;
}

bool are_comparable(const PathQuantity& a, const PathQuantity& b) {
  if (a.unit == b.unit && a.calendar == b.calendar) {
    return a.is_foreign == b.is_foreign && (a.is_foreign || unit_of(a, Calendar::distinct));
  }
  const auto unit_a = unit_of(a, Calendar::distinct);
  const auto unit_b = unit_of(b, Calendar::distinct);
  return unit_a && unit_b && fhir::are_comparable(*unit_a, *unit_b);
}

}  // namespace holdfast::fhir::path
