// exchange/delivery_faults_test.cpp: a neighbour that is away, late, or answers nonsense; a process
// that is killed; a disk that is full: at least once, in order, and nothing counts that was not
// answered.
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

TEST_F(DeliveryTest, ALateAnswerNeverAcknowledgesTheNextMessage) {
  start();
  int tries = 0;
  peer_.listen([&](const std::string& id, const Bytes&) {
    const bool late = id == "a1" && ++tries == 1;
    return Treatment{.code = "AA", .of = {}, .after = late ? seconds(6) : Duration{}};
  });
  send("a1", "a");
  send("a2", "a");
  settle();
  EXPECT_THAT(peer_.received_ids, ElementsAre("a1", "a1", "a2"));
  EXPECT_GE(peer_.connections, 2U) << "the connection on which it was late is gone";
  EXPECT_EQ(counts(), (views::OutboxCounts{.delivered = 2}));
}

TEST_F(DeliveryTest, AnAnswerToAnotherMessageCountsForNone) {
  start();
  int tries = 0;
  peer_.listen([&](const std::string& id, const Bytes&) {
    return Treatment{.code = "AA", .of = id == "a1" && ++tries == 1 ? "a0" : "", .after = {}};
  });
  send("a1", "a");
  settle();
  EXPECT_THAT(peer_.received_ids, ElementsAre("a1", "a1"));
}

// Passed on as they came, two messages may have one id: an answer that is left over from the first
// must not count for the second.
TEST_F(DeliveryTest, AnAnswerThatIsLeftOverCountsForNone) {
  start();
  bool silent = false;
  peer_.listen([&](const std::string&, const Bytes& message) {
    Treatment treatment;
    treatment.twice = true;
    if (message.find("|b^") != Bytes::npos && !silent) {
      silent = true;
      treatment.code.clear();
    }
    return treatment;
  });
  Command given = command(message("m1", "a", "same"), message("m2", "b", "same"));
  given.deliveries = {{"gp", "x", 0, {}, {}}, {"gp", "x", 1, {}, {}}};
  ASSERT_TRUE(submit(given));
  settle();
  EXPECT_THAT(peer_.received_ids, ElementsAre("same", "same", "same"));
}

TEST_F(DeliveryTest, AnEpisodeIsOneItemAndEndsWithAnAnswer) {
  start();
  send("a1", "a");
  run(seconds(300));
  EXPECT_THAT(body("Endpoint", "channel-gp"), HasSubstr(R"("status":"error")"));
  EXPECT_THAT(body("Endpoint", "channel-gp"), HasSubstr(R"("valueCode":"down")"));
  ASSERT_THAT(items("channel-down"), SizeIs(1));
  EXPECT_THAT(tasks("status=requested&code=urn:holdfast:message-item%7Cchannel-down"), SizeIs(1));
  const std::uint64_t entries = node->view().state.position.value;
  run(seconds(3000));
  EXPECT_EQ(node->view().state.position.value, entries) << "a try is no entry";
  peer_.listen(accept);
  settle();
  run(seconds(3));
  EXPECT_THAT(peer_.received_ids, ElementsAre("a1"));
  EXPECT_THAT(body("Endpoint", "channel-gp"), HasSubstr(R"("status":"active")"));
  EXPECT_THAT(tasks("status=completed&code=urn:holdfast:message-item%7Cchannel-down"), SizeIs(1));
  // Down again at once: the same episode, the same item.
  peer_.leave();
  send("a2", "a");
  run(seconds(200));
  EXPECT_THAT(tasks("status=requested&code=urn:holdfast:message-item%7Cchannel-down"), SizeIs(1));
  EXPECT_THAT(items("channel-down"), SizeIs(1));
}

TEST_F(DeliveryTest, WhatWasAnsweredAndNotSettledIsSentAgainTheSame) {
  start();
  bool killed = false;
  peer_.listen([&](const std::string&, const Bytes&) {
    killed = true;
    return Treatment{};
  });
  send("a1", "a");
  scheduler.run_until([&] { return killed; });
  kill();  // the answer is on its way, and there is nobody to hear it
  settle();
  EXPECT_THAT(peer_.received_ids, ElementsAre("a1", "a1"));
  EXPECT_EQ(peer_.received[0], peer_.received[1]);
}

