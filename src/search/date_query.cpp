// search/date_query.cpp: https://hl7.org/fhir/R4/search.html#date
#include <algorithm>

#include "base/time.h"
#include "search/moment.h"
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

  Result<void> add_ranges(const Moment& moment, BytesView base,
                          std::vector<KeyRange>& to) const override {
    TRY(const auto classes, date_classes_in(moment, base));
    for (const DateClass& one : classes) {
      for (const Piece& piece : pieces_in(one)) {
        if (piece.from < piece.until) {
          to.push_back(range_of(base, one, piece));
        }
      }
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

  // Values of a class that begin in [from, until): all pass, or the end of each decides.
  struct Piece {
    std::int64_t from = INT64_MIN;
    std::int64_t until = INT64_MAX;
    bool all_pass = false;
  };
  // What passes begins in one of the pieces. A value that ends behind t begins behind t - length,
  // and one that begins at t or before t ends at t + length at the latest.
  [[nodiscard]] std::vector<Piece> pieces_in(const DateClass& of) const {
    const std::int64_t from = range_.from.ms;
    const std::int64_t until = range_.until.ms;
    const auto before = [&](std::int64_t end) {
      return of.length_max == INT64_MAX ? INT64_MIN : minus(end, of.length_max);
    };
    switch (prefix_) {
      case Prefix::eq: {
        const std::int64_t surely = std::clamp(plus(before(until), 1), from, until);
        return {{from, surely, true}, {surely, until, false}};
      }
      case Prefix::ne:
        return {{INT64_MIN, from, true}, {from, until, false}, {until, INT64_MAX, true}};
      case Prefix::gt: return {{before(until), until, false}, {until, INT64_MAX, true}};
      case Prefix::lt: return {{INT64_MIN, from, true}};
      case Prefix::ge: return {{before(until), from, false}, {from, INT64_MAX, true}};
      case Prefix::le: return {{INT64_MIN, from, true}, {from, until, false}};
      case Prefix::sa: return {{until, INT64_MAX, true}};
      case Prefix::eb: {
        const std::int64_t surely = before(from) == INT64_MIN ? INT64_MIN : plus(before(from), 1);
        return {{INT64_MIN, surely, true}, {surely, plus(from, 1), false}};
      }
      case Prefix::ap: return {{before(from), from, false}, {from, until, true}};
    }
    return {};
  }

  static KeyRange range_of(BytesView base, const DateClass& of, const Piece& piece) {
    KeyRange range;
    Bytes first;
    views::append_date_from(first, of, Time{piece.from});
    range.from = forms_beginning(base, first).from;
    Bytes last;
    if (piece.until == INT64_MAX) {
      last.push_back(static_cast<char>(of.number));
      range.until = forms_beginning(base, last).until;
    } else {
      views::append_date_from(last, of, Time{piece.until});
      range.until = forms_beginning(base, last).from;
    }
    range.tight = piece.all_pass;
    return range;
  }

  const Prefix prefix_;
  TimeRange range_;
};

}  // namespace

Result<std::vector<views::DateClass>> date_classes_in(const Moment& moment, BytesView base) {
  std::vector<bool> found(std::size(views::date_classes) + 1, false);
  for (const views::Table table : tables_seen(moment)) {
    const KeyRange all = forms_beginning(base, {});
    const auto cursor = moment.reader.scan(table, all.from, all.until, views::Direction::forward);
    while (cursor->valid()) {
      const BytesView form = cursor->key().substr(base.size());
      const auto number = form.empty() ? 0U : static_cast<unsigned char>(form[0]);
      if (number == 0 || number >= found.size()) {
        return fail(Code::corrupt, "a posting of a date has no length class");
      }
      found[number] = true;
      cursor->seek(forms_beginning(base, form.substr(0, 1)).until);
    }
    TRY_OK(cursor->status());
  }
  std::vector<views::DateClass> classes;
  for (const views::DateClass& one : views::date_classes) {
    if (found[one.number]) {
      classes.push_back(one);
    }
  }
  return classes;
}

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
