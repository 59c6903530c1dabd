// exchange/mllp_test.cpp: connections over the simulated network: whatever way the bytes come, the
// same messages are in the journal.
#include "exchange/mllp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "exchange/mllp_client.h"
#include "hl7v2/batch.h"
#include "hl7v2/test_data.h"
#include "node/test_node.h"

namespace holdfast::exchange {
namespace {

constexpr const char* address = "10.0.0.1:2575";

Bytes oru(int sender, int number) {
  return "MSH|^~\\&|LAB|S" + std::to_string(sender) + "|HOLDFAST||20240301||ORU^R01|" +
         std::to_string(sender * 100 + number) + "|P|2.4\rPID|1||" + std::to_string(sender) +
         "^^^QE2^MR\r";
}

class MllpTest : public node::NodeTest {
 protected:
  ~MllpTest() override { machine.crash(Crash::process); }

  void start(MllpLimits limits = {}) {
    ASSERT_TRUE(open());
    Neighbour all;
    all.name = "all";
    all.senders = {{"LAB", ""}};
    all.take = Take::evidence;
    neighbours_ = *Neighbours::of({all});
    counts_ = std::make_unique<Counts>(neighbours_);
    intake_ =
        std::make_unique<Intake>(machine.world(), *node, neighbours_, IntakeOptions{}, *counts_);
    listener_ = *machine.world().network.listen(home(), address);
    server_ = std::make_unique<MllpServer>(home(), machine.world(), *listener_, *intake_,
                                           node->budget(), *counts_, limits);
    server_->start();
  }
  SimExecutor& home() { return static_cast<SimExecutor&>(*machine.world().io.front()); }

  /// The control ids of all messages in the journal, by what they hold.
  std::multiset<std::string> kept() {
    std::multiset<std::string> all;
    for (std::uint64_t at = 1; at <= node->view().state.position.value; ++at) {
      if (const auto entry = node->read_entry(Position{at}); entry && entry->first.message) {
        all.insert(entry->first.message->bytes);
      }
    }
    return all;
  }

