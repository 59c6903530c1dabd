#include "apply/apply.h"

#include <gtest/gtest.h>

#include "apply/test_record.h"
#include "fhir/params/compile.h"
#include "views/facts.h"

namespace holdfast::apply {
namespace {

TEST(Apply, StoresWhatWasSentWithIdAndMeta) {
  TestRecord record;
  ASSERT_TRUE(record.run(command(create("Patient", "p1", R"("active":true)"))));
  EXPECT_EQ(record.body("Patient", "p1"),
            R"({"resourceType":"Patient","id":"p1","meta":{"versionId":"1",)"
            R"("lastUpdated":"2023-11-14T22:13:21.000Z"},"active":true})");
}

TEST(Apply, TheDigestAddsUpToWhatTheRowsSay) {
  TestRecord record;
  ASSERT_TRUE(record.run(command(create("Patient", "p1", identifier("s", "1")))));
  ASSERT_TRUE(record.run(command(update("Patient", "p1", R"("active":false)"))));
  ASSERT_TRUE(record.run(command(create("Patient", "p2"), update("Observation", "o1"))));
  ASSERT_TRUE(record.run(command(remove("Patient", "p2"))));
  ASSERT_TRUE(record.run(command(update("Patient", "p2"))));
  const auto facts = views::digest_of_view(*record.view(), record.codec);
  ASSERT_TRUE(facts) << facts.error().what;
  EXPECT_EQ(facts->digest, record.state.digest);
  EXPECT_EQ(facts->resources, 3U);
  EXPECT_EQ(facts->resources, record.state.resources);
  EXPECT_EQ(facts->listed, facts->resources);
  EXPECT_EQ(facts->last_row, record.state.last_row);
}

TEST(Apply, TheSameCommandsGiveTheSameDigestWhateverElseHappened) {
  TestRecord one;
  TestRecord other;
  ASSERT_TRUE(one.run(command(update("Patient", "p1"), update("Patient", "p2"))));
  ASSERT_TRUE(other.run(command(update("Patient", "p2"), update("Patient", "p1"))));
  EXPECT_EQ(one.state.digest, other.state.digest);
  ASSERT_TRUE(other.run(command(update("Patient", "p1"))));
  EXPECT_NE(one.state.digest, other.state.digest);
}

TEST(Apply, RefusesAnOutcomeThatTheViewContradicts) {
  TestRecord record;
  fhir::JsonReader reader;
  const auto prepared =
      decide::prepare(command(update("Patient", "p1")), reader, fhir::standard_search_params());
  ASSERT_TRUE(prepared);
  Outcome outcome;
  outcome.results.push_back({Status::updated, "p1", Version{2}, {}});
  const auto folded = record.fold(*prepared, outcome);
  ASSERT_FALSE(folded);
  EXPECT_EQ(folded.error().code, Code::corrupt);
}

TEST(ApplyDeathTest, RefusesAnEntryOutOfOrder) {
  TestRecord record;
  views::WorkLayer work(record.view());
  views::State state;
  state.position = Position{5};
  const EntryFacts facts{Position{7}, Time{1}, Hash{}};
  EXPECT_DEATH((void)apply_nothing(work, state, facts), "in order");
}

}  // namespace
}  // namespace holdfast::apply
