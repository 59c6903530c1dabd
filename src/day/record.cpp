#include "day/record.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/time.h"

namespace holdfast::day {
namespace {

constexpr std::string_view sct = "http://snomed.info/sct";
constexpr std::int64_t half_hour_ms = 1'800'000;

/// All strings of a day are our own and need no escapes.
Put put(std::string_view type, std::string_view number, const std::string& members) {
  const std::string id = id_of(number);
  return {
      std::string(type), id,
      fmt::format(
          R"({{"resourceType":"{}","id":"{}","identifier":[{{"system":"{}","value":"{}"}}],{}}})",
          type, id, number_system, number, members)};
}
/// The same, of a type that has no identifier, or has one of another shape.
Put put_plain(std::string_view type, std::string_view number, const std::string& members) {
  const std::string id = id_of(number);
  return {std::string(type), id,
          fmt::format(R"({{"resourceType":"{}","id":"{}",{}}})", type, id, members)};
}

std::string by_number(std::string_view type, std::string_view number) {
  return fmt::format(R"({{"reference":"{}?identifier={}|{}"}})", type, number_system, number);
}
std::string subject(const Person& person) {
  return R"("subject":)" + by_number("Patient", person.number);
}
std::string about(std::string_view key, const Request& request) {
  return fmt::format(R"("{}":[{}])", key, by_number("ServiceRequest", request.number));
}

std::string_view category_of(Kind kind) {
  switch (kind) {
    case Kind::referral: return "3457005";
    case Kind::laboratory: return "108252007";
    case Kind::imaging: return "363679005";
    case Kind::blood: return "116859006";
    case Kind::procedure: return "387713003";
    case Kind::letter: break;
  }
  check(false, "nobody asks for a letter");
  return {};
}

std::string_view status_of(Stage stage) {
  switch (stage) {
    case Stage::preliminary: return "preliminary";
    case Stage::final_one: return "final";
    case Stage::corrected: return "corrected";
  }
  return {};
}

std::string person_members(const Person& person) {
  return fmt::format(R"("name":[{{"family":"{}","given":["{}"]}}],"birthDate":"{}","gender":"{}")",
                     person.family, person.given, person.birth, person.gender);
}

Put put_value(const Request& request, std::string_view number, Stage stage, Judgement judged,
              Time issued) {
  const LabTest& test = lab_tests[request.test];
  const auto which = static_cast<std::size_t>(judged);
  return put(
      "Observation", number,
      fmt::format(
          R"("status":"{}","code":{{"coding":[{{"system":"http://loinc.org","code":"{}"}}],"text":"{}"}},{},)"
          R"("effectiveDateTime":"{}","valueQuantity":{{"value":{},"unit":"{}","system":"http://unitsofmeasure.org","code":"{}"}},)"
          R"("interpretation":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"{}"}}]}}])",
          status_of(stage), test.loinc, test.analyte, subject(request.person), to_instant(issued),
          test.values[which], test.unit, test.unit, test.flags[which]));
}

std::string coded(std::string_view system, std::string_view code, std::string_view words) {
  return fmt::format(R"({{"coding":[{{"system":"{}","code":"{}"}}],"text":"{}"}})", system, code,
                     words);
}

/// Its code and value.
std::string said_by(const Reading& one) {
  const std::string code = R"("code":)" + coded("http://loinc.org", one.loinc, one.name);
  if (one.unit.empty()) {
    return code + R"(,"valueCodeableConcept":)" + coded(sct, one.value, one.words);
  }
  return fmt::format(
      R"({},"valueQuantity":{{"value":{},"unit":"{}","system":"http://unitsofmeasure.org","code":"{}"}})",
      code, one.value, one.unit, one.unit);
}

std::string taken_at(const Visit& visit, Time at) {
  return fmt::format(R"("status":"final",{},"encounter":{},"effectiveDateTime":"{}")",
                     subject(visit.person), by_number("Encounter", visit.number), to_instant(at));
}

}  // namespace

Put put_person(const Person& person) {
  const std::string died =
      person.died == Time{} ? std::string()
                            : fmt::format(R"(,"deceasedDateTime":"{}")", to_instant(person.died));
  return put("Patient", person.number, R"("active":true,)" + person_members(person) + died);
}

Put put_replaced(const Person& gone, const Person& stays) {
  return put("Patient", gone.number,
             fmt::format(R"("active":false,{},"link":[{{"other":{},"type":"replaced-by"}}])",
                         person_members(gone), by_number("Patient", stays.number)));
}

Put put_clinician(const Clinician& clinician, bool active) {
  return put("Practitioner", clinician.number,
             fmt::format(R"("active":{},"name":[{{"family":"{}","prefix":["Dr"]}}])", active,
                         clinician.family));
}

Put put_request(const Request& request, std::string_view status, Time authored) {
  return put(
      "ServiceRequest", request.number,
      fmt::format(
          R"("status":"{}","intent":"order","priority":"{}","category":[{{"coding":[{{"system":"{}","code":"{}"}}]}}],)"
          R"("code":{{"text":"{}"}},{},"authoredOn":"{}","requester":{{"reference":"{}"}}{})",
          status, request.priority, sct, category_of(request.kind), request.name,
          subject(request.person), to_instant(authored), request.by.reference(),
          request.team.empty()
              ? std::string()
              : fmt::format(R"(,"performer":[{{"reference":"{}"}}])", request.team)));
}

Put put_appointment(const Request& request, std::string_view number, std::string_view status,
                    Time start) {
  const std::string_view reason =
      status == "cancelled"
          ? R"("cancelationReason":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason","code":"prov"}]},)"
          : "";
  return put("Appointment", number,
             fmt::format(R"("status":"{}",{}{},"start":"{}","end":"{}",)"
                         R"("participant":[{{"actor":{},"status":"accepted"}}])",
                         status, reason, about("basedOn", request), to_instant(start),
                         to_instant(Time{start.ms + half_hour_ms}),
                         by_number("Patient", request.person.number)));
}

