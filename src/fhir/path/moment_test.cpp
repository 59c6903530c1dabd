#include "fhir/path/moment.h"

#include <gtest/gtest.h>

namespace holdfast::fhir::path {
namespace {

constexpr auto date = MomentKind::date;
constexpr auto date_time = MomentKind::date_time;
constexpr auto clock_time = MomentKind::time;

Moment moment(std::string_view text, MomentKind kind = date_time) {
  const auto read = parse_moment(text, kind);
  EXPECT_TRUE(read.has_value()) << text;
  return read.value_or(Moment());
}
std::string order(std::string_view a, std::string_view b, MomentKind kind = date_time) {
  const auto found = compare(moment(a, kind), moment(b, kind), kind, 60);
  return !found ? "?" : *found < 0 ? "<" : *found > 0 ? ">" : "=";
}
std::string later(std::string_view from, std::string_view amount, TimeUnit unit,
                  MomentKind kind = date_time) {
  const auto sum = add(moment(from, kind), kind, *Decimal::parse(amount), unit);
  return sum ? text(*sum, kind) : "none";
}
std::string bound(std::string_view of, Bound which, int digits, MomentKind kind = date_time) {
  const auto found = boundary(moment(of, kind), kind, which, digits);
  return found ? text(*found, kind) : "none";
}

TEST(Moment, ReadsWhatExistsAndWritesItBack) {
  for (const auto* same : {"2014", "2014-01", "2024-02-29", "2014-01-25T14", "2014-01-25T14:30",
                           "2014-01-25T14:30:14", "2014-01-25T14:30:14.559", "0001-01-01T00:00:00Z",
                           "2014-01-25T14:30:14.5+02:00", "2014-01-25T14:30:60-11:30"}) {
    EXPECT_EQ(text(moment(same), date_time), same);
  }
  EXPECT_EQ(text(moment("10:30:00.000", clock_time), clock_time), "10:30:00.000");
  for (const auto* wrong : {"", "2023-02-29", "2014-13", "2014-1", "0000", "2014-01T10:00",
                            "2014-01-01T24:00:00Z", "2014-01-01T10:61", "2014-01-01T10:00:00+15:00",
                            "2014-01-01T10:00:00.", "2014-01-01 10:00", "20140101"}) {
    EXPECT_FALSE(parse_moment(wrong, date_time).has_value()) << wrong;
  }
  EXPECT_FALSE(parse_moment("2014-01-01T10:00:00Z", date).has_value());
  EXPECT_TRUE(parse_moment("2014T", date_time).has_value());
}

TEST(Moment, ComparesOnlyWhatBothSay) {
  EXPECT_EQ(order("2014", "2015-01"), "<");
  EXPECT_EQ(order("2014", "2014-01"), "?");
  EXPECT_EQ(order("2014-01", "2014-01"), "=");
  EXPECT_EQ(order("2018-03-01T10:30", "2018-03-01T10:30:00"), "?");
  EXPECT_EQ(order("2018-03-01T10:30:00", "2018-03-01T10:30:00.0"), "=");
  EXPECT_EQ(order("2018-03-01T10:30:00.1", "2018-03-01T10:30:00.09"), ">");
  EXPECT_EQ(order("2018-03-01T10:30:00Z", "2018-03-01T11:30:00+01:00"), "=");
  EXPECT_EQ(order("2018-03-01T00:30:00+01:00", "2018-02-28T23:30:00Z"), "=");
  EXPECT_EQ(order("2018-03-01T11:30:00", "2018-03-01T10:30:00Z"), "=") << "the default offset";
  EXPECT_EQ(order("2024-01-02", "2024-01-01T23:30:00-05:00"), ">") << "a date has no zone";
  EXPECT_EQ(order("10:30", "11:00:00", clock_time), "<");
  EXPECT_EQ(order("10:30", "10:30:00", clock_time), "?");
}

TEST(Moment, AddsCalendarUnits) {
  EXPECT_EQ(later("2024-01-31", "1", TimeUnit::month), "2024-02-29");
  EXPECT_EQ(later("2024-02-29", "1", TimeUnit::year), "2025-02-28");
  EXPECT_EQ(later("1973-12-25", "7.7", TimeUnit::day), "1974-01-01");
  EXPECT_EQ(later("1973-12-25", "1", TimeUnit::week), "1974-01-01");
  EXPECT_EQ(later("1973-12-25T00:00:00.000+10:00", "10", TimeUnit::millisecond),
            "1973-12-25T00:00:00.010+10:00");
  EXPECT_EQ(later("1973-12-25T23:59:59", "1.5", TimeUnit::second), "1973-12-26T00:00:00.500");
  EXPECT_EQ(later("1974-01-01T00:00", "-1", TimeUnit::minute), "1973-12-31T23:59");
  EXPECT_EQ(later("2014", "25", TimeUnit::month), "2016");
  EXPECT_EQ(later("2014", "364", TimeUnit::day), "2014");
  EXPECT_EQ(later("2014-03", "30", TimeUnit::day), "2014-04");
  EXPECT_EQ(later("23:30", "90", TimeUnit::minute, clock_time), "01:00");
  EXPECT_EQ(later("01:00:00", "-2", TimeUnit::hour, clock_time), "23:00:00");
  EXPECT_EQ(later("9999-12-31", "1", TimeUnit::day), "none");
  EXPECT_EQ(later("0001-01-01", "-1", TimeUnit::month), "none");
  EXPECT_EQ(later("2014-01-01", "1e20", TimeUnit::day), "none");
}

TEST(Moment, KnowsItsFirstAndLastMeaning) {
  EXPECT_EQ(bound("2014", Bound::low, 6, date), "2014-01");
  EXPECT_EQ(bound("2014", Bound::high, 6, date), "2014-12");
  EXPECT_EQ(bound("2023-02", Bound::high, 8, date), "2023-02-28");
  EXPECT_EQ(bound("2014-01-01T08", Bound::low, 17), "2014-01-01T08:00:00.000+14:00");
  EXPECT_EQ(bound("2014-01-01T08", Bound::high, 17), "2014-01-01T08:59:59.999-12:00");
  EXPECT_EQ(bound("2014-01-01T08:05-05:00", Bound::high, 17), "2014-01-01T08:05:59.999-05:00");
  EXPECT_EQ(bound("2014-01-01T08", Bound::low, 8), "2014-01-01");
  EXPECT_EQ(bound("10:30", Bound::high, 9, clock_time), "10:30:59.999");
  EXPECT_EQ(bound("2014", Bound::low, 5), "none");
  EXPECT_EQ(digits(moment("2014-01-05T10:30:00.000"), date_time), 17);
  EXPECT_EQ(digits(moment("10:30", clock_time), clock_time), 4);
}

TEST(Moment, TakesTheTimeThatItIsGiven) {
  EXPECT_EQ(text(moment_of(Time{0}, -90), date_time), "1969-12-31T22:30:00.000-01:30");
  EXPECT_EQ(text(moment_of(Time{1'700'000'000'123}, 0), date_time), "2023-11-14T22:13:20.123Z");
}

}  // namespace
}  // namespace holdfast::fhir::path
