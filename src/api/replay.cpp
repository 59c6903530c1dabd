// api/replay.cpp: Endpoint/[id]/$replay: what a neighbour was sent, or is owed, from some time on
// is owed to it again.
//
// 1. Each resource once, at its current version, in the order in which the journal has those: so
// what
//    is replayed never puts an older state over a newer one, and what a version refers to went
//    first.
// 2. Messages that were passed on as they came have no newer version: they are replayed as they
// are,
//    in the order in which they came.
// 3. Nothing is left out in silence: what was deleted, and what waits already at its current
// version,
//    is named or counted; more than one Command takes is said with where to go on.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>

#include "api/channels.h"
#include "api/interactions.h"
#include "api/stored.h"
#include "base/time.h"
#include "views/outbox.h"

namespace holdfast::api {
namespace {

constexpr std::size_t deliveries_max = 10'000;
constexpr std::size_t named_max = 100;
/// Looked through for one answer: some seconds.
constexpr std::size_t duties_looked_max = 2'000'000;
constexpr std::size_t step = 1000;

struct Terms {
  TimeRange when;  ///< [from, until)
  std::string from;
  std::string to;
  bool dry_run = true;
  std::string after;  ///< "Patient/7/_history/3", or empty
};

/// A resource that was sent.
struct Sent {
  RowId current;      ///< its newest version
  RowId row;          ///< the version that was sent last
  DutyName newest;    ///< by this duty
  bool gone = false;  ///< it is deleted
};

/// What a replay would do.
struct Plan {
  std::vector<std::pair<RowId, Sent>> sends;  ///< in the order in which they go
  std::vector<Sent> gone;                     ///< deleted meanwhile
  std::size_t waiting = 0;                    ///< owed already, as they are now
  bool more = false;                          ///< there are more than one Command takes
};

Result<TimeRange> time_in(const OperationInput& input, std::string_view name) {
  const auto range = parse_date_time(input.text(name));
  if (!range) {
    return fail(Code::value,
                fmt::format("{} is a time with its zone, 2026-11-30T02:00:00Z, or a day, not '{}'",
                            name, input.text(name)),
                fmt::format("http.{}", name));
  }
  return *range;
}

Result<Terms> read_terms(const Parts& parts, const Call& call) {
  const OperationInput::Names names{"$replay", {"from", "to", "dryRun", "after"}, {}, {}};
  TRY(const OperationInput input, OperationInput::read(parts, call, names));
  if (!input.has("from")) {
    return fail(Code::required,
                "it needs `from`: the time from which on what was sent is sent again", "http.from");
  }
  Terms terms;
  TRY(const TimeRange from, time_in(input, "from"));
  terms.when = {from.from, Time{INT64_MAX}};
  terms.from = input.text("from");
  if (input.has("to")) {
    TRY(const TimeRange to, time_in(input, "to"));
    terms.when.until = to.until;
    terms.to = input.text("to");
  }
  if (terms.when.until <= terms.when.from) {
    return fail(Code::value, "`to` is before `from`", "http.to");
  }
  TRY(terms.dry_run, input.flag("dryRun", true));
  terms.after = input.text("after");
  return terms;
}

/// The first entry made at or after `time`; one behind the last where there is none. Time never
/// goes back in the journal.
Result<Position> first_entry_at(const Parts& parts, const node::Moment& moment, Time time) {
  std::uint64_t low = 1;
  std::uint64_t high = moment.state.position.value + 1;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    TRY(const Time at, parts.node.entry_time(Position{middle}));
    if (at < time) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return Position{low};
}

/// The row that `after` names; 0 for none.
Result<RowId> row_named(const node::Moment& moment, std::string_view text) {
  if (text.empty()) {
    return RowId{0};
  }
  const std::size_t slash = text.find('/');
  constexpr std::string_view history = "/_history/";
  const std::size_t mark = text.find(history);
  if (slash < mark && mark != std::string_view::npos) {
    const auto type = fhir::type_id(text.substr(0, slash));
    const auto version = parse_count(text.substr(mark + history.size()));
    if (type && version) {
      TRY(const auto row,
          views::read_version(*moment.reader, *type, text.substr(slash + 1, mark - slash - 1),
                              Version{*version}));
      if (row) {
        return *row;
      }
    }
  }
  return fail(Code::value, fmt::format("after is what `next` said, not '{}'", text), "http.after");
}

/// Looks through what was sent and what is owed.
class Planner {
 public:
  Planner(const Parts& parts, const node::Moment& moment, const std::string& channel)
      : parts_(parts), moment_(moment), channel_(channel) {}

