// exchange/actions_test.cpp: merges, links, changed numbers, corrected and wrong results, requests
// about orders: what they do to the record, and that it can be taken back.
#include "exchange/actions.h"

#include "exchange/test_intake.h"

namespace holdfast::exchange {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view two_people_one = "PID|1||A1^^^QE2^MR||Early^Ann||19800102|F\r";
constexpr std::string_view two_people_other = "PID|1||B2^^^QE2^MR||Early^Ann||19800102|F\r";

class ActionsTest : public IntakeTest {
 protected:
  void two_people() {
    start();
    ASSERT_EQ(said(take(message("ADT^A28", "P1", two_people_one))), "AA");
    ASSERT_EQ(said(take(message("ADT^A28", "P2", two_people_other))), "AA");
    one_ = patient("A1");
    other_ = patient("B2");
    ASSERT_NE(one_, other_);
  }
  std::string patient(const std::string& number) {
    const auto found = find("Patient", "identifier=urn:holdfast:authority:QE2|" + number);
    return found.size() == 1 ? found[0] : std::to_string(found.size()) + " patients";
  }
  /// PID of the first, MRG of the second.
  Bytes pair(std::string_view type, std::string_view id, std::string_view stays,
             std::string_view goes) {
    Bytes rest = "PID|1||" + std::string(stays) + "^^^QE2^MR||Early^Ann||19800102|F\r";
    rest += "MRG|" + std::string(goes) + "^^^QE2^MR\r";
    Bytes made = message(type, id, rest);
    return made.substr(0, made.find("PV1|"));
  }
  std::string one_;
  std::string other_;
};

TEST_F(ActionsTest, AMergeIsALinkAndLaterMessagesFollowIt) {
  two_people();
  EXPECT_EQ(said(take(pair("ADT^A40", "M1", "A1", "B2"))), "AA");
  EXPECT_THAT(body("Patient", other_), HasSubstr(R"("active":false)"));
  EXPECT_THAT(body("Patient", other_), HasSubstr(R"({"other":{"reference":"Patient/)" + one_ +
                                                 R"("},"type":"replaced-by"})"));
  EXPECT_THAT(body("Patient", one_), HasSubstr(R"({"other":{"reference":"Patient/)" + other_ +
                                               R"("},"type":"replaces"})"));
  EXPECT_EQ(items(), "");
  // The same again, by another message, changes nothing.
  const std::string before = body("Patient", one_);
  EXPECT_EQ(said(take(pair("ADT^A40", "M2", "A1", "B2"))), "AA");
  EXPECT_EQ(body("Patient", one_), before);
  // What comes under the old number is of the one who stayed.
  EXPECT_EQ(said(take(message("ADT^A31", "M3", "PID|1||B2^^^QE2^MR||Later^Ann||19800102|F\r"))),
            "AA");
  EXPECT_THAT(body("Patient", one_), HasSubstr("Later"));
  EXPECT_THAT(body("Patient", other_), Not(HasSubstr("Later")));
  // The other way round is for somebody to look at.
  EXPECT_EQ(said(take(pair("ADT^A40", "M4", "B2", "A1"))), "AE");
  EXPECT_EQ(items(), "identity-conflict");
}

TEST_F(ActionsTest, AMergeWithOneselfIsRefused) {
  two_people();
  EXPECT_EQ(said(take(pair("ADT^A40", "M1", "A1", "A1"))), "AE");
  EXPECT_THAT(body("Patient", one_), Not(HasSubstr("link")));
}

TEST_F(ActionsTest, AMergeOfANumberThatIsNotKnownKeepsTheNumber) {
  two_people();
  EXPECT_EQ(said(take(pair("ADT^A40", "M1", "A1", "C3"))), "AA");
  EXPECT_EQ(patient("C3"), one_);
  EXPECT_THAT(body("Patient", one_), HasSubstr(R"("use":"old")"));
}

