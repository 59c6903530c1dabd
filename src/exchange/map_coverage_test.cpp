#include "exchange/map_coverage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

namespace holdfast::exchange {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

Bytes result(std::string_view id, std::string_view unit) {
  return fmt::format(
      "MSH|^~\\&|LAB|X|H|H|20240301||ORU^R01|{}|P|2.5\rPID|1||7^^^QE2^MR||Smith^Ann||19700101|F\r"
      "OBR|1|P1|F1|FBC^Count^WINPATH|||20240301||||||||||||||||||F\r"
      "OBX|1|NM|HB^Hb^WINPATH||140|{}|||||F\rOBX|2|NM|WBC^White^WINPATH||7|{}|||||F\r",
      id, unit, unit);
}

Neighbour lab() {
  Neighbour neighbour;
  neighbour.name = "lab";
  neighbour.senders = {{"LAB", ""}};
  hl7v2::Overlay& overlay = neighbour.overlay;
  EXPECT_TRUE(hl7v2::add_overlay(overlay, "coding-systems",
                                 "name,system,owner\nWINPATH,https://lab.example/codes,jo\n"
                                 "APEX,https://lab.example/apex,jo\n"));
  EXPECT_TRUE(hl7v2::add_overlay(overlay, "units", "from,ucum\ng%,g/dL\n"));
  EXPECT_TRUE(hl7v2::add_overlay(overlay, "codes",
                                 "table,from,code,system,display,owner\n0001,F,female,,,ann\n"));
  EXPECT_TRUE(hl7v2::add_overlay(overlay, "authorities", "name,system\nQE2,https://qe2.example\n"));
  EXPECT_TRUE(hl7v2::add_overlay(overlay, "defaults", "path,value,owner\nOBR-24,HM,jo\n"));
  return neighbour;
}

TEST(MapCoverage, CountsMessagesInWhichALineSaidSomething) {
  const Neighbour neighbour = lab();
  MapCoverage coverage(neighbour);
  coverage.add(result("M1", "g%"));
  coverage.add(result("M2", "g/L"));
  std::vector<std::string> lines;
  for (const MapCoverage::Line& line : coverage.lines()) {
    lines.push_back(fmt::format("{} {} {} ({}): {}", line.line.kind, line.line.table,
                                line.line.from, line.owner, line.messages));
  }
  EXPECT_THAT(
      lines, testing::ElementsAre("authorities  QE2 (): 2", "codes 0001 F (ann): 2",
                                  "coding-systems  APEX (jo): 0", "coding-systems  WINPATH (jo): 2",
                                  "defaults  OBR-24 (jo): 2", "units  g% (): 1"));
  EXPECT_EQ(coverage.totals().messages, 2U);
  EXPECT_EQ(coverage.totals().not_mapped, 0U);
  EXPECT_GT(coverage.totals().mapped, coverage.totals().values / 2);
}

TEST(MapCoverage, NamesWhatNobodyKnowsOnceAMessage) {
  const Neighbour neighbour = lab();
  MapCoverage coverage(neighbour);
  coverage.add(result("M1", "grams"));
  coverage.add(result("M2", "grams"));
  coverage.add(result("M3", "drops"));
  std::vector<std::string> units;
  for (const MapCoverage::Lack& lack : coverage.lacks()) {
    if (lack.kind == hl7v2::Finding::Kind::unmapped_unit) {
      units.push_back(fmt::format("{} {} {} {}", lack.place, lack.raw, lack.messages, lack.first));
    }
  }
  EXPECT_THAT(units, testing::ElementsAre("OBX-6.1 grams 2 M1", "OBX-6.1 drops 1 M3"));
}

TEST(MapCoverage, TellsNoValueThatMayBeAPatients) {
  const Neighbour neighbour = lab();
  MapCoverage coverage(neighbour);
  coverage.add(
      "MSH|^~\\&|LAB|X|H|H|20240301||ADT^A08|M1|P|2.5\rEVN||20240301\r"
      "PID|1||7^^^QE2^MR||Smith^Ann||19700101|F\rPV1|1|O\rZPD|secret\r");
  ASSERT_THAT(coverage.lacks(), testing::Not(IsEmpty()));
  for (const MapCoverage::Lack& lack : coverage.lacks()) {
    EXPECT_EQ(lack.raw, "") << lack.place;
  }
}

TEST(MapCoverage, SaysWhyAMessageIsNotMapped) {
  const Neighbour neighbour = lab();
  MapCoverage coverage(neighbour);
  coverage.add("MSH|^~\\&|LAB|X|H|H|20240301||ZZZ^Z99|M9|P|2.5\rZZZ|1\r");
  coverage.add("no message");
  EXPECT_EQ(coverage.totals().not_mapped, 2U);
  ASSERT_THAT(coverage.failures(), SizeIs(2));
  EXPECT_THAT(coverage.failures()[0], testing::StartsWith("ZZZ^Z99 M9: "));
}

TEST(MapCoverage, IsBounded) {
  const Neighbour neighbour = lab();
  MapCoverage coverage(neighbour);
  for (std::size_t i = 0; i < MapCoverage::lacks_max + 50; ++i) {
    coverage.add(result("M", fmt::format("unit{}", i)));
  }
  EXPECT_THAT(coverage.lacks(), SizeIs(MapCoverage::lacks_max));
  EXPECT_GE(coverage.lacks_left_out(), 50U);
}

}  // namespace
}  // namespace holdfast::exchange