  Result<Plan> plan(const Terms& terms) {
    TRY(first_, first_entry_at(parts_, moment_, terms.when.from));
    TRY(behind_, first_entry_at(parts_, moment_, terms.when.until));
    TRY(const RowId after, row_named(moment_, terms.after));
    TRY_OK(look_at_sent());
    TRY_OK(look_at_owed());
    Plan plan;
    for (const auto& [order, one] : found_) {
      if (one.gone) {
        plan.gone.push_back(one);
      } else if (waiting_.contains(one.current.value)) {
        ++plan.waiting;
      } else if (RowId{order} > after) {
        plan.sends.emplace_back(RowId{order}, one);
      }
    }
    std::ranges::sort(plan.sends, {}, [](const auto& one) { return one.first; });
    std::ranges::sort(plan.gone, {}, &Sent::current);
    plan.more = plan.sends.size() > deliveries_max;
    plan.sends.resize(std::min(plan.sends.size(), deliveries_max));
    return plan;
  }

 private:
  Result<void> look_at_sent() {
    std::optional<DutyName> after = DutyName{Position{first_.value - 1}, UINT32_MAX};
    for (;;) {
      TRY(const auto some, views::read_past(*moment_.reader, channel_, after, step));
      for (const views::Past& one : some) {
        if (one.name.position >= behind_) {
          return ok();
        }
        TRY_OK(count());
        if (one.settled == Settled::delivered && one.lane != test_lane) {
          TRY_OK(take(one.name, one.row));
        }
      }
      if (some.size() < step) {
        return ok();
      }
      after = some.back().name;
    }
  }

  /// All of them: what waits is sent without us.
  Result<void> look_at_owed() {
    std::optional<DutyName> after;
    for (;;) {
      TRY(const auto some, views::read_duties(*moment_.reader, channel_, after, step));
      for (const views::NamedDuty& one : some) {
        TRY_OK(count());
        waiting_.insert(one.duty.row.value);
        const bool inside = one.name.position >= first_ && one.name.position < behind_;
        if (inside && one.duty.lane != test_lane) {
          TRY_OK(take(one.name, one.duty.row));
        }
      }
      if (some.size() < step) {
        return ok();
      }
      after = some.back().name;
    }
  }

  Result<void> count() {
    if (++looked_ > duties_looked_max) {
      return fail(
          Code::too_costly,
          fmt::format("more than {} messages were sent in that time: ask for less of it, by "
                      "`from` and `to`, one part after the other",
                      duties_looked_max));
    }
    return ok();
  }

  Result<void> take(DutyName name, RowId row) {
    TRY(const views::BodyHeader header, views::read_body_header(*moment_.reader, row));
    TRY(const auto current, views::read_current(*moment_.reader, header.type, header.id));
    if (!current) {
      return fail(Code::corrupt, fmt::format("{}/{} was sent and is not there",
                                             fhir::name(header.type), header.id));
    }
    RowId order = current->row;
    if (fhir::name(header.type) == "Binary") {
      // Whatever was done to its meta since: it came when it came.
      TRY(const auto first,
          views::read_version(*moment_.reader, header.type, header.id, Version{1}));
      order = first.value_or(order);
    }
    const auto [at, is_new] = found_.try_emplace(order.value);
    Sent& sent = at->second;
    sent.current = current->row;
    sent.gone = current->presence == views::Presence::deleted;
    if (is_new || sent.newest < name) {
      sent.newest = name;
      sent.row = row;
    }
    return ok();
  }

