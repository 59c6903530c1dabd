#include "fhir/patient_link.h"

#include "fhir/member.h"
#include "fhir/sites.h"

namespace holdfast::fhir {

std::optional<JsonValue> replaced_by(JsonValue patient) {
  const auto links = patient.find("link");
  if (!links || !links->is_array()) {
    return std::nullopt;
  }
  for (const JsonValue link : links->children()) {
    if (text_member(link, "type") == "replaced-by") {
      return link.find("other");
    }
  }
  return std::nullopt;
}

std::string replacing_id(JsonValue patient) {
  const auto other = replaced_by(patient);
  const std::string reference = other ? text_member(*other, "reference") : std::string();
  const auto literal = parse_literal(reference);  // views of it
  return literal && name(literal->type) == "Patient" ? std::string(literal->id) : std::string();
}

}  // namespace holdfast::fhir