TEST_F(DeliveryTest, OfOnePatientOneAfterTheOtherAcrossManyLanes) {
  Channel channel = gp_channel();
  channel.lanes = 8;
  start(channel);
  SimRandom random{5};
  peer_.listen([&](const std::string&, const Bytes&) {
    return Treatment{.code = random.chance(1, 12) ? "" : "AA",
                     .of = {},
                     .after = milliseconds(static_cast<std::int64_t>(random.below(40))),
                     .close = random.chance(1, 15)};
  });
  for (int i = 0; i < 300; ++i) {
    const int patient = i % 7;
    send(std::to_string(patient) + "." + std::to_string(1000 + i), "p" + std::to_string(patient));
  }
  settle(seconds(4000));
  EXPECT_EQ(counts().owed, 0U);
  std::map<char, std::string> newest;
  std::map<std::string, int> times;
  for (const std::string& id : peer_.received_ids) {
    ++times[id];
    // Each is seen first after the one before it of its patient: repetitions may follow.
    if (times[id] == 1) {
      EXPECT_LT(newest[id[0]], id);
      newest[id[0]] = id;
    }
  }
  EXPECT_THAT(times, SizeIs(300));
}

/// Whether the neighbour misses a message, or gets them in a wrong order, with that mistake.
class PlantedDeliveryTest : public DeliveryTest, public testing::WithParamInterface<Bug> {};

TEST_P(PlantedDeliveryTest, IsNoticed) {
  start(gp_channel(), GetParam());
  for (const char* id : {"a1", "a2", "a3", "a4"}) {
    send(id, "a");  // nobody is there yet
  }
  int tries = 0;
  peer_.listen([&](const std::string& id, const Bytes&) {
    // The first try of a2 is answered late, of a3 not at all.
    ++tries;
    if (id == "a2" && tries == 2) {
      return Treatment{.code = "AA", .of = {}, .after = seconds(6)};
    }
    return Treatment{.code = id == "a3" && tries < 7 ? "" : "AA", .of = {}, .after = {}};
  });
  run(seconds(60));
  kill();
  settle();
  // Until one is taken, it is sent and nothing else.
  std::vector<std::string> sent = peer_.received_ids;
  sent.erase(std::ranges::unique(sent).begin(), sent.end());
  const bool in_order = sent == std::vector<std::string>{"a1", "a2", "a3", "a4"};
  // a3 was answered only from its third try on.
  const auto threes = std::ranges::count(peer_.received_ids, "a3");
  EXPECT_EQ(GetParam() == Bug::none, in_order && counts().owed == 0 && threes >= 2);
}

INSTANTIATE_TEST_SUITE_P(Bugs, PlantedDeliveryTest,
                         testing::Values(Bug::none, Bug::take_late_answer, Bug::settle_before_sent,
                                         Bug::retry_behind_the_rest));

TEST_F(DeliveryTest, WhoeverRefusesAgainAndAgainIsAnEpisodeToo) {
  Channel channel = gp_channel();
  channel.on_error = OnRefusal::retry;
  start(channel);
  bool mended = false;
  peer_.listen([&](const std::string& id, const Bytes&) {
    return Treatment{.code = id == "a1" && !mended ? "AE" : "AA", .of = {}, .after = {}};
  });
  send("a1", "a");
  send("a2", "a");
  run(seconds(100));
  EXPECT_EQ(counts().owed, 2U);
  ASSERT_THAT(items("channel-down"), SizeIs(1));
  EXPECT_THAT(body("Task", items("channel-down")[0]), HasSubstr("it answers AE"));
  EXPECT_THAT(body("Endpoint", "channel-gp"), HasSubstr(R"("status":"error")"));
  EXPECT_LT(peer_.received_ids.size(), 20U) << "the pauses grow";
  mended = true;
  settle();
  run(seconds(3));
  EXPECT_EQ(peer_.received_ids.back(), "a2");
  EXPECT_THAT(body("Endpoint", "channel-gp"), HasSubstr(R"("status":"active")"));
}

TEST_F(DeliveryTest, NothingIsSentThatCannotBeSettled) {
  start();
  for (int i = 0; i < 20; ++i) {
    send("m" + std::to_string(i), "p" + std::to_string(i));
  }
  run(seconds(3));
  machine.disk().set_rule([](const DiskCallInfo& call) {
    return call.call == DiskCall::write ? DiskFault::no_space : DiskFault::none;
  });
  peer_.listen(accept);
  run(seconds(200));
  const std::size_t sent = peer_.received_ids.size();
  EXPECT_GE(sent, 1U);
  EXPECT_LE(sent, 2U) << "what was on its way while the first could not be settled";
  machine.disk().heal();
  settle();
  EXPECT_THAT(peer_.received_ids, SizeIs(20)) << "each once";
  EXPECT_EQ(counts(), (views::OutboxCounts{.delivered = 20}));
}

}  // namespace
}  // namespace holdfast::exchange
