// exchange/delivery_test.cpp: what is owed reaches its neighbour in order, and what the neighbour
// does not take becomes an item; channels are run by people.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exchange/test_delivery.h"

namespace holdfast::exchange {
namespace {

using apply::command;
using apply::create;
using apply::update;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

TEST_F(DeliveryTest, SendsWhatIsOwedInTheOrderOfTheJournalAndSettlesIt) {
  start();
  peer_.listen(accept);
  for (int i = 0; i < 20; ++i) {
    send("m" + std::to_string(i), "p" + std::to_string(i % 3));
  }
  settle();
  ASSERT_THAT(peer_.received_ids, SizeIs(20));
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(peer_.received_ids[static_cast<std::size_t>(i)], "m" + std::to_string(i));
  }
  EXPECT_EQ(counts(), (views::OutboxCounts{.delivered = 20}));
  EXPECT_EQ(peer_.connections, 1U);
  const auto past = *views::read_past(*node->view().reader, "gp", {}, 1);
  const auto entry = node->read_entry(past.at(0).by);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->first.settlements.at(0).sent, sha256(peer_.received[0]));
  EXPECT_THAT(entry->first.settlements.at(0).answer, HasSubstr("MSA|AA|m0"));
  EXPECT_EQ(entry->first.settlements.at(0).bytes, "") << "the journal has it already";
}

TEST_F(DeliveryTest, ARefusedMessageHoldsItsPatientAndNobodyElse) {
  start();
  bool mended = false;
  peer_.listen([&](const std::string& id, const Bytes&) {
    return Treatment{.code = id == "a1" && !mended ? "AE" : "AA", .of = {}, .after = {}};
  });
  send("a1", "a");
  send("b1", "b");
  send("a2", "a");
  send("b2", "b");
  run(seconds(20));
  EXPECT_THAT(peer_.received_ids, ElementsAre("a1", "b1", "b2"));
  EXPECT_EQ(counts(), (views::OutboxCounts{.owed = 2, .held = 1, .delivered = 2}));
  const auto held = items("undelivered");
  ASSERT_THAT(held, SizeIs(1));
  const std::string task = body("Task", held[0]);
  EXPECT_THAT(task, HasSubstr(R"("for":{"reference":"Patient/a"})"));
  EXPECT_THAT(task, HasSubstr("it answers AE"));
  EXPECT_THAT(task, HasSubstr(R"("system":"urn:holdfast:duty:gp")"));
  // A restart does not try it again, and does not open a second item.
  kill();
  run(seconds(20));
  EXPECT_THAT(peer_.received_ids, ElementsAre("a1", "b1", "b2"));
  EXPECT_THAT(items("undelivered"), SizeIs(1));
  // Released, it goes first, and what waited behind it next.
  mended = true;
  Command release = command();
  const auto duties = *views::read_duties(*node->view().reader, "gp", {}, 10);
  release.settlements = {{"gp", duties[0].name, Settled::released, true, {}, {}, {}}};
  ASSERT_TRUE(submit(release));
  settle();
  EXPECT_THAT(peer_.received_ids, ElementsAre("a1", "b1", "b2", "a1", "a2"));
  EXPECT_EQ(counts().owed, 0U);
}

TEST_F(DeliveryTest, SkippedByPolicyItIsNotSentAgainAndSomebodyKnows) {
  Channel channel = gp_channel();
  channel.on_reject = OnRefusal::skip;
  start(channel);
  peer_.listen([&](const std::string& id, const Bytes&) {
    return Treatment{.code = id == "a1" ? "AR" : "AA", .of = {}, .after = {}};
  });
  send("a1", "a");
  send("a2", "a");
  settle();
  EXPECT_THAT(peer_.received_ids, ElementsAre("a1", "a2"));
  EXPECT_EQ(counts(), (views::OutboxCounts{.delivered = 1, .dead = 1}));
  EXPECT_THAT(items("not-sent"), SizeIs(1));
}

TEST_F(DeliveryTest, PausedItWaitsAndSaysSo) {
  start();
  peer_.listen(accept);
  send("a1", "a");
  settle();
  for (const char* status : {"suspended", "off", "entered-in-error"}) {
    set_status(status);
    run(seconds(3));
    send(std::string("a2") + status, "a");
    run(seconds(100));
    EXPECT_EQ(counts().owed, 1U) << status;
    kill();
    run(seconds(100));
    EXPECT_EQ(counts().owed, 1U) << status;
    set_status("active");
    settle();
    EXPECT_EQ(counts().owed, 0U) << status;
  }
  EXPECT_EQ(peer_.received_ids.size(), 4U);
}

TEST_F(DeliveryTest, WhatOthersHaveWrittenOnTheEndpointStays) {
  start();
  run(seconds(3));
  std::string endpoint = body("Endpoint", "channel-gp");
  endpoint.insert(endpoint.size() - 1, R"(,"contact":[{"system":"phone","value":"123"}])");
  Operation operation = update("Endpoint", "channel-gp");
  operation.body = endpoint;
  ASSERT_TRUE(submit(command(operation)));
  send("a1", "a");
  run(seconds(100));  // down: the Endpoint is written
  EXPECT_THAT(body("Endpoint", "channel-gp"), HasSubstr(R"("status":"error")"));
  EXPECT_THAT(body("Endpoint", "channel-gp"), HasSubstr(R"("value":"123")"));
}

