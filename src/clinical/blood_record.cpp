#include "clinical/blood_record.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/time.h"
#include "clinical/blood_words.h"

namespace holdfast::clinical {
namespace {

using fhir::JsonValue;

const BloodCodes::Answer* answer_of(const BloodCodes& codes, const Concept& said) {
  const auto by_code = std::ranges::find_if(
      codes.answers, [&](const BloodCodes::Answer& one) { return has(one.said.codes, said); });
  const auto found = by_code != codes.answers.end()
                         ? by_code
                         : std::ranges::find_if(codes.answers, [&](const BloodCodes::Answer& one) {
                             return says(one.said, said);
                           });
  return found == codes.answers.end() ? nullptr : &*found;
}

class Reading {
 public:
  Reading(const BloodTable& table, JsonValue resource, std::string_view source, Time received,
          BloodRecord& to)
      : table_(table),
        codes_(table.codes),
        resource_(resource),
        source_(source),
        received_(received),
        to_(to) {}

  void run() {
    const std::string type = text_in(resource_, "resourceType");
    const std::string status = text_in(resource_, "status");
    if (status == "entered-in-error" || status == "cancelled" || status == "not-done") {
      return;
    }
    if (type == "Observation" && status != "registered" && status != "preliminary") {
      observation(resource_);
      if (const auto components = resource_.find("component")) {
        for (const JsonValue one : components->children()) {
          observation(one);
        }
      }
    } else if (type == "Condition" || (type == "Flag" && status == "active")) {
      standing();
    } else if (type == "Procedure") {
      procedure();
    } else if (type == "ServiceRequest") {
      to_.wanted = time_at(resource_, {"occurrenceDateTime", "occurrencePeriod.start"});
      if (const auto details = resource_.find("orderDetail")) {
        for (const JsonValue one : details->children()) {
          require(concept_of(one));
        }
      }
    } else if (type == "Specimen" && status != "unsatisfactory") {
      if (const auto taken = time_at(resource_, {"collection.collectedDateTime", "receivedTime"})) {
        to_.samples.push_back({*taken, source_});
      } else if (const auto collection = resource_.find("collection")) {
        const auto period = collection->find("collectedPeriod");
        const auto from = period ? time_at(*period, {"start"}) : std::nullopt;
        to_.samples.push_back({from.value_or(received_), source_});
      } else {
        to_.samples.push_back({received_, source_});
      }
    } else if (type == "BiologicallyDerivedProduct") {
      unit();
    }
  }

 private:
  [[nodiscard]] TimeRange observed_within() const {
    return range_at(resource_,
                    {"effectiveDateTime", "effectivePeriod.start", "effectiveInstant", "issued"})
        .value_or(TimeRange{received_, Time{received_.ms + 1}});
  }
  [[nodiscard]] Time observed() const { return observed_within().from; }

  void observation(JsonValue one) {
    const Concept code = concept_of(one.find("code"));
    const Concept value = value_of(one);
    if (has(codes_.group, code) || has(codes_.abo, code) || has(codes_.rhd, code)) {
      group(code, value);
    } else if (has(codes_.antibody, code)) {
      if (!value.empty() && !says(codes_.no_antibody, value)) {
        to_.antibodies.push_back(
            {value.shown(), says(codes_.immune_anti_d, value), observed(), source_});
      }
    } else if (has(codes_.pregnancy_status, code)) {
      if (has(codes_.pregnant, value)) {
        to_.history.push_back({true, observed(), "pregnant", source_});
      }
    } else if (has(codes_.history_asked, code)) {
      const auto flag = one.find("valueBoolean");
      if (flag) {
        const bool was = flag->raw() == "true";
        to_.history.push_back(
            {was, observed(), was ? "transfused or pregnant" : "neither", source_});
      }
    }
  }

  void group(const Concept& code, const Concept& value) {
    if (value.empty()) {
      return;  // of a panel: its components say it
    }
    const TimeRange when = observed_within();
    GroupSeen seen{{}, {}, {}, when.from, source_, when.until, specimen_of(resource_, source_)};
    if (const BloodCodes::Answer* const answer = answer_of(codes_, value)) {
      seen.abo = has(codes_.rhd, code) ? std::nullopt : answer->abo;
      seen.rhd = has(codes_.abo, code) ? std::nullopt : answer->rhd;
    }
    if (!seen.abo && !seen.rhd) {
      seen.said = value.shown();
    }
    to_.groups.push_back(std::move(seen));
  }

