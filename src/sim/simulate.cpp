#include "sim/simulate.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>

#include <fmt/format.h>

#include "server/assembly.h"
#include "server/directory.h"
#include "sim/definitions.h"
#include "sim/judge.h"
#include "sim/neighbour.h"
#include "sim/population.h"
#include "views/mem_kv.h"
#include "world/sim/sim_world.h"

namespace holdfast::sim {
namespace {

constexpr std::uint64_t segment_bytes = 96 << 10;
constexpr std::uint64_t run_steps_max = 20'000'000;
constexpr Duration leap_forward = seconds(30 * 3600);
constexpr Duration delivery_time_max = seconds(600);
constexpr Duration leap_back = seconds(-3 * 3600);

class Simulation {
 public:
  explicit Simulation(const Options& options)
      : options_(options),
        random_(options.seed),
        scheduler_(random_.next()),
        network_(scheduler_, random_.next()),
        machine_(scheduler_, network_, random_.next()),
        log_(machine_.clock(), server::Level::off),
        population_(scheduler_, network_, random_, ledger_, options.steps) {
    config_.node.segment_bytes = segment_bytes;
    config_.node.planted = options.bug;
    config_.node.overlay_bytes_max = 256 << 10;
    config_.node.hot_keys_bytes_max = std::size_t{16} << 20U;
    config_.node.unflushed_bytes_max = 64 << 10;
    config_.node.small_operations_max = 4;
    config_.api.planted = options.bug;
    config_.intake.planted = options.bug;
    Population::configure(config_);
  }

  Report run() {
    if (create() && boot()) {
      population_.start();
      live();
    }
    if (assembly_) {
      machine_.crash(Crash::process);
      leave();
    }
    return report();
  }

 private:
  void violated(std::string what) { ledger_.violated(std::move(what)); }
  void count(Fault fault) { ++faults_[static_cast<std::size_t>(fault)]; }

  bool create() {
    server::DirectoryOptions options;
    options.segment_bytes = segment_bytes;
    const auto made =
        run_task(machine_.sequencer(), server::create_directory(machine_.world(), options));
    if (!made || !*made) {
      violated("the data directory cannot be made");
      return false;
    }
    return true;
  }

  /// Opens the node as `serve` does, until it takes requests.
  bool boot() {
    ++boots_;
    World& world = machine_.world();
    auto& home = static_cast<SimExecutor&>(*world.io.front());
    auto listener = world.network.listen(home, server_address);
    if (!listener) {
      violated("cannot listen: " + listener.error().what);
      return false;
    }
    listener_ = std::move(*listener);
    auto mllp = world.network.listen(home, mllp_address);
    if (!mllp) {
      violated("cannot listen: " + mllp.error().what);
      return false;
    }
    mllp_ = std::move(*mllp);
    const server::Assembly::Parts parts{world, kv_, *listener_, mllp_.get(), log_, {}};
    auto opened = run_task(home, server::Assembly::open(parts, config_), run_steps_max);
    if (!opened) {
      opening_error_ = Error{Code::timeout, "opening never ended", {}, {}};
      return false;
    }
    if (!*opened) {
      opening_error_ = opened->error();
      return false;
    }
    assembly_ = std::move(**opened);
    assembly_->start();
    ended_ = std::make_shared<std::optional<server::End>>();
    home.spawn(holdfast::detail::keep(assembly_->run(), ended_));
    return true;
  }

  /// After machine_.crash(): what the dead process owned goes too.
  void leave() {
    assembly_.reset();
    listener_.reset();
    mllp_.reset();
    ended_.reset();
  }

  /// The process is gone; start it again and look whether everything promised is there.
  bool recover(Crash how) {
    machine_.crash(how);
    leave();
    const std::uint64_t lost_writes = kv_.unflushed_writes();
    kv_.crash(lost_writes == 0 ? 0 : random_.below(lost_writes + 1));
    machine_.disk().heal();
    end_clock_leap();
    machine_.restart();
    if (!boot()) {
      violated(fmt::format("the server does not start after a {}: {}",
                           how == Crash::power ? "power cut" : "kill", opening_error_.what));
      return false;
    }
    // Nothing has rotted: a start that finds damage has made it, or takes for damage what is none.
    const node::Health health = assembly_->node().health();
    for (const std::string& trouble : {health.writes_refused, health.reads_degraded}) {
      if (!trouble.empty()) {
        violated(fmt::format("after a {} the server starts with trouble: {}",
                             how == Crash::power ? "power cut" : "kill", trouble));
      }
    }
    judge_promises(assembly_->node(), ledger_);
    judge_messages(assembly_->node(), ledger_);
    judge_deliveries(assembly_->node(), ledger_, false);
    return ledger_.violations.empty();
  }

