// search/date_query.cpp: https://hl7.org/fhir/R4/search.html#date
#include <algorithm>

#include "base/time.h"
#include "search/text.h"
#include "search/value_query.h"
#include "views/values.h"

namespace holdfast::search {
namespace {

using views::DateClass;
using views::open_from;
using views::open_until;

std::int64_t minus(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  return __builtin_sub_overflow(a, b, &result) ? INT64_MIN : result;
}
std::int64_t plus(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  return __builtin_add_overflow(a, b, &result) ? INT64_MAX : result;
}

class DateQuery final : public ValueQuery {
 public:
  DateQuery(Prefix prefix, TimeRange range, Time now) : prefix_(prefix), range_(range) {
    if (prefix == Prefix::ap) {
      // "10% of the gap between now and the date"
      const std::int64_t gap =
          std::max(now.ms > range.from.ms ? now.ms - range.from.ms : range.from.ms - now.ms,
                   std::int64_t{0});
      range_ = {Time{minus(range.from.ms, gap / 10)}, Time{plus(range.until.ms, gap / 10)}};
    }
  }

  Result<void> add_ranges(const views::Reader& /*reader*/, BytesView base,
                          std::vector<KeyRange>& to) const override {
    for (const DateClass& one : views::date_classes) {
      const Bounds bounds = bounds_in(one);
      if (bounds.from > bounds.until) {
        continue;
      }
      KeyRange range;
      Bytes first;
      views::append_date_from(first, one, Time{bounds.from});
      range.from = forms_beginning(base, first).from;
      Bytes last;
      views::append_date_from(last, one, Time{bounds.until});
      range.until = forms_beginning(base, last).until;
      to.push_back(std::move(range));
    }
    return ok();
  }

  Verdict judge(BytesView form) const override {
    ByteReader reader(form);
    return verdict(passes(views::read_date(reader)));
  }
  bool is_tight() const override { return false; }

 private:
  [[nodiscard]] bool passes(const TimeRange& value) const {
    const bool equal = value.from >= range_.from && value.until <= range_.until;
    switch (prefix_) {
      case Prefix::eq: return equal;
      case Prefix::ne: return !equal;
      case Prefix::gt: return value.until > range_.until;
      case Prefix::lt: return value.from < range_.from;
      case Prefix::ge: return value.until > range_.until || equal;
      case Prefix::le: return value.from < range_.from || equal;
      case Prefix::sa: return value.from >= range_.until;
      case Prefix::eb: return value.until <= range_.from;
      case Prefix::ap: return value.from < range_.until && value.until > range_.from;
    }
    return false;
  }

  // Values that pass begin in [from, until].
  struct Bounds {
    std::int64_t from = INT64_MIN;
    std::int64_t until = INT64_MAX;
  };
  // A value that ends behind t begins behind t - length.
  [[nodiscard]] Bounds bounds_in(const DateClass& of) const {
    const std::int64_t from = range_.from.ms;
    const std::int64_t until = range_.until.ms;
    const auto reaching = [&](std::int64_t end) {
      return of.length_max == INT64_MAX ? INT64_MIN : minus(end, of.length_max);
    };
    switch (prefix_) {
      case Prefix::eq: return {from, until - 1};
      case Prefix::ne: return {};
      case Prefix::gt: return {reaching(until), INT64_MAX};
      case Prefix::lt: return {INT64_MIN, from - 1};
      case Prefix::ge: return {std::min(from, reaching(until)), INT64_MAX};
      case Prefix::le: return {INT64_MIN, until - 1};
      case Prefix::sa: return {until, INT64_MAX};
      case Prefix::eb: return {INT64_MIN, from};
      case Prefix::ap: return {reaching(from), until - 1};
    }
    return {};
  }

  const Prefix prefix_;
  TimeRange range_;
};

}  // namespace

Result<ValueQueryPtr> date_query(const Asked& asked, std::string_view text) {
  if (!asked.modifier.empty()) {
    return fail(Code::unsupported, "a date has the modifier ':missing' only");
  }
  const std::string_view whole = text;
  const Prefix prefix = take_prefix(text);
  const auto range = parse_search_date(text);
  if (!range) {
    return fail(Code::value, quoted(whole) +
                                 " is not a date: write 2026, 2026-11, 2026-11-23 or "
                                 "2026-11-23T20:35:01Z, with eq, ne, gt, lt, ge, le, sa, eb or ap "
                                 "before it");
  }
  return ValueQueryPtr(std::make_shared<DateQuery>(prefix, *range, asked.now));
}

}  // namespace holdfast::search
