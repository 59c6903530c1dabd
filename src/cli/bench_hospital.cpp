#include "cli/bench_hospital.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "cli/machine.h"
#include "decide/prepared.h"
#include "pathway/shipped.h"
#include "server/directory.h"
#include "views/rocks/rocks_kv.h"

namespace holdfast::cli {

std::string bench_team(std::uint64_t number) {
  return fmt::format("CareTeam/team-{}", number % bench_teams);
}

Operation bench_put(std::string_view type, std::string id, const std::string& members) {
  Operation one;
  one.verb = Verb::update;
  one.type = type;
  one.body = fmt::format(R"({{"resourceType":"{}","id":"{}",{}}})", type, id, members);
  one.id = std::move(id);
  return one;
}

Operation bench_referral(std::uint64_t number) {
  return bench_put(
      "ServiceRequest", fmt::format("r{}", number),
      fmt::format(
          R"("status":"active","intent":"order","subject":{{"reference":"Patient/p{}"}},)"
          R"("category":[{{"coding":[{{"system":"http://snomed.info/sct","code":"3457005"}}]}}],)"
          R"("priority":"{}","performer":[{{"reference":"{}"}}])",
          number % bench_patients, number % 10 == 0 ? "urgent" : "routine", bench_team(number)));
}
Result<Operation> bench_ended(const Made& made) {
  constexpr std::string_view head = R"({"resourceType":"Task",)";
  constexpr std::string_view state = R"("code":"received"}],"text")";
  Operation one;
  one.verb = Verb::update;
  one.type = "Task";
  one.id = made.id;
  one.if_match = made.version;
  one.body = made.body;
  const std::size_t at = one.body.find(state);
  if (!one.body.starts_with(head) || at == Bytes::npos) {
    return fail(Code::corrupt, "wrong: an item that was opened is not received");
  }
  one.body.replace(at, state.size(), R"("code":"not-to-treat"}],"text")");
  one.body.insert(
      head.size(),
      fmt::format(R"("id":"{}","statusReason":{{"coding":[{{"code":"34"}}]}},)", made.id));
  return one;
}

Result<std::unique_ptr<BenchHospital>> BenchHospital::open(const std::string& directory) {
  auto hospital = std::unique_ptr<BenchHospital>(new BenchHospital);
  TRY(auto disk, open_directory(directory));
  hospital->real_ = std::make_unique<RealWorld>(std::move(disk), 1);
  views::RocksOptions store;
  store.path = fmt::format("{}/{}", directory, server::views_folder);
  TRY(hospital->kv_, views::open_rocks(store));
  hospital->real_->start();
  World& real = hospital->real_->world();
  hospital->clock_ = std::make_unique<ForwardClock>(real.clock);
  hospital->world_ =
      std::make_unique<World>(World{*hospital->clock_, real.disk, real.random, real.network,
                                    real.io, real.bulk, real.sequencer, real.background});
  World& world = *hospital->world_;
  TRY(auto opened, wait_for(world.sequencer, node::open(world, *hospital->kv_, {})));
  hospital->node_ = std::move(opened.node);
  Executor& io = *world.io.front();
  if (hospital->node_->pathways() == nullptr) {
    TRY_OK(wait_for(io, hospital->node_->define_pathways(io, pathway::shipped_files())));
  }
  return hospital;
}

BenchHospital::~BenchHospital() {
  if (real_) {
    real_->drain(seconds(10));
    real_->stop();
  }
}

Result<void> BenchHospital::add_people() {
  std::vector<Operation> all;
  for (std::uint64_t i = 0; i < bench_patients; ++i) {
    all.push_back(bench_put("Patient", fmt::format("p{}", i), R"("active":true)"));
  }
  for (std::uint64_t i = 0; i < bench_teams; ++i) {
    all.push_back(bench_put("CareTeam", fmt::format("team-{}", i), R"("status":"active")"));
  }
  TRY_OK(commit(std::move(all)));
  return ok();
}

Result<node::Committed> BenchHospital::commit(Command command) {
  command.key.bytes[0] = 'b';
  std::uint64_t number = ++commands_;
  for (std::size_t i = 8; i < 16; ++i, number >>= 8U) {
    command.key.bytes[i] = static_cast<char>(number);
  }
  command.principal.name = "bench";
  command.channel = "bench";
  TRY(auto prepared, decide::prepare(std::move(command), reader_, node_->extracting()));
  Executor& io = *world_->io.front();
  return wait_for(io, node_->submit(io, std::move(prepared)));
}

Result<node::Committed> BenchHospital::commit(std::vector<Operation> operations) {
  Command command;
  command.operations = std::move(operations);
  return commit(std::move(command));
}

Result<BenchHospital::Ticked> BenchHospital::tick(std::uint32_t items) {
  Ticked ticked;
  for (;;) {
    Command one;
    one.tick = Tick{Time{std::numeric_limits<std::int64_t>::max() / 2}, items};
    const Instant started = boot_time();
    TRY(const node::Committed committed, commit(std::move(one)));
    const std::uint64_t changed = committed.outcome.made.size();
    if (changed > 0) {
      ticked.longest = std::max(ticked.longest, boot_time() - started);
      ticked.items += changed;
      ++ticked.entries;
    }
    if (changed < items) {
      return ticked;
    }
  }
}

Result<void> BenchHospital::drain() { return wait_for(real_->world().sequencer, node_->drain()); }

}  // namespace holdfast::cli
