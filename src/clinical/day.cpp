#include "clinical/day.h"

#include "base/time.h"

namespace holdfast::clinical {
namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::size_t day_text_bytes = 10;

}  // namespace

std::optional<Day> parse_day(std::string_view text) {
  if (text.size() != day_text_bytes) {
    return std::nullopt;
  }
  const auto range = parse_date_time(text);
  if (!range) {
    return std::nullopt;
  }
  return Day{range->from.ms / day_ms - (range->from.ms % day_ms < 0 ? 1 : 0)};
}

std::string to_text(Day day) {
  return to_instant(Time{day.value * day_ms}).substr(0, day_text_bytes);
}

}  // namespace holdfast::clinical
