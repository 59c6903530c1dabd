#include "evidence/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "evidence/test_journal.h"
#include "fhir/json.h"

namespace holdfast::evidence {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// Five entries: a patient, a message with a result and a duty, its end, a task, its change.
class EvidenceDocument : public ::testing::Test {
 protected:
  EvidenceDocument() {
    journal.add(Verb::create, "Patient", "7", 1, R"({"resourceType":"Patient","id":"7"})");
    Command message;
    message.principal.name = "neighbour:LAB";
    message.purpose = "TREAT";
    message.channel = "mllp";
    Operation result;
    result.verb = Verb::create;
    result.type = "Observation";
    result.id = "o";
    result.body = R"({"resourceType":"Observation","status":"final"})";
    message.operations = {result};
    message.message = Message{"LAB",
                              "17",
                              Disposition::applied,
                              1,
                              0,
                              0,
                              "b1",
                              "MSH|^~\\&|LAB|QE2|H|Q|2024||ORU^R01|17|P|2.4\r",
                              {}};
    message.request_hash = sha256(message.message->bytes);
    message.deliveries = {{"gp", {}, 0, {}, {}}};
    Outcome outcome;
    outcome.results = {{Status::created, "o", Version{1}, {}}};
    outcome.owed = {{0, RowId{}}};
    journal.add(message, outcome);
    Command settles;
    settles.principal.name = "system";
    settles.channel = "outbox";
    settles.settlements = {
        {"gp", {Position{2}, 0}, Settled::delivered, false, sha256("sent"), {}, "AA \xff"}};
    Outcome settled;
    settled.settles = true;
    journal.add(settles, settled);
    journal.add(Verb::create, "Task", "t", 1, R"({"resourceType":"Task","status":"requested"})");
    journal.add(Verb::update, "Task", "t", 2, R"({"resourceType":"Task","status":"accepted"})");
  }

  [[nodiscard]] std::vector<std::string> faults(BytesView document) const {
    return check_document(document, journal.key().verifier()).faults;
  }
  [[nodiscard]] Bytes whole() const { return journal.document({1, 2, 3, 4, 5}); }

  TestJournal journal;
};

Bytes replaced(Bytes text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, Bytes::npos) << from;
  return at == Bytes::npos ? text : text.replace(at, from.size(), to);
}

TEST_F(EvidenceDocument, ThatIsWholeIsSoundAndIsJson) {
  const Bytes document = whole();
  const Findings found = check_document(document, journal.key().verifier());
  EXPECT_THAT(found.faults, IsEmpty());
  EXPECT_EQ(found.entries, 5U);
  EXPECT_EQ(found.head.subject, "Patient/7");
  EXPECT_EQ(found.checkpoint.size, 5U);
  fhir::JsonReader reader;
  const auto json = reader.read(document);
  ASSERT_TRUE(json) << json.error().what;
  EXPECT_EQ(json->root().find("entries")->size(), 5U);
  EXPECT_THAT(faults(journal.document({})), IsEmpty()) << "nothing is something that can be said";
}

TEST_F(EvidenceDocument, SaysWhatTheBytesSay) {
  EXPECT_THAT(
      journal.line(2),
      AllOf(HasSubstr(R"("position":2,"time":"2026-01-01T00:00:01.000Z","kind":"command",)"
                      R"("who":"neighbour:LAB","purpose":"TREAT","channel":"mllp","request":)"),
            HasSubstr(R"("message":{"sender":"LAB","controlId":"17","type":"ORU^R01",)"
                      R"("disposition":"applied","attempt":1,"binary":"Binary/b1","bytes":44})"),
            HasSubstr(R"("operations":[{"verb":"create","result":"created",)"
                      R"("resource":"Observation/o","version":1,"state":"final"}])"),
            HasSubstr(R"("owed":[{"channel":"gp","number":0,"resource":"Observation/o",)"
                      R"("version":1}])")));
  EXPECT_THAT(journal.line(3), AllOf(HasSubstr(R"("settled":[{"channel":"gp","entry":2,"number":0,)"
                                               R"("how":"delivered","sent":")"),
                                     HasSubstr("\"answer\":\"AA \xef\xbf\xbd\"")));
}

