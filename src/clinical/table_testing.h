// clinical/table_testing.h: shipped tables for tests, whole and spoilt.
#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "clinical/observation.h"
#include "clinical/shipped.h"

namespace holdfast::clinical {

/// The shipped text with one thing in it said otherwise.
inline std::string spoilt(std::string_view table, std::string_view before, std::string_view after) {
  std::string text(shipped_table(table).text);
  const std::size_t at = text.find(before);
  EXPECT_NE(at, std::string::npos) << before;
  return at == std::string::npos ? text : text.replace(at, before.size(), after);
}

/// What a reader says of it; empty where it takes it.
template <class Read>
std::string refusal(Read read, std::string_view table, std::string_view before,
                    std::string_view after) {
  const auto done = read(spoilt(table, before, after), "t.toml");
  return done ? std::string() : done.error().what;
}

/// "t.toml:12: it is …"
inline std::string sentence(const std::string& what) {
  const std::size_t colon = what.find(": ");
  return colon == std::string::npos ? what : what.substr(colon + 2);
}

inline fhir::Decimal decimal(std::string_view text) { return *fhir::Decimal::parse(text); }

/// A FHIR Observation as text → what the tables look at.
inline Observation observation(std::string_view json) {
  fhir::JsonReader reader;
  const auto read = reader.read(Bytes(json));
  EXPECT_TRUE(read) << json;
  auto seen = read_observation(read->root());
  EXPECT_TRUE(seen) << json;
  return seen ? *seen : Observation{};
}

/// A number with a LOINC code.
inline Observation number(std::string_view code, std::string_view value, std::string_view unit,
                          std::string_view more = {}) {
  std::string json =
      R"({"resourceType":"Observation","status":"final","code":{"coding":[{"system":)"
      R"("http://loinc.org","code":")";
  json += code;
  json += R"("}]},"valueQuantity":{"value":)";
  json += value;
  if (!unit.empty()) {
    json += R"(,"system":"http://unitsofmeasure.org","code":")";
    json += unit;
    json += '"';
  }
  json += '}';
  json += more;
  return observation(json + "}");
}

}  // namespace holdfast::clinical
