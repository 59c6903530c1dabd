#include "fhir/check.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir/test_data.h"

namespace holdfast::fhir {
namespace {

using testing::HasSubstr;

Result<void> checked(Bytes text) {
  const Json json = read_json(std::move(text));
  return check_resource(json.root());
}

/// The first fault as "code expression".
std::string fault(const std::string& text) {
  const Result<void> result = checked(text);
  if (result) {
    return "none";
  }
  return std::string(name(result.error().code)) + ' ' +
         std::string(split_where(result.error().where).expression);
}

/// Members put into a good Patient.
std::string patient(const std::string& members) {
  return R"({"resourceType":"Patient","id":"p1")" + (members.empty() ? "" : "," + members) + "}";
}

TEST(Check, AcceptsAGoodPatient) {
  EXPECT_EQ(
      fault(patient(
          R"("active":true,"birthDate":"1970-03-30","_birthDate":{"extension":[{"url":"u","valueTime":"14:35:00"}]},
                "name":[{"given":["A",null],"_given":[null,{"id":"x"}]}],"deceasedBoolean":false,
                "contained":[{"resourceType":"Organization","id":"o","name":"x"}],
                "managingOrganization":{"reference":"#o"},"multipleBirthInteger":2,
                "text":{"status":"generated","div":"<div>x</div>"})")),
      "none");
}

TEST(Check, RefusesUnknownTypesAndWhatIsNoResource) {
  EXPECT_EQ(fault(R"({"resourceType":"Pateint"})"), "unknown-type resourceType");
  EXPECT_EQ(fault(R"({"resourceType":"DomainResource"})"), "unknown-type resourceType");
  EXPECT_EQ(fault(R"({"resourceType":7})"), "structure resourceType");
  EXPECT_EQ(fault(R"({"id":"1"})"), "required ");
  EXPECT_EQ(fault("[]"), "structure ");
  EXPECT_EQ(fault("\"Patient\""), "structure ");
}

TEST(Check, RefusesUnknownElements) {
  EXPECT_EQ(fault(patient(R"("nmae":[])")), "structure Patient.nmae");
  EXPECT_EQ(fault(patient(R"("name":[{"given":["A"]},{"givn":["A"]}])")),
            "structure Patient.name[1].givn");
  EXPECT_EQ(fault(patient(R"("fhir_comments":["x"])")), "structure Patient.fhir_comments");
  EXPECT_EQ(fault(patient(R"("_name":[{"id":"1"}])")), "structure Patient.name");
  EXPECT_EQ(fault(patient(R"("_nmae":{"id":"1"})")), "structure Patient.nmae");
  EXPECT_EQ(fault(patient(R"("deceased":true)")), "structure Patient.deceased");
  EXPECT_EQ(fault(patient(R"("name":[{"resourceType":"HumanName"}])")),
            "structure Patient.name[0].resourceType");
  EXPECT_EQ(fault(patient(R"("text":{"status":"empty","div":"<div/>","_div":{"id":"1"}})")),
            "structure Patient.text.div");
}

TEST(Check, RefusesWrongJsonKinds) {
  EXPECT_EQ(fault(patient(R"("active":"true")")), "structure Patient.active");
  EXPECT_EQ(fault(patient(R"("active":null)")), "structure Patient.active");
  EXPECT_EQ(fault(patient(R"("birthDate":1970)")), "structure Patient.birthDate");
  EXPECT_EQ(fault(patient(R"("birthDate":{"value":"1970"})")), "structure Patient.birthDate");
  EXPECT_EQ(fault(patient(R"("maritalStatus":"M")")), "structure Patient.maritalStatus");
  EXPECT_EQ(fault(patient(R"("name":["A"])")), "structure Patient.name[0]");
  EXPECT_EQ(fault(patient(R"("name":[null])")), "structure Patient.name[0]");
  EXPECT_EQ(fault(patient(R"("contained":["x"])")), "structure Patient.contained[0]");
}

TEST(Check, RefusesWrongPrimitives) {
  EXPECT_EQ(fault(patient(R"("birthDate":"1970-02-30")")), "value Patient.birthDate");
  EXPECT_EQ(fault(patient(R"("gender":" male")")), "value Patient.gender");
  EXPECT_EQ(fault(patient(R"("language":"")")), "value Patient.language");
  EXPECT_EQ(fault(patient(R"("multipleBirthInteger":1.5)")), "value Patient.multipleBirth");
  EXPECT_EQ(fault(R"({"resourceType":"Patient","id":"a/b"})"), "value Patient.id");
  EXPECT_EQ(fault(patient(R"("telecom":[{"rank":0}])")), "value Patient.telecom[0].rank");
  EXPECT_EQ(fault(patient(R"("text":{"status":"empty","div":"<p/>"})")), "value Patient.text.div");
}

TEST(Check, HoldsCardinality) {
  EXPECT_EQ(fault(patient(R"("active":[true])")), "structure Patient.active");
  EXPECT_EQ(fault(patient(R"("name":{"given":["A"]})")), "structure Patient.name");
  EXPECT_EQ(fault(patient(R"("name":[])")), "structure Patient.name");
  EXPECT_EQ(fault(patient(R"("name":[{}])")), "structure Patient.name[0]");
  EXPECT_EQ(fault(patient(R"("maritalStatus":{})")), "structure Patient.maritalStatus");
  EXPECT_EQ(fault(patient(R"("link":[{"type":"seealso"}])")), "required Patient.link[0].other");
  EXPECT_EQ(fault(R"({"resourceType":"Observation","code":{"text":"x"}})"),
            "required Observation.status");
  EXPECT_EQ(
      fault(R"({"resourceType":"Observation","_status":{"extension":[{"url":"u","valueCode":"x"}]},
                  "code":{"text":"x"}})"),
      "none");
}

TEST(Check, AChoiceOccursOnce) {
  EXPECT_EQ(fault(patient(R"("deceasedBoolean":true,"deceasedDateTime":"2020")")),
            "structure Patient.deceased");
  EXPECT_EQ(fault(patient(R"("deceasedBoolean":true,"_deceasedDateTime":{"id":"1"})")),
            "structure Patient.deceased");
  EXPECT_EQ(fault(patient(R"("deceasedBoolean":true,"_deceasedBoolean":{"id":"1"})")), "none");
  EXPECT_EQ(fault(patient(R"("deceasedString":"x")")), "structure Patient.deceasedString");
  // A required choice is satisfied by any of its types.
  const std::string use = R"({"resourceType":"MedicationRequest","status":"active","intent":"order",
      "subject":{"display":"x"})";
  EXPECT_EQ(fault(use + "}"), "required MedicationRequest.medication");
  EXPECT_EQ(fault(use + R"(,"medicationReference":{"display":"y"}})"), "none");
}

TEST(Check, AlignsExtensionsOfPrimitives) {
  EXPECT_EQ(fault(patient(R"("_birthDate":{"extension":[{"url":"u","valueString":"x"}]})")),
            "none");
  EXPECT_EQ(fault(patient(R"("birthDate":"1970","_birthDate":"x")")),
            "structure Patient.birthDate");
  EXPECT_EQ(fault(patient(R"("birthDate":"1970","_birthDate":[{"id":"1"}])")),
            "structure Patient.birthDate");
  EXPECT_EQ(fault(patient(R"("birthDate":"1970","_birthDate":{})")), "structure Patient.birthDate");
  EXPECT_EQ(fault(patient(R"("birthDate":"1970","_birthDate":{"value":"x"})")),
            "structure Patient.birthDate.value");
  EXPECT_EQ(fault(patient(R"("name":[{"given":["A"],"_given":{"id":"1"}}])")),
            "structure Patient.name[0].given");
  EXPECT_EQ(fault(patient(R"("name":[{"given":["A"],"_given":[]}])")),
            "structure Patient.name[0].given");
  EXPECT_EQ(fault(patient(R"("name":[{"given":["A","B"],"_given":[{"id":"1"}]}])")),
            "structure Patient.name[0].given");
  EXPECT_EQ(fault(patient(R"("name":[{"given":["A",null],"_given":[{"id":"1"},null]}])")),
            "structure Patient.name[0].given[1]");
  EXPECT_EQ(fault(patient(R"("name":[{"given":["A",null]}])")),
            "structure Patient.name[0].given[1]");
  EXPECT_EQ(fault(patient(R"("name":[{"_given":[null,{"id":"1"}]}])")),
            "structure Patient.name[0].given[0]");
  EXPECT_EQ(fault(patient(R"("name":[{"_given":[{"id":"1"},{"id":"2"}]}])")), "none");
  EXPECT_EQ(fault(patient(R"("name":[{"_given":[{"extension":[{"url":"u"},{}]}]}])")),
            "structure Patient.name[0].given[0].extension[1]");
}

TEST(Check, LooksIntoResourcesInside) {
  EXPECT_EQ(fault(patient(R"("contained":[{"id":"1"}])")), "required Patient.contained[0]");
  EXPECT_EQ(fault(patient(R"("contained":[{"resourceType":"X"}])")),
            "unknown-type Patient.contained[0].resourceType");
  EXPECT_EQ(
      fault(
          R"({"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"PUT","url":"a"}},
      {"resource":{"resourceType":"Patient","name":[{"given":["A",7]}]}}]})"),
      "structure Bundle.entry[1].resource.name[0].given[1]");
  EXPECT_EQ(
      fault(
          R"({"resourceType":"Parameters","parameter":[{"name":"x","resource":{"resourceType":"Patient","x":1}}]})"),
      "structure Parameters.parameter[0].resource.x");
}

