// clinical/blood_samples_test.cpp: until when a sample is valid, and which two are two.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clinical/blood_testing.h"

namespace holdfast::clinical {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Kind = BloodWarningKind;

const BloodTable& table() {
  static const BloodTable read = shipped();
  return read;
}

std::vector<Kind> kinds(const BloodWarnings& warnings) {
  std::vector<Kind> all;
  for (const BloodWarning& one : warnings) {
    EXPECT_NE(one.what, "");
    all.push_back(one.kind);
  }
  return all;
}

constexpr std::int64_t hour = 3'600'000;

std::int64_t valid_hours(Storage storage, Known history) {
  const Sample sample{Time{1000}, storage, history};
  return (sample_valid_until(table(), sample).ms - 1000) / hour;
}

TEST(Sample, IsValidAsLongAsHistoryAndStorageAllow) {
  EXPECT_EQ(valid_hours(Storage::refrigerated, Known::no), 168);
  EXPECT_EQ(valid_hours(Storage::room_temperature, Known::no), 48);
  EXPECT_EQ(valid_hours(Storage::unknown, Known::no), 48);
  EXPECT_EQ(valid_hours(Storage::refrigerated, Known::yes), 72);
  EXPECT_EQ(valid_hours(Storage::refrigerated, Known::unknown), 72);
  EXPECT_EQ(valid_hours(Storage::room_temperature, Known::yes), 48);
}

TEST(Sample, IsExpiredOneMillisecondLater) {
  const Sample sample{Time{0}, Storage::refrigerated, Known::yes};
  EXPECT_THAT(kinds(sample_warnings(table(), sample, Time{72 * hour})), IsEmpty());
  EXPECT_THAT(kinds(sample_warnings(table(), sample, Time{72 * hour + 1})),
              ElementsAre(Kind::sample_expired));
  EXPECT_THAT(kinds(sample_warnings(table(), sample, Time{-1})), ElementsAre(Kind::sample_time));
}

TEST(Sample, OfAnUnknownHistorySaysSo) {
  const Sample sample{Time{0}, Storage::refrigerated, Known::unknown};
  EXPECT_THAT(kinds(sample_warnings(table(), sample, Time{hour})),
              ElementsAre(Kind::sample_history_unknown));
}

TEST(TwoSamples, AreWantedOfWhoIsThereForTheFirstTime) {
  const std::vector<GroupSample> one{{Time{1}, "Ann"}};
  const std::vector<GroupSample> two{{Time{1}, "Ann"}, {Time{2}, "Ben"}};
  const std::vector<GroupSample> at_once{{Time{1}, "Ann"}, {Time{1}, "Ben"}};
  const std::vector<GroupSample> same_person{{Time{1}, "Ann"}, {Time{2}, "Ann"}};
  EXPECT_THAT(kinds(two_sample_warnings({}, one)), ElementsAre(Kind::second_sample));
  EXPECT_THAT(kinds(two_sample_warnings({}, {})), ElementsAre(Kind::second_sample));
  EXPECT_THAT(kinds(two_sample_warnings({}, two)), IsEmpty());
  EXPECT_THAT(kinds(two_sample_warnings({}, at_once)), ElementsAre(Kind::second_sample));
  EXPECT_EQ(two_sample_warnings({}, same_person).front().what,
            "both samples were taken by one person; by another is better");
  EXPECT_THAT(kinds(two_sample_warnings({}, same_person)), ElementsAre(Kind::one_collector));
  EXPECT_THAT(kinds(two_sample_warnings({.group_on_file = true}, one)), IsEmpty());
  EXPECT_THAT(kinds(two_sample_warnings({.electronic_identification = true}, one)), IsEmpty());
}

TEST(TwoSamples, AreOneIfTheyAreOfOneSpecimenOrMayBeOfOneMoment) {
  constexpr std::int64_t day = 24 * hour;
  const auto warned = [](GroupSample a, GroupSample b) {
    const std::vector<GroupSample> one_way{a, b};
    const std::vector<GroupSample> other_way{b, a};
    EXPECT_EQ(kinds(two_sample_warnings({}, one_way)), kinds(two_sample_warnings({}, other_way)));
    return kinds(two_sample_warnings({}, one_way));
  };
  const GroupSample first{Time{day}, "Ann", {}, {"Specimen/1"}};
  // Determined twice, with a day between, and still one puncture.
  EXPECT_THAT(warned(first, {Time{3 * day}, "Ann", {}, {"Specimen/1"}}),
              ElementsAre(Kind::second_sample));
  EXPECT_THAT(warned(first, {Time{3 * day}, "Ben", {}, {"Specimen/2", "Specimen/1"}}),
              ElementsAre(Kind::second_sample))
      << "an aliquot";
  EXPECT_THAT(warned(first, {Time{3 * day}, "Ben", {}, {"Specimen/2"}}), IsEmpty());
  EXPECT_THAT(warned(first, {Time{3 * day}, "Ann", {}, {"Specimen/2"}}),
              ElementsAre(Kind::one_collector));
  EXPECT_THAT(warned(first, {Time{3 * day}, "", {}, {"Specimen/2"}}), IsEmpty())
      << "by whom is not known";
  // Some time on that day may be that moment.
  EXPECT_THAT(warned(first, {Time{day}, "", Time{2 * day}, {"Specimen/2"}}),
              ElementsAre(Kind::second_sample));
  EXPECT_THAT(warned(first, {Time{0}, "", Time{day}, {"Specimen/2"}}), IsEmpty())
      << "the day before";
}

TEST(TwoSamples, NeverDelayAnEmergency) {
  const std::vector<GroupSample> one{{Time{1}, "Ann"}};
  const BloodWarnings warnings = two_sample_warnings({.urgency = Urgency::emergency}, one);
  EXPECT_EQ(warnings.front().what,
            "no second sample yet: group O meanwhile, and nothing waits for it");
}

}  // namespace
}  // namespace holdfast::clinical