  void require(const Concept& said) {
    for (const BloodCodes::Required& one : codes_.requirements) {
      if (says(one.said, said)) {
        to_.requirements.push_back({one.what, source_});
      }
    }
  }

  /// A Flag or a Condition.
  void standing() {
    const auto verification = concept_of(resource_.find("verificationStatus"));
    const auto refuted = std::ranges::any_of(verification.codes, [](const Coding& one) {
      return one.code == "entered-in-error" || one.code == "refuted";
    });
    if (refuted) {
      return;
    }
    const Concept code = concept_of(resource_.find("code"));
    require(code);
    if (has(codes_.pregnant, code)) {
      const auto clinical = concept_of(resource_.find("clinicalStatus"));
      const bool over = std::ranges::any_of(clinical.codes, [](const Coding& one) {
        return one.code == "resolved" || one.code == "inactive" || one.code == "remission";
      });
      const auto began = time_at(resource_, {"onsetDateTime", "recordedDate"});
      const auto ended = time_at(resource_, {"abatementDateTime"});
      const Time at = over ? ended.value_or(began.value_or(received_)) : received_;
      to_.history.push_back({true, over ? at : Time{INT64_MAX}, "pregnant", source_});
    }
  }

  /// Of a transfusion by HL7 v2 (BTX) there is no code: its message status says that it is one.
  void procedure() {
    const bool by_message = !extensions_of(resource_, "urn:holdfast:hl7v2:BTX-11").empty();
    if (by_message || has(codes_.transfusion, concept_of(resource_.find("code")))) {
      to_.history.push_back(
          {true,
           time_at(resource_, {"performedDateTime", "performedPeriod.start"}).value_or(received_),
           "transfused", source_});
    }
  }

  void unit() {
    for (const Concept& one : extensions_of(resource_, codes_.unit_status)) {
      for (const Coding& code : one.codes) {
        if (std::ranges::find(codes_.units_back, code.code) != codes_.units_back.end()) {
          return;
        }
      }
    }
    UnitSeen seen;
    seen.source = source_;
    if (const auto numbers = resource_.find("identifier"); numbers && numbers->size() > 0) {
      seen.name = text_in(*numbers->children().begin(), "value");
    }
    const Concept product = concept_of(resource_.find("productCode"));
    seen.is_compared = !has(codes_.not_compared, product);
    seen.unit.component = has(codes_.plasma, product)            ? Component::plasma
                          : has(codes_.platelets, product)       ? Component::platelets
                          : has(codes_.cryoprecipitate, product) ? Component::cryoprecipitate
                                                                 : Component::red_cells;
    for (const Concept& one : extensions_of(resource_, codes_.unit_group)) {
      const BloodCodes::Answer* const answer = answer_of(codes_, one);
      if (answer != nullptr && answer->abo && answer->rhd) {
        seen.unit.group = Group{*answer->abo, *answer->rhd};
      }
    }
    for (const Concept& one : extensions_of(resource_, codes_.unit_testing)) {
      for (const BloodCodes::Required& known : codes_.requirements) {
        if (!says(known.said, one)) {
          continue;
        }
        switch (known.what) {
          case Requirement::irradiated: seen.unit.irradiated = Known::yes; break;
          case Requirement::cmv_negative: seen.unit.cmv_negative = Known::yes; break;
          case Requirement::k_negative: seen.unit.k_negative = Known::yes; break;
        }
      }
    }
    to_.units.push_back(std::move(seen));
  }

  const BloodTable& table_;
  const BloodCodes& codes_;
  JsonValue resource_;
  std::string source_;
  Time received_;
  BloodRecord& to_;
};

}  // namespace

void read_blood_fact(const BloodTable& table, fhir::JsonValue resource, std::string_view source,
                     Time received, BloodRecord& to) {
  Reading(table, resource, source, received, to).run();
}

}  // namespace holdfast::clinical
