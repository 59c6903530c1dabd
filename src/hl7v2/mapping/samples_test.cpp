// Every sample message of a type that has a mapping becomes resources that FHIR R4 takes, and the
// share of its values that is mapped does not fall.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "fhir/check.h"
#include "fhir/test_data.h"
#include "hl7v2/batch.h"
#include "hl7v2/mapping/map.h"
#include "hl7v2/test_data.h"

namespace holdfast::hl7v2 {
namespace {

struct Sums {
  std::uint64_t messages = 0;
  std::uint64_t leaves = 0;
  std::uint64_t mapped = 0;
  std::uint64_t accounted = 0;
};

/// Least shares in percent, of the type's samples together: mapped, and mapped or set aside.
struct Floor {
  std::uint32_t mapped;
  std::uint32_t accounted;
};
const std::map<std::string, Floor>& floors() {
  static const std::map<std::string, Floor> rows = {
#include "hl7v2/mapping/floors.inc"
  };
  return rows;
}

/// Why samples are refused: types that no table maps, and four whose content means nothing.
std::vector<std::string> refused_samples() {
  return {
      "'&' divides in two ways in '|&&&&|'",
      "ADT^A01 without PID",
      "ADT^A41: the account of one side has no identifier",
      "ADT^A45: patient urn:holdfast:authority:ADT1|PATID1234 is on both sides",
      "no mapping for ACK^R01",
      "no mapping for ACK^R01",
      "no mapping for BAR^P01",
      "no mapping for BAR^P01",
      "no mapping for BAR^P12",
      "no mapping for DFT^P11",
      "no mapping for PPR^PC2",
      "no mapping for PPR^PC3",
      "no mapping for QBP^Q22",
      "no mapping for RDE^O11",
      "no mapping for RDE^O25",
      "no mapping for RDS^O13",
      "no mapping for RSP^K22",
      "no mapping for RSP^K23",
  };
}

void check_drafts(const Mapped& mapped, const std::string& file) {
  fhir::JsonReader reader;
  for (const Draft& draft : mapped.drafts) {
    Result<fhir::Json> json = reader.read(draft.body);
    ASSERT_TRUE(json.has_value()) << file << ": " << json.error().what << "\n" << draft.body;
    const Result<void> checked = fhir::check_resource(json->root());
    EXPECT_TRUE(checked.has_value())
        << file << ": " << checked.error().what << " at " << checked.error().where << "\n"
        << draft.body;
    EXPECT_EQ(*fhir::type_of(json->root()), draft.type) << file;
    EXPECT_EQ(draft.find.empty(), draft.mode == DraftMode::create) << file << "\n" << draft.body;
    for (const LocalReference& reference : draft.references) {
      EXPECT_EQ(draft.body.substr(reference.offset, reference.bytes),
                fmt::format("urn:holdfast:draft:{}", reference.to.value));
      EXPECT_LE(reference.to.value, mapped.drafts.size()) << file;
    }
  }
  Result<fhir::Json> outcome = reader.read(operation_outcome(mapped.report));
  ASSERT_TRUE(outcome.has_value()) << file << ": " << outcome.error().what;
  const Result<void> checked = fhir::check_resource(outcome->root());
  EXPECT_TRUE(checked.has_value()) << file << ": " << checked.error().what;
  const Result<Report> again = decode_report(encode(mapped.report));
  ASSERT_TRUE(again.has_value()) << file << ": " << again.error().what;
  EXPECT_EQ(*again, mapped.report) << file;
}

TEST(MappingSamples, BecomeResourcesAndLoseNoShare) {
  const auto all = samples();
  HOLDFAST_NEED_SAMPLES(all);
  const Overlay overlay;
  const IdentifierPolicy policy;
  const MapInput input{overlay, policy};
  std::map<std::string, Sums> sums;
  std::map<std::string, std::string> refused;
  for (const Sample& sample : all) {
    const Result<Batch> batch = split_batch(sample.bytes);
    if (!batch) {
      continue;
    }
    for (const BytesView one : batch->messages) {
      const Result<Message> message = Message::parse(one);
      if (!message) {
        continue;
      }
      const Result<Mapped> mapped = map(*message, input);
      if (!mapped) {
        refused[sample.file] = mapped.error().what;
        EXPECT_TRUE(mapped.error().code == Code::unsupported || !structure_for(*message) ||
                    mapped.error().code == Code::conflict ||
                    mapped.error().code == Code::required || mapped.error().code == Code::syntax)
            << sample.file << ": " << mapped.error().what;
        continue;
      }
      check_drafts(*mapped, sample.file);
      const Report& report = mapped->report;
      Sums& sum = sums[mapped->trigger];
      ++sum.messages;
      sum.leaves += report.leaves;
      sum.mapped += report.mapped;
      sum.accounted += report.mapped + report.set_aside;
    }
  }
  for (const auto& [type, sum] : sums) {
    const std::uint64_t mapped = sum.mapped * 100 / sum.leaves;
    const std::uint64_t accounted = sum.accounted * 100 / sum.leaves;
    fmt::print("{:9} {:3} messages {:6} values {:3}% mapped {:3}% accounted for\n", type,
               sum.messages, sum.leaves, mapped, accounted);
    const auto floor = floors().find(type);
    EXPECT_NE(floor, floors().end()) << "no floor for " << type << ": {\"" << type << "\", {"
                                     << mapped << ", " << accounted << "}},";
    if (floor == floors().end()) {
      continue;
    }
    EXPECT_GE(mapped, floor->second.mapped) << type;
    EXPECT_GE(accounted, floor->second.accounted) << type;
  }
  for (const auto& [type, floor] : floors()) {
    EXPECT_TRUE(sums.contains(type)) << "no message of " << type << " is mapped any more";
  }
  std::vector<std::string> reasons;
  for (const auto& [file, why] : refused) {
    reasons.push_back(why);
  }
  std::ranges::sort(reasons);
  EXPECT_EQ(reasons, refused_samples());
}

}  // namespace
}  // namespace holdfast::hl7v2