TEST(Check, ResourceTypeMayBeAnOrdinaryElement) {
  const std::string scenario =
      R"({"resourceType":"ExampleScenario","status":"draft","instance":[{"resourceId":"a")";
  EXPECT_EQ(fault(scenario + R"(,"resourceType":"Patient"}]})"), "none");
  EXPECT_EQ(fault(scenario + "}]}"), "required ExampleScenario.instance[0].resourceType");
}

TEST(Check, SaysWhatAndWhereWithLines) {
  const Result<void> result =
      checked("{\"resourceType\": \"Patient\",\n  \"active\": 1,\n  \"sex\": 2}");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().where, "Patient.active (line 2, column 13)");
  EXPECT_EQ(result.error().what, "active is a boolean, so a JSON boolean, not number");
  ASSERT_EQ(result.error().more.size(), 1U);
  EXPECT_EQ(result.error().more[0].where, "Patient.sex (line 3, column 10)");
  EXPECT_EQ(result.error().more[0].what, "Patient has no element \"sex\"");
}

TEST(Check, GoesAsDeepAsTheReader) {
  // Two levels an extension, one for the resource itself.
  const std::size_t extensions = (json_depth_max - 1) / 2;
  std::string text = R"({"resourceType":"Basic","code":{"text":"c"})";
  std::string end = "}";
  for (std::size_t i = 0; i < extensions; ++i) {
    text += R"(,"extension":[{"url":"u")";
    end = "}]" + end;
  }
  EXPECT_EQ(fault(text + end), "none");
  EXPECT_THAT(fault(text + R"(,"nothing":1)" + end), HasSubstr(".extension[0].nothing"));
}

