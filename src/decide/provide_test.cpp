// decide/provide_test.cpp: exactly one channel's neighbour does an order, and whoever does it no
// more hears that in the same entry (docs/adr/0026).
#include <array>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "apply/test_record.h"
#include "model/channel_words.h"
#include "views/facts.h"
#include "views/outbox.h"
#include "views/providers.h"

namespace holdfast::decide {
namespace {

using apply::TestRecord;
using apply::update;
using testing::ElementsAre;
using testing::IsEmpty;

std::string_view word(Provided what) {
  switch (what) {
    case Provided::begins: return "begins";
    case Provided::goes_on: return "goes on";
    case Provided::withdrawn: return "withdrawn";
    case Provided::known: return "known";
    case Provided::nobody: return "nobody";
    case Provided::ends: return "ends";
  }
  return "?";
}

/// A record with an order, as a router would send its changes.
class Orders {
 public:
  /// A new version of order `id` whose routes name `channel`: what comes of it, in words.
  std::vector<std::string> change(const std::string& channel, Provision provision = {},
                                  const std::string& id = "r1") {
    Delivery delivery;
    delivery.channel = channel;
    delivery.operation = 0;
    delivery.provision = std::move(provision);
    Command command = apply::command(update(
        "ServiceRequest", id,
        fmt::format(R"("status":"active","intent":"order","subject":{{"reference":"Patient/p"}},)"
                    R"("note":[{{"text":"{}"}}])",
                    ++changes_)));
    command.deliveries.push_back(std::move(delivery));
    return run(std::move(command));
  }
  /// By somebody's word.
  std::vector<std::string> pass_on(const std::string& channel, const std::string& id = "r1") {
    Delivery delivery;
    delivery.channel = channel;
    delivery.type = "ServiceRequest";
    delivery.id = id;
    delivery.provision.emplace();
    Command command = apply::command();
    command.deliveries.push_back(std::move(delivery));
    return run(std::move(command));
  }
  void divert(const std::string& from, const std::string& to) {
    const std::string extension = to.empty()
                                      ? ""
                                      : fmt::format(R"("extension":[{{"url":"{}",)"
                                                    R"("valueReference":{{"reference":"{}"}}}}],)",
                                                    channel_diverted_url, to);
    run(apply::command(update("Endpoint", endpoint_id(from), extension + R"("status":"active")")));
  }
  std::vector<std::string> run(Command command) {
    const auto outcome = record.run(command);
    EXPECT_TRUE(outcome) << outcome.error().what;
    std::vector<std::string> all;
    for (const Provider& one : outcome ? outcome->providers : std::vector<Provider>()) {
      all.push_back(fmt::format("{} {}", word(one.what), one.channel));
    }
    const auto facts = views::digest_of_view(*record.view(), record.codec);
    EXPECT_TRUE(facts) << facts.error().what;
    EXPECT_EQ(facts->digest, record.state.digest);
    return all;
  }

  std::optional<views::OrderProvider> provider(const std::string& id = "r1") {
    return *views::read_provider(*record.view(), id);
  }
  std::string channel() { return provider() ? provider()->channel : "undecided"; }
  std::vector<views::NamedDuty> owed(const std::string& channel) {
    return *views::read_duties(*record.view(), channel, {}, 100);
  }

  TestRecord record;

