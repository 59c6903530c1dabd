// cli/bench_hospital.h: a node in this process over a data directory of its own, with teams and
// patients, whose clock goes where it is told. Quicker than to ask a server, and years pass at
// once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "fhir/json.h"
#include "model/command.h"
#include "node/node.h"
#include "views/kv.h"
#include "world/real/real_world.h"

namespace holdfast::cli {

inline constexpr std::uint64_t bench_teams = 100;
inline constexpr std::uint64_t bench_patients = 1000;

[[nodiscard]] std::string bench_team(std::uint64_t number);
[[nodiscard]] Operation bench_put(std::string_view type, std::string id,
                                  const std::string& members);
/// A referral to the team of that number; each tenth is urgent.
[[nodiscard]] Operation bench_referral(std::uint64_t number);
/// The Task of a referral that was opened just now, ended with a reason.
[[nodiscard]] Result<Operation> bench_ended(const Made& made);

/// The real one, set forward: what it says only ever grows.
class ForwardClock final : public Clock {
 public:
  explicit ForwardClock(Clock& real) : real_(real) {}
  void pass(Duration time) { ahead_.ns += time.ns; }
  [[nodiscard]] Time wall() const override { return Time{real_.wall().ms + ahead_.ms()}; }
  [[nodiscard]] Instant boot() const override { return real_.boot() + ahead_; }
  [[nodiscard]] bool synchronised() const override { return real_.synchronised(); }

 private:
  Clock& real_;
  Duration ahead_{};  // changed while nothing is under way
};

class BenchHospital {
 public:
  /// `directory` is one that `init` has made.
  static Result<std::unique_ptr<BenchHospital>> open(const std::string& directory);
  ~BenchHospital();
  BenchHospital(const BenchHospital&) = delete;
  BenchHospital& operator=(const BenchHospital&) = delete;

  Result<void> add_people();
  Result<node::Committed> commit(Command command);
  Result<node::Committed> commit(std::vector<Operation> operations);
  /// Time passes, and nothing happens.
  void pass(Duration time) { clock_->pass(time); }
  [[nodiscard]] Time now() const { return clock_->wall(); }
  /// Wakes what is to wake, in entries of at most `items`; how many items changed. `longest` is how
  /// long the slowest of those entries took, until it was durable.
  struct Ticked {
    std::uint64_t items = 0;
    std::uint64_t entries = 0;
    Duration longest{};
  };
  Result<Ticked> tick(std::uint32_t items);
  Result<void> drain();
  [[nodiscard]] node::Moment view() const { return node_->view(); }

 private:
  BenchHospital() = default;
  std::unique_ptr<RealWorld> real_;
  std::unique_ptr<ForwardClock> clock_;
  std::unique_ptr<World> world_;
  std::unique_ptr<views::Kv> kv_;
  std::unique_ptr<node::Node> node_;
  fhir::JsonReader reader_;
  std::uint64_t commands_ = 0;
};

}  // namespace holdfast::cli
