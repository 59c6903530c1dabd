// What a Command or Outcome says survives the journal, and bytes that lie are refused.
#include <gtest/gtest.h>

#include "model/command.h"
#include "model/outcome.h"

namespace holdfast {
namespace {

Command example_command() {
  Command command;
  command.key = idempotency_key(Principal{"ward"}, "order-7");
  command.key_origin = KeyOrigin::given;
  command.request_hash = sha256("request");
  command.principal.name = "ward";
  command.purpose = "TREAT";
  command.channel = "http";
  Operation create;
  create.verb = Verb::create;
  create.type = "Patient";
  create.id = "p1";
  create.condition = "identifier=a|b";
  create.full_url = "urn:uuid:0";
  create.body = R"({"resourceType":"Patient"})";
  Operation remove;
  remove.verb = Verb::remove;
  remove.type = "Observation";
  remove.id = "o1";
  remove.if_match = Version{300};
  Operation patch;
  patch.verb = Verb::patch;
  patch.type = "Observation";
  patch.id = "o2";
  patch.if_match = Version{4};
  patch.condition = "identifier=a|c";
  patch.body = R"({"resourceType":"Observation"})";
  patch.patch_form = PatchForm::meta_add;
  patch.patch = R"({"resourceType":"Parameters"})";
  command.operations = {create, remove, patch};
  return command;
}

Command example_message() {
  Command command = example_command();
  command.key_origin = KeyOrigin::drawn;
  command.message = Message{.neighbour = "lab",
                            .control_id = "M1",
                            .disposition = Disposition::faulty,
                            .attempt = 3,
                            .others = 300,
                            .sequence = sequence_max,
                            .evidence = "b1",
                            .bytes = Bytes("MSH|^~\\&|\0\r", 11),
                            .report = "r"};
  return command;
}

Command example_deliveries() {
  Command command = example_message();
  command.deliveries = {
      {.channel = "gp", .lane = "", .operation = 0, .type = "", .id = ""},
      {.channel = "gp", .lane = "x", .operation = {}, .type = "Patient", .id = "p9"}};
  command.message->sequence = sequence_anew;
  command.settlements = {{.channel = "lab",
                          .duty = {Position{70000}, 3},
                          .settled = Settled::dead,
                          .was_held = true,
                          .sent = sha256("m"),
                          .bytes = "MSH|",
                          .answer = "AE"}};
  return command;
}

Command example_settlement() {
  Command command = example_deliveries();
  command.message.reset();
  command.deliveries.clear();
  return command;
}

std::vector<Command> example_commands() {
  return {example_command(), example_message(), example_deliveries(), example_settlement()};
}

Outcome example_delivering() {
  Outcome outcome;
  outcome.results = {{Status::created, "p1", Version{1}, {}}};
  outcome.owed = {{0, RowId{}}, {2, RowId{}}, {70000, RowId{300}}};
  outcome.settles = true;
  return outcome;
}

Outcome example_outcome() {
  Outcome outcome;
  outcome.targets = {"Patient/p1", "Practitioner/9"};
  OperationResult created{Status::created, "p1", Version{1}, {}};
  created.substitutions = {{3, 1}, {70000, 0}};
  outcome.results = {created, {Status::absent, "o1", Version{0}, {}}};
  return outcome;
}

TEST(CommandCodec, GivesBackWhatWasWritten) {
  for (const Command& command : example_commands()) {
    const auto read = decode_command(encode(command));
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ(*read, command);
  }
}

TEST(CommandCodec, RefusesEveryTruncationAndEveryExtraByte) {
  for (const Command& command : example_commands()) {
    const Bytes bytes = encode(command);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      EXPECT_FALSE(decode_command(BytesView(bytes).substr(0, length))) << length;
    }
    EXPECT_FALSE(decode_command(bytes + '\0'));
  }
}

// What it was made from is what makes a patch exact.
TEST(CommandCodec, RefusesAPatchOfNoVersion) {
  Command command = example_command();
  command.operations.back().if_match.reset();
  EXPECT_FALSE(decode_command(encode(command)));
}

TEST(CommandCodec, RefusesACountThatTheBytesCannotHold) {
  Command empty = example_command();
  empty.operations.clear();
  Bytes bytes = encode(empty);
  bytes.pop_back();
  append_varint(bytes, UINT64_MAX);
  EXPECT_FALSE(decode_command(bytes));
}

// Each has one encoding: otherwise two journals could say the same in different bytes.
TEST(CommandCodec, RefusesANumberWrittenLongerThanItIs) {
  Command empty = example_command();
  empty.operations.clear();
  Bytes bytes = encode(empty);
  ASSERT_TRUE(decode_command(bytes));
  bytes.back() = static_cast<char>(0x80);
  bytes.push_back('\0');
  EXPECT_FALSE(decode_command(bytes));
}

TEST(OutcomeCodec, RefusesSitesThatRunBackwardsRoundTheEndOfANumber) {
  Bytes bytes("\1\1\1a\1\1\1p\1\2", 10);  // a target "a"; created p/1 with two substitutions
  append_varint(bytes, 5);
  append_varint(bytes, 0);
  Bytes forwards = bytes;
  append_varint(forwards, 2);
  append_varint(forwards, 0);
  ASSERT_TRUE(decode_outcome(forwards));
  append_varint(bytes, UINT64_MAX - 2);
  append_varint(bytes, 0);
  EXPECT_FALSE(decode_outcome(bytes));
}

TEST(OutcomeCodec, GivesBackWhatWasWritten) {
  for (const Outcome& outcome : {example_outcome(), example_delivering()}) {
    const auto read = decode_outcome(encode(outcome));
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ(*read, outcome);
  }
}

TEST(OutcomeCodec, RefusesEveryTruncationAndEveryExtraByte) {
  for (const Outcome& outcome : {example_outcome(), example_delivering()}) {
    const Bytes bytes = encode(outcome);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      EXPECT_FALSE(decode_outcome(BytesView(bytes).substr(0, length))) << length;
    }
    EXPECT_FALSE(decode_outcome(bytes + '\0'));
  }
}

TEST(OutcomeCodec, RefusesASubstitutionWithoutItsTarget) {
  Outcome outcome = example_outcome();
  outcome.results[0].substitutions[0].target = 2;
  EXPECT_FALSE(decode_outcome(encode(outcome)));
}

TEST(Outcome, ChangesUnlessEverythingWasMatchedOrAbsent) {
  Outcome outcome;
  outcome.results = {{Status::matched, "1", Version{1}, {}}, {Status::absent, "2", Version{}, {}}};
  EXPECT_FALSE(outcome.changes());
  outcome.results.push_back({Status::removed, "3", Version{2}, {}});
  EXPECT_TRUE(outcome.changes());
  Outcome settled;
  settled.settles = true;
  EXPECT_TRUE(settled.changes());
}

TEST(IdempotencyKey, DependsOnWhoAsksAsWellAsOnTheKey) {
  EXPECT_EQ(idempotency_key({"a"}, "k"), idempotency_key({"a"}, "k"));
  EXPECT_NE(idempotency_key({"a"}, "k"), idempotency_key({"b"}, "k"));
  EXPECT_NE(idempotency_key({"ab"}, "c"), idempotency_key({"a"}, "bc"));
}

}  // namespace
}  // namespace holdfast