TEST_F(ActionsTest, ALinkIsTakenBackWhole) {
  two_people();
  const auto pids = [&](std::string_view type, std::string_view id) {
    Bytes rest(two_people_one);
    rest += "PV1|1|I\r";
    rest += two_people_other;
    const Bytes made = message(type, id, rest);
    return made.substr(0, made.rfind("PV1|"));
  };
  EXPECT_EQ(said(take(pids("ADT^A24", "M1"))), "AA");
  EXPECT_THAT(body("Patient", one_), HasSubstr("seealso"));
  EXPECT_THAT(body("Patient", other_), HasSubstr("seealso"));
  EXPECT_THAT(body("Patient", other_), Not(HasSubstr("active")));
  EXPECT_EQ(said(take(pids("ADT^A37", "M2"))), "AA");
  EXPECT_THAT(body("Patient", one_), Not(HasSubstr("link")));
  EXPECT_THAT(body("Patient", other_), Not(HasSubstr("link")));
}

TEST_F(ActionsTest, AnUnlinkTakesAMergeBack) {
  two_people();
  EXPECT_EQ(said(take(pair("ADT^A40", "M1", "A1", "B2"))), "AA");
  Bytes rest(two_people_one);
  rest += "PV1|1|I\r";
  rest += two_people_other;
  const Bytes made = message("ADT^A37", "M2", rest);
  EXPECT_EQ(said(take(made.substr(0, made.rfind("PV1|")))), "AA");
  EXPECT_THAT(body("Patient", other_), HasSubstr(R"("active":true)"));
  EXPECT_THAT(body("Patient", other_), Not(HasSubstr("replaced-by")));
  EXPECT_EQ(said(take(message("ADT^A31", "M3", "PID|1||B2^^^QE2^MR||Later^Ann||19800102|F\r"))),
            "AA");
  EXPECT_THAT(body("Patient", other_), HasSubstr("Later"));
}

TEST_F(ActionsTest, AChangedNumberIsKeptAsTheOldOne) {
  two_people();
  EXPECT_EQ(said(take(pair("ADT^A47", "M1", "D4", "A1"))), "AA");
  EXPECT_EQ(patient("D4"), one_);
  EXPECT_EQ(patient("A1"), one_);
  EXPECT_THAT(body("Patient", one_), HasSubstr(R"("use":"old")"));
  EXPECT_EQ(count("Patient"), 2U);
}

/// Two visits of one patient, and the message that says they are one.
class VisitsTest : public ActionsTest {
 protected:
  static Bytes visit(std::string_view type, std::string_view id, std::string_view number,
                     std::string_view more = "") {
    Bytes rest = "PID|1||A1^^^QE2^MR||Early^Ann||19800102|F\r";
    rest += more;
    Bytes made = message(type, id, rest);
    made = made.substr(0, made.find("PV1|"));
    made += "PV1|1|I|W1||||||||||||||||" + std::string(number) + "^^^QE2\r";
    return made;
  }
  static Bytes merge(std::string_view id, std::string_view stays, std::string_view goes) {
    return visit("ADT^A42", id, stays, "MRG|A1^^^QE2^MR||||" + std::string(goes) + "^^^QE2\r");
  }
  std::string encounter(const std::string& number) {
    const auto found = find("Encounter", "identifier=urn:holdfast:authority:QE2|" + number);
    return found.size() == 1 ? found[0] : std::to_string(found.size()) + " visits";
  }
  void two_visits() {
    start();
    ASSERT_EQ(said(take(visit("ADT^A01", "V1", "K1"))), "AA");
    ASSERT_EQ(said(take(visit("ADT^A01", "V2", "K2"))), "AA");
    one_ = encounter("K1");
    other_ = encounter("K2");
    ASSERT_NE(one_, other_);
  }
};

