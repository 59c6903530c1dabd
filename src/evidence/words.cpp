#include "evidence/words.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "evidence/entry.h"
#include "fhir/json.h"
#include "fhir/member.h"

namespace holdfast::evidence {
namespace {

constexpr std::size_t title_bytes_max = 300;

constexpr std::array<std::pair<std::string_view, std::string_view>, 24> type_words{
    {{"Patient", "patient's details"},
     {"Observation", "result or observation"},
     {"DiagnosticReport", "report"},
     {"ServiceRequest", "request (order or referral)"},
     {"Task", "item to be done"},
     {"Encounter", "visit or stay"},
     {"Condition", "condition"},
     {"AllergyIntolerance", "allergy"},
     {"MedicationRequest", "prescription"},
     {"MedicationAdministration", "dose given"},
     {"MedicationStatement", "medicine taken"},
     {"Immunization", "vaccination"},
     {"Procedure", "operation or procedure"},
     {"Appointment", "appointment"},
     {"DocumentReference", "document"},
     {"Composition", "letter"},
     {"Specimen", "sample"},
     {"CarePlan", "care plan"},
     {"Communication", "communication"},
     {"RelatedPerson", "relative or contact"},
     {"Practitioner", "practitioner's details"},
     {"Organization", "organisation's details"},
     {"Provenance", "note of where it came from"},
     {"Binary", "message or file as it came"}}};

using fhir::JsonValue;

std::string text_in(std::optional<JsonValue> object, std::string_view key) {
  return object && object->is_object() ? fhir::text_member(*object, key) : std::string();
}

std::optional<JsonValue> first_of(std::optional<JsonValue> list) {
  if (!list || !list->is_array() || list->size() == 0) {
    return std::nullopt;
  }
  return *list->children().begin();
}

/// A CodeableConcept, or the first of several.
std::string concept_text(std::optional<JsonValue> value) {
  if (value && value->is_array()) {
    value = first_of(value);
  }
  if (std::string text = text_in(value, "text"); !text.empty()) {
    return text;
  }
  const auto coding = value && value->is_object() ? first_of(value->find("coding")) : std::nullopt;
  std::string display = text_in(coding, "display");
  return display.empty() ? text_in(coding, "code") : display;
}

/// A HumanName, or the first of several; the name of what has only one.
std::string name_text(std::optional<JsonValue> value) {
  if (value && value->is_string()) {
    return value->text();
  }
  if (value && value->is_array()) {
    value = first_of(value);
  }
  std::string name = text_in(value, "family");
  const auto given = value && value->is_object() ? value->find("given") : std::nullopt;
  if (given && given->is_array()) {
    std::string_view before = name.empty() ? "" : ", ";
    for (const JsonValue one : given->children()) {
      if (one.is_string()) {
        name.append(before).append(one.text());
        before = " ";
      }
    }
  }
  return name.empty() ? text_in(value, "text") : name;
}

std::string value_text(JsonValue root) {
  if (const auto quantity = root.find("valueQuantity")) {
    const auto number = quantity->find("value");
    const std::string unit = text_in(quantity, "unit");
    return number ? std::string(number->raw()) + (unit.empty() ? "" : " " + unit) : std::string();
  }
  if (std::string text = text_in(root, "valueString"); !text.empty()) {
    return text;
  }
  return concept_text(root.find("valueCodeableConcept"));
}

void add(std::string& to, std::string_view what, std::string_view between = ", ") {
  if (!what.empty()) {
    to.append(to.empty() ? "" : between).append(what);
  }
}

// Not in the middle of a character.
std::string shortened(std::string text) {
  if (text.size() <= title_bytes_max) {
    return text;
  }
  std::size_t end = title_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) {
    --end;
  }
  return text.substr(0, end) + "…";
}

}  // namespace

std::string_view plain_type(std::string_view type) {
  const auto* found =
      std::ranges::find(type_words, type, &std::pair<std::string_view, std::string_view>::first);
  return found == type_words.end() ? type : found->second;
}

std::string title_of(BytesView body) {
  thread_local fhir::JsonReader reader;
  const auto json = reader.read(Bytes(body));
  if (!json || !json->root().is_object()) {
    return {};
  }
  const JsonValue root = json->root();
  std::string title;
  add(title, name_text(root.find("name")));
  add(title, text_in(root, "birthDate"), ", born ");
  add(title, concept_text(root.find("code")));
  add(title, value_text(root));
  if (title.empty()) {
    add(title, concept_text(root.find("type")));
  }
  add(title, text_in(root, "description"));
  if (const auto owner = root.find("owner")) {
    const std::string shown = text_in(owner, "display");
    add(title, shown.empty() ? text_in(owner, "reference") : shown, ", owned by ");
  }
  return shortened(std::move(title));
}

std::string html(std::string_view text) {
  std::string safe;
  for (const char c : clean(text)) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '&': safe += "&amp;"; break;
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '"': safe += "&quot;"; break;
      case '\'': safe += "&#39;"; break;
      case '\n':
      case '\r':
      case '\t': safe += ' '; break;
      default:
        if (byte < 0x20 || byte == 0x7f) {
          safe += "\xef\xbf\xbd";
        } else {
          safe += c;
        }
    }
  }
  return safe;
}

}  // namespace holdfast::evidence
