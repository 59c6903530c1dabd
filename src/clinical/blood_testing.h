// clinical/blood_testing.h: one patient's record of blood, for tests of what is said of it.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/time.h"
#include "clinical/blood_record.h"
#include "clinical/table_testing.h"

namespace holdfast::clinical {

inline Time at(std::string_view text) { return parse_date_time(text)->from; }
inline const Time now = at("2026-11-30T12:00:00Z");

/// As shipped, but approved.
inline BloodTable shipped() {
  BloodTable one = read_blood(shipped_table("blood").text, shipped_table("blood").file).value();
  one.edition.approved_by = {{"A", true}, {"B", false}};
  return one;
}

/// One patient's record, as resources.
class Patient {
 public:
  BloodTable table = shipped();
  BloodPatient patient{.sex = Sex::male, .age_years = 40};
  BloodRecord record;

  Patient& says(const std::string& json, const std::string& source) {
    fhir::JsonReader reader;
    const auto read = reader.read(Bytes(json));
    EXPECT_TRUE(read) << json;
    read_blood_fact(table, read->root(), source, now, record);
    return *this;
  }
  Patient& observes(const std::string& id, std::string_view code, std::string_view value,
                    std::string_view day = "2026-11-29", std::string_view status = "final") {
    return says(
        fmt::format(R"({{"resourceType":"Observation","status":"{}","code":{{"coding":[{{"system":)"
                    R"("http://loinc.org","code":"{}"}}]}},"effectiveDateTime":)"
                    R"("{}T08:00:00Z",{}}})",
                    status, code, day, value),
        "Observation/" + id);
  }
  Patient& group(const std::string& id, std::string_view snomed,
                 std::string_view day = "2026-11-29") {
    return observes(id, "882-1", coded(snomed), day);
  }
  static std::string coded(std::string_view snomed) {
    return fmt::format(
        R"("valueCodeableConcept":{{"coding":[{{"system":"http://snomed.info/sct","code":"{}"}}]}})",
        snomed);
  }
  Patient& unit(const std::string& group, const std::string& testing = {},
                const std::string& product = {}) {
    std::string extensions;
    const auto add = [&](std::string_view url, const std::string& text) {
      if (!text.empty()) {
        extensions += fmt::format(
            R"({}{{"url":"urn:holdfast:hl7v2:{}","valueCodeableConcept":{{"text":"{}"}}}})",
            extensions.empty() ? "" : ",", url, text);
      }
    };
    add("BPX-11", group);
    add("BPX-12", testing);
    return says(
        fmt::format(
            R"({{"resourceType":"BiologicallyDerivedProduct","identifier":[{{"value":"G1"}}],)"
            R"("productCode":{{"coding":[{{"system":)"
            R"("http://terminology.hl7.org/CodeSystem/v2-0426","code":"{}"}}]}},)"
            R"("extension":[{}]}})",
            product.empty() ? "PC" : product, extensions),
        "BiologicallyDerivedProduct/u1");
  }
  Patient& sample(std::string_view taken) {
    return says(fmt::format(R"({{"resourceType":"Specimen","status":"available","collection":)"
                            R"({{"collectedDateTime":"{}"}}}})",
                            taken),
                "Specimen/s1");
  }

  [[nodiscard]] std::vector<std::string> of(BloodNoteKind kind) const {
    std::vector<std::string> all;
    for (const BloodNote& one : review_blood(table, record, patient, now)) {
      if (one.kind == kind) {
        all.push_back(one.text);
      }
    }
    return all;
  }
  [[nodiscard]] std::vector<std::string> warnings() const { return of(BloodNoteKind::warning); }
  [[nodiscard]] std::vector<std::string> notes() const { return of(BloodNoteKind::note); }
};

/// Two samples, so that nothing but the unit is warned of.
inline Patient known(std::string_view snomed) {
  Patient one;
  one.group("a", snomed, "2026-11-28").group("b", snomed, "2026-11-29");
  return one;
}

inline constexpr std::array<std::pair<std::string_view, std::string_view>, 8> groups{
    {{"278147001", "O POS"},
     {"278148006", "O NEG"},
     {"278149003", "A POS"},
     {"278152006", "A NEG"},
     {"278150003", "B POS"},
     {"278153001", "B NEG"},
     {"278151004", "AB POS"},
     {"278154007", "AB NEG"}}};

}  // namespace holdfast::clinical
