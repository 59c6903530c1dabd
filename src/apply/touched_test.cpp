// apply/touched_test.cpp: which entries are a patient's, over the life of what he had: updated,
// moved, deleted, merged, sent (views/touched.h).
#include "views/touched.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apply/test_record.h"

namespace holdfast::apply {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string subject(const std::string& id) {
  return R"("subject":{"reference":"Patient/)" + id + R"("})";
}

std::vector<std::uint64_t> touched(TestRecord& record, std::string_view patient,
                                   Position after = {}, std::size_t limit = 100) {
  std::vector<std::uint64_t> positions;
  const auto read =
      views::read_touched(*record.view(), patient, after, record.state.position, limit);
  EXPECT_TRUE(read);
  for (const Position one : read.value()) {
    positions.push_back(one.value);
  }
  return positions;
}

views::TouchedSums sums(TestRecord& record) {
  const auto both = views::sum_touched(*record.view(), record.codec, record.params);
  EXPECT_TRUE(both) << both.error().what;
  return *both;
}

Command settling(DutyName duty, Settled settled, bool was_held = false) {
  Command settles = command();
  settles.settlements = {{"gp", duty, settled, was_held, {}, {}, "AA"}};
  return settles;
}

TEST(Touched, WhatIsMovedOrDeletedStaysInBothChronologies) {
  TestRecord record;
  ASSERT_TRUE(record.run(command(create("Patient", "a"), create("Patient", "b"))));
  ASSERT_TRUE(record.run(command(create("Observation", "o", subject("a")))));
  ASSERT_TRUE(record.run(command(create("Patient", "c"))));
  ASSERT_TRUE(record.run(command(update("Observation", "o", subject("b")))));
  ASSERT_TRUE(record.run(command(remove("Observation", "o"))));
  ASSERT_TRUE(record.run(command(update("Observation", "o", subject("c")))));
  EXPECT_THAT(touched(record, "a"), ElementsAre(1, 2, 4));
  EXPECT_THAT(touched(record, "b"), ElementsAre(1, 4, 5));
  EXPECT_THAT(touched(record, "c"), ElementsAre(3, 6));
  EXPECT_THAT(touched(record, "d"), IsEmpty());
  ASSERT_TRUE(record.run(command(remove("Patient", "a"))));
  EXPECT_THAT(touched(record, "a"), ElementsAre(1, 2, 4, 7));
  EXPECT_EQ(sums(record).computed, sums(record).stored);
  EXPECT_EQ(sums(record).stored.postings, 9U);
}

// https://hl7.org/fhir/R4/compartmentdefinition-patient.html has no Task.
TEST(Touched, AnItemIsAboutThePatientThatItIsFor) {
  TestRecord record;
  const auto item = [](const std::string& id) {
    return R"("status":"requested","for":{"reference":"Patient/)" + id + R"("})";
  };
  ASSERT_TRUE(record.run(command(create("Task", "t", item("a")))));
  ASSERT_TRUE(record.run(command(update("Task", "t", item("b")))));
  ASSERT_TRUE(record.run(command(remove("Task", "t"))));
  ASSERT_TRUE(record.run(command(
      create("Task", "u", R"("for":{"reference":"Group/a"},"owner":{"reference":"Patient/a"})"))));
  EXPECT_THAT(touched(record, "a"), ElementsAre(1, 2));
  EXPECT_THAT(touched(record, "b"), ElementsAre(2, 3));
  EXPECT_EQ(sums(record).computed, sums(record).stored);
}

TEST(Touched, AMergeIsAnEntryOfBoth) {
  TestRecord record;
  ASSERT_TRUE(record.run(command(create("Patient", "a"))));
  ASSERT_TRUE(record.run(command(create("Patient", "b"))));
  ASSERT_TRUE(record.run(command(update(
      "Patient", "a", R"("link":[{"other":{"reference":"Patient/b"},"type":"replaced-by"}])"))));
  ASSERT_TRUE(record.run(command(update("Patient", "a", R"("active":true)"))));
  EXPECT_THAT(touched(record, "a"), ElementsAre(1, 3, 4));
  EXPECT_THAT(touched(record, "b"), ElementsAre(2, 3, 4)) << "the link went with entry 4";
  EXPECT_EQ(sums(record).computed, sums(record).stored);
}

TEST(Touched, AnEntryCountsOnceAndIsPagedByItsPosition) {
  TestRecord record;
  for (int i = 0; i < 5; ++i) {
    const std::string id = std::to_string(i);
    ASSERT_TRUE(record.run(command(create("Observation", "o" + id, subject("a")),
                                   create("Observation", "q" + id, subject("a")))));
  }
  EXPECT_THAT(touched(record, "a", {}, 2), ElementsAre(1, 2));
  EXPECT_THAT(touched(record, "a", Position{2}, 2), ElementsAre(3, 4));
  EXPECT_THAT(touched(record, "a", Position{4}, 2), ElementsAre(5));
  EXPECT_THAT(touched(record, "a", Position{5}), IsEmpty());
  EXPECT_EQ(sums(record).stored.postings, 5U);
}

TEST(Touched, WhatIsSentOfAPatientAndHowThatEndsIsHis) {
  TestRecord record;
  Command owing = command(create("Observation", "o", subject("a")),
                          create("Appointment", "m",
                                 R"("participant":[{"actor":{"reference":"Patient/a"}},)"
                                 R"({"actor":{"reference":"Patient/b"}}])"));
  owing.deliveries = {{"gp", {}, 0, {}, {}}, {"gp", {}, 1, {}, {}}};
  ASSERT_TRUE(record.run(owing));
  ASSERT_TRUE(record.run(command(create("Organization", "x"))));
  ASSERT_TRUE(record.run(settling({Position{1}, 0}, Settled::held)));
  ASSERT_TRUE(record.run(settling({Position{1}, 0}, Settled::released, true)));
  ASSERT_TRUE(record.run(settling({Position{1}, 1}, Settled::delivered)));
  ASSERT_TRUE(record.run(settling({Position{1}, 0}, Settled::delivered)));
  EXPECT_THAT(touched(record, "a"), ElementsAre(1, 3, 4, 5, 6));
  EXPECT_THAT(touched(record, "b"), ElementsAre(1, 5)) << "it was about him too";
  EXPECT_EQ(sums(record).computed, sums(record).stored) << "of versions alone";
}

// What is passed on as it came is a Binary, which is in nobody's compartment.
TEST(Touched, AMessagePassedOnIsAboutThoseWhomItsEntryTouches) {
  TestRecord record;
  Command message = command(create("Binary", "m"), create("Observation", "o", subject("a")));
  message.message = Message{"LAB", "1", Disposition::applied, 1, 0, {}, "m", "MSH|", ""};
  message.request_hash = sha256(message.message->bytes);
  message.deliveries = {{"gp", "PID-3 1|X", 0, {}, {}}};
  ASSERT_TRUE(record.run(message));
  ASSERT_TRUE(record.run(settling({Position{1}, 0}, Settled::delivered)));
  EXPECT_THAT(touched(record, "a"), ElementsAre(1, 2));
}

TEST(Touched, ARowThatIsMissingOrTooManyIsSeen) {
  TestRecord record;
  ASSERT_TRUE(record.run(command(create("Observation", "o", subject("a")))));
  ASSERT_TRUE(record.run(command(create("Observation", "p", subject("a")))));
  const auto cursor = record.view()->scan(views::Table::touched, {}, {}, views::Direction::forward);
  ASSERT_TRUE(cursor->valid());
  const Bytes key(cursor->key());
  const Bytes value(cursor->value());
  const auto write = [&](const Bytes& row, std::optional<BytesView> what) {
    const std::array writes{views::Write{views::Table::touched, row, what}};
    ASSERT_TRUE(record.kv.write(writes));
  };
  write(key, std::nullopt);
  EXPECT_NE(sums(record).computed, sums(record).stored);
  write(key, value);
  EXPECT_EQ(sums(record).computed, sums(record).stored);
  Bytes other = key;
  other.back() = '\x09';
  write(other, value);
  EXPECT_NE(sums(record).computed, sums(record).stored);
  write(other, "\x04");
  EXPECT_FALSE(views::sum_touched(*record.view(), record.codec, record.params));
}

}  // namespace
}  // namespace holdfast::apply
