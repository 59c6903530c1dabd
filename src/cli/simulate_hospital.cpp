// cli/simulate_hospital.cpp: `holdfast simulate-hospital`: a day of a hospital, told to a running
// server, and at its end what must be open compared with what is.
#include <csignal>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "base/time.h"
#include "cli/command.h"
#include "cli/hospital_day.h"
#include "cli/machine.h"
#include "cli/progress.h"
#include "world/real/real_clock.h"
#include "world/real/real_executor.h"
#include "world/real/real_network.h"
#include "world/sim/sim_random.h"

namespace holdfast::cli {
namespace {

constexpr std::uint64_t mark_each = 20;
constexpr std::size_t differences_shown_max = 200;

// The one thing that a signal handler may touch.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables)
std::atomic<bool> asked_to_end = false;
extern "C" void on_end(int) { asked_to_end.store(true, std::memory_order_relaxed); }

struct DayOptions {
  std::string server;
  std::string mllp;
  std::uint64_t seed = 1;
  std::uint64_t events = 600;
  std::uint64_t days = 1;
  double rate = 0;
  double speed = 0;
  bool tell = false;
};

/// What happened while it was told.
struct Told {
  std::map<std::string, std::array<std::uint64_t, 2>> kinds;  ///< by FHIR, by HL7 v2
  std::vector<std::string> refused;
};

std::string content_of(const DayOptions& options) {
  return fmt::format("events={} days={} lines={}", options.events, options.days,
                     options.mllp.empty() ? "fhir" : "fhir+v2");
}

class Teller {
 public:
  Teller(const DayOptions& options, ServerAddress server)
      : options_(options), line_(network_, on_, std::move(server), options.mllp) {
    on_.start();
  }
  ~Teller() {
    on_.stop();
    on_.discard();
  }
  Teller(const Teller&) = delete;
  Teller& operator=(const Teller&) = delete;

  Result<int> run() { return wait_for(on_, run_day()); }

 private:
  Task<Result<int>> run_day() {
    CO_TRY_OK(co_await begin());
    CO_TRY(const bool all, co_await tell_all());
    if (!all) {
      fmt::print("stopped after {} of {} events; the same command goes on from there\n", told_,
                 plan_.steps.size());
      co_return exit_failed;
    }
    co_return co_await judge();
  }

  /// The day that the server knows of, or a new one that begins today.
  Task<Result<void>> begin() {
    CO_TRY(auto mark, co_await line_.read_mark(options_.seed));
    CO_TRY_OK(co_await line_.reach_mllp());
    if (mark && mark->options != content_of(options_)) {
      co_return fail(Code::usage,
                     fmt::format("seed {} was begun there with other options ({}; now {}): give "
                                 "those, or take another seed",
                                 options_.seed, mark->options, content_of(options_)));
    }
    if (mark) {
      mark_ = *std::move(mark);
      fmt::print(
          "seed {} was begun there as {}, {} of {} events: what has happened is not told "
          "twice\n",
          options_.seed, mark_.begins, mark_.reached, options_.events);
    } else {
      mark_.begins = to_instant(clock_.wall()).substr(0, 10);
      mark_.options = content_of(options_);
      CO_TRY_OK(co_await line_.write_mark(options_.seed, mark_));
    }
    if (options_.mllp.empty()) {
      fmt::print("no --mllp: everything goes as FHIR\n");
    }
    const auto midnight = parse_date_time(mark_.begins);
    if (!midnight) {
      co_return fail(Code::corrupt,
                     fmt::format("the mark of that day is dated '{}'", mark_.begins));
    }
    day::PlanOptions wanted;
    wanted.seed = options_.seed;
    wanted.events = options_.events;
    wanted.days = options_.days;
    wanted.begins = midnight->from;
    wanted.lines = options_.mllp.empty() ? day::Lines::fhir : day::Lines::fhir_and_v2;
    SimRandom random(options_.seed);
    plan_ = day::make_plan(wanted, random);
    begins_ = midnight->from;
    if (options_.rate > 0 || options_.speed > 0) {
      say_how_to_watch();
    }
    co_return ok();
  }

