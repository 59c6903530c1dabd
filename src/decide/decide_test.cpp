#include "decide/decide.h"

#include <gtest/gtest.h>

#include "apply/test_record.h"

namespace holdfast::decide {
namespace {

using apply::command;
using apply::create;
using apply::identifier;
using apply::remove;
using apply::TestRecord;
using apply::update;

Code refusal(const Result<Outcome>& outcome) {
  EXPECT_FALSE(outcome.has_value());
  return outcome ? Code::usage : outcome.error().code;
}

TEST(Create, GivesTheDrawnIdAndVersionOne) {
  TestRecord record;
  const auto outcome = record.run(command(create("Patient", "p1", R"("active":true)")));
  ASSERT_TRUE(outcome) << outcome.error().what;
  EXPECT_EQ(outcome->results[0].status, Status::created);
  EXPECT_EQ(outcome->results[0].id, "p1");
  EXPECT_EQ(outcome->results[0].version.value, 1U);
}

TEST(Create, RefusesADrawnIdThatIsTaken) {
  TestRecord record;
  ASSERT_TRUE(record.run(command(create("Patient", "p1"))));
  EXPECT_EQ(refusal(record.run(command(create("Patient", "p1")))), Code::conflict);
}

TEST(ConditionalCreate, MatchesWhatIsThere) {
  TestRecord record;
  ASSERT_TRUE(record.run(command(create("Patient", "p1", identifier("s", "1")))));
  const auto outcome =
      record.run(command(create("Patient", "p2", identifier("s", "1"), "identifier=s|1")));
  ASSERT_TRUE(outcome) << outcome.error().what;
  EXPECT_EQ(outcome->results[0].status, Status::matched);
  EXPECT_EQ(outcome->results[0].id, "p1");
  EXPECT_FALSE(outcome->changes());
  EXPECT_EQ(record.body("Patient", "p2"), "");
}

TEST(ConditionalCreate, CreatesOnceWhenOneCommandAsksTwice) {
  TestRecord record;
  const auto outcome =
      record.run(command(create("Patient", "p1", identifier("s", "1"), "identifier=s|1"),
                         create("Patient", "p2", identifier("s", "1"), "identifier=s|1")));
  ASSERT_TRUE(outcome) << outcome.error().what;
  EXPECT_EQ(outcome->results[0].status, Status::created);
  EXPECT_EQ(outcome->results[1].status, Status::matched);
  EXPECT_EQ(outcome->results[1].id, "p1");
}

TEST(ConditionalCreate, RefusesAConditionThatSelectsTwo) {
  TestRecord record;
  ASSERT_TRUE(record.run(command(create("Patient", "p1", identifier("s", "1")))));
  ASSERT_TRUE(record.run(command(create("Patient", "p2", identifier("s", "1")))));
  EXPECT_EQ(refusal(record.run(command(create("Patient", "p3", "", "identifier=s|1")))),
            Code::multiple_matches);
}

TEST(ConditionalCreate, DoesNotSeeWhatWasRemovedOrNoLongerSaysSo) {
  TestRecord record;
  ASSERT_TRUE(record.run(command(create("Patient", "p1", identifier("s", "1")))));
  ASSERT_TRUE(record.run(command(create("Patient", "p2", identifier("s", "2")))));
  ASSERT_TRUE(record.run(command(remove("Patient", "p1"))));
  ASSERT_TRUE(record.run(command(update("Patient", "p2", identifier("s", "3")))));
  for (const std::string query : {"identifier=s|1", "identifier=s|2"}) {
    const auto outcome =
        record.run(command(create("Patient", "new-" + query.substr(13), "", query)));
    ASSERT_TRUE(outcome) << outcome.error().what;
    EXPECT_EQ(outcome->results[0].status, Status::created) << query;
  }
}

TEST(Update, CreatesWhatIsNotThereAndCountsOnAfterARemoval) {
  TestRecord record;
  auto outcome = record.run(command(update("Patient", "p1")));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->results[0].status, Status::created);
  outcome = record.run(command(update("Patient", "p1")));
  EXPECT_EQ(outcome->results[0].status, Status::updated);
  EXPECT_EQ(outcome->results[0].version.value, 2U);
  ASSERT_TRUE(record.run(command(remove("Patient", "p1"))));
  outcome = record.run(command(update("Patient", "p1")));
  EXPECT_EQ(outcome->results[0].status, Status::created);
  EXPECT_EQ(outcome->results[0].version.value, 4U);
}

TEST(Update, RefusesAnotherVersionThanTheCurrentOne) {
  TestRecord record;
  ASSERT_TRUE(record.run(command(update("Patient", "p1"))));
  ASSERT_TRUE(record.run(command(update("Patient", "p1", "", Version{1}))));
  EXPECT_EQ(refusal(record.run(command(update("Patient", "p1", "", Version{1})))), Code::conflict);
  EXPECT_EQ(refusal(record.run(command(update("Patient", "none", "", Version{1})))),
            Code::precondition);
}

TEST(Update, ThePlantedBugIgnoresTheVersion) {
  TestRecord record(Bug::ignore_version_conflict);
  ASSERT_TRUE(record.run(command(update("Patient", "p1"))));
  EXPECT_TRUE(record.run(command(update("Patient", "p1", "", Version{7}))));
}

TEST(Remove, OfWhatIsNotThereChangesNothing) {
  TestRecord record;
  const auto outcome = record.run(command(remove("Patient", "p1")));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->results[0].status, Status::absent);
  EXPECT_FALSE(outcome->changes());
  EXPECT_EQ(refusal(record.run(command(remove("Patient", "p1", Version{1})))), Code::precondition);
}

