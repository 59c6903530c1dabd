// exchange/intake_test.cpp: what becomes of messages, over a node on a simulated machine.
#include "exchange/intake.h"

#include "base/sanitized.h"
#include "exchange/test_intake.h"
#include "hl7v2/mapping/report.h"
#include "hl7v2/test_data.h"
#include "world/sim/sim_random.h"

namespace holdfast::exchange {
namespace {

using testing::HasSubstr;
using testing::Not;

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

TEST_F(IntakeTest, ANeighbourWithACertificateIsTakenOnlyWithIt) {
  start();
  Neighbour lab = neighbours_.all().front();
  lab.certificates = {"Lab.Example"};
  neighbours_ = *Neighbours::of({lab});
  EXPECT_EQ(said(take(message("ADT^A01", "M1"))), "AR");
  EXPECT_EQ(items(), "refused");
  PeerCertificate other;
  other.subject = "CN=ris.example";
  other.dns_names = {"ris.example"};
  certificate_ = std::make_shared<const PeerCertificate>(other);
  const Reply reply = take(message("ADT^A01", "M2"));
  EXPECT_EQ(said(reply), "AR");
  EXPECT_THAT(reply.messages.front(),
              HasSubstr("LAB\\F\\QE2 is a neighbour that shows a certificate of its own; this "
                        "connection shows that of CN=ris.example"));
  EXPECT_EQ(count("Patient"), 0U);
  other.dns_names = {"ris.example", "LAB.example"};
  certificate_ = std::make_shared<const PeerCertificate>(other);
  EXPECT_EQ(said(take(message("ADT^A01", "M3"))), "AA");
  EXPECT_EQ(count("Patient"), 1U);
}

TEST_F(IntakeTest, AStrangerIsRefusedAndKept) {
  start();
  Bytes bytes = message("ADT^A01", "M1");
  bytes.replace(bytes.find("LAB"), 3, "RIS");
  const Reply reply = take(bytes);
  EXPECT_EQ(said(reply), "AR");
  EXPECT_THAT(reply.messages[0], HasSubstr("RIS\\F\\QE2 is no neighbour of this system"));
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

TEST_F(IntakeTest, AVisitWithoutANumberIsTheOneThatIsOpen) {
  start();
  const auto visits = [&](const std::string& status) {
    return find("Encounter", "status=" + status).size();
  };
  EXPECT_EQ(said(take(message("ADT^A08", "M0"))), "AA");
  EXPECT_EQ(count("Encounter"), 0U);  // nobody was admitted
  EXPECT_EQ(said(take(message("ADT^A01", "M1"))), "AA");
  EXPECT_EQ(said(take(message("ADT^A08", "M2"))), "AA");
  EXPECT_EQ(said(take(message("ADT^A31", "M3"))), "AA");
  EXPECT_EQ(count("Encounter"), 1U);
  EXPECT_EQ(visits("in-progress"), 1U);
  EXPECT_EQ(said(take(message("ADT^A03", "M4"))), "AA");
  EXPECT_EQ(visits("finished"), 1U);
  EXPECT_EQ(said(take(message("ADT^A08", "M5"))), "AA");
  EXPECT_EQ(count("Encounter"), 1U);
  EXPECT_EQ(visits("finished"), 1U);
  EXPECT_EQ(said(take(message("ADT^A01", "M6"))), "AA");
  EXPECT_EQ(count("Encounter"), 2U);
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
  const Caller caller{"10.1.2.3:4711", {}};
  for (const std::size_t cut : {60U, 90U}) {
    EXPECT_TRUE(run_task(io, intake_->keep_broken(io, caller, manners_, whole.substr(0, cut))));
  }
  EXPECT_EQ(items(), "broken-frame");
  EXPECT_EQ(count("Binary"), 2U);
  EXPECT_EQ(said(take(whole)), "AA");
  EXPECT_EQ(items(), "broken-frame");  // the whole one is no second message of that id
}

TEST_F(IntakeTest, SeveralMessagesInOneFrameAreEachTaken) {
  start();
  const Reply reply = take(message("ADT^A01", "M1") +
                           message("ADT^A28", "M2", "PID|1||77^^^QE2^MR||Second^Bo||19700101|M\r"));
  EXPECT_EQ(said(reply), "AA AA");
  EXPECT_EQ(count("Patient"), 2U);
  EXPECT_EQ(count("Binary"), 2U);
}

TEST_F(IntakeTest, WhatASenderWritesIntoASentenceEndsNothing) {
  start();
  const auto ask = [&](std::string_view id, const std::string& reason) {
    Bytes made =
        message("ORM^O01", id,
                "PID|1||A1^^^QE2^MR||Early^Ann||19800102|F\rORC|CA|P1^PAS|F1^LAB||||||||||||||" +
                    reason + "\rOBR|1|P1^PAS|F1^LAB|FBC^Full blood count^L\r");
    return said(take(made));
  };
  EXPECT_EQ(ask("1", "R^\\X01\\\\X00\\text"), "AA");
  std::string wide;
  for (int i = 0; i < 2'000; ++i) {
    wide += "\xe2\x82\xac";
  }
  EXPECT_EQ(ask("2", "R^" + wide), "AA");
  EXPECT_EQ(said(take(message("ADT^A08", "3", "PID|1||A1^^^QE2^MR||Early^Ann||" + wide + "|F\r"))),
            "AA");
  EXPECT_EQ(said(take(message("ZZZ^" + wide, "4"))), "AE");
}

/// Samples with some of their bytes changed: whatever they say, they are answered and kept.
TEST_F(IntakeTest, NoMessageEndsTheServer) {
  const auto samples = hl7v2::samples();
  HOLDFAST_NEED_SAMPLES(samples);
  start();
  SimRandom random(20261130);
  const std::string_view bits[] = {"\\X01\\", "\xff", "\xe2\x82\xac", "\"\"", "^^^",     "~~",
                                   "&",       "|||",  "\r",           "\0",   "20249999"};
  for (int run = 0; run < (sanitized ? 300 : 2'000); ++run) {
    Bytes bytes = samples[random.below(samples.size())].bytes;
    const std::size_t header = std::min(bytes.find_first_of("\r\n"), bytes.size());
    bytes = "MSH|^~\\&|LAB|QE2|||20240301||" +
            std::string(random.chance(1, 2) ? "ORU^R01" : "ADT^A08") + "|" + std::to_string(run) +
            "|P|2.4" + bytes.substr(header);
    for (std::uint64_t changes = random.below(6); changes > 0; --changes) {
      const std::size_t at = 60 + random.below(bytes.size() - 60);
      bytes.insert(at, bits[random.below(std::size(bits))]);
    }
    manners_ = {};
    ASSERT_NE(said(take(std::move(bytes))), "closed") << run;
  }
}

TEST_F(IntakeTest, AVisitThatIsLeftOutIsInTheReport) {
  start();
  EXPECT_EQ(said(take(message("ADT^A08", "M1"))), "AA");
  EXPECT_EQ(count("Encounter"), 0U);
  const auto entry = node->read_entry(node->view().state.position);
  ASSERT_TRUE(entry);
  const auto report = hl7v2::decode_report(entry->first.message->report);
  ASSERT_TRUE(report);
  const auto found = std::ranges::find_if(report->findings, [](const hl7v2::Finding& finding) {
    return finding.place.text() == "PV1[1]" || finding.place.text() == "PV1";
  });
  ASSERT_NE(found, report->findings.end());
  EXPECT_THAT(found->what, HasSubstr("no visit"));
}

TEST_F(IntakeTest, PassThroughKeepsAndDoesNotLook) {
  start(Take::evidence);
  EXPECT_EQ(said(take(message("ZZZ^Z01", "M1"))), "AA");
  EXPECT_EQ(count("Binary"), 1U);
  EXPECT_EQ(count("Patient"), 0U);
  EXPECT_EQ(items(), "");
}

}  // namespace
}  // namespace holdfast::exchange