  const Parts& parts_;
  const node::Moment& moment_;
  const std::string& channel_;
  Position first_;
  Position behind_;
  std::unordered_map<std::uint64_t, Sent> found_;  ///< by the row that it is ordered by
  std::set<std::uint64_t> waiting_;                ///< rows that are owed
  std::size_t looked_ = 0;
};

/// The lane of a message that was passed on; of a resource its patient's, found anew.
Result<std::string> lane_of(const node::Moment& moment, const std::string& channel,
                            std::string_view type, DutyName name) {
  if (type != "Binary") {
    return std::string();
  }
  TRY(const auto owed, views::read_duty(*moment.reader, channel, name));
  if (owed) {
    return owed->lane;
  }
  TRY(const auto past, views::read_settled(*moment.reader, channel, name));
  return past ? past->lane : std::string();
}

Result<decide::Prepared> prepare(const Command& command, const node::Moment& moment,
                                 const std::string& channel, const Plan& plan) {
  decide::Prepared prepared;
  prepared.command = command;
  for (const auto& [order, one] : plan.sends) {
    TRY(const views::BodyHeader header, views::read_body_header(*moment.reader, one.current));
    const std::string_view type = fhir::name(header.type);
    TRY(std::string lane, lane_of(moment, channel, type, one.newest));
    prepared.command.deliveries.push_back(
        {channel, std::move(lane), std::nullopt, std::string(type), header.id});
  }
  return prepared;
}

Result<std::string> version_named(const node::Moment& moment, RowId row) {
  TRY(const views::BodyHeader header, views::read_body_header(*moment.reader, row));
  return fmt::format("{}/{}/_history/{}", fhir::name(header.type), header.id, header.version.value);
}

Result<void> write_sends(ParametersWriter& to, const node::Moment& moment, const Plan& plan) {
  std::map<std::string_view, std::uint64_t> by_type;
  for (const auto& [order, one] : plan.sends) {
    TRY(const views::BodyHeader header, views::read_body_header(*moment.reader, one.current));
    ++by_type[fhir::name(header.type)];
  }
  to.number("count", plan.sends.size());
  for (const auto& [type, count] : by_type) {
    to.open("type");
    to.text("code", "Code", type);
    to.number("count", count);
    to.close();
  }
  for (const auto& [order, one] :
       std::span(plan.sends).first(std::min(named_max, plan.sends.size()))) {
    TRY(const std::string sent, version_named(moment, one.row));
    TRY(const std::string now, version_named(moment, one.current));
    to.open("resource");
    to.reference("sent", sent);
    to.reference("now", now);
    to.close();
  }
  return ok();
}

/// What is left out, and where to go on.
Result<void> write_rest(ParametersWriter& to, const node::Moment& moment, const Terms& terms,
                        const Plan& plan) {
  to.number("waiting", plan.waiting);
  to.number("deleted", plan.gone.size());
  for (const Sent& one : std::span(plan.gone).first(std::min(named_max, plan.gone.size()))) {
    TRY(const std::string sent, version_named(moment, one.row));
    to.open("left-out");
    to.reference("sent", sent);
    to.text("why", "String", "it was deleted meanwhile");
    to.close();
  }
  if (plan.more) {
    TRY(const std::string last, version_named(moment, plan.sends.back().first));
    to.open("next");
    to.text("from", "String", terms.from);
    if (!terms.to.empty()) {
      to.text("to", "String", terms.to);
    }
    to.text("after", "String", last);
    to.close();
  }
  return ok();
}

Result<Reply> show_plan(const node::Moment& moment, const std::string& channel, const Terms& terms,
                        const Plan& plan) {
  ParametersWriter to;
  to.text("channel", "String", channel);
  to.boolean("dryRun", terms.dry_run);
  TRY_OK(write_sends(to, moment, plan));
  TRY_OK(write_rest(to, moment, terms, plan));
  return to.reply();
}

/// Under an Idempotency-Key that was used before: what was owed then, from the journal.
Result<Reply> show_repeated(const Parts& parts, const std::string& channel,
                            const node::Committed& committed) {
  TRY(const auto entry, parts.node.read_entry(committed.position));
  ParametersWriter to;
  to.text("channel", "String", channel);
  to.boolean("dryRun", false);
  to.boolean("repeated", true);
  to.number("count", entry.second.owed.size());
  return to.reply();
}

}  // namespace

Task<Reply> replay_channel(const Parts& parts, Call& call, Executor& on) {
  const auto terms = read_terms(parts, call);
  if (!terms) {
    co_return refusal(terms.error(), call.request.body.empty() ? Origin::request : Origin::content);
  }
  const auto deed = read_deed(parts, call);
  if (!deed) {
    co_return refusal(deed.error(), Origin::request);
  }
  // What the newest call of `make` found, and at which moment.
  node::Moment seen;
  Plan plan;
  std::string channel;
  const MakeCommand make =
      [&](const node::Moment& moment) -> Result<std::optional<decide::Prepared>> {
    TRY(const ShownChannel shown, read_channel(parts, call, moment));
    channel = shown.name;
    seen = moment;
    TRY(plan, Planner(parts, moment, channel).plan(*terms));
    if (terms->dry_run || plan.sends.empty()) {
      return std::nullopt;
    }
    TRY(decide::Prepared prepared, prepare(deed->command, moment, channel, plan));
    return prepared;
  };
  const auto committed = co_await submit_made(parts, on, deed->command, make);
  if (!committed) {
    co_return refusal(committed.error(), Origin::content);
  }
  const bool repeated = *committed && (*committed)->repeated;
  if (repeated) {
    channel = channel_of_endpoint(call.match.id).value_or("");
  }
  auto reply = repeated ? show_repeated(parts, channel, **committed)
                        : show_plan(seen, channel, *terms, plan);
  if (!reply) {
    co_return refusal(reply.error(), Origin::content);
  }
  if (*committed) {
    add_position(*reply, (*committed)->position);
  }
  co_return *std::move(reply);
}

}  // namespace holdfast::api
