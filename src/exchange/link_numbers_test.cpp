// exchange/link_numbers_test.cpp: what goes out under numbers (MSH-13): HL7 v2.5.1, section 2.10.1,
// against a receiver that keeps them, loses them, or is not what it was.
#include "exchange/link_numbers.h"

#include "exchange/test_delivery.h"
#include "model/message.h"

namespace holdfast::exchange {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

std::string number_in(const Bytes& message) {
  const auto parsed = hl7v2::Message::parse(message);
  return parsed ? parsed->header().field(13).text() : "none";
}

TEST(LinkNumbers, GoOnlyWhereBothSidesAgree) {
  LinkNumbers numbers;
  numbers.number = 7;
  numbers.skipped_from = 5;  // 5 and 6 were not sent in the end
  EXPECT_EQ(agree(sequence_anew, numbers), Agreed::send);
  EXPECT_EQ(agree(7, numbers), Agreed::send);
  EXPECT_EQ(agree(8, numbers), Agreed::send);
  EXPECT_EQ(agree(5, numbers), Agreed::begin_anew);
  EXPECT_EQ(agree(6, numbers), Agreed::begin_anew);
  EXPECT_THAT(agree(4, numbers).error().what, HasSubstr("it has lost messages"));
  EXPECT_THAT(agree(9, numbers).error().what, HasSubstr("not known here"));
  EXPECT_THAT(agree({}, numbers).error().what, HasSubstr("MSA-4"));
}

/// A receiver that keeps numbers as section 2.10.1 says, and may be told to misbehave.
class LinkNumbersTest : public DeliveryTest {
 protected:
  void begin(OnRefusal on_refusal = OnRefusal::hold) {
    Channel channel = gp_channel();
    channel.sequence = true;
    channel.on_error = on_refusal;
    channel.on_reject = on_refusal;
    start(channel);
    peer_.listen(
        [this](const std::string& id, const Bytes& message) { return treat(id, message); });
  }
  [[nodiscard]] std::string expected() const {
    return std::to_string(last_ == sequence_anew ? sequence_anew : last_ + 1);
  }
  Treatment treat(const std::string& id, const Bytes& message) {
    const std::string text = number_in(message);
    numbers_.push_back(text);
    const std::int64_t number = text.empty() ? 0 : std::stoll(text);
    Treatment treatment;
    if (number == sequence_anew) {
      last_ = sequence_anew;
      treatment.expected = "-1";
    } else if (number == 0) {
      treatment.expected = expected();
    } else if (id == refused_) {
      treatment.code = "AR";
      treatment.expected = expected();
    } else if (last_ == sequence_anew || number == last_ + 1) {
      last_ = number;
      taken_.push_back(id);
      treatment.expected = text;
      if (id == unanswered_) {
        unanswered_.clear();
        treatment.code.clear();
        treatment.close = true;
      }
    } else {
      treatment.code = number == last_ ? repeated_ : "AR";
      treatment.expected = expected();
    }
    return treatment;
  }

