// reconcile/resource_list.cpp: lists in JSON. A Bundle (collection, searchset, whatever) of R4, and
// the List that e-RS publishes for its work-lists, an older FHIR: of that only what is documented
// for everybody is read, the number of the referral, the patient's number, and a status if there is
// one. https://digital.nhs.uk/developer/api-catalogue/e-referral-service-fhir
#include <algorithm>

#include <fmt/format.h>

#include "fhir/member.h"
#include "reconcile/list.h"

namespace holdfast::reconcile {
namespace {

using fhir::JsonValue;
using fhir::text_member;

/// The elements of an array; of anything else none.
std::vector<JsonValue> each(JsonValue object, std::string_view key) {
  std::vector<JsonValue> all;
  if (const auto list = object.find(key); list && list->is_array()) {
    for (const JsonValue one : list->children()) {
      all.push_back(one);
    }
  }
  return all;
}

std::string nhs_number_in(JsonValue holder) {
  if (text_member(holder, "system") == nhs_number_system) {
    return text_member(holder, "value");
  }
  for (const JsonValue one : each(holder, "identifier")) {
    if (std::string number = nhs_number_in(one); !number.empty()) {
      return number;
    }
  }
  const auto one = holder.find("identifier");
  return one && one->is_object() ? nhs_number_in(*one) : std::string();
}

class Bundle {
 public:
  Bundle(JsonValue root, ListMaker& maker) : root_(root), maker_(maker) {}

  Result<void> read() {
    note_patients();
    std::size_t number = 0;
    for (const JsonValue entry : each(root_, "entry")) {
      const auto resource = entry.find("resource");
      const std::string place = fmt::format("entry {}", ++number);
      if (resource && resource->is_object()) {
        TRY_OK(add(*resource, place));
      } else {
        maker_.list().notes.add(note_other_type, place + " (no resource)");
      }
    }
    return ok();
  }

 private:
  /// Patients that came along, by every name that an entry may call them.
  void note_patients() {
    for (const JsonValue entry : each(root_, "entry")) {
      const auto resource = entry.find("resource");
      if (!resource || text_member(*resource, "resourceType") != "Patient") {
        continue;
      }
      const std::string number = nhs_number_in(*resource);
      patients_["Patient/" + text_member(*resource, "id")] = number;
      patients_[text_member(entry, "fullUrl")] = number;
    }
  }

  /// A patient is told by an identifier of the NHS, or comes along in the Bundle; a reference that
  /// is theirs means nothing here.
  std::string nhs_number_of(JsonValue resource) const {
    for (const std::string_view key : {"subject", "patient", "for"}) {
      if (const auto reference = resource.find(key)) {
        return nhs_number_by(*reference);
      }
    }
    for (const JsonValue one : each(resource, "participant")) {
      const auto actor = one.find("actor");
      if (std::string number = actor ? nhs_number_by(*actor) : ""; !number.empty()) {
        return number;
      }
    }
    return {};
  }
  std::string nhs_number_by(JsonValue reference) const {
    if (std::string number = nhs_number_in(reference); !number.empty()) {
      return number;
    }
    const auto at = patients_.find(text_member(reference, "reference"));
    return at == patients_.end() ? std::string() : at->second;
  }

  Result<void> add(JsonValue resource, const std::string& place) {
    const std::string type = text_member(resource, "resourceType");
    if (type == "Patient" || type == "OperationOutcome") {
      return ok();
    }
    Row row;
    row.type = type;
    row.place = place;
    row.state = text_member(resource, "status");
    row.authored = text_member(resource, type == "DiagnosticReport" ? "issued"
                                         : type == "Appointment"    ? "created"
                                                                    : "authoredOn");
    row.nhs_number = nhs_number_of(resource);
    for (const JsonValue one : each(resource, "identifier")) {
      Number number{text_member(one, "system"), text_member(one, "value")};
      if (row.number.value.empty()) {
        row.number = std::move(number);
      } else if (!number.value.empty()) {
        row.others.push_back(std::move(number));
      }
    }
    return maker_.add(std::move(row));
  }

