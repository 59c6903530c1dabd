// hl7v2/mapping/mapping_testing.h: short messages and what they map to, for the tests of this
// folder.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/check.h"
#include "fhir/json.h"
#include "hl7v2/mapping/map.h"

namespace holdfast::hl7v2 {

/// A segment of these fields, by their numbers.
inline std::string segment(std::string_view name,
                           std::initializer_list<std::pair<int, std::string_view>> fields) {
  std::string text(name);
  int at = 0;
  for (const auto& [number, value] : fields) {
    text.append(static_cast<std::size_t>(number - at), '|').append(value);
    at = number;
  }
  return text + "\r";
}

/// A message that lives as long as what was mapped of it.
struct MappedMessage {
  explicit MappedMessage(std::string_view type, std::string_view segments, Overlay with = {})
      : overlay(std::move(with)) {
    bytes = "MSH|^~\\&|LAB|QE2|||20240301120000||";
    bytes.append(type).append("|M1|P|2.4\r");
    bytes.append(segments);
    Result<Message> parsed = Message::parse(bytes);
    EXPECT_TRUE(parsed.has_value());
    const IdentifierPolicy policy;
    result = map(*parsed, MapInput{overlay, policy});
    if (result) {
      check();
    }
  }
  MappedMessage(const MappedMessage&) = delete;
  MappedMessage& operator=(const MappedMessage&) = delete;
  MappedMessage(MappedMessage&&) = delete;
  MappedMessage& operator=(MappedMessage&&) = delete;
  ~MappedMessage() = default;

  [[nodiscard]] const Mapped& operator*() const { return *result; }
  [[nodiscard]] const Mapped* operator->() const { return &*result; }

  /// The `number`th draft of that type, from 1; fails the test where there is none.
  [[nodiscard]] const Draft& draft(std::string_view type, int number = 1) const {
    static const Draft nothing;
    for (const Draft& one : result->drafts) {
      if (fhir::name(one.type) == type && --number == 0) {
        return one;
      }
    }
    ADD_FAILURE() << "no " << type;
    return nothing;
  }
  [[nodiscard]] std::size_t count(std::string_view type) const {
    return static_cast<std::size_t>(
        std::count_if(result->drafts.begin(), result->drafts.end(),
                      [&](const Draft& one) { return fhir::name(one.type) == type; }));
  }
  /// Whether the body has this JSON in it.
  [[nodiscard]] bool says(std::string_view type, std::string_view json, int number = 1) const {
    return draft(type, number).body.find(json) != std::string::npos;
  }
  [[nodiscard]] bool found(Finding::Kind kind, std::string_view place) const {
    return std::any_of(
        result->report.findings.begin(), result->report.findings.end(),
        [&](const Finding& one) { return one.kind == kind && one.place.text() == place; });
  }
  template <class Kind>
  [[nodiscard]] std::vector<Kind> actions() const {
    std::vector<Kind> found;
    for (const Action& action : result->actions) {
      if (const auto* one = std::get_if<Kind>(&action)) {
        found.push_back(*one);
      }
    }
    return found;
  }

  Overlay overlay;
  Bytes bytes;
  Result<Mapped> result = fail(Code::usage, "not mapped");

 private:
  void check() const {
    fhir::JsonReader reader;
    for (const Draft& one : result->drafts) {
      Result<fhir::Json> json = reader.read(one.body);
      ASSERT_TRUE(json.has_value()) << one.body;
      const Result<void> checked = fhir::check_resource(json->root());
      EXPECT_TRUE(checked.has_value())
          << checked.error().what << " " << checked.error().where << "\n"
          << one.body;
    }
  }
};

}  // namespace holdfast::hl7v2