// Blanks, line ends, base64 of records, signatures: no byte may be another.
TEST_F(EvidenceDocument, HasNoByteThatCanBeAnother) {
  const Bytes document = journal.document({1, 3});
  for (std::size_t at = 0; at < document.size(); ++at) {
    for (const char mask : {'\x01', '\x20'}) {
      Bytes bent = document;
      bent[at] = static_cast<char>(bent[at] ^ mask);
      ASSERT_THAT(faults(bent), Not(IsEmpty()))
          << "byte " << at << " of " << document.size() << ", mask " << int{mask};
    }
    Bytes shorter = document;
    shorter.erase(at, 1);
    ASSERT_THAT(faults(shorter), Not(IsEmpty())) << "without byte " << at;
  }
  EXPECT_THAT(faults(document + " "), Not(IsEmpty()));
  EXPECT_THAT(faults(""), Not(IsEmpty()));
}

// Who holds the key can sign anything: what the bytes of an entry do not say is found all the same.
TEST_F(EvidenceDocument, AServerThatLiesAboutAFieldIsFoundByTheBytes) {
  const std::pair<std::string_view, std::string_view> lies[]{
      {R"("who":"neighbour:LAB")", R"("who":"neighbour:GP")"},
      {R"("purpose":"TREAT")", R"("purpose":"")"},
      {R"("channel":"mllp")", R"("channel":"http")"},
      {R"("time":"2026-01-01T00:00:01.000Z")", R"("time":"2026-01-01T00:00:02.000Z")"},
      {R"("position":2)", R"("position":1)"},
      {R"("controlId":"17")", R"("controlId":"18")"},
      {R"("type":"ORU^R01")", R"("type":"ORU^R02")"},
      {R"("disposition":"applied")", R"("disposition":"faulty")"},
      {R"("resource":"Observation/o","version":1,"state")",
       R"("resource":"Observation/p","version":1,"state")"},
      {R"("state":"final")", R"("state":"preliminary")"},
      {R"("verb":"create")", R"("verb":"update")"},
      {R"("result":"created")", R"("result":"updated")"},
      {R"("owed":[{"channel":"gp")", R"("owed":[{"channel":"hp")"},
      {R"("kind":"command",)", R"("kind":"command","seen":"nobody",)"},
      {R"("kind":"command",)", R"("kind":"command", )"},
  };
  for (const auto& [truth, lie] : lies) {
    const Bytes document = journal.signed_document(
        journal.head(), {journal.line(1), replaced(journal.line(2), truth, lie), journal.line(3)});
    EXPECT_THAT(faults(document), ElementsAre(HasSubstr("(line 3): "))) << lie;
  }
  const Bytes document = journal.signed_document(
      journal.head(), {replaced(journal.line(2), R"("who":"neighbour:LAB")", R"("who":"x")")});
  EXPECT_THAT(faults(document),
              ElementsAre(R"(entry 2 (line 2): `who` reads "x", its record says "neighbour:LAB")"));
}

TEST_F(EvidenceDocument, AnEntryThatIsDroppedSwappedOrDoubledIsFound) {
  const auto with = [&](const std::vector<std::uint64_t>& positions) {
    std::vector<Bytes> lines;
    for (const std::uint64_t one : positions) {
      lines.push_back(journal.line(one));
    }
    return journal.signed_document(journal.head(), lines);
  };
  EXPECT_THAT(faults(with({2, 1, 3})),
              ElementsAre(HasSubstr("entry 1 (line 3): it is out of order")));
  EXPECT_THAT(faults(with({2, 2})), ElementsAre(HasSubstr("out of order")));
  // Taken out of a document that was signed with it.
  Bytes dropped = whole();
  const std::string gone = journal.line(3) + ",\n";
  dropped.erase(dropped.find(gone), gone.size());
  EXPECT_THAT(faults(dropped),
              ElementsAre("the head says that there are 5 entries, and there are 4",
                          HasSubstr("signed for another document")));
  dropped = replaced(dropped, R"("count":5)", R"("count":4)");
  EXPECT_THAT(faults(dropped), ElementsAre(HasSubstr("signed for another document")));
}

