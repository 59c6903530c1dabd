// exchange/answer_test.cpp: acknowledgements, field by field; and neighbours.
#include "exchange/answer.h"

#include <gtest/gtest.h>

#include "exchange/mllp_client.h"
#include "exchange/neighbour.h"

namespace holdfast::exchange {
namespace {

constexpr Time now{1'709'288'100'000};
const Ourselves us{"HOLDFAST", "QE2"};
const Verdict applied{Disposition::applied, {}, {}, {}};
const Verdict faulty{Disposition::faulty, Fault::required_missing, "PID-3 is missing", "PID-3"};

std::string answer(BytesView sent, const Verdict& verdict) {
  const auto message = hl7v2::Message::parse(sent);
  const auto answers = acknowledge(message ? &*message : nullptr, verdict, us, now, "7");
  std::string all;
  for (const Bytes& one : answers) {
    all += one + "|";
  }
  return all;
}

TEST(Acknowledge, AnswersToTheSenderInItsVersion) {
  EXPECT_EQ(answer("MSH|^~\\&|LAB|RXH|HOLDFAST|QE2|2024||ORU^R01^ORU_R01|M1|P|2.4\r", applied),
            "MSH|^~\\&|HOLDFAST|QE2|LAB|RXH|20240301101500.000+0000||ACK^R01^ACK|7|P|2.4||||||"
            "UNICODE UTF-8\r"
            "MSA|AA|M1\r|");
  EXPECT_EQ(answer("MSH|^~\\&|LAB|RXH|HOLDFAST|QE2|2024||ORU^R01|M1|P|2.4\r", faulty),
            "MSH|^~\\&|HOLDFAST|QE2|LAB|RXH|20240301101500.000+0000||ACK^R01^ACK|7|P|2.4||||||"
            "UNICODE UTF-8\r"
            "MSA|AE|M1|PID-3 is missing\r|");
}

TEST(Acknowledge, SaysWhereSinceVersion25) {
  EXPECT_EQ(answer("MSH|^~\\&|LAB|RXH|||2024||ORU^R01|M1|P|2.5.1\r", faulty),
            "MSH|^~\\&|HOLDFAST|QE2|LAB|RXH|20240301101500.000+0000||ACK^R01^ACK|7|P|2.5.1||||||"
            "UNICODE UTF-8\r"
            "MSA|AE|M1|PID-3 is missing\r"
            "ERR||PID^1^3|101^Required field missing^HL70357|E||||PID-3 is missing\r|");
}

TEST(Acknowledge, WritesInTheSendersDelimiters) {
  const std::string made = answer("MSH#!@%*#LAB#RXH###2024##ADT!A01#M1#P#2.4\r", faulty);
  EXPECT_EQ(made.substr(0, 9), "MSH#!@%*#");
  EXPECT_NE(made.find("MSA#AE#M1#PID-3 is missing\r"), std::string::npos);
}

TEST(Acknowledge, AnswersAsWhomItWasSentTo) {
  EXPECT_EQ(answer("MSH|^~\\&|LAB|RXH|PAS|WARD&1|2024||ORU^R01|M1|P|2.4\r", applied).substr(0, 35),
            "MSH|^~\\&|PAS|WARD&1|LAB|RXH|2024030");
}

TEST(Acknowledge, NothingFollowsWhatWasNotAccepted) {
  const Verdict refused{Disposition::refused, Fault::not_in_table, "stranger", "MSH-3"};
  const std::string made = answer("MSH|^~\\&|LAB|RXH|||2024||ORU^R01|M1|P|2.4|||AL|AL\r", refused);
  EXPECT_NE(made.find("MSA|CR|M1"), std::string::npos);
  EXPECT_EQ(made.find("MSA|AR|M1"), std::string::npos);
  EXPECT_NE(
      answer("MSH|^~\\&|LAB|RXH|||2024||ORU^R01|M1|P|2.4|||NE|AL\r", refused).find("MSA|AR|M1"),
      std::string::npos);
}

TEST(Acknowledge, AnswersWhatHasNoHeaderToo) {
  EXPECT_NE(answer("hello", {Disposition::refused, Fault::segment_sequence, "no HL7", {}})
                .find("MSA|AR||no HL7\r"),
            std::string::npos);
}

TEST(ReadAcknowledgement, TakesOnlyTheOneThatIsMeant) {
  const auto read = [](std::string_view id) {
    return read_acknowledgement("MSH|^~\\&|X\rMSA|AE|M1|why\rERR|||207|E||||more\r", id);
  };
  ASSERT_TRUE(read("M1"));
  EXPECT_EQ(read("M1")->code, "AE");
  EXPECT_EQ(read("M1")->text, "why; more");
  EXPECT_FALSE(read("M1")->accepted());
  EXPECT_EQ(read("M2").error().code, Code::mismatch);
  EXPECT_EQ(read_acknowledgement("MSH|^~\\&|X\r", "M1").error().code, Code::syntax);
  EXPECT_EQ(read_acknowledgement("nonsense", "M1").error().code, Code::syntax);
}

TEST(ReadAcknowledgement, FindsTheTextWhereverAnErrHasIt) {
  const auto text = [](const std::string& err) {
    return read_acknowledgement("MSH|^~\\&|X\rMSA|AE|M1\r" + err + "\r", "M1")->text;
  };
  EXPECT_EQ(text("ERR|||102^Data type error^HL70357^^^^^^told to|E|||seven|eight"), "eight");
  EXPECT_EQ(text("ERR|||102^Data type error^HL70357^^^^^^told to|E|||seven"), "seven");
  EXPECT_EQ(text("ERR|||102^Data type error^HL70357^^^^^^told to|E"), "told to");
  EXPECT_EQ(text("ERR|||102^Data type error^HL70357|E"), "Data type error");
  EXPECT_EQ(text("ERR|||102^one\rERR|||102^two\rERR|||102^one"), "one; two");
  EXPECT_EQ(text("ERR"), "");
}

Neighbour neighbour(std::string name, std::vector<Sender> senders,
                    std::vector<std::string> addresses = {}) {
  Neighbour made;
  made.name = std::move(name);
  made.senders = std::move(senders);
  made.addresses = std::move(addresses);
  return made;
}

TEST(Neighbours, AreToldApartBySenderFacilityAndAddress) {
  const auto all =
      Neighbours::of({neighbour("any", {{"LAB", ""}}), neighbour("qe2", {{"LAB", "QE2"}}),
                      neighbour("pas", {{"PAS", "A"}}, {"10.0.0.1"}),
                      neighbour("pas2", {{"PAS", "A"}}, {"10.0.0.2", "::1"})});
  ASSERT_TRUE(all) << all.error().what;
  EXPECT_EQ((*all->find("LAB", "QE2", {"1.2.3.4:5", {}}))->name, "qe2");
  EXPECT_EQ((*all->find("LAB", "RXH", {"1.2.3.4:5", {}}))->name, "any");
  EXPECT_EQ((*all->find("PAS", "A", {"10.0.0.2:99", {}}))->name, "pas2");
  EXPECT_EQ((*all->find("PAS", "A", {"[::1]:99", {}}))->name, "pas2");
  EXPECT_EQ(all->find("PAS", "A", {"10.0.0.3:99", {}}).error(), Stranger::wrong_address);
  EXPECT_EQ(all->find("PAS", "B", {"10.0.0.1:99", {}}).error(), Stranger::unknown_sender);
  EXPECT_EQ(all->find("lab", "", {"10.0.0.1:99", {}}).error(), Stranger::unknown_sender);
}

TEST(Neighbours, ThatHaveCertificatesAreKnownByThemAlone) {
  const std::string fingerprint(64, 'a');
  Neighbour lab = neighbour("lab", {{"LAB", "QE2"}});
  lab.certificates = {"Lab.Example"};
  Neighbour pas = neighbour("pas", {{"PAS", ""}});
  std::string spelt = "SHA256:";
  for (int i = 0; i < 32; ++i) {
    spelt += i == 0 ? "AA" : ":AA";
  }
  pas.certificates = {spelt, "unused.example"};
  const auto all = Neighbours::of({lab, pas, neighbour("any", {{"LAB", ""}})});
  ASSERT_TRUE(all) << all.error().what;
  const auto caller = [](std::string common_name, std::string dns, std::string sha256) {
    PeerCertificate shown{"CN=" + common_name, common_name, {}, std::move(sha256)};
    shown.dns_names.push_back(std::move(dns));
    return Caller{"1.2.3.4:5", std::make_shared<const PeerCertificate>(shown)};
  };
  EXPECT_EQ((*all->find("LAB", "QE2", caller("LAB.example", "x", "")))->name, "lab");
  EXPECT_EQ((*all->find("LAB", "QE2", caller("x", "lab.EXAMPLE", "")))->name, "lab");
  EXPECT_EQ((*all->find("PAS", "", caller("x", "y", fingerprint)))->name, "pas");
  // Not those whose name only looks like it, and not "any" in its stead.
  for (const Caller& other : {caller("lab.example.org", "a.lab.example", fingerprint),
                              caller("", "", ""), Caller{"1.2.3.4:5", {}}}) {
    EXPECT_EQ(all->find("LAB", "QE2", other).error(), Stranger::wrong_certificate);
  }
  EXPECT_EQ(all->find("PAS", "", caller("x", "y", "")).error(), Stranger::wrong_certificate);
  EXPECT_EQ((*all->find("LAB", "RXH", Caller{"1.2.3.4:5", {}}))->name, "any");
}

TEST(Neighbours, CertificatesAreNamedByWhatOneCanHave) {
  for (const char* wrong : {"", "sha256:abc", "AB:CD", "sha256:lab.example"}) {
    Neighbour lab = neighbour("lab", {{"LAB", ""}});
    lab.certificates = {wrong};
    const auto made = Neighbours::of({lab});
    ASSERT_FALSE(made) << wrong;
    EXPECT_NE(made.error().what.find("neither a SHA-256 fingerprint"), std::string::npos);
  }
}

TEST(Neighbours, RefuseWhatCannotBeToldApart) {
  const auto why = [](std::vector<Neighbour> all) {
    const auto made = Neighbours::of(std::move(all));
    return made ? std::string() : made.error().what;
  };
  EXPECT_NE(why({neighbour("a", {{"X", ""}}), neighbour("b", {{"X", ""}})}), "");
  EXPECT_NE(why({neighbour("a", {{"X", ""}}), neighbour("a", {{"Y", ""}})}), "");
  EXPECT_NE(why({neighbour("a", {{"X", ""}}, {"1.1.1.1"}), neighbour("b", {{"X", ""}})}), "");
  EXPECT_NE(why({neighbour("a", {})}), "");
  EXPECT_NE(why({neighbour("a b", {{"X", ""}})}), "");
  EXPECT_EQ(
      why({neighbour("a", {{"X", ""}}, {"1.1.1.1"}), neighbour("b", {{"X", ""}}, {"1.1.1.2"})}),
      "");
}

}  // namespace
}  // namespace holdfast::exchange
