// cli/bench_incidents.cpp: two things that happened, as they would go here (the design's
// incidents). derby: a year of referrals, of which 4,768 in 1,700,000 are touched by nobody; ten
// years later each of those is on its owner's list and on oversight's, and none is closed.
// newcastle: letters that wait for a signature which nobody makes; each reaches the deputy at half
// time, and then oversight.
#include <algorithm>
#include <array>
#include <deque>
#include <set>

#include <fmt/format.h>

#include "cli/bench.h"
#include "cli/bench_hospital.h"
#include "cli/bench_load.h"
#include "cli/machine.h"
#include "views/items.h"

namespace holdfast::cli {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t day_ms = 24 * hour_ms;
constexpr std::uint64_t referrals_unless_asked = 20'000;
/// Information Commissioner's Office, reprimand of the University Hospitals of Derby and Burton,
/// 2023: 4,768 referrals. 1,700,000 a year is the design's figure.
constexpr std::uint64_t lost_referrals = 4768;
constexpr std::uint64_t referrals_a_year = 1'700'000;
constexpr std::uint64_t letters_unless_asked = 24'000;
constexpr std::uint64_t at_once = 500;
constexpr std::uint32_t tick_items = 1000;
constexpr std::uint64_t pages_read = 1000;
constexpr std::string_view oversight = "team:oversight";

std::unexpected<Error> wrong(std::string what) {
  return fail(Code::corrupt, "wrong: " + std::move(what));
}

/// Ids of all that lies on a list, walked to its end.
Result<std::set<std::string>> ids_on(const BenchHospital& hospital, views::List list,
                                     std::string_view whose) {
  const node::Moment moment = hospital.view();
  std::set<std::string> ids;
  std::optional<views::Place> after;
  for (;;) {
    TRY(const auto places, views::read_work_list(*moment.reader, list, whose, after, 10'000));
    for (const views::Place& place : places) {
      ids.insert(place.id);
    }
    if (places.size() < 10'000) {
      return ids;
    }
    after = places.back();
  }
}

struct Totals {
  std::uint64_t opened = 0;
  std::uint64_t closed = 0;
  std::uint64_t open = 0;  ///< as the states have it
};
Result<Totals> totals_of(const BenchHospital& hospital) {
  const node::Moment moment = hospital.view();
  Totals totals;
  TRY(const auto rows, views::read_ledger(*moment.reader));
  for (const views::LedgerRow& row : rows) {
    totals.opened += row.opened;
    totals.closed += row.closed;
  }
  TRY(const auto states, views::read_states(*moment.reader));
  for (const views::StateCount& state : states) {
    totals.open += state.open;
  }
  return totals;
}

// ---- Derby -------------------------------------------------------------------------------------

class Derby {
 public:
  Derby(BenchHospital& hospital, std::uint64_t referrals)
      : hospital_(hospital),
        referrals_(referrals),
        lost_(std::max<std::uint64_t>(1, referrals * lost_referrals / referrals_a_year)) {}

  [[nodiscard]] std::uint64_t lost() const { return lost_; }
  [[nodiscard]] Duration longest_tick() const { return longest_; }
  [[nodiscard]] std::uint64_t escalated() const { return escalated_; }

  /// They come all year, and each but the lost ones is ended by somebody two days later.
  Result<void> live_a_year() {
    const Duration each{365 * day_ms * 1'000'000 /
                        static_cast<std::int64_t>((referrals_ + at_once - 1) / at_once)};
    Time next_tick = hospital_.now();
    for (std::uint64_t first = 0; first < referrals_; first += at_once) {
      TRY_OK(refer(first, std::min(at_once, referrals_ - first)));
      hospital_.pass(each);
      while (!under_way_.empty() && under_way_.front().due <= hospital_.now()) {
        TRY_OK(end(under_way_.front()));
        under_way_.pop_front();
      }
      if (hospital_.now() >= next_tick) {
        TRY_OK(tick());
        next_tick = Time{hospital_.now().ms + 6 * hour_ms};
      }
    }
    for (const UnderWay& one : under_way_) {
      TRY_OK(end(one));
    }
    under_way_.clear();
    return tick();
  }
  /// So many days after the year, in steps of a day at first: then nothing is left to escalate.
  Result<void> pass_to(std::int64_t day) {
    while (day_ < day) {
      const std::int64_t step = day_ < 30 ? 1 : day - day_;
      hospital_.pass(milliseconds(step * day_ms));
      day_ += step;
      TRY_OK(tick());
    }
    return ok();
  }
  /// That nothing is lost, closed or hidden.
  Result<void> check() const {
    TRY(const Totals totals, totals_of(hospital_));
    if (totals.opened != referrals_ || totals.closed != referrals_ - lost_ ||
        totals.open != lost_) {
      return wrong(fmt::format("{} opened, {} closed, {} open, where {} were lost of {}",
                               totals.opened, totals.closed, totals.open, lost_, referrals_));
    }
    std::set<std::string> owned;
    for (std::uint64_t team = 0; team < bench_teams; ++team) {
      TRY(const auto ids, ids_on(hospital_, views::List::owned, bench_team(team)));
      owned.insert(ids.begin(), ids.end());
    }
    TRY(const auto overseen, ids_on(hospital_, views::List::overseen, oversight));
    if (owned != untouched_ || overseen != untouched_) {
      return wrong(
          fmt::format("on day {} {} are on their owners' lists and {} on oversight's, of {}", day_,
                      owned.size(), overseen.size(), untouched_.size()));
    }
    return ok();
  }

 private:
  struct UnderWay {
    Time due;
    std::vector<Made> items;
  };

  /// Spread evenly over the year.
  [[nodiscard]] bool is_lost(std::uint64_t number) const {
    return (number + 1) * lost_ / referrals_ > number * lost_ / referrals_;
  }
  Result<void> refer(std::uint64_t first, std::uint64_t count) {
    std::vector<Operation> operations;
    for (std::uint64_t i = first; i < first + count; ++i) {
      operations.push_back(bench_referral(i));
    }
    TRY(node::Committed committed, hospital_.commit(std::move(operations)));
    if (committed.outcome.made.size() != count) {
      return wrong(
          fmt::format("{} referrals opened {} items", count, committed.outcome.made.size()));
    }
    UnderWay one{Time{committed.time.ms + 2 * day_ms}, {}};
    for (std::uint64_t i = 0; i < count; ++i) {
      Made& made = committed.outcome.made[i];
      TRY(const auto item, views::find_item(*hospital_.view().reader, made.id));
      const std::string focus = item ? item->focus : std::string();
      const auto number = std::stoull(focus.substr(focus.find('/') + 2));
      if (is_lost(number)) {
        untouched_.insert(made.id);
      } else {
        one.items.push_back(std::move(made));
      }
    }
    under_way_.push_back(std::move(one));
    return ok();
  }
  Result<void> end(const UnderWay& one) {
    std::vector<Operation> ends;
    for (const Made& made : one.items) {
      TRY(Operation ended, bench_ended(made));
      ends.push_back(std::move(ended));
    }
    if (!ends.empty()) {
      TRY_OK(hospital_.commit(std::move(ends)));
    }
    return ok();
  }
  Result<void> tick() {
    TRY(const auto ticked, hospital_.tick(tick_items));
    longest_ = std::max(longest_, ticked.longest);
    escalated_ += ticked.items;
    return ok();
  }

  BenchHospital& hospital_;
  const std::uint64_t referrals_;
  const std::uint64_t lost_;
  std::int64_t day_ = 0;
  std::deque<UnderWay> under_way_;
  std::set<std::string> untouched_;
  Duration longest_{};
  std::uint64_t escalated_ = 0;
};

/// First pages of the owners' lists and of oversight's.
Result<Latencies> read_first_pages(const std::string& url) {
  Load load(url);
  std::uint64_t next = 0;
  const auto one = [&](unsigned) -> std::optional<Exchange> {
    if (next == pages_read) {
      return std::nullopt;
    }
    const std::uint64_t number = next++;
    Exchange read;
    read.request.target = number % 4 == 0
                              ? fmt::format("/fhir/Task/$work-list?owner={}&overseer=1", oversight)
                              : "/fhir/Task/$work-list?owner=" + bench_team(number * 7919);
    read.wrong = [](const http::Incoming& reply) {
      return reply.status == 200 && reply.body.find("\"searchset\"") != Bytes::npos
                 ? std::string()
                 : fmt::format("{}: no work-list", reply.status);
    };
    return read;
  };
  TRY(auto outcome, load.run(1, one));
  return std::move(outcome.latencies);
}

Result<void> add_ending(BenchLine& line, const std::string& directory) {
  const Instant started = boot_time();
  TRY_OK(run_self({"verify", directory}));
  line.figure("verify_seconds", static_cast<double>((boot_time() - started).ns) / 1e9);
  return ok();
}

// ---- Newcastle ---------------------------------------------------------------------------------

/// A letter of an author who has left it as a draft.
Operation draft_letter(std::uint64_t number) {
  return bench_put(
      "DocumentReference", fmt::format("l{}", number),
      fmt::format(
          R"("status":"current","docStatus":"preliminary","type":{{"text":"Clinic letter"}},)"
          R"("subject":{{"reference":"Patient/p{}"}},"author":[{{"reference":"{}"}}],)"
          R"("content":[{{"attachment":{{"title":"Letter {}"}}}}])",
          number % bench_patients, "Organization/clinic", number));
}

/// Who has to see it by when, counted from when the item was opened: the earliest and the latest.
struct Step {
  std::string_view who;
  std::int64_t not_before_ms;
  std::int64_t at_last_ms;
};
/// pathways/letter.toml: seven days for a clinic letter; the deputy at half time, the lead when it
/// is due, oversight two working days later (at most six days: a weekend and two bank holidays).
constexpr std::array letter_steps{
    Step{"team:letters-deputy", 7 * day_ms / 2, 7 * day_ms / 2},
    Step{"team:letters-lead", 7 * day_ms, 7 * day_ms},
    Step{oversight, 9 * day_ms, 13 * day_ms},
};

/// Of one letter at a moment, when the last Tick was at most `late` ago.
std::string wrong_with(const views::Item& item, Time now, Duration late) {
  if (!item.is_open() || item.state != "awaiting-sign-off" || item.owner.empty()) {
    return fmt::format("Task/{} is {}, of '{}'", item.id, item.state, item.owner);
  }
  const std::int64_t age = now.ms - item.opened.ms;
  for (const Step& step : letter_steps) {
    const bool sees = std::ranges::find(item.overseers, step.who) != item.overseers.end();
    if (sees && age < step.not_before_ms) {
      return fmt::format("{} sees Task/{} after {} ms already", step.who, item.id, age);
    }
    if (!sees && age > step.at_last_ms + late.ms()) {
      return fmt::format("{} does not see Task/{} after {} ms", step.who, item.id, age);
    }
  }
  return {};
}

}  // namespace

Result<void> bench_derby(const BenchOptions& options) {
  const std::uint64_t referrals = options.size > 0 ? options.size : referrals_unless_asked;
  TRY(const auto folder, TemporaryFolder::make(options.folder));
  const std::string directory = folder->path() + "/data";
  TRY_OK(run_self({"init", directory}));
  BenchLine line("derby");
  line.number("referrals", referrals);
  {
    TRY(const auto hospital, BenchHospital::open(directory));
    TRY_OK(hospital->add_people());
    Derby derby(*hospital, referrals);
    const Instant started = boot_time();
    TRY_OK(derby.live_a_year());
    line.figure("year_seconds", static_cast<double>((boot_time() - started).ns) / 1e9);
    for (const std::int64_t day : {180, 550, 3650}) {
      TRY_OK(derby.pass_to(day));
      TRY_OK(derby.check());
    }
    line.number("untouched_and_open", derby.lost());
    line.number("escalations", derby.escalated());
    line.number("tick_items_max", tick_items);
    line.figure("longest_tick_ms", static_cast<double>(derby.longest_tick().ns) / 1e6);
    line.number("peak_bytes", memory_of_process().peak_bytes);
    TRY_OK(hospital->drain());
  }
  TRY(const auto server, ChildServer::start(directory));
  line.figure("start_ms", static_cast<double>(server->took().ns) / 1e6);
  line.number("server_idle_bytes", memory_of_process(server->process()).resident_bytes);
  TRY(Latencies pages, read_first_pages(server->url()));
  line.add_latencies("first_page_", pages);
  TRY_OK(server->end());
  TRY_OK(add_ending(line, directory));
  return line.end(options);
}

Result<void> bench_newcastle(const BenchOptions& options) {
  const std::uint64_t letters = options.size > 0 ? options.size : letters_unless_asked;
  constexpr std::int64_t ticks_a_day = 24;
  constexpr std::int64_t days_of_writing = 10;
  constexpr std::int64_t days = days_of_writing + 14;
  TRY(const auto folder, TemporaryFolder::make(options.folder));
  const std::string directory = folder->path() + "/data";
  TRY_OK(run_self({"init", directory}));
  BenchLine line("newcastle");
  line.number("letters", letters);
  {
    TRY(const auto hospital, BenchHospital::open(directory));
    TRY_OK(hospital->add_people());
    TRY_OK(hospital->commit(std::vector{bench_put("Organization", "clinic", R"("active":true)")}));
    std::vector<std::string> ids;
    Duration longest;
    std::uint64_t escalations = 0;
    std::uint64_t looks = 0;
    for (std::int64_t hour = 0; hour < days * ticks_a_day; ++hour) {
      const auto until =
          letters * static_cast<std::uint64_t>(std::min(hour + 1, days_of_writing * ticks_a_day)) /
          static_cast<std::uint64_t>(days_of_writing * ticks_a_day);
      while (ids.size() < until) {
        std::vector<Operation> some;
        for (std::uint64_t i = ids.size(); i < std::min(until, ids.size() + at_once); ++i) {
          some.push_back(draft_letter(i));
        }
        const std::size_t wanted = some.size();
        TRY(const node::Committed committed, hospital->commit(std::move(some)));
        if (committed.outcome.made.size() != wanted) {
          return wrong(
              fmt::format("{} letters opened {} items", wanted, committed.outcome.made.size()));
        }
        for (const Made& made : committed.outcome.made) {
          ids.push_back(made.id);
        }
      }
      hospital->pass(milliseconds(hour_ms));
      TRY(const auto ticked, hospital->tick(tick_items));
      longest = std::max(longest, ticked.longest);
      escalations += ticked.items;
      if (hour % 6 != 0) {
        continue;
      }
      const node::Moment moment = hospital->view();
      for (const std::string& id : ids) {
        TRY(const auto item, views::find_item(*moment.reader, id));
        const std::string fault =
            item ? wrong_with(*item, hospital->now(), milliseconds(hour_ms)) : id + " is gone";
        if (!fault.empty()) {
          return wrong(fault);
        }
        ++looks;
      }
    }
    TRY(const auto overseen, ids_on(*hospital, views::List::overseen, oversight));
    if (overseen != std::set<std::string>(ids.begin(), ids.end())) {
      return wrong(
          fmt::format("{} of {} letters are on oversight's list", overseen.size(), ids.size()));
    }
    line.number("on_oversight_list", overseen.size());
    line.number("escalations", escalations);
    line.number("looks", looks);
    line.figure("longest_tick_ms", static_cast<double>(longest.ns) / 1e6);
    line.number("peak_bytes", memory_of_process().peak_bytes);
    TRY_OK(hospital->drain());
  }
  TRY_OK(add_ending(line, directory));
  return line.end(options);
}

}  // namespace holdfast::cli
