#include "world/sim/sim_world.h"

#include "base/check.h"

namespace holdfast {
namespace {

std::vector<std::unique_ptr<SimExecutor>> make_executors(SimScheduler& scheduler,
                                                         std::size_t count) {
  check(count > 0, "sessions need an executor");
  std::vector<std::unique_ptr<SimExecutor>> made;
  for (std::size_t i = 0; i < count; ++i) {
    made.push_back(std::make_unique<SimExecutor>(scheduler));
  }
  return made;
}

std::vector<Executor*> borrow(const std::vector<std::unique_ptr<SimExecutor>>& executors) {
  std::vector<Executor*> borrowed;
  for (const auto& executor : executors) {
    borrowed.push_back(executor.get());
  }
  return borrowed;
}

// Independent sequences from one seed.
std::uint64_t seed_of(std::uint64_t seed, std::uint64_t purpose) {
  std::uint64_t state = seed + purpose * 0x100000001b3U;
  return splitmix64_next(state);
}

}  // namespace

struct SimWorld::Life {
  explicit Life(SimWorld& machine)
      : sequencer(machine.scheduler_),
        background(machine.scheduler_),
        bulk(machine.scheduler_),
        io(make_executors(machine.scheduler_, machine.options_.io_executors)),
        world{machine.clock_, machine.disk_, machine.random_, machine.network_,
              borrow(io),     {&bulk},       sequencer,       background} {}
  void kill() {
    for (const auto& executor : io) {
      executor->kill();
    }
    bulk.kill();
    background.kill();
    sequencer.kill();
  }

  SimExecutor sequencer;
  SimExecutor background;
  SimExecutor bulk;
  std::vector<std::unique_ptr<SimExecutor>> io;
  World world;
};

SimWorld::SimWorld(SimScheduler& scheduler, SimNetwork& network, std::uint64_t seed,
                   Options options)
    : scheduler_(scheduler),
      network_(network),
      options_(options),
      fates_(seed_of(seed, 1)),
      random_(seed_of(seed, 2)),
      clock_(scheduler, options.start),
      disk_(seed_of(seed, 3), &scheduler, options.disk),
      life_(std::make_unique<Life>(*this)) {}

SimWorld::~SimWorld() { life_->kill(); }

World& SimWorld::world() { return life_->world; }

SimExecutor& SimWorld::sequencer() { return life_->sequencer; }

void SimWorld::crash(Crash how) {
  check(scheduler_.current() == nullptr, "a machine crashes between steps");
  life_->kill();
  if (how == Crash::power || disk_.is_dark()) {
    disk_.crash(fates_);
  } else {
    disk_.restart_process();
  }
}

void SimWorld::restart() { life_ = std::make_unique<Life>(*this); }

}  // namespace holdfast
