#include "http/server.h"

#include <gtest/gtest.h>

#include <deque>

#include "http/test_wire.h"

namespace holdfast::http {
namespace {

using test::Echo;
using test::FixedClock;
using test::Pipe;
using test::see;
using test::WireStream;

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

/// Connections that the test makes.
class WireListener final : public Listener {
 public:
  explicit WireListener(Executor& home) : home_(home) {}
  Task<Result<std::unique_ptr<Stream>>> accept(Executor& on) override {
    while (!closed && waiting.empty() && failures == 0) {
      co_await home_.sleep(milliseconds(1));
    }
    if (failures > 0) {
      --failures;
      co_return fail(Code::io, "accept failed");
    }
    if (closed) {
      co_return fail(Code::closed, "closed");
    }
    auto [up, down] = waiting.front();
    waiting.pop_front();
    co_return std::make_unique<WireStream>(on, up, down);
  }
  void close() override { closed = true; }
  [[nodiscard]] std::string address() const override { return "test"; }
  std::deque<std::pair<std::shared_ptr<Pipe>, std::shared_ptr<Pipe>>> waiting;
  bool closed = false;
  int failures = 0;

 private:
  Executor& home_;
};

struct Site {
  explicit Site(Limits limits = {}, std::uint64_t seed = 7)
      : scheduler(seed),
        home(scheduler),
        second(scheduler),
        clock(scheduler),
        random(seed),
        budget(1U << 20U),
        listener(home),
        server(home, {&home, &second}, listener, handler, budget, clock, random, limits) {}

  struct Guest {
    std::shared_ptr<Pipe> up = std::make_shared<Pipe>();
    std::shared_ptr<Pipe> down = std::make_shared<Pipe>();
    void send(BytesView bytes) const {
      up->data.append(bytes);
      if (up->waiting) {
        std::exchange(up->waiting, {}).resume();
      }
    }
  };
  Guest connect() {
    Guest guest;
    listener.waiting.emplace_back(guest.up, guest.down);
    pass(milliseconds(5));
    return guest;
  }
  void pass(Duration time) { static_cast<void>(scheduler.run_for(time)); }
  [[nodiscard]] std::uint64_t open() const { return server.counts().connections.open; }

  SimScheduler scheduler;
  SimExecutor home;
  SimExecutor second;
  FixedClock clock;
  SimRandom random;
  Budget budget;
  Echo handler;
  WireListener listener;
  Server server;
};

TEST(Server, ServesConnectionsOnAllItsExecutors) {
  Site site;
  site.server.start();
  std::vector<Site::Guest> guests;
  for (int i = 0; i < 6; ++i) {
    guests.push_back(site.connect());
    guests.back().send(get);
  }
  site.pass(milliseconds(5));
  EXPECT_EQ(site.open(), 6U);
  for (const Site::Guest& guest : guests) {
    EXPECT_EQ(see(guest.down->data).at(0).status, 200);
  }
  EXPECT_TRUE(run_task(site.home, site.server.drain(site.home.now() + seconds(1))));
  EXPECT_EQ(site.open(), 0U);
}

TEST(Server, TellsThoseBeyondItsLimitAndTakesOthersLater) {
  Limits limits;
  limits.connections_max = 2;
  Site site(limits);
  site.server.start();
  const auto first = site.connect();
  const auto second = site.connect();
  const auto third = site.connect();
  ASSERT_EQ(see(third.down->data).size(), 1U);
  EXPECT_EQ(see(third.down->data)[0].status, 503);
  EXPECT_TRUE(see(third.down->data)[0].says("Retry-After"));
  EXPECT_TRUE(third.down->ended);
  EXPECT_EQ(site.open(), 2U);
  first.up->ended = true;
  first.send("");
  site.pass(milliseconds(5));
  EXPECT_EQ(site.open(), 1U);
  const auto fourth = site.connect();
  fourth.send(get);
  site.pass(milliseconds(5));
  EXPECT_EQ(see(fourth.down->data).at(0).status, 200);
  EXPECT_TRUE(run_task(site.home, site.server.drain(site.home.now() + seconds(5))));
}

TEST(Server, ClosesWithoutAWordWhatIsTooMuchEvenToRefuse) {
  Limits limits;
  limits.connections_max = 0;
  Site site(limits);
  site.server.start();
  std::vector<Site::Guest> guests;
  for (std::size_t i = 0; i < refusals_open_max + 10; ++i) {
    guests.push_back(site.connect());
  }
  std::size_t told = 0;
  for (const Site::Guest& guest : guests) {
    EXPECT_TRUE(guest.down->ended);
    told += guest.down->data.empty() ? 0U : 1U;
  }
  EXPECT_EQ(told, refusals_open_max);
  EXPECT_EQ(site.server.counts().refused_for(Refused::connection_limit), guests.size());
  EXPECT_TRUE(run_task(site.home, site.server.drain(site.home.now() + seconds(5))));
}

TEST(Server, DrainAnswersWhatIsInFlightAndClosesTheIdle) {
  Site site;
  site.server.start();
  const auto idle = site.connect();
  const auto busy = site.connect();
  site.handler.held = true;
  busy.send(get);
  site.pass(milliseconds(5));
  bool drained = false;
  site.home.spawn([](Site& where, bool& done) -> Task<void> {
    co_await where.server.drain(where.home.now() + seconds(10));
    done = true;
  }(site, drained));
  site.pass(milliseconds(100));
  EXPECT_TRUE(site.listener.closed);
  EXPECT_TRUE(idle.down->ended);
  EXPECT_FALSE(busy.down->ended);
  EXPECT_FALSE(drained);
  site.handler.held = false;
  site.pass(milliseconds(100));
  ASSERT_EQ(see(busy.down->data).size(), 1U);
  EXPECT_EQ(see(busy.down->data)[0].status, 200);
  EXPECT_TRUE(see(busy.down->data)[0].says("Connection: close"));
  busy.up->ended = true;  // the client has seen the end; else linger_time_max
  busy.send("");
  site.pass(milliseconds(100));
  EXPECT_TRUE(drained);
}

TEST(Server, DrainClosesWhatIsStillOpenAtItsDeadline) {
  Site site;
  site.server.start();
  const auto slow = site.connect();
  slow.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n");
  site.pass(milliseconds(5));
  const Instant begun = site.home.now();
  EXPECT_TRUE(run_task(site.home, site.server.drain(begun + seconds(3))));
  EXPECT_GE(site.home.now(), begun + seconds(3));
  EXPECT_LT(site.home.now(), begun + seconds(4));
  EXPECT_TRUE(slow.down->ended);
  EXPECT_EQ(site.budget.used(), 0U);
}

TEST(Server, GoesOnAcceptingAfterTheSystemFailed) {
  Site site;
  site.listener.failures = 3;
  site.server.start();
  site.pass(seconds(1));
  const auto guest = site.connect();
  guest.send(get);
  site.pass(milliseconds(5));
  EXPECT_EQ(see(guest.down->data).at(0).status, 200);
  EXPECT_EQ(site.server.counts().connections.failed, 3U);
  EXPECT_TRUE(run_task(site.home, site.server.drain(site.home.now() + seconds(5))));
}

TEST(Server, CanVanishWithItsExecutorsAsInACrash) {
  Site site;
  site.server.start();
  const auto guest = site.connect();
  site.handler.held = true;
  guest.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
  site.pass(milliseconds(5));
  EXPECT_EQ(site.budget.used(), 3U);
  site.home.kill();
  site.second.kill();
  EXPECT_EQ(site.budget.used(), 0U);
  guest.up->waiting = {};
}

}  // namespace
}  // namespace holdfast::http