 private:
  int changes_ = 0;
};

TEST(Provide, ANewOrderGoesToWhomItsRoutesNameAndItsChangesFollow) {
  Orders orders;
  EXPECT_THAT(orders.change("a"), ElementsAre("begins a"));
  EXPECT_THAT(orders.change("a"), ElementsAre("goes on a"));
  EXPECT_EQ(orders.provider(),
            (views::OrderProvider{Provided::begins, "a", "a", {Position{1}, 0}}));
  const auto duties = orders.owed("a");
  ASSERT_EQ(duties.size(), 2U);
  EXPECT_EQ(duties[0].duty.provided, Provided::begins);
  EXPECT_EQ(duties[0].duty.lane, "p");
  EXPECT_EQ(duties[1].duty.provided, Provided::goes_on);
  EXPECT_EQ(duties[1].duty.since, duties[0].name);
  EXPECT_THAT(*views::read_channels(*orders.record.view()), ElementsAre("a"));
}

TEST(Provide, AnotherProviderIsToldAndTheOneBeforeIsToldOtherwiseInTheSameEntry) {
  Orders orders;
  orders.change("a");
  EXPECT_THAT(orders.change("b"), ElementsAre("withdrawn a", "begins b"));
  EXPECT_EQ(orders.channel(), "b");
  EXPECT_EQ(orders.owed("a")[1].duty.since, (DutyName{Position{1}, 0}));
  EXPECT_EQ(orders.owed("a")[1].name, (DutyName{Position{2}, 0}));
  EXPECT_EQ(orders.owed("b")[0].name, (DutyName{Position{2}, 1}));
  EXPECT_THAT(orders.change(""), ElementsAre("withdrawn b", "nobody "));
  EXPECT_EQ(orders.channel(), "");
  EXPECT_THAT(orders.change(""), IsEmpty());
  EXPECT_THAT(orders.change("a"), ElementsAre("begins a")) << "and back";
}

TEST(Provide, WhoHasAnOrderHearsOfItsEndWhateverItsRoutesSayThen) {
  Orders orders;
  orders.change("a");
  EXPECT_THAT(orders.change("", {.ended = true, .sources = {}}),
              ElementsAre("goes on a", "ends a"));
  EXPECT_THAT(orders.change("b", {.ended = true, .sources = {}}), ElementsAre("goes on a"));
  EXPECT_EQ(orders.channel(), "a");
  EXPECT_EQ(orders.provider()->meant, "a");
  // Asked for again it is a new order to whoever does it.
  EXPECT_THAT(orders.change("a"), ElementsAre("begins a"));
  EXPECT_THAT(orders.change("a", {.ended = true, .sources = {"c", "a"}}), ElementsAre("ends a"));
  EXPECT_THAT(orders.change("b"), ElementsAre("begins b")) << "a has ended it";
  // What never was anybody's ends without a word.
  EXPECT_THAT(orders.change("a", {.ended = true, .sources = {}}, "r2"), IsEmpty());
}

TEST(Provide, WhatComesFromAProviderIsNotSentBack) {
  Orders orders;
  EXPECT_THAT(orders.change("a", {.ended = false, .sources = {"c", "a"}}), ElementsAre("known a"));
  EXPECT_THAT(orders.change("a", {.ended = false, .sources = {"c", "a"}}), IsEmpty());
  EXPECT_THAT(orders.change("a"), ElementsAre("goes on a"));
  EXPECT_THAT(orders.change("b", {.ended = false, .sources = {"c", "a"}}), ElementsAre("begins b"))
      << "it passes it on itself, and knows";
}

TEST(Provide, ADiversionIsForNewOrdersAndItsEndTakesNothingBack) {
  Orders orders;
  orders.change("a", {}, "old");
  orders.divert("a", "Endpoint/channel-b");
  orders.divert("b", "Endpoint/channel-c");
  EXPECT_THAT(orders.change("a"), ElementsAre("begins c"));
  EXPECT_EQ(orders.provider()->meant, "a");
  EXPECT_THAT(orders.change("a", {}, "old"), ElementsAre("goes on a"))
      << "it stays until passed on";
  orders.divert("a", "");
  EXPECT_THAT(orders.change("a"), ElementsAre("goes on c")) << "they have it";
  EXPECT_THAT(orders.change("a", {}, "new"), ElementsAre("begins a"));
  EXPECT_THAT(orders.change("b"), ElementsAre("known c", "goes on c")) << "b is diverted to c";
  EXPECT_EQ(orders.provider()->meant, "b");
}

TEST(Provide, ACircleEndsSomewhereAndWhatIsNoChannelDivertsNothing) {
  Orders orders;
  orders.divert("a", "Endpoint/channel-b");
  orders.divert("b", "Endpoint/channel-a");
  EXPECT_EQ(orders.change("a").size(), 1U);
  EXPECT_FALSE(orders.channel().empty());
  for (const char* const other : {"Endpoint/x", "Organization/channel-b", "channel-b", ""}) {
    orders.divert("c", other);
    EXPECT_THAT(orders.change("c", {}, fmt::format("of-{}", std::string_view(other).size())),
                ElementsAre("begins c"))
        << other;
  }
}

TEST(Provide, PassedOnBySomebodysWordItStaysThere) {
  Orders orders;
  orders.change("a");
  EXPECT_THAT(orders.pass_on("b"), ElementsAre("withdrawn a", "begins b"));
  EXPECT_EQ(orders.owed("b")[0].duty.lane, "p");
  EXPECT_EQ(orders.owed("b")[0].duty.row, RowId{1}) << "the order as it stands";
  EXPECT_THAT(orders.pass_on("b"), IsEmpty());
  EXPECT_THAT(orders.change("a"), ElementsAre("goes on b")) << "its routes say what they said";
  EXPECT_THAT(orders.pass_on("a"), ElementsAre("withdrawn b", "begins a"));
  orders.change("", {}, "draft");
  EXPECT_THAT(orders.pass_on("a", "draft"), IsEmpty()) << "it is nobody's";
  orders.change("a", {.ended = true, .sources = {}});
  EXPECT_THAT(orders.pass_on("b"), IsEmpty()) << "it has ended";
  const auto missing = orders.record.run([] {
    Command command = apply::command();
    Delivery delivery;
    delivery.channel = "b";
    delivery.type = "ServiceRequest";
    delivery.id = "nothing";
    delivery.provision.emplace();
    command.deliveries.push_back(delivery);
    return command;
  }());
  EXPECT_EQ(missing.error().code, Code::not_found);
}

TEST(Provide, WhatWentByItsRoutesAloneBeforeIsKnownThere) {
  Orders orders;
  Command command = apply::command(update("ServiceRequest", "r1", R"("status":"active")"));
  orders.run(std::move(command));
  EXPECT_THAT(orders.change("a"), ElementsAre("known a", "goes on a"));
  EXPECT_EQ(orders.provider(), (views::OrderProvider{Provided::known, "a", "a", {}}));
  EXPECT_THAT(orders.change("b"), ElementsAre("withdrawn a", "begins b"));
}

TEST(Provide, IsDecidedOnceACommand) {
  Orders orders;
  orders.change("a");
  Delivery named;
  named.channel = "b";
  named.type = "ServiceRequest";
  named.id = "r1";
  named.provision.emplace();
  Delivery written;
  written.channel = "c";
  written.operation = 0;
  written.provision.emplace();
  Command both = apply::command(update("ServiceRequest", "r1", R"("status":"active")"));
  both.deliveries = {written, named};
  EXPECT_EQ(orders.record.run(both).error().code, Code::structure);
  Command twice = apply::command();
  twice.deliveries = {named, named};
  EXPECT_EQ(orders.record.run(twice).error().code, Code::structure);
  EXPECT_EQ(orders.channel(), "a");
}

TEST(Provide, OnlyOrdersHaveProviders) {
  Orders orders;
  Delivery delivery;
  delivery.channel = "a";
  delivery.operation = 0;
  delivery.provision.emplace();
  Command command = apply::command(update("Patient", "p", R"("active":true)"));
  command.deliveries.push_back(delivery);
  EXPECT_EQ(orders.record.run(command).error().code, Code::structure);
}

TEST(Provide, CommandsAndOutcomesAreReadAsTheyWereWritten) {
  Orders orders;
  orders.change("a");
  Delivery delivery;
  delivery.channel = "b";
  delivery.operation = 0;
  delivery.provision = Provision{true, {"lab", "x"}};
  Command command = apply::command(update("ServiceRequest", "r1", R"("status":"revoked")"));
  command.deliveries = {delivery, {"gp", "lane", 0, {}, {}}};
  EXPECT_EQ(*decode_command(encode(command)), command);
  const auto outcome = orders.record.run(command);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(*decode_outcome(encode(*outcome)), *outcome);
  const auto duties = duties_of(command, *outcome);
  ASSERT_EQ(duties.size(), 2U);
  EXPECT_EQ(duties[0].channel, "gp") << "what is owed goes before what providers are sent";
  EXPECT_EQ(duties[1].channel, "a");
  EXPECT_EQ(orders.owed("a").back().name.index, 1U);
  for (std::size_t bytes = 0; bytes < encode(command).size(); ++bytes) {
    EXPECT_FALSE(decode_command(encode(command).substr(0, bytes)));
  }
  for (std::size_t bytes = 0; bytes < encode(*outcome).size(); ++bytes) {
    EXPECT_FALSE(decode_outcome(encode(*outcome).substr(0, bytes)));
  }
}

TEST(Provide, AViewInWhichAnOrderIsSomebodyElsesIsFoundOut) {
  Orders orders;
  orders.change("a");
  orders.change("b");
  Bytes key;
  append_text(key, {});
  append_text(key, "r1");
  append_big(key, std::uint64_t{2});
  const auto value = *orders.record.view()->get(views::Table::outbox, key);
  ASSERT_TRUE(value);
  Bytes bent = *value;
  bent[2] = 'a';
  for (const std::optional<BytesView> other : {std::optional<BytesView>(bent), {}}) {
    const std::array bend{views::Write{views::Table::outbox, key, other}};
    ASSERT_TRUE(orders.record.kv.write(bend));
    EXPECT_NE(orders.channel(), "b");
    const auto facts = views::digest_of_view(*orders.record.view(), orders.record.codec);
    EXPECT_TRUE(!facts || facts->digest != orders.record.state.digest);
  }
}

}  // namespace
}  // namespace holdfast::decide