  Neighbours neighbours_;
  std::unique_ptr<Counts> counts_;
  std::unique_ptr<Intake> intake_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<MllpServer> server_;
  SimExecutor outside_{scheduler};
};

using Client = std::unique_ptr<MllpClient>;

struct Told {
  std::vector<std::string> answers;  // MSA-1 MSA-2
  std::string error;
  bool ended = false;
};

/// Sends `wire` in pieces of at most `piece` bytes, then takes as many answers as asked for.
Task<void> talk(SimNetwork& network, SimExecutor& on, Bytes wire, std::size_t piece,
                std::size_t answers, Told& told) {
  auto client = co_await MllpClient::connect(network, on, address, on.now() + seconds(5));
  for (std::size_t at = 0; client && at < wire.size(); at += piece) {
    const auto sent =
        co_await (*client)->send_raw(BytesView(wire).substr(at, piece), on.now() + seconds(60));
    if (!sent) {
      told.error = sent.error().what;
    }
    co_await on.sleep(microseconds(50));
  }
  for (std::size_t i = 0; client && i < answers; ++i) {
    const auto answer = co_await (*client)->receive(on.now() + seconds(120));
    if (!answer) {
      told.error = answer.error().what;
      break;
    }
    const auto message = hl7v2::Message::parse(*answer);
    const auto msa = message ? message->find("MSA") : std::nullopt;
    told.answers.push_back(msa ? msa->field(1).text() + " " + msa->field(2).text() : "no MSA");
  }
  if (client) {
    co_await on.sleep(seconds(2));  // what else was sent is taken meanwhile
    (*client)->close();
  }
  told.ended = true;
}

TEST_F(MllpTest, ThatWhichIsPipelinedIsAnsweredInItsOrder) {
  start();
  Bytes wire;
  std::vector<std::string> expected;
  std::multiset<std::string> sent;
  for (int i = 0; i < 40; ++i) {
    wire += hl7v2::framed(oru(1, i));
    sent.insert(oru(1, i));
    expected.push_back("AA " + std::to_string(100 + i));
  }
  Told told;
  outside_.spawn(talk(network, outside_, wire, 700, expected.size(), told));
  scheduler.run_until([&] { return told.ended; });
  EXPECT_EQ(told.answers, expected);
  EXPECT_EQ(told.error, "");
  EXPECT_EQ(kept(), sent);
}

TEST_F(MllpTest, FiftySocketsInAnyPieces) {
  start();
  std::vector<std::unique_ptr<Told>> all;
  std::multiset<std::string> sent;
  for (int sender = 0; sender < 50; ++sender) {
    Bytes wire;
    for (int i = 0; i < 6; ++i) {
      wire += hl7v2::framed(oru(sender, i));
      sent.insert(oru(sender, i));
    }
    all.push_back(std::make_unique<Told>());
    outside_.spawn(talk(network, outside_, std::move(wire),
                        static_cast<std::size_t>(1 + sender * 3), 6, *all.back()));
  }
  scheduler.run_until(
      [&] { return std::ranges::all_of(all, [](const auto& told) { return told->ended; }); });
  for (std::size_t sender = 0; sender < all.size(); ++sender) {
    std::vector<std::string> expected;
    for (int i = 0; i < 6; ++i) {
      expected.push_back("AA " + std::to_string(static_cast<int>(sender) * 100 + i));
    }
    EXPECT_EQ(all[sender]->answers, expected) << all[sender]->error;
  }
  EXPECT_EQ(kept(), sent);
  EXPECT_EQ(counts_->of("all").applied, 300U);
}

TEST_F(MllpTest, EverySampleIsKeptByteForByte) {
  const auto samples = hl7v2::samples();
  HOLDFAST_NEED_SAMPLES(samples);
  start();
  std::multiset<std::string> sent;
  for (const hl7v2::Sample& sample : samples) {
    const auto batch = hl7v2::split_batch(sample.bytes);
    for (const BytesView message : batch->messages) {
      sent.insert(std::string(message));
    }
  }
  // Their senders are strangers here, and a connection that brings only those is closed.
  constexpr std::size_t a_connection = 20;
  Told told;
  for (auto at = sent.begin(); at != sent.end();) {
    Bytes wire;
    for (std::size_t i = 0; i < a_connection && at != sent.end(); ++i, ++at) {
      wire += hl7v2::framed(*at);
    }
    told.ended = false;
    outside_.spawn(talk(network, outside_, wire, 4000, 1, told));
    scheduler.run_until([&] { return told.ended; });
    scheduler.run_until([&] { return server_->connections().open == 0; });
  }
  const auto all = kept();
  EXPECT_EQ(all.size(), sent.size());
  for (const std::string& message : sent) {
    EXPECT_EQ(all.count(message), 1U) << message.substr(0, 100);
  }
}

TEST_F(MllpTest, ASlowFrameEndsAtItsDeadlineAndIsEvidence) {
  MllpLimits limits;
  limits.frame_time_grace = seconds(2);
  limits.frame_bytes_per_second_min = 1'000'000;
  start(limits);
  Told told;
  // One byte in 50 us would do; a pause of the whole frame's time does not.
  const Bytes half = "\x0b" + oru(1, 1).substr(0, 60);
  outside_.spawn(talk(network, outside_, half, 10, 1, told));
  scheduler.run_until([&] { return told.ended; });
  EXPECT_TRUE(told.answers.empty());
  EXPECT_NE(told.error, "");
  EXPECT_EQ(counts_->frames_slow, 1U);
  scheduler.run_until([&] { return counts_->of("all").broken + counts_->of("").broken == 1; });
  scheduler.run_until([&] { return !kept().empty(); });
  EXPECT_EQ(*kept().begin(), half.substr(1));
}

/// Sends both parts, with a pause between.
Task<void> talk_twice(SimNetwork& network, SimExecutor& on, Bytes first, Duration pause,
                      Bytes second, Told& told) {
  auto client = co_await MllpClient::connect(network, on, address, on.now() + seconds(5));
  if (client) {
    static_cast<void>(co_await (*client)->send_raw(first, on.now() + seconds(5)));
    co_await on.sleep(pause);
    static_cast<void>(co_await (*client)->send_raw(second, on.now() + seconds(5)));
    co_await on.sleep(milliseconds(1500));
    for (auto answer = co_await (*client)->receive(on.now() + seconds(100)); answer;
         answer = co_await (*client)->receive(on.now() + seconds(100))) {
      told.answers.push_back(*answer);
    }
  }
  told.ended = true;
}

MllpLimits hurried() {
  MllpLimits limits;
  limits.frame_time_grace = seconds(2);
  limits.frame_bytes_per_second_min = 1'000'000;
  return limits;
}

// A frame's time begins with the frame, not with the line end that somebody sent behind the last
// one.
TEST_F(MllpTest, NoiseBetweenFramesIsNotTheBeginningOfOne) {
  start(hurried());
  Told told;
  const Bytes frame = hl7v2::framed(oru(1, 2));
  outside_.spawn(talk_twice(network, outside_, "\r\n", seconds(60), frame.substr(0, 40), told));
  scheduler.run_for(seconds(61), 10'000'000);
  EXPECT_EQ(counts_->frames_slow, 0U);  // half of it is there, a second after it began
  scheduler.run_until([&] { return told.ended; });
  EXPECT_EQ(counts_->frames_slow, 1U);
}

// What has begun behind a whole frame has a deadline too.
TEST_F(MllpTest, HalfAFrameBehindAWholeOneEndsInTime) {
  start(hurried());
  // The network cuts where it likes: of so many, some come in one piece.
  for (int sender = 1; sender <= 40; ++sender) {
    Told told;
    const Bytes both = hl7v2::framed(oru(sender, 1)) + hl7v2::framed(oru(sender, 2)).substr(0, 40);
    outside_.spawn(talk(network, outside_, both, both.size(), 2, told));
    scheduler.run_until([&] { return told.ended; });
    EXPECT_EQ(told.answers.size(), 1U);
  }
  EXPECT_EQ(counts_->frames_slow, 40U);
}

TEST_F(MllpTest, WhileThereIsNoMemoryNothingIsReadAndNothingIsLost) {
  start();
  std::optional<Budget::Share> all =
      node->budget().reserve(node->budget().bytes_max() - node->budget().used());
  ASSERT_TRUE(all);
  Told told;
  const Bytes large = oru(1, 1) + "OBX|1|TX|X||" + Bytes(400'000, 'x') + "\r";
  outside_.spawn(talk(network, outside_, hl7v2::framed(large), 50'000, 1, told));
  scheduler.run_for(seconds(2), 10'000'000);
  EXPECT_TRUE(told.answers.empty());
  all.reset();
  scheduler.run_until([&] { return told.ended; });
  EXPECT_EQ(told.answers, std::vector<std::string>{"AA 101"});
  EXPECT_EQ(node->budget().used(), 0U);
}

TEST_F(MllpTest, AFrameThatIsTooLongEndsTheConnection) {
  MllpLimits limits;
  limits.frame_bytes_max = 5'000;
  start(limits);
  Told told;
  outside_.spawn(
      talk(network, outside_, hl7v2::framed(oru(1, 1) + Bytes(20'000, 'x')), 3'000, 1, told));
  scheduler.run_until([&] { return told.ended; });
  EXPECT_TRUE(told.answers.empty());
  EXPECT_EQ(counts_->frames_too_long, 1U);
}

TEST_F(MllpTest, NoiseBetweenFramesIsCounted) {
  start();
  Told told;
  outside_.spawn(
      talk(network, outside_, "hello\r\n" + hl7v2::framed(oru(1, 1)) + "\r\n", 3, 1, told));
  scheduler.run_until([&] { return told.ended; });
  EXPECT_EQ(told.answers, std::vector<std::string>{"AA 101"});
  scheduler.run_until([&] { return counts_->noise_bytes == 5; });
  EXPECT_EQ(counts_->noise_bytes, 5U);
}

/// Sends them one after the other, over one connection as long as it can be used: "AA", or
/// "CA: why", and " closed" where it cannot be used any more.
Task<void> send_each(SimNetwork& network, SimExecutor& on, std::vector<Bytes> messages,
                     Told& told) {
  Client client;
  for (const Bytes& message : messages) {
    if (!client || !client->usable()) {
      auto made = co_await MllpClient::connect(network, on, address, on.now() + seconds(5));
      if (!made) {
        break;
      }
      client = *std::move(made);
    }
    const auto answer = co_await client->send(message, on.now() + seconds(60));
    std::string said = answer ? answer->code : answer.error().what;
    if (answer && !answer->text.empty()) {
      said += ": " + answer->text;
    }
    told.answers.push_back(said + (client->usable() ? "" : " closed"));
  }
  told.ended = true;
}

/// oru() with MSH-15 and MSH-16.
Bytes asking(int number, const std::string& conditions) {
  Bytes message = oru(1, number);
  message.insert(message.find("|2.4") + 4, "|||" + conditions);
  return message;
}

TEST_F(MllpTest, TheClientTakesTheAnswerToItsMessage) {
  start();
  Told told;
  outside_.spawn(send_each(network, outside_, {oru(1, 1), oru(1, 2)}, told));
  scheduler.run_until([&] { return told.ended; });
  EXPECT_THAT(told.answers, testing::ElementsAre("AA", "AA"));
}

TEST_F(MllpTest, TheClientWaitsForTheApplicationWhereItWillAnswer) {
  start();
  Bytes stranger = asking(5, "AL|AL");
  stranger.replace(stranger.find("LAB"), 3, "WHO");
  Told told;
  outside_.spawn(send_each(network, outside_,
                           {asking(1, "AL|AL"), asking(2, "AL|AL"), asking(3, "AL|NE"),
                            asking(4, "AL|SU"), stranger, oru(1, 6)},
                           told));
  scheduler.run_until([&] { return told.ended; });
  EXPECT_THAT(told.answers, testing::ElementsAre("AA", "AA", "CA", "CA closed",
                                                 testing::AllOf(testing::StartsWith("CR: WHO|S1"),
                                                                testing::EndsWith(" closed")),
                                                 "AA"));
}

/// A receiver that says CA of message 101 and nothing more.
Task<void> accept_only(Listener& listener, SimExecutor& on) {
  auto stream = co_await listener.accept(on);
  hl7v2::Deframer deframer;
  for (bool answered = false;;) {
    if (deframer.next()) {
      EXPECT_FALSE(answered);
      answered = true;
      const Bytes answer = hl7v2::framed("MSH|^~\\&|X|||||ACK|1|P|2.4\rMSA|CA|101\r");
      const auto written = co_await (*stream)->write(answer, on.now() + seconds(60));
      EXPECT_TRUE(written);
    }
    const auto got = co_await (*stream)->read(deframer.space(), on.now() + seconds(600));
    if (!got || *got == 0) {
      EXPECT_TRUE(answered);
      break;
    }
    deframer.came(*got);
  }
}

TEST_F(MllpTest, WhatIsAcceptedStaysSoWhereTheApplicationIsSilent) {
  SimExecutor& on = home();
  const auto listener = *machine.world().network.listen(on, address);
  on.spawn(accept_only(*listener, on));
  Told told;
  outside_.spawn(send_each(network, outside_, {asking(1, "AL|AL")}, told));
  scheduler.run_until([&] { return told.ended; });
  EXPECT_THAT(told.answers,
              testing::ElementsAre(testing::AllOf(
                  testing::StartsWith("CA: the application's acknowledgement did not come"),
                  testing::EndsWith(" closed"))));
}

}  // namespace
}  // namespace holdfast::exchange
