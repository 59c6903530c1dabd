// exchange/take_up_test.cpp: a message is taken up again after the mapping was mended; what newer
// messages have said since stays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exchange/test_intake.h"
#include "views/facts.h"
#include "views/messages.h"

namespace holdfast::exchange {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

Bytes update(std::string_view id, std::string_view when, std::string_view family,
             std::string_view code = "ADT^A31") {
  Bytes bytes = "MSH|^~\\&|LAB|QE2|HOLDFAST|QE2|20240301101500||";
  bytes += code;
  bytes += "|";
  bytes += id;
  bytes += "|P|2.5\rEVN||";
  bytes += when;
  bytes += "\rPID|1||123^^^QE2^MR||";
  bytes += family;
  bytes += "^Ann||19800102|F\r";
  return bytes;
}

class TakeUpTest : public IntakeTest {
 protected:
  Result<Intake::TakenUp> take_up(const std::string& binary,
                                  Intake::Carry carry = Intake::Carry::out) {
    auto& io = static_cast<SimExecutor&>(*machine.world().io[0]);
    auto taken = run_task(io, intake_->take_up(io, binary, Principal{"ann"}, carry));
    return taken ? *std::move(taken) : fail(Code::timeout, "no answer");
  }
  /// With another mapping: as after a restart.
  void mend(const std::function<void(Neighbour&)>& change) {
    Neighbour lab = neighbours_.all().front();
    change(lab);
    neighbours_ = *Neighbours::of({lab});
    counts_ = std::make_unique<Counts>(neighbours_);
    intake_ =
        std::make_unique<Intake>(machine.world(), *node, neighbours_, IntakeOptions{}, *counts_);
  }
  std::string only(std::string_view type) {
    const auto all = find(type, "_lastUpdated=gt2000");
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? "" : all.front();
  }
  std::string family() { return body("Patient", only("Patient")); }
};

TEST_F(TakeUpTest, WhatWasKeptOnlyIsMappedWhenItsNeighbourIs) {
  start(Take::evidence);
  EXPECT_EQ(said(take(update("M1", "20240301101500", "Smith"))), "AA");
  EXPECT_EQ(count("Patient"), 0U);
  EXPECT_EQ(take_up(only("Binary")).error().code, Code::unsupported);
  mend([](Neighbour& lab) { lab.take = Take::map; });
  const std::string binary = only("Binary");
  mend([](Neighbour& lab) { lab.filter = *hl7v2::Filter::parse("MSH-9.1 = 'ORU'"); });
  EXPECT_EQ(take_up(binary).error().code, Code::unsupported) << "it is for nobody here";
  mend([](Neighbour& lab) { lab.filter.reset(); });
  const auto would = take_up(binary, Intake::Carry::out_not);
  ASSERT_TRUE(would) << would.error().what;
  EXPECT_THAT(would->created, SizeIs(1));
  EXPECT_FALSE(would->done);
  EXPECT_EQ(count("Patient"), 0U);
  const auto done = take_up(binary);
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_EQ(done->attempt, 2U);
  EXPECT_THAT(family(), HasSubstr("Smith"));
  EXPECT_EQ(count("Binary"), 1U) << "it stands for the message as before";
  EXPECT_THAT(find("Provenance", "target=Patient/" + only("Patient")), SizeIs(1));
  const auto entry = node->read_entry(node->view().state.position);
  EXPECT_EQ(entry->first.principal.name, "ann");
  const auto facts = views::digest_of_view(*node->view().reader, node->codec());
  EXPECT_EQ(facts->digest, node->view().state.digest);
}

TEST_F(TakeUpTest, ItemsAboutItAreClosedWithIt) {
  start();
  // An identifier conflict: another birth date under the same number.
  EXPECT_EQ(said(take(update("M1", "20240301101500", "Smith"))), "AA");
  Bytes other = update("M2", "20240301101600", "Jones");
  other.replace(other.find("19800102"), 8, "19700102");
  EXPECT_EQ(said(take(other)), "AE");
  EXPECT_EQ(items(), "identity-conflict");
  const std::string task = only("Task");
  const std::string text = body("Task", task);
  const std::size_t at = text.find("Binary/") + 7;
  const std::string binary = text.substr(at, text.find('"', at) - at);
  const auto refused = take_up(binary);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::mismatch);
  EXPECT_THAT(body("Task", task), HasSubstr("requested")) << "nothing changes";
  // The record is mended: it was the first one that was wrong.
  Command mended = apply::command(apply::update(
      "Patient", only("Patient"),
      R"("identifier":[{"system":"urn:holdfast:authority:QE2","value":"123"}],"birthDate":"1970-01-02")"));
  ASSERT_TRUE(submit(mended));
  const auto done = take_up(binary);
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_THAT(body("Task", task), HasSubstr(R"("status":"completed")"));
  EXPECT_THAT(family(), HasSubstr("Jones"));
  const auto known = views::read_message(*node->view().reader, {"lab", "M2", sha256(other)});
  EXPECT_EQ(known->newest->disposition, Disposition::applied);
  EXPECT_EQ(said(take(other)), "AA") << "today's disposition";
}

TEST_F(TakeUpTest, NewerEvidenceOfTheSameSourceStays) {
  start();
  EXPECT_EQ(said(take(update("M1", "20240301101500", "Old"))), "AA");
  const std::string first = only("Binary");
  EXPECT_EQ(said(take(update("M2", "20240305101500", "New"))), "AA");
  const auto done = take_up(first);
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_THAT(done->outdated, ElementsAre("Patient/" + only("Patient")));
  EXPECT_THAT(family(), HasSubstr("New"));
  EXPECT_THAT(family(), Not(HasSubstr("Old")));
}

TEST_F(TakeUpTest, ByWhenItHappenedNotByWhenItCame) {
  start();
  // It came first, and tells of what happened later.
  EXPECT_EQ(said(take(update("M1", "20240305101500", "New"))), "AA");
  const std::string first = only("Binary");
  EXPECT_EQ(said(take(update("M2", "20240301101500", "Old"))), "AA");
  EXPECT_THAT(family(), HasSubstr("Old")) << "what comes is taken as it comes";
  const auto done = take_up(first);
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_THAT(done->outdated, IsEmpty());
  EXPECT_THAT(family(), HasSubstr("New"));
}

TEST_F(TakeUpTest, RefusesWhatIsNoMessageAndWhatWasRefused) {
  start();
  EXPECT_EQ(take_up("nothing").error().code, Code::not_found);
  ASSERT_TRUE(
      submit(apply::command(apply::create("Binary", "b1", R"("contentType":"text/plain")"))));
  EXPECT_EQ(take_up("b1").error().code, Code::not_found);
  take(message("ADT^A31", "M1", pid, "", "T"));
  const auto kept = find("Binary", "_source=urn:holdfast:neighbour:lab");
  ASSERT_THAT(kept, SizeIs(1));
  EXPECT_EQ(take_up(kept.front()).error().code, Code::forbidden);
  // A merge that was applied is not done twice.
  EXPECT_EQ(said(take(message("ADT^A40", "M2", Bytes(pid) + "MRG|456^^^QE2^MR\r"))), "AA");
  const auto merge = find("Binary", "_tag=ADT%5EA40");
  ASSERT_THAT(merge, SizeIs(1));
  EXPECT_EQ(take_up(merge.front()).error().code, Code::unsupported);
}

}  // namespace
}  // namespace holdfast::exchange