TEST_F(EvidenceDocument, AProofOfAnotherEntryProvesNothing) {
  Head head = journal.head();
  const Bytes wrong = entry_line(journal.entry(2), journal.proof(4));
  EXPECT_THAT(
      faults(journal.signed_document(head, {journal.line(1), wrong})),
      ElementsAre("entry 2 (line 3): its proof does not lead to the root of the checkpoint"));
  // An entry of a journal that never was this one.
  TestJournal other(2);
  other.add(Verb::create, "Patient", "7", 1, R"({"resourceType":"Patient","id":"7"})", "somebody");
  const Bytes foreign = entry_line(other.entry(1), journal.proof(1));
  EXPECT_THAT(faults(journal.signed_document(head, {foreign})),
              ElementsAre(HasSubstr("entry 1 (line 2): its proof does not lead")));
}

TEST_F(EvidenceDocument, BytesThatAreNotThoseThatWereHashedAreFound) {
  const Entry entry = journal.entry(2);
  Entry bent = entry;
  bent.record.raw[journal::header_bytes + 3] ^= 1;
  EXPECT_THAT(faults(journal.signed_document(journal.head(), {entry_line(bent, journal.proof(2))})),
              ElementsAre(HasSubstr("entry 2 (line 2): its bytes are not what was hashed")));
}

TEST_F(EvidenceDocument, TheKeyDecides) {
  const TestJournal other(2);
  const Findings found = check_document(whole(), other.key().verifier());
  EXPECT_THAT(found.faults, Contains(HasSubstr("not by the key that was given")));
  // Without one it agrees with itself, as would what anybody else made up.
  EXPECT_THAT(check_document(whole(), std::nullopt).faults, IsEmpty());
  EXPECT_THAT(check_document(other.document({}), std::nullopt).faults, IsEmpty());
}

TEST_F(EvidenceDocument, APartSaysThatItIsOne) {
  Head head = journal.head();
  head.through = Position{2};
  head.next = "http://localhost/fhir/Patient/7/$chronology?after=2";
  const Bytes part = journal.signed_document(head, {journal.line(1), journal.line(2)});
  EXPECT_THAT(faults(part), IsEmpty());
  EXPECT_THAT(part, HasSubstr(R"("through":2,"count":2,"complete":false,"next":)"));
  head.next.clear();
  EXPECT_THAT(faults(journal.signed_document(head, {journal.line(1)})),
              ElementsAre(HasSubstr("and names no next part")));
  head = journal.head();
  head.after = Position{1};
  EXPECT_THAT(
      faults(journal.signed_document(head, {journal.line(1), journal.line(2)})),
      ElementsAre(HasSubstr("entry 1 (line 2): it is out of order, or not within after 1")));
}

TEST_F(EvidenceDocument, WhatIsRedactedKeepsItsPlaceAndItsProof) {
  const Bytes taken_out =
      journal::redact(journal.entry(1).record.raw, journal.community, journal::Redacted::command)
          .value();
  const auto record = journal::decode_record(taken_out, journal.community, std::nullopt);
  ASSERT_TRUE(record);
  const Bytes line = entry_line(read_entry(*record).value(), journal.proof(1));
  EXPECT_THAT(line, AllOf(HasSubstr(R"("redacted":"command")"), Not(HasSubstr("who"))));
  EXPECT_THAT(faults(journal.signed_document(journal.head(), {line})), IsEmpty());
}

}  // namespace
}  // namespace holdfast::evidence