  JsonValue root_;
  ListMaker& maker_;
  std::map<std::string, std::string> patients_;
};

/// Behind the last '/' or '#Patient-': "ReferralRequest/000049973321", "#Patient-9461838328".
std::string tail_of(std::string_view reference) {
  const std::size_t version = reference.find("/_history/");
  reference = reference.substr(0, version);
  const std::size_t at = reference.find_last_of("/-");
  return std::string(at == std::string_view::npos ? reference : reference.substr(at + 1));
}

/// The parts of e-RS's extension of an entry, at whatever depth.
void read_worklist_extension(JsonValue holder, Row& row) {
  for (const JsonValue one : each(holder, "extension")) {
    const std::string url = text_member(one, "url");
    if (const auto patient = one.find("valueReference"); url == "patient" && patient) {
      row.nhs_number = tail_of(text_member(*patient, "reference"));
    }
    if (url == "status" || url == "state") {
      row.state = text_member(one, "valueCode");
      if (const auto concept_value = one.find("valueCodeableConcept")) {
        for (const JsonValue coding : each(*concept_value, "coding")) {
          row.state = text_member(coding, "code");
        }
      }
    }
    read_worklist_extension(one, row);
  }
}

Result<void> read_worklist(JsonValue root, ListMaker& maker) {
  std::size_t number = 0;
  for (const JsonValue entry : each(root, "entry")) {
    Row row;
    row.place = fmt::format("entry {}", ++number);
    row.kind = "referral";
    if (const auto item = entry.find("item")) {
      row.number = {std::string(ubrn_system), tail_of(text_member(*item, "reference"))};
    }
    read_worklist_extension(entry, row);
    TRY_OK(maker.add(std::move(row)));
  }
  return ok();
}

/// https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.total: what the search found on all
/// pages.
void note_total(JsonValue root, List& list) {
  const auto total = root.find("total");
  if (!total || total->is_string()) {
    return;
  }
  std::size_t matches = 0;
  for (const JsonValue entry : each(root, "entry")) {
    const auto search = entry.find("search");
    const std::string mode = search ? text_member(*search, "mode") : std::string();
    matches += mode.empty() || mode == "match" ? 1U : 0U;
  }
  Stated stated;
  stated.number = "searchset";
  stated.what = fmt::format("it says that there are {}, and {} came", total->raw(), matches);
  stated.differs = total->raw() != std::to_string(matches);
  list.stated.push_back(std::move(stated));
}

}  // namespace

Result<List> read_resource(JsonValue resource, const std::string& default_system) {
  ListMaker maker(default_system);
  const std::string type = text_member(resource, "resourceType");
  if (type == "Bundle") {
    TRY_OK(Bundle(resource, maker).read());
    note_total(resource, maker.list());
  } else if (type == "List") {
    TRY_OK(read_worklist(resource, maker));
  } else {
    return fail(Code::structure, fmt::format("a list is a Bundle, or a List as e-RS has it, not {}",
                                             type.empty() ? "JSON of another kind" : type));
  }
  return std::move(maker.list());
}

Result<List> read_list(BytesView bytes, std::string_view media_type, fhir::JsonReader& reader,
                       const std::string& default_system) {
  const std::string_view type = media_type.substr(0, media_type.find(';'));
  if (type == "text/csv") {
    return read_csv(bytes, default_system);
  }
  if (type == "application/fhir+json" || type == "application/json") {
    TRY(const fhir::Json json, reader.read(Bytes(bytes)));
    return read_resource(json.root(), default_system);
  }
  if (type == "x-application/hl7-v2+er7") {
    return read_batch(bytes);
  }
  return fail(Code::media_type,
              fmt::format("a list is text/csv, application/fhir+json or x-application/hl7-v2+er7, "
                          "not '{}'",
                          type));
}

}  // namespace holdfast::reconcile
