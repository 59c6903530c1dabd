#include "exchange/map_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::exchange {
namespace {

using testing::IsEmpty;

Neighbour lab(std::string_view codes = "", std::string_view authorities = "") {
  Neighbour neighbour;
  neighbour.name = "lab";
  neighbour.senders = {{"LAB", ""}};
  if (!codes.empty()) {
    EXPECT_TRUE(hl7v2::add_overlay(neighbour.overlay, "coding-systems", codes));
  }
  if (!authorities.empty()) {
    EXPECT_TRUE(hl7v2::add_overlay(neighbour.overlay, "authorities", authorities));
  }
  return neighbour;
}

const Bytes result =
    "MSH|^~\\&|LAB|X|H|H|20240301||ORU^R01|M1|P|2.5\rPID|1||7^^^QE2^MR||Smith^Ann\r"
    "OBR|1|P1|F1|FBC^Count^WINPATH|||20240301\rOBX|1|NM|HB^Hb^WINPATH||140|g/L|||||F\r"
    "OBX|2|NM|WBC^White cells^WINPATH||7|10*9/L|||||F\r";

TEST(MapDiff, TheSameOverlayMakesTheSame) {
  fhir::JsonReader reader;
  const auto diff = diff_maps(result, lab(), lab(), reader);
  ASSERT_TRUE(diff) << diff.error().what;
  EXPECT_FALSE(diff->differs());
  EXPECT_EQ(diff->type, "ORU^R01");
  EXPECT_EQ(diff->control_id, "M1");
}

TEST(MapDiff, SaysWhatAChangedNameChangesAndWhere) {
  fhir::JsonReader reader;
  const auto diff =
      diff_maps(result, lab(), lab("name,system\nWINPATH,https://lab.example/codes\n"), reader);
  ASSERT_TRUE(diff) << diff.error().what;
  std::map<std::string, int> kinds;
  for (const MapChange& change : diff->changes) {
    EXPECT_EQ(change.after, "\"https://lab.example/codes\"");
    ++kinds[change.kind()];
  }
  EXPECT_EQ(kinds["Observation.code.coding.system"], 2);
}

TEST(MapDiff, SaysThatAnotherIdentityIsLookedFor) {
  fhir::JsonReader reader;
  const auto diff =
      diff_maps(result, lab(), lab("", "name,system\nQE2,https://qe2.example/mrn\n"), reader);
  ASSERT_TRUE(diff) << diff.error().what;
  bool found = false;
  for (const MapChange& change : diff->changes) {
    found = found || change.kind() == "Patient.found by";
  }
  EXPECT_TRUE(found);
}

TEST(MapDiff, WhatCannotBeMappedEitherWaySaysWhy) {
  fhir::JsonReader reader;
  const auto diff =
      diff_maps("MSH|^~\\&|LAB|X|H|H|20240301||ZZZ^Z01|M1|P|2.5\r", lab(), lab(), reader);
  ASSERT_TRUE(diff);
  EXPECT_TRUE(diff->before && diff->after);
  EXPECT_THAT(diff->changes, IsEmpty());
  EXPECT_FALSE(diff->differs());
}

}  // namespace
}  // namespace holdfast::exchange
