// fhir/params/extract_test.cpp: what the walk finds in the examples of the standard, and in the
// Synthea set, where counting texts is the oracle.
#include "fhir/extract.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir/check.h"
#include "fhir/params/compile.h"
#include "fhir/test_data.h"

namespace holdfast::fhir {
namespace {

/// Values in indexes whose path ends so.
std::size_t count_values(const Extraction& extraction, std::string_view end) {
  return static_cast<std::size_t>(
      std::ranges::count_if(extraction.values, [&](const ExtractedValue& one) {
        return standard_search_params().index(one.index).path.ends_with(end);
      }));
}
bool is_of_a_patient(const Extraction& extraction) {
  return extraction.is_patient ||
         std::ranges::any_of(extraction.values, [](const ExtractedValue& one) {
           return standard_search_params().index(one.index).in_patient_compartment;
         });
}

TEST(Extract, OneWalkGivesWhatTwoGive) {
  JsonReader reader;
  Sites sites;
  Extraction extraction;
  std::size_t compared = 0;
  std::size_t of_a_patient = 0;
  for (const auto& file : std::filesystem::directory_iterator(definitions_package())) {
    if (!file.path().filename().string().starts_with("Observation-")) {
      continue;
    }
    Json json = read_json(file_bytes(file.path()));
    json.minify();
    ASSERT_TRUE(check_and_examine(json.root(), standard_search_params(), sites, extraction))
        << file.path();
    const Sites alone = find_sites(json.root());
    Sites other;
    Extraction again;
    examine(json.root(), standard_search_params(), other, again);
    ASSERT_EQ(sites.sites.size(), alone.sites.size());
    ASSERT_EQ(sites.sites.size(), other.sites.size());
    EXPECT_EQ(extraction.values.size(), again.values.size());
    of_a_patient += is_of_a_patient(extraction) ? 1U : 0U;
    ++compared;
  }
  EXPECT_EQ(compared, 64U);
  EXPECT_EQ(of_a_patient, 63U);  // one, of decimals, is about nobody
}

// ---- the Synthea set --------------------------------------------------------------------------

/// Calls `each` with the bytes of every file in the archive; false if there is none or no tar.
bool for_each_synthea_file(const std::function<void(const std::string&, Bytes)>& each) {
  const auto archive = shared_data() / "synthea/synthea-r4-122.tar.zst";
  if (!std::filesystem::exists(archive)) {
    return false;
  }
  const auto folder =
      std::filesystem::temp_directory_path() / ("holdfast-synthea-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const std::string command =
      "zstd -dcq '" + archive.string() + "' | tar -xf - -C '" + folder.string() + "'";
  const bool is_unpacked = std::system(command.c_str()) == 0;  // NOLINT(cert-env33-c): a test
  if (is_unpacked) {
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
      if (file.path().extension() == ".json") {
        each(file.path().filename(), file_bytes(file.path()));
      }
    }
  }
  std::filesystem::remove_all(folder);
  return is_unpacked;
}

std::size_t count_of(std::string_view text, std::string_view what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos;
       at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

TEST(Synthea, EveryBundleIsReadCheckedAndExtracted) {
  JsonReader reader;
  Json json;
  Sites sites;
  Extraction extraction;
  std::size_t bundles = 0;
  std::size_t resources = 0;
  std::size_t conditional = 0;
  std::map<std::string, std::size_t> without_patient;
  const bool is_there = for_each_synthea_file([&](const std::string& file, Bytes text) {
    ASSERT_TRUE(reader.read(std::move(text), json)) << file;
    const Result<void> checked = check_resource(json.root());
    ASSERT_TRUE(checked) << file << ": " << checked.error().what << checked.error().where;
    json.minify();
    ++bundles;
    for (const JsonValue entry : json.root().find("entry")->children()) {
      const JsonValue resource = *entry.find("resource");
      examine(resource, standard_search_params(), sites, extraction);
      ++resources;
      std::size_t references = 0;
      for (const Site& site : sites.sites) {
        references += site.element == SiteElement::reference ? 1 : 0;
        conditional += site.kind == SiteKind::conditional ? 1 : 0;
        if (site.element == SiteElement::reference) {
          EXPECT_NE(site.kind, SiteKind::other);
        }
      }
      // An oracle that knows no definitions: Synthea writes nothing else under that name.
      EXPECT_EQ(references, count_of(resource.raw(), "\"reference\":\""));
      // One identifier of the standard's parameter for each of the resource's own.
      const auto identifiers = resource.find("identifier");
      EXPECT_EQ(count_values(extraction, ".identifier"), !identifiers ? 0U
                                                         : identifiers->is_array()
                                                             ? identifiers->size()
                                                             : 1U);
      if (!is_of_a_patient(extraction)) {
        ++without_patient[resource.find("resourceType")->text()];
      }
    }
  });
  if (!is_there) {
    GTEST_SKIP() << "the Synthea set is not under " << shared_data()
                 << ", or tar or zstd is missing";
  }
  EXPECT_EQ(bundles, 122U);
  EXPECT_EQ(resources, 92114U);
  std::printf("%zu conditional references\n", conditional);
  for (const auto& [type, count] : without_patient) {
    std::printf("outside every patient's compartment: %zu %s\n", count, type.c_str());
  }
  // What is about a patient lies in a compartment.
  for (const char* type : {"Observation", "Encounter", "Condition", "Procedure", "Claim",
                           "DiagnosticReport", "MedicationRequest", "Immunization", "CarePlan"}) {
    EXPECT_EQ(without_patient.count(type), 0U) << type;
  }
}

}  // namespace
}  // namespace holdfast::fhir