  void live() {
    const std::uint64_t rot_at = random_.chance(1, 6) ? options_.steps * 9 / 10 : 0;
    while (!population_.done() && ledger_.violations.empty()) {
      const std::uint64_t until = ledger_.requests + 5 + random_.below(options_.steps / 12 + 20);
      const RunEnd end = scheduler_.run_until(
          [&] { return ledger_.requests >= until || population_.done() || has_failed(); },
          run_steps_max);
      if (end == RunEnd::too_long || end == RunEnd::idle) {
        violated(fmt::format("nothing goes on after {} requests", ledger_.requests));
        return;
      }
      if (machine_.disk().is_dark()) {
        count(Fault::power_cut_call);
        if (!recover(Crash::power)) {
          return;
        }
      } else if (has_failed()) {
        if (!recover(random_.chance(1, 2) ? Crash::process : Crash::power)) {
          return;
        }
      } else if (rot_at != 0 && ledger_.requests > rot_at) {
        end_with_rot();
        return;
      } else if (!strike()) {
        return;
      }
    }
    finish();
  }

  [[nodiscard]] bool has_failed() const { return ended_ && ended_->has_value(); }

  /// Something happens to the machine; false when the life is over.
  bool strike() {
    end_weather();
    switch (random_.below(13)) {
      case 0:
      case 1: count(Fault::power_cut); return recover(Crash::power);
      case 2: count(Fault::process_kill); return recover(Crash::process);
      case 3:
      case 4:
        machine_.disk().plan(machine_.disk().calls() + 1 + random_.below(60), DiskFault::power_cut);
        return true;
      case 5: fail_calls(DiskCall::sync, Fault::sync_error); return true;
      case 6: fail_calls(DiskCall::write, Fault::write_error); return true;
      case 7: fail_calls(DiskCall::read, Fault::read_error); return true;
      case 8: fill_disk(); return true;
      case 9: move_clock(); return true;
      case 10: break_connections(); return true;
      case 11: change_definitions(); return true;
      default: count(Fault::clean_stop); return stop_cleanly();
    }
  }

  void end_weather() {
    machine_.disk().heal();
    SimNetworkOptions network = network_.options();
    network.resets_per_million = 0;
    network_.set_options(network);
  }

  /// One call in a few of that kind fails with EIO, once.
  void fail_calls(DiskCall kind, Fault fault) {
    const std::uint64_t which = 1 + random_.below(8);
    auto seen = std::make_shared<std::uint64_t>(0);
    machine_.disk().set_rule([this, kind, fault, which, seen](const DiskCallInfo& call) {
      const bool same =
          call.call == kind || (kind == DiskCall::sync && call.call == DiskCall::sync_directory);
      if (!same || ++*seen != which) {
        return DiskFault::none;
      }
      count(fault);
      return DiskFault::io_error;
    });
  }

  void fill_disk() {
    machine_.disk().set_rule([this](const DiskCallInfo& call) {
      if (call.call != DiskCall::write) {
        return DiskFault::none;
      }
      count(Fault::disk_full);
      return DiskFault::no_space;
    });
  }

  void move_clock() {
    switch (random_.below(3)) {
      case 0:
        count(Fault::clock_leap);
        leap(leap_forward);
        break;
      case 1:
        count(Fault::clock_back);
        leap(leap_back);
        break;
      default: {
        count(Fault::clock_nudge);
        const auto by = static_cast<std::int64_t>(random_.below(40)) - 20;
        leap(seconds(by));
      }
    }
  }
  void leap(Duration by) {
    end_clock_leap();
    machine_.clock().leap(by);
    leapt_ = by;
  }
  void end_clock_leap() {
    machine_.clock().leap(Duration{-leapt_.ns});
    leapt_ = Duration{};
  }

  void change_definitions() {
    count(Fault::new_definitions);
    Executor& io = *machine_.world().io.front();
    // Nobody waits: whether it came through is in the journal.
    io.spawn(holdfast::detail::keep(assembly_->node().define(io, draw_definitions(random_)),
                                    std::make_shared<std::optional<Result<Position>>>()));
  }

  void break_connections() {
    count(Fault::network_resets);
    network_.reset_all();
    SimNetworkOptions network = network_.options();
    network.resets_per_million = 20'000;
    network_.set_options(network);
  }

  bool stop_cleanly() {
    assembly_->stop();
    const RunEnd end = scheduler_.run_until([&] { return ended_->has_value(); }, run_steps_max);
    if (end != RunEnd::satisfied) {
      violated("a clean stop does not end");
      return false;
    }
    if (**ended_ == server::End::failed) {
      // Only what struck before the stop may be the reason, and the node must know it.
      if (assembly_->node().health().fatal == node::Fatal::no) {
        violated("a clean stop fails, and the node does not say why");
        return false;
      }
      return recover(Crash::power);
    }
    if (kv_.unflushed_writes() != 0) {
      violated("a clean stop leaves writes that a crash would lose");
    }
    return recover(Crash::process);
  }

