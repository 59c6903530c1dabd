// api/ledger.cpp: $ledger: of each pathway, organisation and day, how many items were opened, how
// many of those are closed, and how many are open: opened = closed + open. As Parameters: a
// MeasureReport would need a Measure for what is a table of sums, and has no place for its check.
//
// `balanced` says whether three countings agree, which the record keeps apart: the rows here, the
// open items of each state, and the open items of each owner.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "api/interactions.h"
#include "api/operation_input.h"
#include "base/text.h"
#include "base/time.h"
#include "pathway/calendar.h"
#include "views/items.h"

namespace holdfast::api {
namespace {

constexpr std::uint64_t rows_unless_asked = 1000;
constexpr std::uint64_t rows_max = 10'000;

struct Asked {
  std::string pathway;
  std::string organisation;
  std::optional<views::Day> from;
  std::optional<views::Day> to;
  std::uint64_t count = rows_unless_asked;
  std::string after;  ///< name of a row
};

std::string day_text(views::Day day) {
  return to_instant(Time{day.value * std::int64_t{86'400'000}}).substr(0, 10);
}

/// "referral|RXH|2026-11-30"; `after` takes it.
std::string name_of(const views::LedgerRow& row) {
  return fmt::format("{}|{}|{}", row.pathway, row.organisation, day_text(row.day));
}

Result<std::optional<views::Day>> read_day(const Call& call, std::string_view name) {
  const auto text = parameter(call, name);
  if (!text) {
    return std::nullopt;
  }
  const auto day = pathway::parse_day(*text);
  if (!day) {
    return fail(Code::value, fmt::format("{} is a day, as 2026-11-30, not '{}'", name, *text),
                fmt::format("http.{}", name));
  }
  return views::Day{static_cast<std::int32_t>(day->value)};
}

Result<Asked> read_asked(const Call& call) {
  TRY_OK(check_parameters(call, {"pathway", "organisation", "from", "to", "_count", "after"}));
  Asked asked;
  asked.pathway = parameter(call, "pathway").value_or("");
  asked.organisation = parameter(call, "organisation").value_or("");
  TRY(asked.from, read_day(call, "from"));
  TRY(asked.to, read_day(call, "to"));
  if (asked.from && asked.to && *asked.to < *asked.from) {
    return fail(Code::value, "`to` is a day before `from`", "http.to");
  }
  if (const auto text = parameter(call, "_count")) {
    const auto count = parse_count(*text);
    if (!count) {
      return fail(Code::value, fmt::format("_count is a number from 0, not '{}'", *text),
                  "http._count");
    }
    asked.count = std::min(*count, rows_max);
  }
  asked.after = parameter(call, "after").value_or("");
  return asked;
}

bool matches(const Asked& asked, const views::LedgerRow& row) {
  return (asked.pathway.empty() || row.pathway == asked.pathway) &&
         (asked.organisation.empty() || row.organisation == asked.organisation) &&
         (!asked.from || *asked.from <= row.day) && (!asked.to || row.day <= *asked.to);
}

struct Sums {
  std::uint64_t opened = 0, closed = 0, reopened = 0, before = 0;
  void add(const views::LedgerRow& row) {
    opened += row.opened;
    closed += row.closed;
    reopened += row.reopened;
    before += row.before;
  }
};

void write_sums(ParametersWriter& to, const Sums& sums) {
  to.number("opened", sums.opened);
  to.number("closed", sums.closed);
  to.number("open", sums.opened - sums.closed);
  to.number("reopened", sums.reopened);
  to.number("before", sums.before);
}

/// What is open by the three countings of the whole record; with the first where it is not so.
struct Check {
  std::uint64_t by_ledger = 0;
  std::uint64_t by_state = 0;
  std::uint64_t by_owner = 0;
  std::string fault;
};

Result<Check> check_balance(const node::Moment& moment, const std::vector<views::LedgerRow>& rows) {
  Check check;
  std::map<std::string, std::int64_t> open;  // by pathway: ledger less states
  for (const views::LedgerRow& row : rows) {
    if (row.closed > row.opened && check.fault.empty()) {
      check.fault = fmt::format("{}: {} closed of {} opened", name_of(row), row.closed, row.opened);
    }
    check.by_ledger += row.opened - row.closed;
    open[row.pathway] += static_cast<std::int64_t>(row.opened - row.closed);
  }
  TRY(const auto states, views::read_states(*moment.reader));
  for (const views::StateCount& one : states) {
    check.by_state += one.open;
    open[one.pathway] -= static_cast<std::int64_t>(one.open);
  }
  TRY(const auto owners, views::read_owners(*moment.reader));
  for (const auto& [owner, counts] : owners) {
    check.by_owner += counts.open;
  }
  for (const auto& [pathway, difference] : open) {
    if (difference != 0 && check.fault.empty()) {
      check.fault =
          fmt::format("{}: {} more open by the ledger than by states", pathway, difference);
    }
  }
  if (check.by_owner != check.by_ledger && check.fault.empty()) {
    check.fault =
        fmt::format("{} open by the ledger, {} by owners", check.by_ledger, check.by_owner);
  }
  return check;
}

void write_row(ParametersWriter& to, const views::LedgerRow& row) {
  to.open("row");
  to.text("pathway", "Code", row.pathway);
  to.text("organisation", "String", row.organisation);
  to.text("day", "Date", day_text(row.day));
  Sums sums;
  sums.add(row);
  write_sums(to, sums);
  to.close();
}

/// The address of the rows behind `last`.
std::string next_address(const Parts& parts, const Call& call, const views::LedgerRow& last) {
  const std::string base = base_url(parts.options, call.request);
  std::string address = fmt::format("{}{}$ledger?", base, base.empty() ? "" : "/");
  for (const Parameter& one : call.parameters) {
    if (one.name != "after") {
      address += fmt::format("{}={}&", one.name, percent_encode(one.value));
    }
  }
  return fmt::format("{}after={}", address, percent_encode(name_of(last)));
}

}  // namespace

Result<Reply> ledger(const Parts& parts, const Call& call, const node::Moment& moment) {
  TRY(const Asked asked, read_asked(call));
  TRY(const auto rows, views::read_ledger(*moment.reader));
  TRY(const Check check, check_balance(moment, rows));
  std::vector<const views::LedgerRow*> meant;
  Sums total;
  std::map<std::string, Sums> pathways;
  bool shows = asked.after.empty();
  for (const views::LedgerRow& row : rows) {
    if (matches(asked, row)) {
      total.add(row);
      pathways[row.pathway].add(row);
      if (shows) {
        meant.push_back(&row);
      }
    }
    shows = shows || name_of(row) == asked.after;
  }
  if (!shows) {
    return fail(Code::value,
                fmt::format("after is a row as `next` names it, not '{}'", asked.after),
                "http.after");
  }
  ParametersWriter to;
  to.boolean("balanced", check.fault.empty());
  if (!check.fault.empty()) {
    to.text("fault", "String", check.fault);
  }
  to.number("open-by-ledger", check.by_ledger);
  to.number("open-by-state", check.by_state);
  to.number("open-by-owner", check.by_owner);
  to.open("total");
  write_sums(to, total);
  to.close();
  for (const auto& [name, sums] : pathways) {
    to.open("pathway");
    to.text("name", "Code", name);
    write_sums(to, sums);
    to.close();
  }
  const std::size_t shown = std::min<std::size_t>(meant.size(), asked.count);
  for (std::size_t i = 0; i < shown; ++i) {
    write_row(to, *meant[i]);
  }
  if (shown > 0 && shown < meant.size()) {
    to.text("next", "Uri", next_address(parts, call, *meant[shown - 1]));
  }
  return to.reply();
}

}  // namespace holdfast::api
