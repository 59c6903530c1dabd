// json_fuzz: any bytes. The reader agrees with simdjson's own parser about what is JSON, except
// where it is stricter on purpose; what it accepts survives minify, check, sites and compose.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "base/check.h"
#include "fhir/check.h"
#include "fhir/extract.h"
#include "fhir/json.h"
#include "fhir/sites.h"

namespace {

using namespace holdfast;

/// Reasons of ours that simdjson does not know.
bool is_stricter(const Error& error) {
  return error.code == Code::too_large || error.what.find("occurs twice") != std::string::npos ||
         error.what.find("surrogate") != std::string::npos ||
         error.what.find("byte order mark") != std::string::npos;
}

/// Reasons of simdjson's that we do not share: a number that no double or 64-bit integer holds.
bool is_narrower(simdjson::error_code error) { return error == simdjson::NUMBER_ERROR; }

void compare_with_simdjson(std::string_view text, const Result<fhir::Json>& ours) {
  simdjson::dom::parser parser;
  const auto theirs = parser.parse(text.data(), text.size()).error();
  if (ours) {
    check(theirs == simdjson::SUCCESS || is_narrower(theirs), "we accept what simdjson refuses");
  } else {
    check(theirs != simdjson::SUCCESS || is_stricter(ours.error()),
          "we refuse what simdjson accepts");
  }
}

void compare_minified(fhir::JsonReader& reader, const fhir::Json& wide, fhir::Json& dense) {
  std::vector<std::string> raw;
  for (std::uint32_t i = 0; i < wide.value_count(); ++i) {
    const fhir::JsonValue value = wide.at(i);
    raw.emplace_back(value.is_object() || value.is_array() ? std::string_view{} : value.raw());
    check(wide.path(i).size() <= 16 * wide.bytes().size() + 16, "a path is about as long as names");
  }
  dense.minify();
  const auto again = reader.read(Bytes(dense.bytes()));
  check(again.has_value() && again->is_minified(), "minified JSON reads, and is minified");
  check(again->value_count() == dense.value_count(), "minify keeps every value");
  for (std::uint32_t i = 0; i < dense.value_count(); ++i) {
    check(
        again->at(i).raw() == dense.at(i).raw() && again->at(i).raw_key() == dense.at(i).raw_key(),
        "minify moves the offsets with the bytes");
    check(raw[i].empty() || raw[i] == dense.at(i).raw(), "minify keeps every text");
  }
}

void compose_again(fhir::JsonReader& reader, const fhir::Json& json) {
  fhir::Sites sites;
  fhir::Extraction extraction;
  fhir::examine(json.root(), sites, extraction);
  if (!fhir::check_resource(json.root())) {
    return;
  }
  std::vector<fhir::Replacement> all;
  for (std::uint32_t i = 0; i < sites.sites.size(); ++i) {
    all.push_back({i, "Patient/1"});
  }
  const Bytes body = fhir::compose(json.bytes(), sites, "x", Version{1}, Time{0}, all);
  const auto composed = reader.read(Bytes(body));
  check(composed.has_value(), "a composed body is JSON");
  check(composed->root().find("id")->equals("x"), "a composed body has its id");
  check(composed->root().find("meta")->find("versionId")->equals("1"), "and its version");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  fhir::JsonReader reader;
  auto json = reader.read(Bytes(text));
  compare_with_simdjson(text, json);
  if (!json) {
    return 0;
  }
  auto dense = reader.read(Bytes(text));
  compare_minified(reader, *json, *dense);
  compose_again(reader, *dense);
  return 0;
}