  /// Everything heals; what is in flight ends; the judge looks at a machine that was cut once more.
  void finish() {
    end_weather();
    const bool cut = random_.chance(1, 2);
    if (!machine_.disk().is_dark()) {
      scheduler_.run_for(seconds(30), run_steps_max);  // a node that cannot go on says so
    }
    if (cut || machine_.disk().is_dark() || has_failed()) {
      if (!recover(Crash::power)) {
        return;
      }
      scheduler_.run_for(seconds(30), run_steps_max);
    }
    if (!ledger_.violations.empty()) {
      return;
    }
    JudgeOptions judging;
    judging.segment_bytes = segment_bytes;
    judging.true_time = true_time();
    judge_messages(assembly_->node(), ledger_);
    deliver_the_rest();
    entries_ = judge_all(machine_.world(), assembly_->node(), ledger_, judging);
  }

  /// Receivers behave now: what is owed must come to its end.
  void deliver_the_rest() {
    const Instant until{scheduler_.now().ns + delivery_time_max.ns};
    scheduler_.run_until(
        [&] { return all_is_delivered(assembly_->node()) || scheduler_.now() > until; },
        run_steps_max);
    judge_deliveries(assembly_->node(), ledger_, true);
  }

  [[nodiscard]] Time true_time() { return Time{machine_.clock().wall().ms - leapt_.ms()}; }

  /// A bit of the medium flips while the server is down. Either it does no harm, or the server says
  /// that its journal is damaged, goes on reading, and writes no more. Never a wrong answer.
  void end_with_rot() {
    ledger_.closed = true;
    end_weather();
    machine_.crash(Crash::power);
    leave();
    kv_.crash(0);
    end_clock_leap();
    const std::set<std::string> torn_before = torn_files(machine_.disk());
    for (int i = 0; i < 3; ++i) {
      if (machine_.disk().rot(random_)) {
        count(Fault::rot);
      }
    }
    machine_.restart();
    if (!boot()) {
      // A key or the tail that the view needs is gone: it says so instead of guessing.
      if (opening_error_.code != Code::corrupt && opening_error_.code != Code::syntax &&
          opening_error_.code != Code::io) {
        violated("a rotten disk is answered with: " + opening_error_.what);
      }
      ++damaged_;
      return;
    }
    if (!assembly_->node().health().writes_refused.empty()) {
      ++damaged_;
    }
    auto& home = static_cast<SimExecutor&>(*machine_.world().io.front());
    const std::uint64_t cut_from = first_put_aside(torn_before, torn_files(machine_.disk()));
    if (!run_task(home, judge_all_answers(home, cut_from), run_steps_max)) {
      violated("after rot: the answers never end");
    }
  }

  Task<bool> judge_all_answers(Executor& on, std::uint64_t cut_from) {
    co_await judge_answers(network_, on, ledger_, cut_from);
    co_return true;
  }

  Report report() {
    Report report;
    report.violations = ledger_.violations;
    report.faults = faults_;
    report.faults[static_cast<std::size_t>(Fault::garbage)] = ledger_.garbage;
    report.requests = ledger_.requests;
    report.acknowledged = ledger_.promises.size();
    report.unknown = ledger_.unknown;
    report.entries = entries_;
    report.searches = ledger_.followed.size();
    report.messages = ledger_.acknowledged_messages.size();
    report.deliveries = ledger_.received.size();
    report.boots = boots_;
    report.damaged = damaged_;
    for (const Promise& promise : ledger_.promises) {
      scheduler_.note(promise.position << 20U ^ promise.version);
    }
    scheduler_.note(entries_);
    scheduler_.note(ledger_.acknowledged_messages.size());
    report.trace = scheduler_.trace();
    return report;
  }

  const Options options_;
  SimRandom random_;
  SimScheduler scheduler_;
  SimNetwork network_;
  SimWorld machine_;
  server::Log log_;
  server::Config config_;
  views::MemKv kv_;
  Ledger ledger_;
  Population population_;
  std::array<std::uint64_t, fault_count> faults_{};
  Duration leapt_{};
  Error opening_error_;
  std::uint64_t boots_ = 0;
  std::uint64_t entries_ = 0;
  std::uint64_t damaged_ = 0;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Listener> mllp_;
  std::unique_ptr<server::Assembly> assembly_;
  std::shared_ptr<std::optional<server::End>> ended_;
};

}  // namespace

Report simulate(const Options& options) { return Simulation(options).run(); }

}  // namespace holdfast::sim
