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
#include "fhir/test_data.h"

namespace holdfast::fhir {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

struct Examined {
  explicit Examined(Bytes text) : json(read_json(std::move(text))) {
    json.minify();
    examine(json.root(), sites, extraction);
  }
  /// "subject=Patient/1" or, on a hole that must lead to a type, "patient=urn:uuid:1 (Patient)".
  [[nodiscard]] std::vector<std::string> references() const {
    std::vector<std::string> found;
    for (const ExtractedReference& one : extraction.references) {
      found.push_back(std::string(name(one.param)) + '=' +
                      std::string(site_text(json.bytes(), sites.sites[one.site])) +
                      (one.only ? " (" + std::string(name(*one.only)) + ')' : ""));
    }
    return found;
  }
  [[nodiscard]] std::vector<std::string> patients() const {
    std::vector<std::string> found;
    for (const std::uint32_t site : extraction.patients) {
      found.emplace_back(site_text(json.bytes(), sites.sites[site]));
    }
    return found;
  }
  [[nodiscard]] std::vector<std::string> identifiers() const {
    std::vector<std::string> found;
    for (const ExtractedIdentifier& one : extraction.identifiers) {
      found.push_back((one.system.present() ? std::string(text_of(extraction, one.system)) : "-") +
                      '|' +
                      (one.value.present() ? std::string(text_of(extraction, one.value)) : "-"));
    }
    return found;
  }
  Json json;
  Sites sites;
  Extraction extraction;
};

TEST(Extract, TakesReferencesOfEveryParameterThatSelectsThem) {
  const Examined one(R"({"resourceType":"Observation","status":"final","code":{"text":"c"},
      "subject":{"reference":"Patient/1"},"encounter":{"reference":"Encounter/2"},
      "performer":[{"reference":"Practitioner/3"},{"reference":"Patient/1"}],
      "hasMember":[{"reference":"Observation/4"}],"focus":[{"reference":"#c"}],
      "note":[{"authorReference":{"reference":"Patient/99"},"text":"t"}]})");
  EXPECT_THAT(one.references(),
              UnorderedElementsAre("subject=Patient/1", "patient=Patient/1",
                                   "encounter=Encounter/2", "performer=Practitioner/3",
                                   "performer=Patient/1", "has-member=Observation/4"));
  EXPECT_THAT(one.patients(), ElementsAre("Patient/1", "Patient/1"));  // two sites
  EXPECT_FALSE(one.extraction.is_patient);
}

TEST(Extract, AsksForTheTypeWhereResolveDoes) {
  const std::string body =
      R"({"resourceType":"Observation","status":"final","code":{"text":"c"},"subject":{"reference":")";
  EXPECT_THAT(Examined(body + R"(Group/1"}})").references(), ElementsAre("subject=Group/1"));
  EXPECT_THAT(Examined(body + R"(Group/1"}})").patients(), IsEmpty());
  EXPECT_THAT(Examined(body + R"(urn:uuid:1"}})").references(),
              UnorderedElementsAre("subject=urn:uuid:1", "patient=urn:uuid:1 (Patient)"));
  EXPECT_THAT(Examined(body + R"(urn:uuid:1"}})").patients(), ElementsAre("urn:uuid:1"));
  EXPECT_THAT(Examined(body + R"(Patient?identifier=1"}})").references(),
              UnorderedElementsAre("subject=Patient?identifier=1", "patient=Patient?identifier=1"));
  EXPECT_THAT(Examined(body + R"(Patient?identifier=1"}})").patients(),
              ElementsAre("Patient?identifier=1"));
  EXPECT_THAT(
      Examined(body + R"(http://h/fhir/Patient/1"}})").references(),
      UnorderedElementsAre("subject=http://h/fhir/Patient/1", "patient=http://h/fhir/Patient/1"));
  EXPECT_THAT(Examined(body + R"(Patient\/1"}})").patients(), ElementsAre(R"(Patient\/1)"));
}