  std::int64_t last_ = sequence_anew;
  std::vector<std::string> numbers_;  ///< that came
  std::vector<std::string> taken_;    ///< ids
  std::string refused_;
  std::string unanswered_;       ///< taken, and the connection breaks instead of an answer
  std::string repeated_ = "AA";  ///< what it says of the number that it took last
};

TEST_F(LinkNumbersTest, EachMessageHasTheNextNumberWhoeverItIsAbout) {
  begin();
  for (const char* const id : {"m1", "m2", "m3"}) {
    send(id, std::string("p") + id);
  }
  settle();
  EXPECT_THAT(numbers_, ElementsAre("0", "1", "2", "3"));
  EXPECT_THAT(taken_, ElementsAre("m1", "m2", "m3"));
  EXPECT_EQ(peer_.connections, 1U);
  const auto past = *views::read_past(*node->view().reader, "gp", {}, 1);
  const auto entry = node->read_entry(past.at(0).by);
  EXPECT_EQ(number_in(entry->first.settlements.at(0).bytes), "1") << "as it was sent";
}

TEST_F(LinkNumbersTest, AfterARestartTheyGoOn) {
  begin();
  send("m1", "a");
  settle();
  kill();
  send("m2", "a");
  settle();
  EXPECT_THAT(numbers_, ElementsAre("0", "1", "0", "2"));
  EXPECT_NE(peer_.received_ids[0], peer_.received_ids[2]) << "each start is a message of its own";
}

TEST_F(LinkNumbersTest, AMessageWhoseAcknowledgementWasLostHasTheSameNumber) {
  begin();
  unanswered_ = "m1";
  send("m1", "a");
  send("m2", "b");
  settle();
  EXPECT_THAT(numbers_, ElementsAre("0", "1", "0", "1", "2"));
  EXPECT_NE(peer_.received_ids[0], peer_.received_ids[2]) << "of the same message, too";
  EXPECT_EQ(peer_.received_ids[1], peer_.received_ids[3]);
  EXPECT_THAT(taken_, ElementsAre("m1", "m2"));
  EXPECT_EQ(counts(), (views::OutboxCounts{.delivered = 2}));
}

// Section 2.10.1 d 1: one more than the number that was sent.
TEST_F(LinkNumbersTest, AReceiverThatRefusesWhatItHasTakenIsBelievedOfWhatWasJustSent) {
  begin();
  unanswered_ = "m1";
  repeated_ = "AR";
  send("m1", "a");
  send("m2", "b");
  settle();
  EXPECT_THAT(taken_, ElementsAre("m1", "m2"));
  EXPECT_EQ(counts(), (views::OutboxCounts{.delivered = 2}));
  EXPECT_THAT(items("undelivered"), SizeIs(0));
}

// Another process sent it, or something else: then somebody has to look.
TEST_F(LinkNumbersTest, AReceiverThatRefusesWhatWeHaveNotSentIsNotBelieved) {
  begin();
  repeated_ = "AR";
  last_ = 1;  // it has had a number 1 already
  send("m1", "a");
  run(seconds(20));
  EXPECT_EQ(counts(), (views::OutboxCounts{.owed = 1, .held = 1}));
  EXPECT_THAT(items("undelivered"), SizeIs(1));
}

TEST_F(LinkNumbersTest, WhatIsHeldHoldsAllThatComesAfterIt) {
  begin();
  refused_ = "m1";
  send("m1", "a");
  send("m2", "b");
  run(seconds(20));
  EXPECT_THAT(taken_, SizeIs(0));
  EXPECT_EQ(counts(), (views::OutboxCounts{.owed = 2, .held = 1}));
  const auto held = items("undelivered");
  ASSERT_THAT(held, SizeIs(1));
  EXPECT_THAT(body("Task", held[0]), HasSubstr(R"("for":{"reference":"Patient/a"})"));
  kill();
  run(seconds(20));
  EXPECT_THAT(taken_, SizeIs(0));
  refused_.clear();
  Command release = apply::command();
  const auto duties = *views::read_duties(*node->view().reader, "gp", {}, 10);
  release.settlements = {{"gp", duties[0].name, Settled::released, true, {}, {}, {}}};
  ASSERT_TRUE(submit(release));
  settle();
  EXPECT_THAT(taken_, ElementsAre("m1", "m2"));
}

TEST_F(LinkNumbersTest, WhatWasSkippedIsNoReasonToStop) {
  begin(OnRefusal::skip);
  refused_ = "m2";
  for (const char* const id : {"m1", "m2", "m3", "m4"}) {
    send(id, "a");
  }
  settle();
  EXPECT_THAT(taken_, ElementsAre("m1", "m3", "m4"));
  EXPECT_THAT(numbers_, ElementsAre("0", "1", "2", "0", "-1", "3", "4"));
  EXPECT_EQ(counts(), (views::OutboxCounts{.delivered = 3, .dead = 1}));
}

TEST_F(LinkNumbersTest, AReceiverThatLostMessagesGetsNothingUntilSomebodySaysSo) {
  begin();
  send("m1", "a");
  send("m2", "a");
  settle();
  peer_.leave();
  last_ = 1;  // restored from a copy
  numbers_.clear();
  peer_.listen([this](const std::string& id, const Bytes& message) { return treat(id, message); });
  send("m3", "a");
  run(seconds(300));
  EXPECT_THAT(numbers_, testing::Each("0"));
  EXPECT_EQ(counts().owed, 1U);
  EXPECT_THAT(body("Endpoint", "channel-gp"), HasSubstr("it expects number 2, and 3 is next here"));
  EXPECT_THAT(items("channel-down"), SizeIs(1));
  std::string endpoint = body("Endpoint", "channel-gp");
  endpoint.replace(endpoint.find(R"("extension":[)"), 13,
                   R"("extension":[{"url":"urn:holdfast:channel-numbers-anew",)"
                   R"("valueString":"they have restored a backup"},)");
  Operation operation = apply::update("Endpoint", "channel-gp");
  operation.body = endpoint;
  ASSERT_TRUE(submit(apply::command(operation)));
  settle();
  EXPECT_EQ(counts().owed, 0U);
  EXPECT_EQ(taken_.back(), "m3");
  run(seconds(5));
  EXPECT_EQ(body("Endpoint", "channel-gp").find("numbers-anew"), std::string::npos) << "done once";
  numbers_.clear();
  send("m4", "a");
  settle();
  EXPECT_THAT(numbers_, ElementsAre("4"));
}

TEST_F(LinkNumbersTest, AskedOfAChannelWithoutNumbersItIsDone) {
  start();
  peer_.listen(accept);
  send("m1", "a");
  settle();
  run(seconds(5));
  std::string endpoint = body("Endpoint", "channel-gp");
  endpoint.replace(endpoint.find(R"("extension":[)"), 13,
                   R"("extension":[{"url":"urn:holdfast:channel-numbers-anew",)"
                   R"("valueString":"a mistake"},)");
  Operation operation = apply::update("Endpoint", "channel-gp");
  operation.body = endpoint;
  ASSERT_TRUE(submit(apply::command(operation)));
  run(seconds(5));
  EXPECT_EQ(body("Endpoint", "channel-gp").find("numbers-anew"), std::string::npos);
}

TEST_F(LinkNumbersTest, AReceiverThatSaysNoNumberGetsNothing) {
  Channel channel = gp_channel();
  channel.sequence = true;
  start(channel);
  peer_.listen(accept);
  send("m1", "a");
  run(seconds(20));
  EXPECT_EQ(counts().owed, 1U);
  EXPECT_THAT(body("Endpoint", "channel-gp"), HasSubstr("MSA-4"));
}

}  // namespace
}  // namespace holdfast::exchange