TEST_F(DeliveryTest, ThePersonsReasonStaysAndTheHeaderIsShown) {
  start();
  run(seconds(3));
  std::string endpoint = body("Endpoint", "channel-gp");
  EXPECT_THAT(endpoint,
              HasSubstr(R"({"url":"urn:holdfast:channel-header","valueString":"MSH|^~\\&|)"));
  const std::string reason =
      R"({"url":"urn:holdfast:channel-reason","valueString":"they asked for it"})";
  endpoint.insert(endpoint.find(R"("extension":[)") + 13, reason + ",");
  Operation operation = update("Endpoint", "channel-gp");
  operation.body = endpoint;
  ASSERT_TRUE(submit(command(operation)));
  send("a1", "a");
  run(seconds(100));  // down: the Endpoint is written
  endpoint = body("Endpoint", "channel-gp");
  EXPECT_THAT(endpoint, HasSubstr(R"("status":"error")"));
  EXPECT_THAT(endpoint, HasSubstr(reason));
  EXPECT_EQ(endpoint.find("channel-header"), endpoint.rfind("channel-header")) << "once";
}

TEST_F(DeliveryTest, ResumedWhileNobodyAnswersItSaysSoAgain) {
  start();
  send("a1", "a");
  run(seconds(100));
  EXPECT_THAT(body("Endpoint", "channel-gp"), HasSubstr(R"("status":"error")"));
  set_status("suspended");
  run(seconds(3));
  EXPECT_THAT(body("Endpoint", "channel-gp"), HasSubstr(R"("status":"suspended")"));
  set_status("active");
  run(seconds(3));
  EXPECT_THAT(body("Endpoint", "channel-gp"), HasSubstr(R"("status":"error")"));
  EXPECT_THAT(items("channel-down"), SizeIs(1));
  const std::uint64_t entries = node->view().state.position.value;
  run(seconds(1000));
  EXPECT_EQ(node->view().state.position.value, entries) << "once";
}

TEST_F(DeliveryTest, AnotherHeaderIsShownAfterTheConfigurationHasChanged) {
  start();
  run(seconds(3));
  EXPECT_THAT(body("Endpoint", "channel-gp"), HasSubstr("||NMD^N02^NMD_N02||P|2.4"));
  channel_.envelope.processing = 'T';
  channel_.envelope.receiving_application = "ELSEWHERE";
  kill();
  run(seconds(3));
  EXPECT_THAT(body("Endpoint", "channel-gp"), HasSubstr("|ELSEWHERE||||NMD^N02^NMD_N02||T|2.4"));
}

TEST_F(DeliveryTest, WhatACommandAddressesItselfGoesThereAndNowhereElse) {
  Channel channel = gp_channel();
  channel.routes = {{.type = "Binary", .when = "", .message = {}, .from = {}}};
  start(channel);
  Command addressed = command(message("m1", "a"));
  addressed.deliveries = {{"other", "a", 0, {}, {}}};
  ASSERT_TRUE(submit(addressed));
  EXPECT_EQ(counts().owed, 0U);
  EXPECT_EQ(counts("other").owed, 1U);
  send("m2", "a");
  EXPECT_EQ(counts().owed, 1U) << "once, though a route takes it too";
}

TEST_F(DeliveryTest, WhatIsOwedToAChannelThatIsNotThereIsSomebodysItem) {
  start();
  send("a1", "a");
  crash(Crash::process, 0);
  Channel other = gp_channel();
  other.name = "another";
  boot({other});
  run(seconds(10));
  ASSERT_THAT(items("no-channel"), SizeIs(1));
  EXPECT_THAT(body("Task", items("no-channel")[0]), HasSubstr("'gp'"));
  EXPECT_EQ(counts().owed, 1U);
  crash(Crash::process, 1000);
  boot({other});
  run(seconds(10));
  EXPECT_THAT(items("no-channel"), SizeIs(1)) << "asked once";
  crash(Crash::process, 1000);
  peer_.listen(accept);
  boot({channel_});
  settle();
  EXPECT_THAT(peer_.received_ids, ElementsAre("a1"));
}

TEST_F(DeliveryTest, RoutesDecideWhatIsOwedAndNothingGoesBackToWhereItCameFrom) {
  Channel channel = gp_channel();
  channel.routes = {{.type = "Patient", .when = "active = true", .message = {}, .from = {}},
                    {.type = "Patient", .when = "birthDate.exists()", .message = {}, .from = {}}};
  start(channel);
  ASSERT_TRUE(
      submit(command(create("Patient", "p1", R"("active":true,"birthDate":"1980-01-01")"),
                     create("Patient", "p2", R"("active":false)"), create("Observation", "o1"))));
  EXPECT_EQ(counts().owed + counts().delivered, 1U) << "once, though two routes take it";
  Command theirs = command(create("Patient", "p3", R"("active":true)"));
  theirs.principal.name = "neighbour:gp";
  ASSERT_TRUE(submit(theirs));
  EXPECT_EQ(counts().owed + counts().delivered, 1U);
}

TEST_F(DeliveryTest, AStopSettlesWhatWasAnswered) {
  start();
  peer_.listen([&](const std::string&, const Bytes&) {
    return Treatment{.code = "AA", .of = {}, .after = milliseconds(200)};
  });
  send("a1", "a");
  send("a2", "a");
  scheduler.run_until([&] { return peer_.received_ids.size() == 1; });
  auto& home = static_cast<SimExecutor&>(*machine.world().io.front());
  bool ended = false;
  const auto stop = [](Dispatcher& dispatcher, Executor& on, bool& done) -> Task<void> {
    co_await dispatcher.drain(on.now() + seconds(20));
    done = true;
  };
  home.spawn(stop(*dispatcher_, home, ended));
  scheduler.run_until([&] { return ended; });
  EXPECT_EQ(counts(), (views::OutboxCounts{.owed = 1, .delivered = 1}));
  EXPECT_THAT(peer_.received_ids, SizeIs(1));
}

}  // namespace
}  // namespace holdfast::exchange