TEST_F(VisitsTest, OfTwoThatAreOneEachKeepsItsDataAndSaysSo) {
  two_visits();
  EXPECT_EQ(said(take(merge("M1", "K1", "K2"))), "AA");
  EXPECT_EQ(items(), "");
  EXPECT_EQ(encounter("K1"), one_);
  EXPECT_EQ(encounter("K2"), other_);
  EXPECT_THAT(
      body("Encounter", other_),
      HasSubstr(R"({"url":"urn:holdfast:replaced-by","valueReference":{"reference":"Encounter/)" +
                one_ + R"("}})"));
  EXPECT_THAT(body("Encounter", other_), HasSubstr(R"("status":"entered-in-error")"));
  EXPECT_THAT(
      body("Encounter", one_),
      HasSubstr(R"({"url":"urn:holdfast:replaces","valueReference":{"reference":"Encounter/)" +
                other_ + R"("}})"));
  // What comes later under the old number is about the one that stays, which keeps its own numbers.
  const Bytes before = body("Encounter", other_);
  EXPECT_EQ(said(take(visit("ADT^A03", "V3", "K2"))), "AA");
  EXPECT_THAT(body("Encounter", one_), HasSubstr(R"("status":"finished")"));
  EXPECT_THAT(body("Encounter", one_), Not(HasSubstr("K2")));
  EXPECT_EQ(body("Encounter", other_), before);
  EXPECT_EQ(count("Encounter"), 2U);
}

TEST_F(VisitsTest, TheSameMergeAgainChangesNothingAndTheInverseIsSomebodysMatter) {
  two_visits();
  EXPECT_EQ(said(take(merge("M1", "K1", "K2"))), "AA");
  const Bytes stays = body("Encounter", one_);
  const Bytes goes = body("Encounter", other_);
  EXPECT_EQ(said(take(merge("M2", "K1", "K2"))), "AA");
  EXPECT_EQ(said(take(merge("M3", "K2", "K1"))), "AE");
  EXPECT_EQ(items(), "identity-conflict");
  EXPECT_EQ(body("Encounter", one_), stays);
  EXPECT_EQ(body("Encounter", other_), goes);
}

TEST_F(VisitsTest, TheOneThatStaysMayBeginWithTheMerge) {
  two_visits();
  EXPECT_EQ(said(take(merge("M1", "K7", "K2"))), "AA");
  EXPECT_EQ(items(), "");
  const std::string begun = encounter("K7");
  EXPECT_THAT(body("Encounter", other_), HasSubstr(R"("reference":"Encounter/)" + begun + R"(")"));
  EXPECT_THAT(body("Encounter", begun), HasSubstr("urn:holdfast:replaces"));
}

TEST_F(VisitsTest, AccountsAreMergedLikeThem) {
  two_people();  // nothing that a message says makes an Account
  for (const std::string number : {"AC1", "AC2"}) {
    ASSERT_TRUE(submit(apply::command(apply::create(
        "Account", number,
        R"("status":"active","identifier":[{"system":"urn:holdfast:authority:QE2","value":")" +
            number + R"("}])"))));
  }
  Bytes rest = "PID|1||A1^^^QE2^MR||Early^Ann||19800102|F||||||||||AC1^^^QE2\r";
  rest += "MRG|A1^^^QE2^MR||AC2^^^QE2\r";
  Bytes merges = message("ADT^A41", "M1", rest);
  EXPECT_EQ(said(take(merges.substr(0, merges.find("PV1|")))), "AA");
  EXPECT_EQ(items(), "");
  EXPECT_THAT(body("Account", "AC2"), HasSubstr(R"("reference":"Account/AC1")"));
  EXPECT_THAT(body("Account", "AC2"), HasSubstr(R"("status":"inactive")"));
  EXPECT_THAT(body("Account", "AC1"), HasSubstr(R"("reference":"Account/AC2")"));
  EXPECT_THAT(body("Account", "AC1"), HasSubstr(R"("status":"active")"));
}