TEST(Check, StopsAfterTwentyFaults) {
  std::string members;
  for (int i = 0; i < 1000; ++i) {
    members += ",\"x" + std::to_string(i) + "\":0";
  }
  const Result<void> result = checked(patient(members.substr(1)));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().more.size(), issues_max - 1);
}

TEST(Check, EscapedNamesAreReadAsWhatTheyMean) {
  EXPECT_EQ(fault(R"({"resourceType":"Patient","\u0061ctive":true})"), "none");
  EXPECT_EQ(fault(R"({"resource\u0054ype":"Patient","\u0061ctive":1})"),
            "structure Patient.active");
  EXPECT_EQ(fault(R"({"resourceType":"Patient","\u005fbirthDate":{"id":"1"}})"), "none");
}

/// The examples that HL7 publishes with R4 and that break R4, with the first fault of each.
TEST(Check, AcceptsTheOfficialExamples) {
  const std::map<std::string, std::string> known{
      {"Bundle-resources.json", "too large"},
      {"package.json", "required "},  // describes the package
      {"ImplementationGuide-fhir.json", "required ImplementationGuide.name"},
      {"ig-r4.json", "required ImplementationGuide.name"},
      {"Questionnaire-qs1.json", "required Questionnaire.item[0].item[0].linkId"},
      {"SearchParameter-codesystem-extensions-CodeSystem-author.json",
       "required SearchParameter.base"},
      {"SearchParameter-codesystem-extensions-CodeSystem-effective.json",
       "required SearchParameter.base"},
      {"SearchParameter-codesystem-extensions-CodeSystem-end.json",
       "required SearchParameter.base"},
      {"SearchParameter-codesystem-extensions-CodeSystem-keyword.json",
       "required SearchParameter.base"},
      {"SearchParameter-codesystem-extensions-CodeSystem-workflow.json",
       "required SearchParameter.base"},
      {"SearchParameter-valueset-extensions-ValueSet-author.json", "required SearchParameter.base"},
      {"SearchParameter-valueset-extensions-ValueSet-effective.json",
       "required SearchParameter.base"},
      {"SearchParameter-valueset-extensions-ValueSet-end.json", "required SearchParameter.base"},
      {"SearchParameter-valueset-extensions-ValueSet-keyword.json",
       "required SearchParameter.base"},
      {"SearchParameter-valueset-extensions-ValueSet-workflow.json",
       "required SearchParameter.base"},
      // an id of 68 characters
      {"SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject.json",
       "value SearchParameter.id"},
  };
  JsonReader reader;
  Json json;
  std::size_t accepted = 0;
  std::map<std::string, std::string> refused;
  for (const auto& file : std::filesystem::directory_iterator(definitions_package())) {
    const std::string file_name = file.path().filename();
    if (file.path().extension() != ".json" || file_name.starts_with('.')) {
      continue;
    }
    const Result<void> read = reader.read(file_bytes(file.path()), json);
    const Result<void> result = read ? check_resource(json.root()) : ok();
    if (!read) {
      refused[file_name] = read.error().code == Code::too_large ? "too large" : read.error().what;
    } else if (!result) {
      refused[file_name] = std::string(name(result.error().code)) + ' ' +
                           std::string(split_where(result.error().where).expression);
    } else {
      ++accepted;
    }
  }
  EXPECT_EQ(refused, known);
  EXPECT_EQ(accepted, 5291U);
}

}  // namespace
}  // namespace holdfast::fhir
