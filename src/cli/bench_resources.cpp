#include "cli/bench_resources.h"

#include <array>

#include <fmt/format.h>

namespace holdfast::cli {
namespace {

struct Measure {
  std::string_view code;
  std::string_view display;
  std::string_view unit;
  unsigned least;
  unsigned span;
};
// LOINC vital signs and laboratory values that every record is full of.
constexpr std::array measures{
    Measure{"8302-2", "Body Height", "cm", 150, 50},
    Measure{"29463-7", "Body Weight", "kg", 45, 70},
    Measure{"39156-5", "Body mass index (BMI)", "kg/m2", 17, 20},
    Measure{"8480-6", "Systolic blood pressure", "mm[Hg]", 95, 70},
    Measure{"8867-4", "Heart rate", "/min", 50, 60},
    Measure{"2339-0", "Glucose", "mg/dL", 65, 80},
    Measure{"6299-2", "Urea Nitrogen", "mg/dL", 7, 15},
    Measure{"38483-4", "Creatinine", "mg/dL", 1, 3},
};
constexpr std::array<std::string_view, 8> given_names{"Ada",  "Ben", "Chidi", "Dora",
                                                      "Emre", "Fay", "Goran", "Hana"};

// A mixer, so that neighbours differ: splitmix64's finish.
std::uint64_t mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15ULL;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31U);
}

std::string date_of(std::uint64_t bits) {
  return fmt::format("{}-{:02}-{:02}", 1990 + bits % 34, 1 + bits / 34 % 12, 1 + bits / 408 % 28);
}

std::string urn_of(std::uint64_t number) {
  const std::uint64_t bits = mix(number ^ 0x5eedULL);
  return fmt::format("urn:uuid:{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", bits & 0xffffffffU,
                     bits >> 32U & 0xffffU, bits >> 48U & 0xfffU, mix(bits) & 0xfffU,
                     mix(bits + 1) & 0xffffffffffffU);
}

void append_observation(Bytes& to, std::uint64_t bits, std::string_view subject) {
  const Measure& measure = measures[bits % measures.size()];
  const std::string when = date_of(bits >> 8U);
  fmt::format_to(
      std::back_inserter(to),
      R"({{"resourceType":"Observation","status":"final","category":[{{"coding":[{{"system":)"
      R"("http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs",)"
      R"("display":"vital-signs"}}]}}],"code":{{"coding":[{{"system":"http://loinc.org","code":)"
      R"("{0}","display":"{1}"}}],"text":"{1}"}},"subject":{{"reference":"{2}"}},)"
      R"("effectiveDateTime":"{3}T{4:02}:{5:02}:00+00:00","issued":"{3}T{4:02}:{5:02}:30.{6:03}+00:00",)"
      R"("valueQuantity":{{"value":{7}.{8:04},"unit":"{9}","system":"http://unitsofmeasure.org",)"
      R"("code":"{9}"}}}})",
      measure.code, measure.display, subject, when, bits >> 20U & 0xfU, (bits >> 24U) % 60,
      (bits >> 30U) % 1000, measure.least + (bits >> 40U) % measure.span, (bits >> 48U) % 10'000,
      measure.unit);
}

}  // namespace

std::string family_of(std::uint64_t number) { return fmt::format("Family{}", number); }

Bytes make_patient(std::string_view id, std::uint64_t number) {
  const std::uint64_t bits = mix(number);
  const std::string id_member = id.empty() ? std::string() : fmt::format(R"("id":"{}",)", id);
  return fmt::format(
      R"({{"resourceType":"Patient",{0}"identifier":[{{"system":"https://fhir.nhs.uk/Id/nhs-number",)"
      R"("value":"{1:010}"}},{{"type":{{"coding":[{{"system":)"
      R"("http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}}]}},"system":)"
      R"("http://hospital.example.org","value":"MR{2}"}}],"name":[{{"use":"official","family":"{3}",)"
      R"("given":["{4}"]}}],"telecom":[{{"system":"phone","value":"0{5:09}","use":"home"}}],)"
      R"("gender":"{6}","birthDate":"{7}","address":[{{"line":["{8} High Street"],"city":"Ashby",)"
      R"("postalCode":"AB{9} {10}CD","country":"GB"}}]}})",
      id_member, bits % 10'000'000'000ULL, number, family_of(number),
      given_names[bits % given_names.size()], mix(bits) % 1'000'000'000ULL,
      bits % 2 == 0 ? "female" : "male", date_of(bits >> 5U), 1 + bits % 200, bits % 90, bits % 9);
}

Bytes make_transaction(std::uint64_t number, std::uint64_t observations) {
  const std::string urn = urn_of(number);
  Bytes bundle;
  bundle.reserve(1200 + observations * 1000);
  bundle += fmt::format(R"({{"resourceType":"Bundle","type":"transaction","entry":[{{"fullUrl":)"
                        R"("{}","resource":{},"request":{{"method":"POST","url":"Patient"}}}})",
                        urn, make_patient("", number));
  for (std::uint64_t i = 0; i < observations; ++i) {
    bundle += R"(,{"resource":)";
    append_observation(bundle, mix(number * 1'000'003 + i), urn);
    bundle += R"(,"request":{"method":"POST","url":"Observation"}})";
  }
  bundle += "]}";
  return bundle;
}

}  // namespace holdfast::cli