Put put_specimen(const Request& request, std::string_view number, std::string_view status,
                 const Time* received) {
  return put(
      "Specimen", number,
      fmt::format(R"("status":"{}",{},{}{})", status, subject(request.person),
                  about("request", request),
                  received ? fmt::format(R"(,"receivedTime":"{}")", to_instant(*received)) : ""));
}

Puts put_report(const Request& request, std::string_view number, Stage stage, Judgement judged,
                Time issued) {
  Puts puts;
  std::string said = R"("conclusion":"As described in the text.")";
  if (request.kind == Kind::laboratory) {
    Put value = put_value(request, fmt::format("{}-V", number), stage, judged, issued);
    said = fmt::format(R"("result":[{{"reference":"Observation/{}"}}])", value.id);
    puts.push_back(std::move(value));
  }
  puts.push_back(put("DiagnosticReport", number,
                     fmt::format(R"("status":"{}","code":{{"text":"{}"}},{},{}"issued":"{}",{})",
                                 status_of(stage), request.name, subject(request.person),
                                 request.number.empty() ? "" : about("basedOn", request) + ",",
                                 to_instant(issued), said)));
  return puts;
}

Put put_visit(const Visit& visit, const Time* until) {
  const std::string end = until ? fmt::format(R"(,"end":"{}")", to_instant(*until)) : std::string();
  return put(
      "Encounter", visit.number,
      fmt::format(
          R"("status":"{}","class":{{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"{}"}},{},"period":{{"start":"{}"{}}})",
          until ? "finished" : "in-progress", visit.of, subject(visit.person),
          to_instant(visit.from), end));
}

Put put_letter(const Person& person, std::string_view number, std::string_view visit,
               std::string_view doc_status) {
  const std::string context = visit.empty() ? std::string()
                                            : fmt::format(R"(,"context":{{"encounter":[{}]}})",
                                                          by_number("Encounter", visit));
  return put(
      "DocumentReference", number,
      fmt::format(
          R"("status":"current","docStatus":"{}",{},"content":[{{"attachment":{{"title":"Letter"}}}}]{})",
          doc_status, subject(person), context));
}

Put put_panel(const Visit& visit, std::string_view number, const std::vector<Reading>& readings,
              Time at) {
  std::string parts;
  for (const Reading& one : readings) {
    parts += fmt::format("{}{{{}}}", parts.empty() ? "" : ",", said_by(one));
  }
  return put("Observation", number,
             fmt::format(R"({},"code":{{"text":"Observations"}},"component":[{}])",
                         taken_at(visit, at), parts));
}

Puts put_vitals(const Visit& visit, std::string_view number, const std::vector<Reading>& readings,
                Time at) {
  Puts puts;
  for (const Reading& one : readings) {
    puts.push_back(put("Observation", fmt::format("{}-{}", number, puts.size() + 1),
                       taken_at(visit, at) + "," + said_by(one)));
  }
  return puts;
}

Put put_team(std::string_view number, std::string_view status) {
  return put("CareTeam", number,
             fmt::format(R"("status":"{}","name":"Clinic {}")", status, number));
}

Put put_dictated(const Person& person, std::string_view number, const Clinician& author,
                 std::string_view doc_status) {
  return put(
      "DocumentReference", number,
      fmt::format(
          R"("status":"current","docStatus":"{}",{},"author":[{{"reference":"{}"}}],"content":[{{"attachment":{{"title":"Letter"}}}}])",
          doc_status, subject(person), author.reference()));
}

Put put_unit(const Request& request, std::string_view number, std::string_view status) {
  return put_plain("BiologicallyDerivedProduct", number,
                   fmt::format(R"("status":"{}",{})", status, about("request", request)));
}

Put put_group(const Person& person, std::string_view number, Time at) {
  return put("Observation", number,
             fmt::format(R"("status":"final","code":{},{},"effectiveDateTime":"{}",)"
                         R"("valueCodeableConcept":{})",
                         coded("http://loinc.org", "882-1", "ABO and Rh group"), subject(person),
                         to_instant(at), coded(sct, "278147001", "O RhD positive")));
}

Put put_operation(const Request& request, std::string_view number) {
  return put("Procedure", number,
             fmt::format(R"("status":"completed","code":{{"text":"{}"}},{},{})", request.name,
                         subject(request.person), about("basedOn", request)));
}

}  // namespace holdfast::day