TEST_F(VisitsTest, ANumberThatHoldsNothingBecomesAnOldOne) {
  two_visits();
  EXPECT_EQ(said(take(merge("M1", "K1", "K9"))), "AA");
  EXPECT_EQ(items(), "");
  EXPECT_EQ(encounter("K9"), one_);
  EXPECT_THAT(body("Encounter", one_), HasSubstr(R"("use":"old")"));
  EXPECT_THAT(body("Encounter", one_), Not(HasSubstr("replaces")));
}

constexpr std::string_view order =
    "PID|1||A1^^^QE2^MR||Early^Ann||19800102|F\rORC|RE|P1^PAS|F1^LAB\r"
    "OBR|1|P1^PAS|F1^LAB|FBC^Full blood "
    "count^L|||20240301090000|||||||||||||||20240301101400||HM|F\r"
    "OBX|1|NM|HB^Haemoglobin^L||120|g/L|||||F\r";

Bytes result(std::string_view id, std::string_view rest) {
  Bytes made = message("ORU^R01", id, rest);
  made.replace(made.find("EVN|"), made.find('\r', made.find("EVN|")) + 1 - made.find("EVN|"), "");
  return made.substr(0, made.find("PV1|"));
}

TEST_F(ActionsTest, ACorrectedResultSupersedesTheOneBefore) {
  start();
  EXPECT_EQ(said(take(result("R1", order))), "AA");
  const auto first = find("Observation", "_lastUpdated=gt2000");
  ASSERT_EQ(first.size(), 1U);
  EXPECT_THAT(body("Observation", first[0]), HasSubstr("120"));
  Bytes corrected(order);
  corrected.replace(corrected.find("120|g/L|||||F"), 13, "102|g/L|||||C");
  EXPECT_EQ(said(take(result("R2", corrected))), "AA");
  EXPECT_EQ(find("Observation", "_lastUpdated=gt2000"), first);
  EXPECT_THAT(body("Observation", first[0]), HasSubstr("102"));
  EXPECT_THAT(body("Observation", first[0]), HasSubstr(R"("status":"corrected")"));
  EXPECT_EQ(count("DiagnosticReport"), 1U);
  EXPECT_EQ(count("ServiceRequest"), 1U);
}

TEST_F(ActionsTest, AResultOfTheWrongPatientIsRetractedAndOwned) {
  start();
  EXPECT_EQ(said(take(result("R1", order))), "AA");
  Bytes wrong(order);
  wrong.replace(wrong.find("120|g/L|||||F"), 13, "120|g/L|||||W");
  EXPECT_EQ(said(take(result("R2", wrong))), "AA");
  const auto all = find("Observation", "_lastUpdated=gt2000");
  ASSERT_EQ(all.size(), 1U);
  EXPECT_THAT(body("Observation", all[0]), HasSubstr("entered-in-error"));
  EXPECT_EQ(items(), "wrong-patient");
}

TEST_F(ActionsTest, ARequestToCancelIsAnItemAndNoCancellation) {
  start();
  const auto ask = [&](std::string_view id, std::string_view control) {
    Bytes rest = "PID|1||A1^^^QE2^MR||Early^Ann||19800102|F\rORC|";
    rest += control;
    rest += "|P1^PAS|F1^LAB\rOBR|1|P1^PAS|F1^LAB|FBC^Full blood count^L\r";
    Bytes made = result(id, rest);
    made.replace(made.find("ORU^R01"), 7, "ORM^O01");
    return said(take(made));
  };
  EXPECT_EQ(ask("O1", "NW"), "AA");
  const auto orders = find("ServiceRequest", "_lastUpdated=gt2000");
  ASSERT_EQ(orders.size(), 1U);
  EXPECT_THAT(body("ServiceRequest", orders[0]), HasSubstr(R"("status":"active")"));
  EXPECT_EQ(items(), "");
  EXPECT_EQ(ask("O2", "CA"), "AA");
  EXPECT_EQ(items(), "order-request");
  EXPECT_THAT(body("ServiceRequest", orders[0]), HasSubstr(R"("status":"active")"));
}

}  // namespace
}  // namespace holdfast::exchange
