// fhir/test_data.h: where the tests of this folder find their data, and short ways to read it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "fhir/json.h"

namespace holdfast::fhir {

inline std::filesystem::path shared_data() {
  const char* set = std::getenv("HOLDFAST_SHARED_DATA");
  return set != nullptr ? std::filesystem::path(set)
                        : std::filesystem::path(HOLDFAST_SOURCE_DIR) / "../shared/data";
}

/// The npm package; the build has put it there.
inline std::filesystem::path definitions_package() {
  return std::filesystem::path(HOLDFAST_SOURCE_DIR) /
         "definitions/node_modules/hl7.fhir.r4.examples";
}

inline Bytes file_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

/// A document that must be readable.
inline Json read_json(Bytes text) {
  JsonReader reader;
  Result<Json> json = reader.read(std::move(text));
  EXPECT_TRUE(json.has_value()) << (json ? "" : json.error().what + " " + json.error().where);
  return json ? *std::move(json) : *reader.read("null");
}

}  // namespace holdfast::fhir
