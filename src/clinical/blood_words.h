// clinical/blood_words.h: what an element of a resource says, as codes and as words, for the
// readers of what the record says of blood. Inside this folder.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "clinical/blood.h"
#include "fhir/json.h"

namespace holdfast::clinical {

/// The text of a member; empty where it has none, or none that is a string.
[[nodiscard]] std::string text_in(fhir::JsonValue object, std::string_view key);

/// A CodeableConcept or a text.
struct Concept {
  std::vector<Coding> codes;
  std::vector<std::string> words;  ///< as sent
  [[nodiscard]] bool empty() const { return codes.empty() && words.empty(); }
  [[nodiscard]] std::string shown() const {
    return !words.empty() ? words.front() : codes.empty() ? std::string() : codes.front().code;
  }
};
[[nodiscard]] Concept concept_of(std::optional<fhir::JsonValue> value);
/// valueCodeableConcept or valueString of an Observation, component or Extension.
[[nodiscard]] Concept value_of(fhir::JsonValue object);

/// The values of all extensions with that URL.
[[nodiscard]] std::vector<Concept> extensions_of(fhir::JsonValue resource, std::string_view url);

/// Whether one of those codes is said.
[[nodiscard]] bool has(const std::vector<Coding>& codes, const Concept& said);
/// The same, or one of the words, in any case of letters.
[[nodiscard]] bool says(const Said& known, const Concept& said);

/// The first of `paths` ("collection.collectedDateTime", at most two names) that has a time: from
/// when until when it may mean.
[[nodiscard]] std::optional<TimeRange> range_at(fhir::JsonValue object,
                                                std::initializer_list<std::string_view> paths);
/// When that begins.
[[nodiscard]] std::optional<Time> time_at(fhir::JsonValue object,
                                          std::initializer_list<std::string_view> paths);

}  // namespace holdfast::clinical