  void say_how_to_watch() const {
    const std::string base =
        options_.server.ends_with("/fhir") ? options_.server : options_.server + "/fhir";
    fmt::print(
        "Watch it:\n  who has what       curl -s '{0}/$oversight'\n"
        "  a work-list        curl -s '{0}/Task/$work-list?owner=team:referrals'\n",
        base);
    const day::Watched watched = day::first_referral(plan_);
    if (!watched.patient.empty()) {
      fmt::print(
          "  one patient        curl -s '{}/{}/$where-is-my-referral'   (from {} of that day on)\n",
          base, watched.patient, clock_of(watched.minute));
    }
    std::fflush(stdout);
  }

  [[nodiscard]] std::string clock_of(std::int64_t minute) const {
    return to_instant(Time{begins_.ms + minute * 60'000}).substr(11, 5);
  }

  /// False: somebody ended it.
  Task<Result<bool>> tell_all() {
    Progress progress("hospital day", plan_.steps.size(), "events");
    const auto began = on_.now();
    const std::uint64_t before = mark_.reached;
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      if (i >= before) {
        co_await wait_until(began + due(before, i));
      }
      if (asked_to_end.load(std::memory_order_relaxed)) {
        co_return false;
      }
      CO_TRY_OK(co_await tell_one(i));
      progress.show(i + 1);
      if (told_ > mark_.reached && (told_ % mark_each == 0 || told_ == plan_.steps.size())) {
        mark_.reached = told_;
        CO_TRY_OK(co_await line_.write_mark(options_.seed, mark_));
      }
    }
    co_return true;
  }

  /// When an event is told, counted from the first one that is not yet.
  [[nodiscard]] Duration due(std::size_t first, std::size_t event) const {
    double wait = 0;
    if (options_.rate > 0) {
      wait = static_cast<double>(event - first) / options_.rate;
    } else if (options_.speed > 0) {
      wait = static_cast<double>(plan_.steps[event].minute - plan_.steps[first].minute) * 60 /
             options_.speed;
    }
    return nanoseconds(static_cast<std::int64_t>(wait * 1e9));
  }

  Task<void> wait_until(Instant due) {
    while (on_.now() < due && !asked_to_end.load(std::memory_order_relaxed)) {
      co_await on_.sleep(std::min(due - on_.now(), milliseconds(200)));
    }
  }

  Task<Result<void>> tell_one(std::size_t i) {
    const day::Step& step = plan_.steps[i];
    const bool v2 = std::holds_alternative<day::Message>(step.does);
    CO_TRY(const std::string why,
           co_await line_.tell(fmt::format("hospital-day-{}-{}", options_.seed, i), step));
    told_ = i + 1;
    ++told_kinds_.kinds[step.kind][v2 ? 1 : 0];
    const std::string line = fmt::format("{} {}: {} ({})", clock_of(step.minute), step.kind,
                                         step.says, v2 ? "HL7 v2" : "FHIR");
    if (!why.empty()) {
      told_kinds_.refused.push_back(fmt::format("{}: not taken, {}", line, why));
    }
    if (options_.tell) {
      fmt::print("{}{}\n", line, why.empty() ? "" : ": not taken, " + why);
      std::fflush(stdout);
    }
    co_return ok();
  }

  Task<Result<int>> judge() {
    CO_TRY(auto items, co_await line_.read_items(plan_.patients));
    CO_TRY_OK(co_await line_.read_lists(items));
    CO_TRY(const std::string fault, co_await line_.read_ledger());
    const day::Board board = day::board_after(plan_, plan_.steps.size());
    day::Comparison compared = day::compare(board, items);
    print_what_came();
    print_what_is_owed(compared);
    fmt::print("Ledger: {}\n", fault.empty() ? "balanced" : fault);
    std::vector<std::string> all = told_kinds_.refused;
    std::ranges::move(compared.differences, std::back_inserter(all));
    if (!fault.empty()) {
      all.push_back("the ledger does not balance: " + fault);
    }
    if (all.empty()) {
      fmt::print("All is as it must be: nothing is lost, nothing is open that should not be.\n");
      co_return exit_ok;
    }
    fmt::print("{} difference{}:\n", all.size(), all.size() == 1 ? "" : "s");
    for (std::size_t i = 0; i < std::min(all.size(), differences_shown_max); ++i) {
      fmt::print("  {}\n", all[i]);
    }
    co_return exit_failed;
  }

  void print_what_came() const {
    fmt::print("\nThe day of {} (seed {}): {} events, {} people.\n\n{:<24}{:>8}{:>8}\n",
               mark_.begins, options_.seed, plan_.steps.size(), plan_.patients.size(), "What came",
               "FHIR", "HL7 v2");
    for (const auto& [kind, counts] : told_kinds_.kinds) {
      fmt::print("  {:<22}{:>8}{:>8}\n", kind, counts[0], counts[1]);
    }
  }

  static void print_what_is_owed(const day::Comparison& compared) {
    fmt::print("\n{:<24}{:>8}{:>8}\n", "What must be", "open", "closed");
    day::Tally all;
    for (const auto& [pathway, tally] : compared.pathways) {
      fmt::print("  {:<22}{:>8}{:>8}\n", pathway, tally.open, tally.closed);
      all.open += tally.open;
      all.closed += tally.closed;
    }
    fmt::print("  {:<22}{:>8}{:>8}\n\n{:<24}{:>8}\n", "all", all.open, all.closed,
               "Who must have it", "open");
    for (const auto& [owner, open] : compared.owners) {
      fmt::print("  {:<22}{:>8}\n", owner, open);
    }
    fmt::print("\n");
  }

  const DayOptions& options_;
  RealClock clock_;
  RealNetwork network_;
  RealExecutor on_{"day"};
  HospitalDay line_;
  DayMark mark_;
  day::Plan plan_;
  Time begins_;
  std::size_t told_ = 0;
  Told told_kinds_;
};

void watch_signals() {
  struct ::sigaction action{};
  action.sa_handler = on_end;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // a second one does not wait for an answer
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
}

/// People who do not exist belong into no record but one of this machine's own.
bool on_this_machine(std::string_view address) {
  const std::string_view host = address.substr(0, address.rfind(':'));
  return host == "127.0.0.1" || host == "localhost" || host == "[::1]";
}

int run_simulate_hospital(const DayOptions& options) {
  auto server = parse_server(options.server);
  if (!server) {
    return end_with("simulate-hospital", server.error());
  }
  for (const std::string& address : {server->authority, options.mllp}) {
    if (!address.empty() && !on_this_machine(address)) {
      const auto refused =
          fail(Code::usage, fmt::format("{} is another machine: a made-up day is told to a server "
                                        "of this one only (127.0.0.1)",
                                        address));
      return end_with("simulate-hospital", refused.error());
    }
  }
  watch_signals();
  const auto code = Teller(options, *std::move(server)).run();
  return code ? *code : end_with("simulate-hospital", code.error());
}

}  // namespace

Command add_simulate_hospital(CLI::App& parent) {
  auto options = std::make_shared<DayOptions>();
  CLI::App* const app = parent.add_subcommand(
      "simulate-hospital", "a hospital's day against a running server, and what must be open then");
  app->add_option("--server", options->server, "where it listens: http://127.0.0.1:8080")
      ->required();
  app->add_option("--mllp", options->mllp, "HOST:PORT; half of what can is sent as HL7 v2 then");
  app->add_option("--seed", options->seed, "decides all that happens")->capture_default_str();
  app->add_option("--events", options->events, "how much happens")
      ->check(CLI::Range(10U, 100'000U))
      ->capture_default_str();
  app->add_option("--days", options->days, "over how many days of the record's time")
      ->check(CLI::Range(1U, 30U))
      ->capture_default_str();
  app->add_option("--rate", options->rate, "events a second; 0: as fast as the server takes them")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app->add_option("--speed", options->speed,
                  "instead of --rate: so many times faster than a day; 144: ten minutes")
      ->check(CLI::PositiveNumber)
      ->excludes("--rate");
  app->add_flag("--tell", options->tell, "a line for each event");
  app->footer(
      "Admissions, referrals, orders, results, letters, blood, theatre, merged records, somebody "
      "who\n"
      "leaves. At the end each item must be open or closed, in its state, with its owner, on that\n"
      "owner's work-list, nothing else open of these people, and the ledger balanced. Exit 0 "
      "then,\n"
      "1 with each difference by name. A seed happens once on a server: running it again goes on\n"
      "where it was, and compares. HL7 v2 needs a [[neighbour]] with senders = [\"SIMHOSPITAL\"].\n"
      "Only for a server whose record is for trying out: these people do not exist.\n"
      "Examples:\n"
      "  holdfast simulate-hospital --server http://127.0.0.1:8080 --seed 7\n"
      "  holdfast simulate-hospital --server http://127.0.0.1:8080 --mllp 127.0.0.1:2575 \\\n"
      "      --seed 7 --rate 1 --tell");
  return {app, [options] { return run_simulate_hospital(*options); }};
}

}  // namespace holdfast::cli
