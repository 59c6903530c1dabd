// exchange/merge_test.cpp: what is said replaces, what is not said stays.
#include "exchange/merge.h"

#include <gtest/gtest.h>

#include <vector>

namespace holdfast::exchange {
namespace {

using Paths = std::vector<std::string_view>;

std::string put(Bytes before, Bytes body, const Paths& said, const Paths& removed = {}) {
  fhir::JsonReader reader;
  const auto existing = reader.read(std::move(before));
  const auto draft = reader.read(std::move(body));
  EXPECT_TRUE(existing && draft);
  auto made = merged(existing->root(), draft->root(), said, removed);
  return made ? *made : made.error().what;
}

TEST(Merge, ReplacesWhatIsSaidAndKeepsTheRest) {
  EXPECT_EQ(
      put(R"({"resourceType":"Patient","id":"7","meta":{"versionId":"2"},"gender":"male","birthDate":"1980"})",
          R"({"resourceType":"Patient","gender":"female","maritalStatus":{"text":"M"}})",
          {"gender", "maritalStatus"}),
      R"({"resourceType":"Patient","id":"7","meta":{"versionId":"2"},"gender":"female","birthDate":"1980",)"
      R"("maritalStatus":{"text":"M"}})");
}

TEST(Merge, TakesAwayWhatIsRemoved) {
  EXPECT_EQ(
      put(R"({"resourceType":"Patient","birthDate":"1980","_birthDate":{"id":"x"},"gender":"male"})",
          R"({"resourceType":"Patient"})", {}, {"birthDate"}),
      R"({"resourceType":"Patient","gender":"male"})");
}

TEST(Merge, AChoiceGivesWayWhateverItsType) {
  EXPECT_EQ(put(R"({"resourceType":"Patient","deceasedBoolean":true})",
                R"({"resourceType":"Patient","deceasedDateTime":"2024-01-01"})", {"deceased"}),
            R"({"resourceType":"Patient","deceasedDateTime":"2024-01-01"})");
  EXPECT_EQ(
      put(R"({"resourceType":"Encounter","status":"planned","statusHistory":[{"status":"planned"}]})",
          R"({"resourceType":"Encounter","status":"finished"})", {"status"}),
      R"({"resourceType":"Encounter","status":"finished","statusHistory":[{"status":"planned"}]})");
}

TEST(Merge, ItemsOfAListByWhatTheyAre) {
  EXPECT_EQ(
      put(R"({"resourceType":"Patient","telecom":[{"use":"home","value":"1"},{"use":"work","value":"2"}]})",
          R"({"resourceType":"Patient","telecom":[{"use":"home","value":"3"}]})",
          {"telecom.where(use='home')"}),
      R"({"resourceType":"Patient","telecom":[{"use":"work","value":"2"},{"use":"home","value":"3"}]})");
  EXPECT_EQ(
      put(R"({"resourceType":"Patient","extension":[{"url":"a","valueString":"1"}],"gender":"male"})",
          R"({"resourceType":"Patient"})", {}, {"extension.where(url='a')"}),
      R"({"resourceType":"Patient","gender":"male"})");
}

TEST(Merge, IdentifiersAreUnited) {
  EXPECT_EQ(
      put(R"({"resourceType":"Patient","identifier":[{"system":"a","value":"1"},{"system":"b","value":"2"}]})",
          R"({"resourceType":"Patient","identifier":[{"system":"b","value":"2","use":"old"},{"system":"c","value":"2"}]})",
          {}),
      R"({"resourceType":"Patient","identifier":[{"system":"a","value":"1"},{"system":"b","value":"2","use":"old"},)"
      R"({"system":"c","value":"2"}]})");
}

TEST(Merge, WhatSaysNothingNewChangesNoByte) {
  const Bytes before =
      R"({"resourceType":"Patient","id":"7","identifier":[{"system":"a","value":"1"}],"gender":"male"})";
  EXPECT_EQ(
      put(before,
          R"({"resourceType":"Patient","identifier":[{"system":"a","value":"1"}],"gender":"male"})",
          {"gender"}),
      before);
}

TEST(Merge, RefusesAPathThatItCannotFollow) {
  EXPECT_EQ(put(R"({"resourceType":"Patient"})", R"({"resourceType":"Patient"})", {"name.given"}),
            "'name.given' is no element that can be merged");
}

}  // namespace
}  // namespace holdfast::exchange
