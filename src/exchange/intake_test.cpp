// exchange/intake_test.cpp: what becomes of messages, over a node on a simulated machine.
#include "exchange/intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exchange/resolve.h"
#include "node/test_node.h"
#include "search/matches.h"

namespace holdfast::exchange {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr BytesView pid = "PID|1||9434765919^^^NHS^NH~123^^^QE2^MR||O'Hara^Ann||19800102|F\r";

Bytes message(std::string_view type, std::string_view id, BytesView rest = pid,
              std::string_view modes = "", std::string_view processing = "P") {
  Bytes bytes = "MSH|^~\\&|LAB|QE2|HOLDFAST|QE2|20240301101500||";
  bytes += type;
  bytes += "|";
  bytes += id;
  bytes += "|";
  bytes += processing;
  bytes += "|2.5|||";
  bytes += modes;
  bytes += "\r";
  bytes += "EVN||20240301101500\r";
  bytes += rest;
  bytes += "PV1|1|I|W1\r";
  return bytes;
}

class IntakeTest : public node::NodeTest {
 protected:
  void start(Take take = Take::map) {
    ASSERT_TRUE(open());
    Neighbour lab;
    lab.name = "lab";
    lab.senders = {{"LAB", "QE2"}};
    lab.take = take;
    neighbours_ = *Neighbours::of({lab});
    counts_ = std::make_unique<Counts>(neighbours_);
    intake_ =
        std::make_unique<Intake>(machine.world(), *node, neighbours_, IntakeOptions{}, *counts_);
  }
  Reply take(Bytes frame) {
    auto& io = static_cast<SimExecutor&>(*machine.world().io[0]);
    auto reply = run_task(io, intake_->take(io, "10.1.2.3:4711", manners_, std::move(frame)));
    EXPECT_TRUE(reply.has_value());
    return reply ? *std::move(reply) : Reply();
  }
  /// MSA-1 of each answer: "AA", "CA AA".
  std::string said(const Reply& reply) {
    std::string codes;
    for (const Bytes& answer : reply.messages) {
      const auto parsed = hl7v2::Message::parse(answer);
      codes += (codes.empty() ? "" : " ") + parsed->find("MSA")->field(1).text();
    }
    return reply.close ? codes + "closed" : codes;
  }
  std::vector<std::string> find(std::string_view type, std::string_view query) {
    const node::Moment moment = node->view();
    const search::Source source{*moment.reader, node->codec(), *moment.params};
    const auto ids = search::matches(source, *fhir::type_id(type), query, 100);
    EXPECT_TRUE(ids) << ids.error().what;
    return ids ? *ids : std::vector<std::string>();
  }
  std::string body(std::string_view type, const std::string& id) {
    const node::Moment moment = node->view();
    const auto current = views::read_current(*moment.reader, *fhir::type_id(type), id);
    return views::read_body(*moment.reader, node->codec(), (*current)->row)->bytes;
  }
  std::size_t count(std::string_view type) { return find(type, "_lastUpdated=gt2000").size(); }
  /// Codes of all items: "refused same-id".
  std::string items() {
    std::string codes;
    for (const std::string& id : find("Task", "_lastUpdated=gt2000")) {
      const std::string text = body("Task", id);
      const std::size_t at = text.find("urn:holdfast:message-item\",\"code\":\"");
      const std::size_t begin = at + 35;
      codes += (codes.empty() ? "" : " ") + text.substr(begin, text.find('"', begin) - begin);
    }
    return codes;
  }

  Neighbours neighbours_;
  std::unique_ptr<Counts> counts_;
  std::unique_ptr<Intake> intake_;
  Manners manners_;
};

TEST_F(IntakeTest, WhatIsAcknowledgedIsInTheRecordWithItsEvidence) {
  start();
  const Bytes sent = message("ADT^A01^ADT_A01", "M1");
  EXPECT_EQ(said(take(sent)), "AA");
  const auto patients = find("Patient", "identifier=https://fhir.nhs.uk/Id/nhs-number|9434765919");
  ASSERT_EQ(patients.size(), 1U);
  EXPECT_THAT(body("Patient", patients[0]), HasSubstr("O'Hara"));
  const auto binaries = find("Binary", "_source=urn:holdfast:neighbour:lab");
  ASSERT_EQ(binaries.size(), 1U);
  EXPECT_EQ(find("Provenance", "target=Patient/" + patients[0]).size(), 1U);
  const auto entry = node->read_entry(node->view().state.position);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->first.message->bytes, sent);
  EXPECT_EQ(entry->first.message->evidence, binaries[0]);
  EXPECT_EQ(items(), "");
  crash(Crash::power, 0);
  start();
  EXPECT_EQ(find("Patient", "identifier=https://fhir.nhs.uk/Id/nhs-number|9434765919"), patients);
}

