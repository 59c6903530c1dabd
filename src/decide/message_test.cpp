// decide/message_test.cpp: what was known of a message when its Command was made must still be so.
#include <gtest/gtest.h>

#include "apply/test_record.h"
#include "views/facts.h"
#include "views/messages.h"
#include "views/sequence.h"

namespace holdfast::decide {
namespace {

using apply::create;
using apply::TestRecord;

Command attempt(const std::string& content, std::uint32_t number, std::uint32_t others,
                Disposition disposition = Disposition::applied) {
  static int drawn = 0;
  Command command = apply::command(create("Patient", "p" + std::to_string(++drawn)));
  command.request_hash = sha256(content);
  command.message = Message{.neighbour = "lab",
                            .control_id = "M1",
                            .disposition = disposition,
                            .attempt = number,
                            .others = others,
                            .evidence = "b" + content,
                            .bytes = content,
                            .report = {}};
  return command;
}

views::KnownMessage known(TestRecord& record, const std::string& content,
                          const std::string& neighbour = "lab", const std::string& id = "M1") {
  const auto view = record.view();
  const Hash hash = sha256(content);
  return *views::read_message(*view, {neighbour, id, hash});
}

TEST(MessageAttempt, FollowsTheNewest) {
  TestRecord record;
  ASSERT_FALSE(known(record, "a").newest);
  EXPECT_EQ(record.run(attempt("a", 2, 0)).error().code, Code::conflict);
  ASSERT_TRUE(record.run(attempt("a", 1, 0, Disposition::faulty)));
  EXPECT_EQ(known(record, "a").newest->disposition, Disposition::faulty);
  EXPECT_EQ(record.run(attempt("a", 1, 0)).error().code, Code::conflict);
  EXPECT_EQ(record.run(attempt("a", 3, 0)).error().code, Code::conflict);
  ASSERT_TRUE(record.run(attempt("a", 2, 0)));
  EXPECT_EQ(known(record, "a").newest,
            (views::MessageRow{2, Disposition::applied, Position{2}, "ba"}));
}

TEST(MessageAttempt, KnowsWhatElseHasItsId) {
  TestRecord record;
  ASSERT_TRUE(record.run(attempt("a", 1, 0)));
  ASSERT_TRUE(record.run(attempt("a", 2, 0)));
  EXPECT_EQ(known(record, "b").others, 1U);
  EXPECT_EQ(record.run(attempt("b", 1, 0)).error().code, Code::conflict);
  ASSERT_TRUE(record.run(attempt("b", 1, 1)));
  EXPECT_EQ(known(record, "a").others, 1U);
  EXPECT_EQ(known(record, "c").others, 2U);
}

TEST(MessageAttempt, AnotherSenderOrIdIsAnotherMessage) {
  TestRecord record;
  ASSERT_TRUE(record.run(attempt("a", 1, 0)));
  for (const auto& [neighbour, id] : {std::pair("la", "bM1"), std::pair("labM", "1"),
                                      std::pair("", "M1"), std::pair("lab", "M")}) {
    EXPECT_FALSE(known(record, "a", neighbour, id).newest) << neighbour << ' ' << id;
    EXPECT_EQ(known(record, "b", neighbour, id).others, 0U) << neighbour << ' ' << id;
  }
}

// HL7 v2.5.1, section 2.10.1.
TEST(MessageSequence, IsTakenUnderTheNumberThatFollows) {
  TestRecord record;
  const auto last = [&] { return *views::read_sequence(*record.view(), "lab"); };
  std::uint32_t others = 0;
  const auto numbered = [&](std::int64_t number) {
    Command command = attempt("n" + std::to_string(others), 1, others);
    command.message->sequence = number;
    const auto done = record.run(command);
    others += done ? 1 : 0;
    return done ? std::optional<Code>() : done.error().code;
  };
  EXPECT_EQ(last(), sequence_anew);
  EXPECT_EQ(numbered(7), std::nullopt);  // the first that comes
  EXPECT_EQ(last(), 7);
  EXPECT_EQ(numbered(7), Code::conflict);
  EXPECT_EQ(numbered(9), Code::conflict);
  EXPECT_EQ(numbered(1), Code::conflict);
  EXPECT_EQ(numbered(8), std::nullopt);
  EXPECT_EQ(numbered(0), std::nullopt);  // says nothing of numbers
  EXPECT_EQ(last(), 8);
  EXPECT_EQ(numbered(sequence_anew), std::nullopt);
  EXPECT_EQ(last(), sequence_anew);
  EXPECT_EQ(numbered(3), std::nullopt);
  EXPECT_EQ(numbered(4), std::nullopt);
  EXPECT_EQ(last(), 4);
  EXPECT_EQ(*views::read_sequence(*record.view(), "la"), sequence_anew);
}

TEST(MessageAttempt, IsAFactOfTheStateDigest) {
  TestRecord record;
  ASSERT_TRUE(record.run(attempt("a", 1, 0)));
  ASSERT_TRUE(record.run(attempt("a", 2, 0)));
  const auto facts = views::digest_of_view(*record.view(), record.codec);
  ASSERT_TRUE(facts) << facts.error().what;
  EXPECT_EQ(facts->digest, record.state.digest);
  // Another disposition in the row would be seen.
  const auto rows = record.view()->scan(views::Table::message, {}, {}, views::Direction::forward);
  ASSERT_TRUE(rows->valid());
  const Bytes key(rows->key());
  Bytes value(rows->value());
  value[0] = static_cast<char>(Disposition::refused);
  const std::array<views::Write, 1> writes{
      views::Write{views::Table::message, key, BytesView(value)}};
  ASSERT_TRUE(record.kv.write(writes));
  EXPECT_NE(views::digest_of_view(*record.view(), record.codec)->digest, record.state.digest);
}

}  // namespace
}  // namespace holdfast::decide
