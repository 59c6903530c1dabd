// FHIR XML over arbitrary bytes. What must hold: reading ends, with JSON that reads or with a
// reason and its place; what was read as XML is written as XML and comes back as the same bytes;
// what check_resource() takes is written as XML that reads, unless XML cannot hold it; and any
// order allows at least what the right order does.
//
// Input: a document, in XML or in JSON.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "fhir/check.h"
#include "fhir/json.h"
#include "fhir/xml.h"

namespace {

using namespace holdfast;

/// Writes the resource as XML and reads it again: nothing, where JSON says what XML cannot.
Bytes there_and_back(fhir::JsonValue resource) {
  const auto xml = fhir::xml_from_json(resource);
  if (!xml) {
    check(xml.error().code == Code::unsupported, "what is a resource has XML, or names why not");
    return {};
  }
  auto json = fhir::json_from_xml(*xml);
  check(json.has_value() || json.error().code == Code::too_large, "what we write we read");
  const auto indented = fhir::xml_from_json(resource, fhir::XmlLayout::indented);
  check(indented.has_value(), "a layout changes nothing");
  const auto from_indented = fhir::json_from_xml(*indented);
  check(!json || (from_indented && *from_indented == *json), "a layout changes nothing");
  return json ? *std::move(json) : Bytes{};
}

void read_as_xml(fhir::JsonReader& reader, std::string_view text) {
  const auto json = fhir::json_from_xml(text);
  const auto loose = fhir::json_from_xml(text, fhir::XmlOrder::any);
  if (!json) {
    check(!json.error().what.empty(), "a refusal has a sentence");
    check(json.error().code == Code::overloaded || json.error().where.find("(line ") != Bytes::npos,
          "a refusal has a place");
    return;
  }
  check(loose && *loose == *json, "any order allows the right one");
  const auto document = reader.read(Bytes(*json));
  if (!document) {
    check(document.error().code == Code::too_large, "what we write is JSON");
    return;
  }
  check(document->is_minified(), "what we write is minified");
  const Bytes back = there_and_back(document->root());
  check(back == *json, "what was read once comes back as the same bytes");
#ifdef HOLDFAST_PLANTED_CRASH
  check(json->find("usual") == Bytes::npos || json->find("\"contained\":") == Bytes::npos,
        "planted: the word usual in a resource that holds another is found");
#endif
}

void read_as_json(fhir::JsonReader& reader, std::string_view text) {
  const auto document = reader.read(Bytes(text));
  if (!document || !fhir::check_resource(document->root())) {
    return;
  }
  const Bytes once = there_and_back(document->root());
  if (once.empty()) {
    return;
  }
  const auto again = reader.read(Bytes(once));
  check(again.has_value() || again.error().code == Code::too_large, "what we write is JSON");
  if (again) {
    check(fhir::check_resource(again->root()).has_value(), "and the same resource");
    check(there_and_back(again->root()) == once, "what came back once comes back the same");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  fhir::JsonReader reader;
  read_as_xml(reader, text);
  read_as_json(reader, text);
  return 0;
}