TEST_F(IntakeTest, TheSameMessageTwiceCountsOnce) {
  start();
  EXPECT_EQ(said(take(message("ADT^A01", "M1"))), "AA");
  const Position before = node->view().state.position;
  EXPECT_EQ(said(take(message("ADT^A01", "M1"))), "AA");
  EXPECT_EQ(node->view().state.position, before);
  EXPECT_EQ(counts_->of("lab").duplicates, 1U);
}

TEST_F(IntakeTest, TheSameIdWithOtherContentIsTakenAndSaid) {
  start();
  EXPECT_EQ(said(take(message("ADT^A01", "M1"))), "AA");
  const Bytes other = message("ADT^A08", "M1", "PID|1||123^^^QE2^MR||O'Hara^Anna||19800102|F\r");
  EXPECT_EQ(said(take(other)), "AA");
  EXPECT_EQ(items(), "same-id");
  EXPECT_EQ(said(take(other)), "AA");
  EXPECT_EQ(items(), "same-id");
}

TEST_F(IntakeTest, AStrangerIsRefusedAndKept) {
  start();
  Bytes bytes = message("ADT^A01", "M1");
  bytes.replace(bytes.find("LAB"), 3, "XXX");
  const Reply reply = take(bytes);
  EXPECT_EQ(said(reply), "AR");
  EXPECT_THAT(reply.messages[0], HasSubstr("XXX\\F\\QE2 is no neighbour of this system"));
  EXPECT_THAT(reply.messages[0], HasSubstr("|103^"));
  EXPECT_EQ(items(), "refused");
  EXPECT_EQ(count("Patient"), 0U);
  EXPECT_EQ(find("Binary", "_source=urn:holdfast:neighbour:unknown").size(), 1U);
  bytes.replace(bytes.find("M1"), 2, "M2");
  EXPECT_EQ(said(take(bytes)), "AR");
  EXPECT_EQ(items(), "refused");  // one for the connection
  EXPECT_EQ(count("Binary"), 2U);
}

TEST_F(IntakeTest, WhatIsNotForALiveRecordIsRefused) {
  start();
  EXPECT_EQ(said(take(message("ADT^A01", "M1", pid, "", "T"))), "AR");
  EXPECT_EQ(said(take(message("ADT^A01", ""))), "AR");
  EXPECT_EQ(said(take("GET / HTTP/1.1\r\n\r\n")), "AR");
  EXPECT_EQ(said(take("")), "AR");
  EXPECT_EQ(count("Patient"), 0U);
  EXPECT_EQ(count("Binary"), 4U);
}

TEST_F(IntakeTest, WhatCannotBeMappedIsKeptAndOwned) {
  start();
  EXPECT_EQ(said(take(message("ZZZ^Z01", "M1"))), "AE");
  EXPECT_EQ(items(), "not-mapped");
  EXPECT_EQ(count("Binary"), 1U);
  const auto tasks = find("Task", "_lastUpdated=gt2000");
  EXPECT_THAT(body("Task", tasks[0]), HasSubstr(R"("value":"integration")"));
  EXPECT_EQ(said(take(message("ZZZ^Z01", "M1"))), "AE");
  EXPECT_EQ(items(), "not-mapped");
}

TEST_F(IntakeTest, EnhancedModeAsTheMessageAsks) {
  start();
  const auto modes = [&](std::string_view asked, std::string_view id, std::string_view type) {
    return said(take(message(type, id, pid, asked)));
  };
  EXPECT_EQ(modes("AL|NE", "1", "ADT^A08"), "CA");
  EXPECT_EQ(modes("AL|AL", "2", "ADT^A08"), "CA AA");
  EXPECT_EQ(modes("NE|AL", "3", "ADT^A08"), "AA");
  EXPECT_EQ(modes("NE|NE", "4", "ADT^A08"), "");
  EXPECT_EQ(modes("ER|ER", "5", "ADT^A08"), "");
  EXPECT_EQ(modes("ER|ER", "6", "ZZZ^Z01"), "CA AE");
  EXPECT_EQ(modes("SU|SU", "7", "ADT^A08"), "CA AA");
  EXPECT_EQ(modes("SU|SU", "8", "ZZZ^Z01"), "");
}