TEST(Extract, FollowsPathsAndNothingBesideThem) {
  // Composition.section.entry is a path of two steps: sections inside sections are not on it.
  const Examined one(
      R"({"resourceType":"Composition","status":"final","type":{"text":"t"},"date":"2020",
      "author":[{"reference":"Practitioner/1"}],"title":"t",
      "section":[{"entry":[{"reference":"Observation/1"}],"section":[{"entry":[{"reference":"Observation/2"}]}]}],
      "relatesTo":[{"code":"replaces","targetReference":{"reference":"Composition/3"}}]})");
  EXPECT_THAT(one.references(), UnorderedElementsAre("author=Practitioner/1", "entry=Observation/1",
                                                     "related-ref=Composition/3"));
}

TEST(Extract, TakesCanonicalAndUriParameters) {
  const Examined one(R"({"resourceType":"Measure","status":"draft","library":["http://l|1"]})");
  EXPECT_THAT(one.references(), UnorderedElementsAre("depends-on=http://l|1"));
  const Examined map(
      R"({"resourceType":"ConceptMap","status":"draft","sourceUri":"http://s","targetCanonical":"http://t"})");
  EXPECT_THAT(map.references(), UnorderedElementsAre("source-uri=http://s", "target=http://t"));
}

TEST(Extract, LeavesContainedResourcesAndEntriesAlone) {
  const Examined contained(R"({"resourceType":"Basic","code":{"text":"c"},"contained":[
      {"resourceType":"Observation","id":"o","status":"final","code":{"text":"c"},
       "identifier":[{"system":"s","value":"v"}],"subject":{"reference":"Patient/1"}}]})");
  EXPECT_THAT(contained.references(), IsEmpty());
  EXPECT_THAT(contained.patients(), IsEmpty());
  EXPECT_THAT(contained.identifiers(), IsEmpty());
  EXPECT_EQ(contained.sites.sites.size(),
            2U);  // but they can be replaced: the system and the reference
  const Examined bundle(
      R"({"resourceType":"Bundle","type":"document","identifier":{"value":"b"},"entry":[{"resource":
      {"resourceType":"Patient","identifier":[{"value":"v"}]}}]})");
  EXPECT_THAT(bundle.identifiers(), ElementsAre("-|b"));
  EXPECT_FALSE(bundle.extraction.is_patient);
}

TEST(Extract, TakesIdentifiersAsExactBytes) {
  const Examined one(
      R"({"resourceType":"Patient","identifier":[{"system":"http:\/\/s","value":"\u00e9 1"},
      {"value":"only"},{"system":"x"},{"use":"old"}],
      "link":[{"type":"seealso","other":{"reference":"Patient/2","identifier":{"value":"not this"}}}]})");
  EXPECT_THAT(one.identifiers(), ElementsAre("http://s|é 1", "-|only", "x|-", "-|-"));
  EXPECT_TRUE(one.extraction.is_patient);
  EXPECT_THAT(one.patients(), ElementsAre("Patient/2"));
}

TEST(Extract, OneWalkGivesWhatTwoGive) {
  JsonReader reader;
  Sites sites;
  Extraction extraction;
  std::size_t compared = 0;
  std::size_t with_references = 0;
  for (const auto& file : std::filesystem::directory_iterator(definitions_package())) {
    if (!file.path().filename().string().starts_with("Observation-")) {
      continue;
    }
    Json json = read_json(file_bytes(file.path()));
    json.minify();
    ASSERT_TRUE(check_and_examine(json.root(), sites, extraction)) << file.path();
    const Sites alone = find_sites(json.root());
    Sites other;
    Extraction again;
    examine(json.root(), other, again);
    ASSERT_EQ(sites.sites.size(), alone.sites.size());
    ASSERT_EQ(sites.sites.size(), other.sites.size());
    EXPECT_EQ(extraction.patients, again.patients);
    EXPECT_EQ(extraction.references.size(), again.references.size());
    with_references += extraction.references.empty() ? 0U : 1U;
    ++compared;
  }
  EXPECT_EQ(compared, 64U);
  EXPECT_EQ(with_references, 63U);  // one, of decimals, is about nobody
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
      examine(resource, sites, extraction);
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
      EXPECT_EQ(extraction.identifiers.size(), !identifiers              ? 0U
                                               : identifiers->is_array() ? identifiers->size()
                                                                         : 1U);
      if (extraction.patients.empty() && !extraction.is_patient) {
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
