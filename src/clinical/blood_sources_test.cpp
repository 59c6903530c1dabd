// Two samples are two only where nothing speaks for their being one.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clinical/blood_testing.h"

namespace holdfast::clinical {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

/// Two groups of the same day or of two, each of a specimen.
struct Grouped : Patient {
  Grouped& of_specimen(const std::string& id, const std::string& specimen,
                       std::string_view day = "2026-11-29") {
    observes(id, "882-1", R"("specimen":)" + specimen + "," + coded("278149003"), day);
    return *this;
  }
  Grouped& specimen(const std::string& id, const std::string& collection,
                    const std::string& more = {}) {
    const std::string json = R"({"resourceType":"Specimen","status":"available","collection":{)" +
                             collection + "}" + more + "}";
    fhir::JsonReader reader;
    const auto read = reader.read(Bytes(json));
    EXPECT_TRUE(read) << json;
    auto seen = read_specimen(table, read->root(), "Specimen/" + id);
    EXPECT_TRUE(seen);
    record.specimens.push_back(*std::move(seen));
    return *this;
  }
  [[nodiscard]] bool is_one_sample() const {
    return std::ranges::any_of(warnings(), [](const std::string& one) {
      return one.starts_with("The group is known from one sample only");
    });
  }
};
constexpr std::string_view s1 = R"({"reference":"Specimen/1"})";
constexpr std::string_view s2 = R"({"reference":"Specimen/2"})";
constexpr std::string_view by_ann =
    R"("collector":{"reference":"Practitioner/ann"},"collectedDateTime":)";
constexpr std::string_view by_ben =
    R"("collector":{"reference":"Practitioner/ben"},"collectedDateTime":)";

std::string at(std::string_view collector, std::string_view time) {
  return std::string(collector) + '"' + std::string(time) + '"';
}

TEST(BloodRecord, TwoGroupsOfOneSpecimenAreOneSample) {
  Grouped one;
  one.of_specimen("a", std::string(s1), "2026-11-28").of_specimen("b", std::string(s1));
  EXPECT_TRUE(one.is_one_sample()) << "of which nothing else is known";
  Grouped by_number;
  const std::string number = R"({"identifier":{"system":"urn:lab","value":"7"}})";
  by_number.of_specimen("a", number, "2026-11-28").of_specimen("b", number);
  EXPECT_TRUE(by_number.is_one_sample());
  Grouped version;
  version.of_specimen("a", R"({"reference":"Specimen/1/_history/2"})", "2026-11-28")
      .of_specimen("b", std::string(s1));
  EXPECT_TRUE(version.is_one_sample());
  Grouped aliquot;
  aliquot.of_specimen("a", std::string(s1), "2026-11-28").of_specimen("b", std::string(s2));
  EXPECT_FALSE(aliquot.is_one_sample());
  aliquot.specimen("2", "", R"(,"parent":[{"reference":"Specimen/1"}])");
  EXPECT_TRUE(aliquot.is_one_sample());
  Grouped contained;
  const std::string own = R"({"reference":"#s"})";
  contained.of_specimen("a", own, "2026-11-28").of_specimen("b", own);
  EXPECT_FALSE(contained.is_one_sample()) << "each its own";
}

TEST(BloodRecord, WhenASampleWasTakenIsWhatItsSpecimenSays) {
  Grouped one;
  one.of_specimen("a", std::string(s1), "2026-11-28").of_specimen("b", std::string(s2));
  // Determined on two days, and both tubes are of one puncture.
  one.specimen("1", at(by_ann, "2026-11-28T08:00:00Z"))
      .specimen("2", at(by_ann, "2026-11-28T08:00:00Z"));
  EXPECT_TRUE(one.is_one_sample());
  Grouped day;
  day.of_specimen("a", std::string(s1), "2026-11-28").of_specimen("b", std::string(s2));
  day.specimen("1", at(by_ann, "2026-11-28T08:00:00Z")).specimen("2", at(by_ben, "2026-11-28"));
  EXPECT_TRUE(day.is_one_sample()) << "some time on that day";
  Grouped period;
  period.of_specimen("a", std::string(s1), "2026-11-28").of_specimen("b", std::string(s2));
  period.specimen("1", at(by_ann, "2026-11-28T08:00:00Z"))
      .specimen("2", R"("collectedPeriod":{"start":"2026-11-28T07:55:00Z","end":)"
                     R"("2026-11-28T08:05:00Z"})");
  EXPECT_TRUE(period.is_one_sample());
  Grouped two;  // both determined at the same time
  two.of_specimen("a", std::string(s1)).of_specimen("b", std::string(s2));
  EXPECT_TRUE(two.is_one_sample());
  two.specimen("1", at(by_ann, "2026-11-28T08:00:00Z"))
      .specimen("2", at(by_ben, "2026-11-28T08:10:00Z"));
  EXPECT_FALSE(two.is_one_sample());
  EXPECT_THAT(two.warnings(), IsEmpty());
}

TEST(BloodRecord, TwoSamplesByOnePersonAreANote) {
  Grouped one;
  one.of_specimen("a", std::string(s1)).of_specimen("b", std::string(s2));
  one.specimen("1", at(by_ann, "2026-11-28T08:00:00Z"))
      .specimen("2", at(by_ann, "2026-11-28T08:10:00Z"));
  EXPECT_THAT(one.warnings(), IsEmpty());
  EXPECT_THAT(one.notes(), testing::Contains(HasSubstr("taken by one person")));
}

TEST(BloodRecord, WithElectronicIdentificationOneSampleIsEnoughWhereTheHospitalNamesItsCode) {
  const std::string method =
      R"("method":{"coding":[{"system":"urn:holdfast:blood","code":"electronic-identification"}]})";
  Grouped as_shipped;
  as_shipped.of_specimen("a", std::string(s1)).specimen("1", method);
  EXPECT_TRUE(as_shipped.is_one_sample()) << "nobody has said that the code means it";
  Grouped one;
  one.table.codes.electronic_identification = {{"urn:holdfast:blood", "electronic-identification"}};
  one.of_specimen("a", std::string(s1)).specimen("1", method);
  EXPECT_THAT(one.warnings(), IsEmpty());
  EXPECT_THAT(one.notes(), testing::Contains(HasSubstr("identified electronically")));
  Grouped another;
  another.table = one.table;
  another.of_specimen("a", std::string(s1)).specimen("2", method);
  EXPECT_TRUE(another.is_one_sample()) << "of a sample that the group is not from";
}

TEST(BloodTable, TakesTheCodeOfElectronicIdentificationThatAHospitalWrites) {
  const auto text = spoilt("blood", "# electronic_identification =", "electronic_identification =");
  const auto table = read_blood(text, "t.toml");
  ASSERT_TRUE(table.has_value()) << table.error().what;
  ASSERT_EQ(table->codes.electronic_identification.size(), 1U);
  EXPECT_EQ(table->codes.electronic_identification.front().code, "electronic-identification");
}

}  // namespace
}  // namespace holdfast::clinical