TEST_F(IntakeTest, WhatIsSaidReplacesWhatIsNotSaidStays) {
  start();
  EXPECT_EQ(said(take(message("ADT^A01", "M1"))), "AA");
  EXPECT_EQ(said(take(message("ADT^A08", "M2", "PID|1||123^^^QE2^MR||Smith^Ann\r"))), "AA");
  const auto patients = find("Patient", "identifier=https://fhir.nhs.uk/Id/nhs-number|9434765919");
  ASSERT_EQ(patients.size(), 1U);
  const std::string now = body("Patient", patients[0]);
  EXPECT_THAT(now, HasSubstr("Smith"));
  EXPECT_THAT(now, Not(HasSubstr("O'Hara")));
  EXPECT_THAT(now, HasSubstr("1980-01-02"));
  EXPECT_EQ(count("Patient"), 1U);
  EXPECT_EQ(said(take(message("ADT^A08", "M3", "PID|1||123^^^QE2^MR||Smith^Ann|||\"\"\r"))), "AA");
  EXPECT_THAT(body("Patient", patients[0]), Not(HasSubstr("gender")));
}

TEST_F(IntakeTest, AnotherBirthDateIsNeverMerged) {
  start();
  EXPECT_EQ(said(take(message("ADT^A01", "M1"))), "AA");
  EXPECT_EQ(said(take(message("ADT^A08", "M2", "PID|1||123^^^QE2^MR||Bond^Jim||19550101|M\r"))),
            "AE");
  EXPECT_EQ(items(), "identity-conflict");
  EXPECT_EQ(count("Patient"), 1U);
}

TEST_F(IntakeTest, WhatCannotBeWrittenIsNotAnswered) {
  start();
  machine.disk().set_rule([](const DiskCallInfo& call) {
    return call.call == DiskCall::sync ? DiskFault::io_error : DiskFault::none;
  });
  EXPECT_EQ(said(take(message("ADT^A01", "M1"))), "closed");
  EXPECT_EQ(counts_->unanswered, 1U);
}

TEST_F(IntakeTest, ABatchIsTakenApartAndItsCountsAreChecked) {
  start();
  Bytes batch = "BHS|^~\\&|LAB|QE2|||20240301||||B7\r";
  batch += message("ADT^A01", "M1");
  batch += message("ADT^A08", "M2");
  const Reply good = take(batch + "BTS|2\r");
  ASSERT_EQ(good.messages.size(), 1U);
  EXPECT_THAT(good.messages[0], HasSubstr("MSA|AA|M1\r"));
  EXPECT_THAT(good.messages[0], HasSubstr("MSA|AA|M2\r"));
  EXPECT_THAT(good.messages[0], HasSubstr("BTS|2\r"));
  EXPECT_EQ(items(), "");
  const Reply wrong = take(batch + message("ADT^A08", "M3") + "BTS|7\r");
  EXPECT_THAT(wrong.messages[0], HasSubstr("MSA|AA|M3\r"));
  EXPECT_EQ(items(), "batch");
}

TEST_F(IntakeTest, AFrameThatWasCutOffIsEvidence) {
  start();
  auto& io = static_cast<SimExecutor&>(*machine.world().io[0]);
  const Bytes whole = message("ADT^A01", "M1");
  for (const std::size_t cut : {60U, 90U}) {
    EXPECT_TRUE(
        run_task(io, intake_->keep_broken(io, "10.1.2.3:4711", manners_, whole.substr(0, cut))));
  }
  EXPECT_EQ(items(), "broken-frame");
  EXPECT_EQ(count("Binary"), 2U);
  EXPECT_EQ(said(take(whole)), "AA");
  EXPECT_EQ(items(), "broken-frame");  // the whole one is no second message of that id
}

TEST_F(IntakeTest, PassThroughKeepsAndDoesNotLook) {
  start(Take::evidence);
  EXPECT_EQ(said(take(message("ZZZ^Z01", "M1"))), "AA");
  EXPECT_EQ(count("Binary"), 1U);
  EXPECT_EQ(count("Patient"), 0U);
  EXPECT_EQ(items(), "");
}

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
