// decide/test_bank.h: a hospital where somebody is to have blood, for tests of what is shown of it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "decide/test_hospital.h"

namespace holdfast::decide {

class Bank : public Hospital {
 public:
  Bank() {
    run(command(update("Patient", "ann", R"("birthDate":"1990-03-01","gender":"female")"),
                update("Patient", "bob", R"("birthDate":"1950-03-01","gender":"male")")));
  }
  void ask(const std::string& priority = "routine", const std::string& patient = "ann") {
    run(command(update(
        "ServiceRequest", "b1",
        fmt::format(R"("status":"active","intent":"order","priority":"{}","subject":{{"reference":)"
                    R"("Patient/{}"}},"category":[{{"coding":[{{"system":"http://snomed.info/sct",)"
                    R"("code":"116859006"}}]}}])",
                    priority, patient))));
  }
  static Operation group(const std::string& id, std::string_view snomed,
                         const std::string& day = "2026-11-29", const std::string& patient = "ann",
                         const std::string& status = "final") {
    return update(
        "Observation", id,
        fmt::format(
            R"("status":"{}","code":{{"coding":[{{"system":"http://loinc.org","code":"882-1"}}]}},)"
            R"("subject":{{"reference":"Patient/{}"}},"effectiveDateTime":"{}",)"
            R"("valueCodeableConcept":{{"coding":[{{"system":"http://snomed.info/sct",)"
            R"("code":"{}"}}]}})",
            status, patient, day, snomed));
  }
  static Operation unit(const std::string& group, const std::string& dispense = "RS") {
    return update(
        "BiologicallyDerivedProduct", "u1",
        fmt::format(
            R"("request":[{{"reference":"ServiceRequest/b1"}}],"extension":[{{"url":)"
            R"("urn:holdfast:hl7v2:BPX-2","valueCodeableConcept":{{"coding":[{{"code":"{}"}}]}}}},)"
            R"({{"url":"urn:holdfast:hl7v2:BPX-11","valueCodeableConcept":{{"text":"{}"}}}}])",
            dispense, group));
  }
  static Operation sample(const std::string& id, const std::string& taken,
                          const std::string& more = "") {
    return update("Specimen", id,
                  fmt::format(R"("status":"available","subject":{{"reference":"Patient/ann"}},)"
                              R"("request":[{{"reference":"ServiceRequest/b1"}}],"collection":)"
                              R"({{"collectedDateTime":"{}"{}}})",
                              taken, more));
  }
  /// The node looks what is to wake, at that instant.
  Outcome tick_at(const std::string& instant) {
    record.now = Time{parse_date_time(instant)->from.ms - record.step_ms};
    Command tick;
    tick.tick = Tick{Time{record.now.ms + record.step_ms}, 1000};
    return run(std::move(tick));
  }
  Item blood() { return item(id()); }
  std::string id() {
    for (const std::string& one : about("ServiceRequest/b1")) {
      if (item(one).pathway == "blood") {
        return one;
      }
    }
    return {};
  }
  std::vector<Item> overrides() {
    std::vector<Item> all;
    for (const std::string& one : about("ServiceRequest/b1")) {
      if (Item found = item(one); found.pathway == "blood-override") {
        all.push_back(std::move(found));
      }
    }
    return all;
  }
  std::string body() { return record.body("Task", id()); }
  bool shows(std::string_view text) { return body().find(text) != std::string::npos; }
  static std::pair<std::string, std::string> to(const std::string& from, const std::string& state) {
    return Hospital::state(from, state);
  }
};

}  // namespace holdfast::decide
