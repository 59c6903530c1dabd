// Validation of arbitrary resources against the base and against profiles that are arbitrary too.
// What must hold: reading a profile ends, and what of it is not checked is said; a validation ends
// within the work that it may cost, and finds the same the second time, whatever was validated in
// between; without texts it counts the same; every issue has a sentence, and a place within the
// resource or none; what the whole is valid by, is structure that check_resource() takes.
//
// Input: the elements of a profile's differential as a JSON list, or the expression of one
// invariant; a zero byte; the resource (a Patient of ours if there is none). Nothing before the
// zero: no profile.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/check.h"
#include "fhir/check.h"
#include "fhir/json.h"
#include "fhir/validation/validator.h"

namespace {

using namespace holdfast;
using namespace holdfast::fhir;
using namespace holdfast::fhir::validation;

constexpr std::string_view patient = R"({"resourceType":"Patient","id":"a","meta":{"profile":
["https://example.org/StructureDefinition/fuzzed"]},"active":true,"contained":[{"resourceType":
"Organization","id":"o","name":"n"}],"extension":[{"url":
"http://hl7.org/fhir/StructureDefinition/patient-birthPlace","valueAddress":{"city":"x"}}],
"identifier":[{"system":"urn:a","value":"1"},{"system":"urn:b","value":"22"}],"name":[{"use":
"official","family":"f","given":["g",null],"_given":[null,{"extension":[{"url":"u","valueString":
"v"}]}],"period":{"start":"2001-02","end":"2001-01"}},{"text":"t"}],"gender":"none","birthDate":
"1970-01-31","maritalStatus":{"coding":[{"system":"urn:c","code":"d"}]},"managingOrganization":
{"reference":"#o"},"generalPractitioner":[{"reference":"Patient/1"}]})";

constexpr std::string_view url = "https://example.org/StructureDefinition/fuzzed";

/// A profile of whatever type the resource is of.
Bytes profile_of(std::string_view type, std::string_view given) {
  std::string elements(given);
  if (!given.starts_with('[')) {
    elements = fmt::format(R"([{{"id":"{0}","path":"{0}","constraint":[{{"key":"fuzz-1",)"
                           R"("severity":"error","human":"h","expression":)",
                           type);
    elements += '"';
    append_json_escaped(elements, given);
    elements += R"("}]}])";
  }
  return fmt::format(R"({{"resourceType":"StructureDefinition","url":"{}","name":"F","status":)"
                     R"("draft","kind":"resource","abstract":false,"type":"{}","baseDefinition":)"
                     R"("http://hl7.org/fhir/StructureDefinition/{}","derivation":"constraint",)"
                     R"("differential":{{"element":{}}}}})",
                     url, type, type, elements);
}

std::string text_of(const Report& report) {
  std::string all;
  for (const Issue& issue : report.issues()) {
    check(!issue.text.empty(), "an issue has a sentence");
    all += fmt::format("{} {} {} {} {}\n", name(issue.severity), name(issue.type), issue.where,
                       issue.rule, issue.text);
  }
  return all;
}

const terminology::Terminology& terms_of_r4() {
  static const terminology::Terminology terminology;
  return terminology;
}

const Validator& base() {
  static const auto validator = Validator::over({}, terms_of_r4());
  check(validator.has_value(), "the base alone is a validator");
  return **validator;
}

// Kept, as a server keeps them.
Workspace& workspace() {
  static Workspace kept;
  return kept;
}

void validate(const Validator& validator, JsonValue resource, JsonValue between) {
  const std::vector<std::string> profiles{std::string(url)};
  Terms terms;
  terms.now = Time{1'700'000'000'000};
  terms.profiles = profiles;
  terms.steps_base = 50'000;
  const Report first = validator.check_and_validate(resource, terms, workspace());
  const std::string text = text_of(first);
  for (const Issue& issue : first.issues()) {
    check(issue.where.size() < 100'000, "a place is a place");
  }
  Terms base_terms;
  base_terms.steps_base = terms.steps_base;
  [[maybe_unused]] const Report other = base().check_and_validate(between, base_terms, workspace());
  const Report again = validator.check_and_validate(resource, terms, workspace());
  check(text_of(again) == text, "the same comes out again");
  terms.detail = Detail::counts;
  const Report counted = validator.check_and_validate(resource, terms, workspace());
  check(counted.issues().empty(), "who counts gets no texts");
  for (const Severity severity : {Severity::error, Severity::warning, Severity::information}) {
    check(counted.count(severity) == first.count(severity), "counts do not depend on texts");
  }
  check(first.has_errors() || check_resource(resource).has_value(),
        "what is valid has the structure of a resource");
#ifdef HOLDFAST_PLANTED_CRASH
  check(text.find("warning not-supported") == std::string::npos,
        "planted: a rule whose values do not fit its operations");
#endif
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t zero = input.find('\0');
  const std::string_view given = input.substr(0, zero);
  JsonReader reader;
  const auto ours = reader.read(Bytes(patient));
  check(ours.has_value(), "our own resource reads");
  JsonReader other;
  auto sent = other.read(Bytes(zero == std::string_view::npos ? patient : input.substr(zero + 1)));
  if (!sent) {
    return 0;
  }
  const auto type = type_of(sent->root());
  if (given.empty() || !type) {
    validate(base(), sent->root(), ours->root());
    return 0;
  }
  const std::vector<Bytes> definitions{profile_of(name(*type), given)};
  const auto validator = Validator::over(definitions, terms_of_r4());
  if (!validator) {
    check(!validator.error().what.empty(), "a refusal has a reason");
    return 0;
  }
  validate(**validator, sent->root(), ours->root());
  return 0;
}
