// Server and clients over the simulated network: pieces, delays, lateness and resets by the seed.
#include <gtest/gtest.h>

#include <map>

#include "http/client.h"
#include "http/server.h"
#include "world/sim/sim_world.h"

namespace holdfast::http {
namespace {

/// Answers with what it was sent, after a pause; counts each request by its name.
class Ledger final : public api::Handler {
 public:
  explicit Ledger(std::map<Bytes, int>& seen) : seen_(seen) {}
  Task<api::Reply> handle(api::Request request, Executor& on) override {
    ++seen_[request.target];
    co_await on.sleep(microseconds(300));
    api::Reply reply;
    reply.body = request.target + " " + request.body;
    co_return reply;
  }

 private:
  std::map<Bytes, int>& seen_;
};

struct Told {
  int whole = 0;
  int busy = 0;
  int lost = 0;
  int wrong = 0;
  int clients_left = 0;
};

// Twenty requests, each of its own name; a new connection whenever the old one is of no more use.
Task<void> be_a_client(SimNetwork& network, SimExecutor& on, std::uint64_t number, Told& told) {
  std::unique_ptr<Client> client;
  for (std::uint64_t i = 0; i < 20; ++i) {
    if (client == nullptr || !client->reusable()) {
      auto connected = co_await Client::connect(network, on, "10.0.0.1:80", on.now() + seconds(5));
      if (!connected) {
        ++told.lost;
        continue;
      }
      client = *std::move(connected);
    }
    Outgoing request;
    request.method = "POST";
    request.target = "/" + std::to_string(number) + "/" + std::to_string(i);
    request.body = Bytes((number * 7919 + i * 104'729) % 90'000, static_cast<char>('a' + i));
    const Bytes expected = request.target + " " + request.body.joined();
    const auto reply = co_await client->send(std::move(request), on.now() + seconds(30));
    if (!reply) {
      ++told.lost;
    } else if (reply->status == 503) {
      ++told.busy;
    } else {
      ++(reply->status == 200 && reply->body == expected ? told.whole : told.wrong);
    }
  }
  --told.clients_left;
}

Task<void> end_server(Server& server, SimExecutor& home, bool& ended) {
  co_await server.drain(home.now() + seconds(5));
  ended = true;
}

struct Outcome {
  Told told;
  int seen = 0;
  std::uint64_t trace = 0;
};

Outcome run_day(std::uint64_t seed, std::uint32_t resets_per_million, std::uint64_t budget_bytes) {
  SimScheduler scheduler(seed);
  SimNetworkOptions options;
  options.resets_per_million = resets_per_million;
  SimNetwork network(scheduler, seed + 1, options);
  SimExecutor home(scheduler);
  SimExecutor second(scheduler);
  SimExecutor outside(scheduler);
  SimClock clock(scheduler, Time{1'767'225'600'000});
  SimRandom random(seed + 2);
  std::map<Bytes, int> seen;
  Ledger ledger(seen);
  Budget budget(budget_bytes);
  auto listener = network.listen(home, "10.0.0.1:80");
  check(listener.has_value(), "the simulated network listens");
  Server server(home, {&home, &second}, **listener, ledger, budget, clock, random);
  server.start();
  Outcome outcome;
  constexpr std::uint64_t clients = 8;
  outcome.told.clients_left = clients;
  for (std::uint64_t number = 0; number < clients; ++number) {
    outside.spawn(be_a_client(network, outside, number, outcome.told));
  }
  scheduler.run_until([&] { return outcome.told.clients_left == 0; });
  EXPECT_EQ(outcome.told.clients_left, 0) << "seed " << seed;
  bool ended = false;
  home.spawn(end_server(server, home, ended));
  scheduler.run_until([&] { return ended; });
  EXPECT_TRUE(ended) << "seed " << seed;
  EXPECT_EQ(budget.used(), 0U) << "seed " << seed;
  EXPECT_EQ(server.counts().connections.open, 0U) << "seed " << seed;
  for (const auto& [name, times] : seen) {
    EXPECT_EQ(times, 1) << name << " seed " << seed;
    ++outcome.seen;
  }
  outcome.trace = scheduler.trace();
  return outcome;
}

TEST(Simulated, EveryRequestIsAnsweredWithItsOwnReply) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Outcome day = run_day(seed, 0, 128U << 20U);
    EXPECT_EQ(day.told.whole, 160) << "seed " << seed;
    EXPECT_EQ(day.seen, 160) << "seed " << seed;
  }
}

TEST(Simulated, AReplyIsWholeOrLostWhenConnectionsBreak) {
  int lost = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Outcome day = run_day(seed, 3'000, 128U << 20U);
    EXPECT_EQ(day.told.wrong, 0) << "seed " << seed;
    EXPECT_EQ(day.told.whole + day.told.lost, 160) << "seed " << seed;
    EXPECT_GE(day.seen, day.told.whole) << "seed " << seed;
    lost += day.told.lost;
  }
  EXPECT_GT(lost, 0) << "the seeds must break something";
}

TEST(Simulated, AFullBudgetRefusesSomeAndServesTheRest) {
  int busy = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Outcome day = run_day(seed, 0, 200'000);
    EXPECT_EQ(day.told.whole + day.told.busy + day.told.lost, 160) << "seed " << seed;
    EXPECT_EQ(day.seen, day.told.whole) << "seed " << seed;
    EXPECT_GT(day.told.whole, 0) << "seed " << seed;
    busy += day.told.busy;
  }
  EXPECT_GT(busy, 0);
}

TEST(Simulated, OneSeedIsOneDay) {
  EXPECT_EQ(run_day(5, 3'000, 300'000).trace, run_day(5, 3'000, 300'000).trace);
  EXPECT_NE(run_day(5, 3'000, 300'000).trace, run_day(6, 3'000, 300'000).trace);
}

}  // namespace
}  // namespace holdfast::http
