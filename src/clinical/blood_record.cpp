#include "clinical/blood_record.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/time.h"

namespace holdfast::clinical {
namespace {

using fhir::JsonValue;

std::string text_of(JsonValue object, std::string_view key) {
  const auto member = object.find(key);
  return member && member->is_string() ? member->text() : std::string();
}

/// In lower case, with single blanks.
std::string plain(std::string_view text) {
  std::string words;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (blank && (words.empty() || words.back() == ' ')) {
      continue;
    }
    words.push_back(blank ? ' ' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  while (words.ends_with(' ')) {
    words.pop_back();
  }
  return words;
}

/// A CodeableConcept or a text, as codes and as words.
struct Concept {
  std::vector<Coding> codes;
  std::vector<std::string> words;  ///< as sent
  [[nodiscard]] bool empty() const { return codes.empty() && words.empty(); }
  [[nodiscard]] std::string shown() const {
    return !words.empty() ? words.front() : codes.empty() ? std::string() : codes.front().code;
  }
};

Concept concept_of(std::optional<JsonValue> value) {
  Concept found;
  if (!value) {
    return found;
  }
  if (value->is_string()) {
    found.words.push_back(value->text());
    return found;
  }
  if (std::string text = text_of(*value, "text"); !text.empty()) {
    found.words.push_back(std::move(text));
  }
  if (const auto codings = value->find("coding")) {
    for (const JsonValue one : codings->children()) {
      found.codes.push_back({text_of(one, "system"), text_of(one, "code")});
      for (const std::string_view key : {"display", "code"}) {
        if (std::string text = text_of(one, key); !text.empty()) {
          found.words.push_back(std::move(text));
        }
      }
    }
  }
  return found;
}

bool has(const std::vector<Coding>& codes, const Concept& said) {
  return std::ranges::any_of(
      said.codes, [&](const Coding& one) { return std::ranges::find(codes, one) != codes.end(); });
}

/// A code that is known counts more than any words beside it.
bool says(const Said& known, const Concept& said) {
  return has(known.codes, said) || std::ranges::any_of(said.words, [&](const std::string& word) {
           return std::ranges::find(known.words, plain(word)) != known.words.end();
         });
}

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

std::optional<Time> time_in(JsonValue object, std::initializer_list<std::string_view> paths) {
  for (const std::string_view path : paths) {
    const std::size_t dot = path.find('.');
    auto at = object.find(path.substr(0, dot));
    if (at && dot != std::string_view::npos) {
      at = at->find(path.substr(dot + 1));
    }
    const auto range = at && at->is_string() ? parse_date_time(at->text()) : std::nullopt;
    if (range) {
      return range->from;
    }
  }
  return {};
}

Concept value_of(JsonValue object) {
  for (const std::string_view key : {"valueCodeableConcept", "valueString"}) {
    if (const auto value = object.find(key)) {
      return concept_of(value);
    }
  }
  return {};
}

/// One of several values with that URL.
std::vector<Concept> extensions_of(JsonValue resource, std::string_view url) {
  std::vector<Concept> all;
  if (const auto extensions = resource.find("extension")) {
    for (const JsonValue one : extensions->children()) {
      if (const auto its = one.find("url"); its && its->equals(url)) {
        all.push_back(value_of(one));
      }
    }
  }
  return all;
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
    const std::string type = text_of(resource_, "resourceType");
    const std::string status = text_of(resource_, "status");
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
      to_.wanted = time_in(resource_, {"occurrenceDateTime", "occurrencePeriod.start"});
      if (const auto details = resource_.find("orderDetail")) {
        for (const JsonValue one : details->children()) {
          require(concept_of(one));
        }
      }
    } else if (type == "Specimen" && status != "unsatisfactory") {
      if (const auto taken = time_in(resource_, {"collection.collectedDateTime", "receivedTime"})) {
        to_.samples.push_back({*taken, source_});
      } else if (const auto collection = resource_.find("collection")) {
        const auto period = collection->find("collectedPeriod");
        const auto from = period ? time_in(*period, {"start"}) : std::nullopt;
        to_.samples.push_back({from.value_or(received_), source_});
      } else {
        to_.samples.push_back({received_, source_});
      }
    } else if (type == "BiologicallyDerivedProduct") {
      unit();
    }
  }

 private:
  [[nodiscard]] Time observed() const {
    return time_in(resource_,
                   {"effectiveDateTime", "effectivePeriod.start", "effectiveInstant", "issued"})
        .value_or(received_);
  }

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
    GroupSeen seen{{}, {}, {}, observed(), source_};
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
      const auto began = time_in(resource_, {"onsetDateTime", "recordedDate"});
      const auto ended = time_in(resource_, {"abatementDateTime"});
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
           time_in(resource_, {"performedDateTime", "performedPeriod.start"}).value_or(received_),
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
      seen.name = text_of(*numbers->children().begin(), "value");
    }
    const Concept product = concept_of(resource_.find("productCode"));
    seen.is_compared = !has(codes_.not_compared, product);
    seen.unit.component = has(codes_.plasma, product) ? Component::plasma : Component::red_cells;
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

/// Asked of every Observation that comes: nothing is copied.
bool has_code_of_blood(const BloodCodes& codes, JsonValue one) {
  const std::array lists{
      &codes.group,        &codes.abo, &codes.rhd, &codes.antibody, &codes.pregnancy_status,
      &codes.history_asked};
  const auto code = one.find("code");
  const auto codings = code ? code->find("coding") : std::nullopt;
  if (!codings) {
    return false;
  }
  for (const JsonValue coding : codings->children()) {
    const auto value = coding.find("code");
    const auto system = coding.find("system");
    for (const auto* const list : lists) {
      for (const Coding& known : *list) {
        if (value && system && value->equals(known.code) && system->equals(known.system)) {
          return true;
        }
      }
    }
  }
  return false;
}

bool is_observation_of_blood(const BloodCodes& codes, JsonValue resource) {
  if (has_code_of_blood(codes, resource)) {
    return true;
  }
  if (const auto components = resource.find("component")) {
    for (const JsonValue one : components->children()) {
      if (has_code_of_blood(codes, one)) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

bool speaks_of_blood(const BloodTable& table, fhir::JsonValue resource) {
  const BloodCodes& codes = table.codes;
  const auto type = resource.find("resourceType");
  if (!type) {
    return false;
  }
  if (type->equals("Observation")) {
    return is_observation_of_blood(codes, resource);
  }
  const Concept code = concept_of(resource.find("code"));
  if (type->equals("Condition") || type->equals("Flag")) {
    return has(codes.pregnant, code) ||
           std::ranges::any_of(codes.requirements, [&](const BloodCodes::Required& one) {
             return says(one.said, code);
           });
  }
  return type->equals("Procedure") &&
         (has(codes.transfusion, code) ||
          !extensions_of(resource, "urn:holdfast:hl7v2:BTX-11").empty());
}

void read_blood_fact(const BloodTable& table, fhir::JsonValue resource, std::string_view source,
                     Time received, BloodRecord& to) {
  Reading(table, resource, source, received, to).run();
}

}  // namespace holdfast::clinical
