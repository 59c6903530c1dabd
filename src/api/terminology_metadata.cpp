// api/terminology_metadata.cpp: https://hl7.org/fhir/R4/terminologycapabilities.html: the code
// systems that are here, and what $expand takes.
#include "api/interactions.h"
#include "base/time.h"
#include "fhir/json_writer.h"

namespace holdfast::api {
namespace {

using namespace fhir::terminology;

// Systems of which only listed codes are known are not claimed.
void write_systems(fhir::JsonWriter& json, const Terminology& in) {
  json.open("codeSystem", '[');
  for (const SystemRow& row : in.tables(0).systems) {
    if (row.content == Content::listed) {
      continue;
    }
    json.open('{');
    json.text("uri", in.text(0, row.url));
    if (const auto version = in.text(0, row.version); !version.empty()) {
      json.open("version", '[');
      json.open('{');
      json.text("code", version);
      json.boolean("isDefault", true);
      json.close('}');
      json.close(']');
    }
    json.boolean("subsumption", row.hierarchy == Hierarchy::is_a);
    json.close('}');
  }
  json.close(']');
}

void write_expansion(fhir::JsonWriter& json) {
  json.open("expansion", '{');
  json.boolean("hierarchical", false);
  json.boolean("paging", true);
  json.boolean("incomplete", false);
  json.open("parameter", '[');
  for (const char* name :
       {"url", "valueSet", "valueSetVersion", "filter", "offset", "count", "includeDesignations",
        "designation", "activeOnly", "excludeNested", "excludeNotForUI", "displayLanguage"}) {
    json.open('{');
    json.text("name", name);
    json.close('}');
  }
  json.close(']');
  json.text("textFilter",
            "codes that begin with the text, and displays that have each of its words at the start "
            "of a word, in either case");
  json.close('}');
}

}  // namespace

Reply terminology_capabilities(const Parts& parts) {
  fhir::JsonWriter json(std::size_t{128} << 10U);
  json.open('{');
  json.text("resourceType", "TerminologyCapabilities");
  json.text("status", "active");
  json.text("date", to_instant(parts.clock.wall()));
  json.text("kind", "instance");
  json.open("software", '{');
  json.text("name", "Holdfast");
  json.text("version", parts.options.software_version);
  json.close('}');
  json.open("implementation", '{');
  json.text("description", "Holdfast FHIR R4 record server");
  if (!parts.options.base_url.empty()) {
    json.text("url", parts.options.base_url);
  }
  json.close('}');
  write_systems(json, parts.terminology);
  write_expansion(json);
  json.text("codeSearch", "all");
  json.open("validateCode", '{');
  json.boolean("translations", true);
  json.close('}');
  json.open("translation", '{');
  json.boolean("needsMap", false);
  json.close('}');
  json.close('}');
  Reply reply;
  reply.headers.add("Content-Type", fhir_json);
  reply.body = json.take();
  return reply;
}

}  // namespace holdfast::api
