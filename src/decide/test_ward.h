// decide/test_ward.h: a stay, and sets of observations of whoever stays, for tests of early warning
// scores.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "decide/test_hospital.h"

namespace holdfast::decide {

struct Set {
  int respiration = 16;
  int saturation = 97;
  int systolic = 120;
  int pulse = 70;
  double temperature = 37.0;
  bool has_temperature = true;
  std::string at = "2026-11-30T09:00:00Z";
};

inline std::string quantity(std::string_view code, double value, std::string_view unit) {
  return fmt::format(
      R"({{"code":{{"coding":[{{"system":"http://loinc.org","code":"{}"}}]}},"valueQuantity":)"
      R"({{"value":{},"system":"http://unitsofmeasure.org","code":"{}"}}}})",
      code, value, unit);
}

/// A panel with all of it.
inline Operation panel(const std::string& id, const Set& set,
                       const std::string& stay = "Encounter/e1") {
  std::string components =
      quantity("9279-1", set.respiration, "/min") + "," + quantity("59408-5", set.saturation, "%") +
      "," + quantity("3150-6", 21, "%") + "," + quantity("8480-6", set.systolic, "mm[Hg]") + "," +
      quantity("8867-4", set.pulse, "/min") + ",";
  components += set.has_temperature ? quantity("8310-5", set.temperature, "Cel") + "," : "";
  components +=
      R"({"code":{"coding":[{"system":"http://loinc.org","code":"80288-4"}]},"valueCodeableConcept":)"
      R"({"coding":[{"system":"http://snomed.info/sct","code":"248234008"}]}})";
  return update("Observation", id,
                fmt::format(R"("status":"final","code":{{"text":"NEWS2"}},"encounter":{{)"
                            R"("reference":"{}"}},"subject":{{"reference":"Patient/adult"}},)"
                            R"("effectiveDateTime":"{}","component":[{}])",
                            stay, set.at, components));
}

inline Operation stay(const std::string& status, const std::string& patient = "adult") {
  return update("Encounter", "e1",
                R"("status":")" + status + R"(","class":{"code":"IMP"},"subject":{"reference":)" +
                    R"("Patient/)" + patient + R"("})");
}

class Ward : public Hospital {
 public:
  Ward() {
    run(command(update("Patient", "adult", R"("birthDate":"1950-03-01")"),
                update("Patient", "child", R"("birthDate":"2015-03-01")")));
    run(command(stay("in-progress")));
  }
  Item observations() { return of("observations").at(0); }
  std::vector<Item> of(const std::string& pathway) {
    std::vector<Item> found;
    for (const std::string& id : about("Encounter/e1")) {
      Item one = item(id);
      if (one.pathway == pathway) {
        found.push_back(std::move(one));
      }
    }
    return found;
  }
  std::string reason(const Item& of) {
    const std::string body = record.body("Task", of.id);
    const std::size_t at = body.find(R"("statusReason":{"text":")");
    return at == std::string::npos ? std::string() : body.substr(at, 160);
  }
  std::int64_t minutes_left() { return (observations().due->ms - record.now.ms + 59'999) / 60'000; }
};

}  // namespace holdfast::decide
