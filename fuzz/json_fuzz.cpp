// The JSON reader over arbitrary bytes. What must hold: it agrees with simdjson's own parser about
// what is JSON, except where it is stricter on purpose; minifying keeps every value and text; a
// resource is judged the same with its lines and without; what is stored of it is JSON again, with
// the id, version and references that were put in.
//
// Input: the document.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "base/check.h"
#include "fhir/check.h"
#include "fhir/extract.h"
#include "fhir/json.h"
#include "fhir/params/compile.h"
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

bool same_sites(const fhir::Sites& a, const fhir::Sites& b) {
  return a.type_end == b.type_end && a.id == b.id && a.meta == b.meta &&
         a.version_id == b.version_id && a.last_updated == b.last_updated &&
         std::ranges::equal(a.sites, b.sites, [](const fhir::Site& x, const fhir::Site& y) {
           return x.text == y.text && x.kind == y.kind && x.element == y.element;
         });
}

void compose_again(fhir::JsonReader& reader, const fhir::Json& wide, const fhir::Json& json) {
  fhir::Sites sites;
  fhir::Extraction extraction;
  fhir::examine(json.root(), fhir::standard_search_params(), sites, extraction);
  const Result<void> judged = fhir::check_resource(wide.root());
  fhir::Sites sites_at_once;
  fhir::Extraction extraction_at_once;
  const Result<void> judged_at_once = fhir::check_and_examine(
      json.root(), fhir::standard_search_params(), sites_at_once, extraction_at_once);
  check(judged.has_value() == judged_at_once.has_value(), "white space does not change a verdict");
  if (!judged) {
    check(judged.error().code == judged_at_once.error().code &&
              judged.error().what == judged_at_once.error().what,
          "white space does not change what is wrong");
    return;
  }
  check(same_sites(sites, sites_at_once), "one walk finds the sites that two find");
  check(extraction.values.size() == extraction_at_once.values.size(), "and the same values");
  std::vector<fhir::Replacement> all;
  for (std::uint32_t i = 0; i < sites.sites.size(); ++i) {
    // An oid or uuid that becomes a relative reference is what the standard asks for, and no oid.
    const fhir::SiteElement element = sites.sites[i].element;
    if (element != fhir::SiteElement::oid && element != fhir::SiteElement::uuid) {
      all.push_back({i, "Patient/1"});
    }
  }
  const Bytes body = fhir::compose(json.bytes(), sites, "x", Version{1}, Time{0}, all);
  const auto composed = reader.read(Bytes(body));
  check(composed.has_value(), "a composed body is JSON");
  check(composed->root().find("id")->equals("x"), "a composed body has its id");
  check(composed->root().find("meta")->find("versionId")->equals("1"), "and its version");
  check(fhir::check_resource(composed->root()).has_value(), "a composed body is a resource");
}

#ifdef HOLDFAST_PLANTED_CRASH
// A resource with an escaped character in a list in a list: Patient.name.given, say.
bool is_planted(const fhir::Json& json) {
  std::vector<std::uint32_t> array_ends;
  for (std::uint32_t i = 0; i < json.value_count(); ++i) {
    while (!array_ends.empty() && array_ends.back() <= i) {
      array_ends.pop_back();
    }
    const fhir::JsonValue value = json.at(i);
    if (value.is_array()) {
      array_ends.push_back(value.next_index());
    }
    if (array_ends.size() >= 2 && value.is_string() && value.has_escapes() &&
        value.raw().find("\\u") != BytesView::npos) {
      return true;
    }
  }
  return false;
}
#endif

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
  compose_again(reader, *json, *dense);
#ifdef HOLDFAST_PLANTED_CRASH
  check(!is_planted(*json) || !fhir::check_resource(json->root()),
        "planted: an escape in a list in a list is found");
#endif
  return 0;
}
