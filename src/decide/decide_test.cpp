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
using apply::where;

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

TEST(ConditionalCreate, RefusesWhatWasMadeFromNotFindingIt) {
  TestRecord record;
  const auto must_be_new = [](const std::string& id) {
    Operation operation = create("Patient", id, identifier("s", "1"), "identifier=s|1");
    operation.if_match = Version{0};
    return operation;
  };
  EXPECT_EQ(refusal(record.run(command(must_be_new("p0"), must_be_new("p1")))), Code::conflict);
  ASSERT_TRUE(record.run(command(must_be_new("p1"))));
  EXPECT_EQ(refusal(record.run(command(must_be_new("p2")))), Code::conflict);
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

// The test's update() leaves the id out of the body, as a client does who does not know it.
Operation named(Operation operation) {
  operation.body.insert(operation.body.size() - 1, ",\"id\":\"" + operation.id + "\"");
  return operation;
}

TEST(ConditionalUpdate, CreatesWhenNothingIsSelectedAndUpdatesTheOneThatIs) {
  TestRecord record;
  const auto drawn = where(update("Patient", "drawn", identifier("s", "1")), "identifier=s|1");
  auto outcome = record.run(command(drawn));
  ASSERT_TRUE(outcome) << outcome.error().what;
  EXPECT_EQ(outcome->results[0].status, Status::created);
  EXPECT_EQ(outcome->results[0].id, "drawn");
  outcome = record.run(
      command(where(update("Patient", "other", identifier("s", "1")), "identifier=s|1")));
  ASSERT_TRUE(outcome) << outcome.error().what;
  EXPECT_EQ(outcome->results[0].status, Status::updated);
  EXPECT_EQ(outcome->results[0].id, "drawn");
  EXPECT_EQ(outcome->results[0].version, Version{2});
  EXPECT_EQ(record.body("Patient", "other"), "");
}

TEST(ConditionalUpdate, TakesAnIdInTheContentOnlyIfItIsTheOneThatIsMeant) {
  TestRecord record;
  const auto one = [](const std::string& id) {
    return command(where(named(update("Patient", id, identifier("s", "1"))), "identifier=s|1"));
  };
  const auto outcome = record.run(one("mine"));
  ASSERT_TRUE(outcome) << outcome.error().what;
  EXPECT_EQ(outcome->results[0].id, "mine");
  EXPECT_TRUE(record.run(one("mine")));
  EXPECT_EQ(refusal(record.run(one("yours"))), Code::mismatch);
  // Nothing is selected, and the id that the content names belongs to another resource.
  EXPECT_EQ(refusal(record.run(command(
                where(named(update("Patient", "mine", identifier("s", "2"))), "identifier=s|2")))),
            Code::conflict);
  ASSERT_TRUE(record.run(command(remove("Patient", "mine"))));
  EXPECT_EQ(record.run(one("mine"))->results[0].version, Version{4});
}

TEST(ConditionalUpdate, RefusesSeveralAndAnotherVersion) {
  TestRecord record;
  ASSERT_TRUE(record.run(command(create("Patient", "p1", identifier("s", "1")))));
  const auto at = [](std::uint64_t version) {
    return command(
        where(update("Patient", "x", identifier("s", "1"), Version{version}), "identifier=s|1"));
  };
  EXPECT_EQ(refusal(record.run(at(2))), Code::conflict);
  EXPECT_TRUE(record.run(at(1)));
  EXPECT_EQ(refusal(record.run(
                command(where(update("Patient", "x", "", Version{1}), "identifier=none|1")))),
            Code::precondition);
  ASSERT_TRUE(record.run(command(create("Patient", "p2", identifier("s", "1")))));
  EXPECT_EQ(refusal(record.run(at(2))), Code::multiple_matches);
}

TEST(ConditionalUpdate, OfOneCommandNeverMakeTwoOfWhatOneConditionSelects) {
  for (const char* same : {"identifier=s|1", "identifier=s%7C1"}) {
    TestRecord record;
    const auto outcome =
        record.run(command(where(update("Patient", "a", identifier("s", "1")), "identifier=s|1"),
                           where(update("Patient", "b", identifier("s", "1")), same)));
    EXPECT_EQ(refusal(outcome), Code::structure) << same;
  }
  TestRecord record;
  ASSERT_TRUE(record.run(command(create("Patient", "p1", identifier("s", "1")))));
  EXPECT_EQ(refusal(record.run(
                command(where(update("Patient", "a", identifier("s", "1")), "identifier=s|1"),
                        update("Patient", "p1")))),
            Code::structure);
}

TEST(ConditionalUpdate, IsWhatLocalNamesAndConditionalReferencesMean) {
  TestRecord record;
  ASSERT_TRUE(record.run(command(create("Patient", "p1", identifier("s", "1")))));
  Operation person = where(update("Patient", "x", identifier("s", "1")), "identifier=s|1");
  person.full_url = "urn:uuid:a";
  ASSERT_TRUE(record.run(command(
      person,
      create("Observation", "o1", R"("subject":{"reference":"urn:uuid:a"})", "", "urn:uuid:b"))));
  EXPECT_NE(record.body("Observation", "o1").find(R"("reference":"Patient/p1")"),
            std::string::npos);
}

TEST(ConditionalRemove, OfNoneChangesNothingOfOneRemovesItOfSeveralIsRefused) {
  TestRecord record;
  const auto by = [] { return command(where(remove("Patient", ""), "identifier=s|1")); };
  auto outcome = record.run(by());
  ASSERT_TRUE(outcome) << outcome.error().what;
  EXPECT_EQ(outcome->results[0].status, Status::absent);
  EXPECT_FALSE(outcome->changes());
  ASSERT_TRUE(record.run(command(create("Patient", "p1", identifier("s", "1")))));
  outcome = record.run(by());
  ASSERT_TRUE(outcome) << outcome.error().what;
  EXPECT_EQ(outcome->results[0].status, Status::removed);
  EXPECT_EQ(outcome->results[0].id, "p1");
  EXPECT_EQ(record.body("Patient", "p1"), "deleted");
  ASSERT_TRUE(record.run(command(create("Patient", "p2", identifier("s", "1")),
                                 create("Patient", "p3", identifier("s", "1")))));
  EXPECT_EQ(refusal(record.run(by())), Code::multiple_matches);
}

TEST(ConditionalRemove, OfSeveralRemovesAllThatAreSelectedOrNone) {
  TestRecord record;
  ASSERT_TRUE(record.run(command(create("Patient", "p1", identifier("s", "1")),
                                 create("Patient", "p2", identifier("s", "1")),
                                 create("Patient", "p3", identifier("s", "1")))));
  const auto one = [](const std::string& id) {
    return where(remove("Patient", id), "identifier=s|1");
  };
  EXPECT_EQ(refusal(record.run(command(one("p1"), one("p2")))), Code::conflict);
  EXPECT_EQ(refusal(record.run(command(one("p1"), one("p2"), one("p4")))), Code::conflict);
  EXPECT_EQ(refusal(record.run(command(one("p1"), one("p2"), one("p3"), one("p4")))),
            Code::conflict);
  const auto outcome = record.run(command(one("p3"), one("p1"), one("p2")));
  ASSERT_TRUE(outcome) << outcome.error().what;
  EXPECT_EQ(outcome->results[0].id, "p3");
  EXPECT_EQ(record.state.resources, 0U);
}

TEST(Patch, IsOfTheVersionItWasMadeFromOrAConflict) {
  TestRecord record;
  ASSERT_TRUE(record.run(command(create("Patient", "p1", identifier("s", "1")))));
  const auto outcome =
      record.run(command(apply::patch("Patient", "p1", Version{1}, R"("active":true)")));
  ASSERT_TRUE(outcome) << outcome.error().what;
  EXPECT_EQ(outcome->results[0].status, Status::updated);
  EXPECT_EQ(outcome->results[0].version, Version{2});
  EXPECT_NE(record.body("Patient", "p1").find("\"active\":true"), std::string::npos);
  EXPECT_EQ(refusal(record.run(command(apply::patch("Patient", "p1", Version{1})))),
            Code::conflict);
  ASSERT_TRUE(record.run(command(remove("Patient", "p1"))));
  EXPECT_EQ(refusal(record.run(command(apply::patch("Patient", "p1", Version{3})))),
            Code::precondition);
}

TEST(Patch, ByConditionIsAConflictIfThatSelectsAnotherByNow) {
  TestRecord record;
  ASSERT_TRUE(record.run(command(create("Patient", "p1", identifier("s", "1")))));
  const auto by = [](const std::string& id) {
    return command(
        where(apply::patch("Patient", id, Version{1}, identifier("s", "1")), "identifier=s|1"));
  };
  EXPECT_EQ(refusal(record.run(by("p2"))), Code::conflict);
  EXPECT_TRUE(record.run(by("p1")));
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
