#include "world/sim/sim_network.h"

#include <gtest/gtest.h>

#include "world/network_contract_testing.h"

namespace holdfast {
namespace {

struct Simulated {
  explicit Simulated(std::uint64_t seed, SimNetworkOptions options = {})
      : scheduler(seed), network(scheduler, seed, options), server(scheduler), client(scheduler) {}
  SimScheduler scheduler;
  SimNetwork network;
  SimExecutor server;
  SimExecutor client;
  testing::NetworkUnderTest under{network, server, client};
};

TEST(SimNetwork, KeepsTheContractOfEveryNetwork) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (const testing::NetworkCheck check : testing::network_checks) {
      Simulated simulated(seed);
      ASSERT_TRUE(run_task(simulated.client, check(simulated.under))) << seed;
    }
  }
}

TEST(SimNetwork, TheSameSeedGivesTheSameTrace) {
  const auto play = [](std::uint64_t seed) {
    Simulated simulated(seed);
    EXPECT_TRUE(run_task(simulated.client, testing::check_echo(simulated.under)));
    return simulated.scheduler.trace();
  };
  EXPECT_EQ(play(3), play(3));
  EXPECT_NE(play(3), play(4));
}

TEST(SimNetwork, BytesArriveInPieces) {
  Simulated simulated(1);
  ASSERT_TRUE(run_task(simulated.client, testing::check_echo(simulated.under)));
  EXPECT_GT(simulated.network.counts().pieces, 20U);
}

Task<std::string> end_of_broken(testing::NetworkUnderTest& under) {
  testing::Pair pair;
  co_await testing::connect_pair(under, pair);
  for (int i = 0; i < 1'000; ++i) {
    const Result<void> written = co_await pair.client->write("piece", never);
    if (!written) {
      const std::string mine(name(written.error().code));
      const std::string theirs = co_await testing::read_to_end(*pair.server, never);
      co_return mine + (theirs.ends_with("<closed>") ? " both" : " one");
    }
    co_await under.client.sleep(milliseconds(1));
  }
  co_return "never";
}

TEST(SimNetwork, ConnectionsBreakAtTheSeededRateAndBothEndsAreClosed) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Simulated simulated(seed, {.resets_per_million = 50'000});
    EXPECT_EQ(run_task(simulated.client, end_of_broken(simulated.under)), "closed both");
    EXPECT_GE(simulated.network.counts().resets, 1U);
  }
}

Task<void> hold_open(std::unique_ptr<Stream> stream) {
  std::array<char, 10> some{};
  static_cast<void>(co_await stream->read(some, never));
  ADD_FAILURE() << "nothing comes, and a crashed machine does not go on";
}

Task<void> accept_and_hold(Listener& listener, Executor& on) {
  auto stream = co_await listener.accept(on);
  EXPECT_TRUE(stream.has_value());
  on.spawn(hold_open(*std::move(stream)));
}

Task<void> wait_for_end(testing::NetworkUnderTest& under, std::string address, std::string& end) {
  auto connected = co_await under.network.connect(under.client, std::move(address), never);
  EXPECT_TRUE(connected.has_value());
  end = "waiting";
  end = co_await testing::read_to_end(**connected, never);
}

TEST(SimNetwork, ACrashedMachineClosesItsConnections) {
  Simulated simulated(1);
  auto listener = simulated.network.listen(simulated.server, "127.0.0.1:8080").value();
  simulated.server.spawn(accept_and_hold(*listener, simulated.server));
  std::string end;
  simulated.client.spawn(wait_for_end(simulated.under, "127.0.0.1:8080", end));
  EXPECT_EQ(simulated.scheduler.run_for(seconds(1)), RunEnd::satisfied);
  EXPECT_EQ(end, "waiting");
  simulated.server.kill();
  listener.reset();
  EXPECT_EQ(simulated.scheduler.run(), RunEnd::idle);
  EXPECT_EQ(end, "<closed>");
}

}  // namespace
}  // namespace holdfast