TEST(Transaction, ResolvesLocalNamesWhateverTheirOrder) {
  TestRecord record;
  const auto outcome = record.run(command(
      create("Observation", "o1", R"("subject":{"reference":"urn:uuid:a"})", "", "urn:uuid:b"),
      create("Patient", "p1", R"("link":[{"other":{"reference":"urn:uuid:a"}}])", "",
             "urn:uuid:a")));
  ASSERT_TRUE(outcome) << outcome.error().what;
  EXPECT_NE(record.body("Observation", "o1").find(R"("reference":"Patient/p1")"),
            std::string::npos);
  EXPECT_NE(record.body("Patient", "p1").find(R"("reference":"Patient/p1")"), std::string::npos);
  EXPECT_EQ(outcome->targets, std::vector<std::string>{"Patient/p1"});
}

TEST(Transaction, ALocalNameOfAMatchedEntryMeansTheOneThatWasThere) {
  TestRecord record;
  ASSERT_TRUE(record.run(command(create("Patient", "old", identifier("s", "1")))));
  ASSERT_TRUE(record.run(command(
      create("Patient", "new", identifier("s", "1"), "identifier=s|1", "urn:uuid:a"),
      create("Observation", "o1", R"("subject":{"reference":"urn:uuid:a"})", "", "urn:uuid:b"))));
  EXPECT_NE(record.body("Observation", "o1").find("Patient/old"), std::string::npos);
}

TEST(Transaction, RefusesALocalNameThatNobodyHas) {
  TestRecord record;
  EXPECT_EQ(
      refusal(record.run(command(create(
          "Observation", "o1", R"("subject":{"reference":"urn:uuid:x"})", "", "urn:uuid:b")))),
      Code::unmatched);
}

TEST(Transaction, RefusesTwoOperationsOnOneResource) {
  TestRecord record;
  EXPECT_EQ(refusal(record.run(command(update("Patient", "p1"), remove("Patient", "p1")))),
            Code::structure);
  EXPECT_EQ(refusal(record.run(command(create("Patient", "a", "", "", "urn:uuid:a"),
                                       create("Patient", "b", "", "", "urn:uuid:a")))),
            Code::structure);
  EXPECT_EQ(record.state.resources, 0U);
}

TEST(ConditionalReference, MeansWhatTheRecordHolds) {
  TestRecord record;
  ASSERT_TRUE(record.run(command(create("Practitioner", "d1", identifier("s", "1")))));
  const std::string performer = R"("performer":[{"reference":"Practitioner?identifier=s|1"}])";
  ASSERT_TRUE(record.run(command(create("Observation", "o1", performer))));
  EXPECT_NE(record.body("Observation", "o1").find(R"("reference":"Practitioner/d1")"),
            std::string::npos);
  EXPECT_EQ(
      refusal(record.run(command(create(
          "Observation", "o2", R"("performer":[{"reference":"Practitioner?identifier=s|2"}])")))),
      Code::unmatched);
  ASSERT_TRUE(record.run(command(create("Practitioner", "d2", identifier("s", "1")))));
  EXPECT_EQ(refusal(record.run(command(create("Observation", "o3", performer)))),
            Code::multiple_matches);
}

TEST(ConditionalReference, SeesTheRecordAsThisCommandLeavesIt) {
  TestRecord record;
  ASSERT_TRUE(record.run(command(create("Practitioner", "d1", identifier("s", "1")))));
  // d1 gets another identifier, d2 takes the old one, both in the command that refers to it.
  ASSERT_TRUE(record.run(command(
      create("Observation", "o1", R"("performer":[{"reference":"Practitioner?identifier=s|1"}])"),
      update("Practitioner", "d1", identifier("s", "9")),
      create("Practitioner", "d2", identifier("s", "1")))));
  EXPECT_NE(record.body("Observation", "o1").find("Practitioner/d2"), std::string::npos);
  // A reference to what the same command removes selects nothing.
  EXPECT_EQ(refusal(record.run(
                command(create("Observation", "o2",
                               R"("performer":[{"reference":"Practitioner?identifier=s|1"}])"),
                        remove("Practitioner", "d2")))),
            Code::unmatched);
}

TEST(References, OfAStoredBundleStayItsOwn) {
  TestRecord record;
  ASSERT_TRUE(record.run(command(create(
      "Bundle", "b1",
      R"("type":"collection","entry":[{"fullUrl":"urn:uuid:a","resource":{"resourceType":"Observation","subject":{"reference":"urn:uuid:a"}}}])",
      "", "urn:uuid:z"))));
  EXPECT_NE(record.body("Bundle", "b1").find(R"("reference":"urn:uuid:a")"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::decide
