// fhir/test_data.h: where the tests of this folder find their data, and short ways to read it.
#pragma once

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/test_data.h"
#include "fhir/json.h"

namespace holdfast::fhir {

using holdfast::file_bytes;
using holdfast::shared_data;

/// The npm package; the build has put it there.
inline std::filesystem::path definitions_package() {
  return std::filesystem::path(HOLDFAST_SOURCE_DIR) /
         "definitions/node_modules/hl7.fhir.r4.examples";
}

/// A document that must be readable.
inline Json read_json(Bytes text) {
  JsonReader reader;
  Result<Json> json = reader.read(std::move(text));
  EXPECT_TRUE(json.has_value()) << (json ? "" : json.error().what + " " + json.error().where);
  return json ? *std::move(json) : *reader.read("null");
}

}  // namespace holdfast::fhir
