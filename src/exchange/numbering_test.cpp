// exchange/numbering_test.cpp: the sequence number protocol as its receiver keeps it (HL7 v2.5.1,
// section 2.10.1), from numbers alone to messages over a node.
#include "exchange/numbering.h"

#include "exchange/test_intake.h"

namespace holdfast::exchange {
namespace {

using testing::HasSubstr;

TEST(SequenceNumber, IsMinusOneZeroOrPositive) {
  EXPECT_EQ(read_sequence_number("-1"), sequence_anew);
  EXPECT_EQ(read_sequence_number("0"), sequence_start);
  EXPECT_EQ(read_sequence_number("0042"), 42);
  EXPECT_EQ(read_sequence_number("999999999999999"), sequence_max);
  EXPECT_EQ(read_sequence_number("").error().code, Code::required);
  for (const char* const bad : {"-2", "1.5", "1000000000000000", "x", "1 ", "+1", "\"\""}) {
    EXPECT_EQ(read_sequence_number(bad).error().code, Code::value) << bad;
  }
}

class SequenceTest : public IntakeTest {
 protected:
  void start_numbered() {
    start();
    Neighbour lab = neighbours_.all().front();
    lab.sequence = true;
    neighbours_ = *Neighbours::of({lab});
  }
  static Bytes numbered(std::string_view number, std::string_view id,
                        std::string_view name = "O'Hara") {
    Bytes bytes =
        message("ADT^A08", id, "PID|1||123^^^QE2^MR||" + std::string(name) + "^Ann||19800102|F\r");
    const std::string_view header_end = "|P|2.5|";
    bytes.insert(bytes.find(header_end) + header_end.size(), number);
    return bytes;
  }
  /// A message that speaks of numbers only: nothing but a header, without a type.
  static Bytes about_link(std::string_view number, std::string_view id) {
    Bytes bytes = "MSH|^~\\&|LAB|QE2|HOLDFAST|QE2|20240301101500||^|";
    bytes.append(id).append("|P|2.5|").append(number).append("\r");
    return bytes;
  }
  /// MSA-1 and MSA-4: "AA 7".
  std::string told(Bytes frame) {
    const Reply reply = take(std::move(frame));
    if (reply.messages.size() != 1) {
      return "no single answer";
    }
    const auto parsed = hl7v2::Message::parse(reply.messages[0]);
    const auto msa = parsed->find("MSA");
    return msa->field(1).text() + " " + msa->field(4).text();
  }
  std::string family() {
    const auto found = find("Patient", "identifier=123");
    const std::string text = found.size() == 1 ? body("Patient", found[0]) : "";
    const std::size_t at = text.find("\"family\":\"");
    return at == std::string::npos ? text : text.substr(at + 10, text.find('"', at + 10) - at - 10);
  }
};

TEST_F(SequenceTest, EachIsTakenAfterTheOneBeforeAndEchoed) {
  start_numbered();
  EXPECT_EQ(told(about_link("0", "S1")), "AA -1");  // we know of none
  EXPECT_EQ(told(numbered("5", "M5", "Five")), "AA 5");
  EXPECT_EQ(told(numbered("6", "M6", "Six")), "AA 6");
  EXPECT_EQ(told(about_link("0", "S2")), "AA 7");
  EXPECT_EQ(told(numbered("7", "M7", "Seven")), "AA 7");
  EXPECT_EQ(family(), "Seven");
  EXPECT_EQ(items(), "");
}

TEST_F(SequenceTest, WhatIsExpectedSurvivesACrash) {
  start_numbered();
  EXPECT_EQ(told(numbered("5", "M5")), "AA 5");
  crash(Crash::power, 0);
  start_numbered();
  EXPECT_EQ(told(about_link("0", "S1")), "AA 6");
  EXPECT_EQ(told(numbered("8", "M8")), "AR 6");
}

TEST_F(SequenceTest, AGapIsRefusedAndTakenWhenItsTurnComes) {
  start_numbered();
  EXPECT_EQ(told(numbered("1", "M1", "One")), "AA 1");
  const Reply reply = take(numbered("4", "M4", "Four"));
  EXPECT_THAT(reply.messages.at(0), HasSubstr("MSA|AR|M4|number 4 came where 2 is expected: "
                                              "numbers 2 to 3 have not come"));
  EXPECT_EQ(told(numbered("3", "M3", "Three")), "AR 2");
  EXPECT_EQ(told(numbered("4", "M4", "Four")), "AR 2");  // known, and still not its turn
  EXPECT_EQ(items(), "out-of-sequence");                 // one for the connection
  EXPECT_EQ(family(), "One");
  EXPECT_EQ(told(numbered("2", "M2", "Two")), "AA 2");
  EXPECT_EQ(told(numbered("3", "M3", "Three")), "AA 3");
  EXPECT_EQ(told(numbered("4", "M4", "Four")), "AA 4");
  EXPECT_EQ(family(), "Four");
  EXPECT_EQ(count("Binary"), 4U);  // an attempt has the Binary of the first
  EXPECT_EQ(told(numbered("4", "M4", "Four")), "AA 5");
}

TEST_F(SequenceTest, WhatIsTakenAtItsTurnOpensNoSecondItem) {
  start_numbered();
  EXPECT_EQ(told(numbered("1", "M1", "One")), "AA 1");
  EXPECT_EQ(told(numbered("3", "M1", "Three")), "AR 2");  // and with a used id
  const std::string before = items();
  EXPECT_THAT(before, HasSubstr("same-id"));
  EXPECT_EQ(told(numbered("2", "M2", "Two")), "AA 2");
  EXPECT_EQ(told(numbered("3", "M1", "Three")), "AA 3");
  EXPECT_EQ(items(), before);
  EXPECT_EQ(family(), "Three");
}

TEST_F(SequenceTest, ARepeatedMessageIsADuplicate) {
  start_numbered();
  EXPECT_EQ(told(numbered("1", "M1")), "AA 1");
  EXPECT_EQ(told(numbered("2", "M2")), "AA 2");
  const Position before = node->view().state.position;
  EXPECT_EQ(told(numbered("2", "M2")), "AA 3");  // its acknowledgement was lost: send the next
  EXPECT_EQ(told(numbered("1", "M1")), "AA 3");
  EXPECT_EQ(node->view().state.position, before);
  EXPECT_EQ(counts_->of("lab").duplicates, 2U);
}

TEST_F(SequenceTest, AUsedNumberWithOtherContentIsKeptAndOwned) {
  start_numbered();
  EXPECT_EQ(told(numbered("1", "M1", "One")), "AA 1");
  EXPECT_EQ(told(numbered("1", "M9", "Other")), "AR 2");
  EXPECT_EQ(family(), "One");
  EXPECT_EQ(items(), "out-of-sequence");
  EXPECT_EQ(count("Binary"), 2U);
}

TEST_F(SequenceTest, NumbersBeginAnewWhereTheSenderAsks) {
  start_numbered();
  EXPECT_EQ(told(numbered("500", "M1", "One")), "AA 500");
  EXPECT_EQ(told(about_link("-1", "S1")), "AA -1");
  EXPECT_EQ(told(numbered("1", "M2", "Two")), "AA 1");
  EXPECT_EQ(told(about_link("-1", "S1")), "AA 2");  // that one came before: it resets nothing now
  EXPECT_EQ(told(numbered("2", "M3", "Three")), "AA 2");
}

// A sender that begins anew may send what we had taken already, under its old number or another.
TEST_F(SequenceTest, WhatWasTakenBeforeItBeganAnewGetsItsNumberAndCountsOnce) {
  start_numbered();
  EXPECT_EQ(told(numbered("1", "M1", "One")), "AA 1");
  EXPECT_EQ(told(numbered("2", "M2", "Two")), "AA 2");
  EXPECT_EQ(told(numbered("3", "M3", "Three")), "AA 3");
  EXPECT_EQ(told(about_link("-1", "S1")), "AA -1");
  EXPECT_EQ(told(numbered("2", "M2", "Two")), "AA 2");
  EXPECT_EQ(told(numbered("3", "M3", "Three")), "AA 3");
  EXPECT_EQ(told(numbered("4", "M4", "Four")), "AA 4");
  EXPECT_EQ(counts_->of("lab").duplicates, 2U);
  EXPECT_EQ(family(), "Four");
}

TEST_F(SequenceTest, AMessageThatIsFaultyHasHadItsTurn) {
  start_numbered();
  Bytes odd = numbered("1", "M1");
  odd.replace(odd.find("ADT^A08"), 7, "ZZZ^Z01");
  EXPECT_EQ(told(odd), "AE 1");
  EXPECT_EQ(told(numbered("2", "M2")), "AA 2");
}

TEST_F(SequenceTest, WithoutANumberNothingIsTaken) {
  start_numbered();
  EXPECT_EQ(told(numbered("", "M1")), "AR ");
  EXPECT_EQ(told(numbered("x", "M2")), "AR ");
  EXPECT_EQ(count("Patient"), 0U);
}

TEST_F(SequenceTest, OthersHaveNoNumbers) {
  start();
  EXPECT_EQ(told(numbered("5", "M5")), "AA ");
  EXPECT_EQ(told(numbered("1", "M1")), "AA ");
  EXPECT_EQ(told(about_link("0", "S1")), "AR ");
}

}  // namespace
}  // namespace holdfast::exchange
