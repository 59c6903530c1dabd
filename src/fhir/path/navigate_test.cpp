// What paths, children, references and variables find in a document.
#include <gtest/gtest.h>

#include "fhir/path/path_testing.h"

namespace holdfast::fhir::path {
namespace {

constexpr std::string_view patient = R"({
  "resourceType":"Patient","id":"p1","_id":{"extension":[{"url":"u","valueString":"on id"}]},
  "contained":[{"resourceType":"Organization","id":"o1","name":"Clinic"},
               {"resourceType":"Practitioner","id":"d1","qualification":[{"issuer":{"reference":"#o1"}}]}],
  "extension":[{"url":"a","valueCode":"x"},{"url":"b","valueQuantity":{"value":4,"unit":"mg"}}],
  "active":true,
  "name":[{"family":"O\u0027Neil","given":["Ann",null,"Bea"],
           "_given":[null,{"extension":[{"url":"why","valueCode":"unknown"}]},{"id":"g3"}]},
          {"family":"Rey"}],
  "birthDate":"1970-03","_birthDate":{"extension":[{"url":"t","valueTime":"10:30:00"}]},
  "_gender":{"extension":[{"url":"absent","valueCode":"asked"}]},
  "multipleBirthInteger":2,
  "generalPractitioner":[{"reference":"#d1"},{"reference":"Practitioner/77"},{"display":"?"}],
  "managingOrganization":{"reference":"#o1"}})";

TEST(Navigate, FollowsNamesTypesAndChoices) {
  Bench at(patient);
  EXPECT_EQ(at("name.family"), "O'Neil, Rey");
  EXPECT_EQ(at("Patient.name[1].family"), "Rey");
  EXPECT_EQ(at("name[2].family"), "");
  EXPECT_EQ(at("multipleBirth"), "2");
  EXPECT_EQ(at("multipleBirth is integer"), "true");
  EXPECT_EQ(at("multipleBirth.ofType(boolean)"), "");
  EXPECT_EQ(at("extension.value.type().name"), "'code', 'Quantity'");
  EXPECT_EQ(at("extension('b').value.unit"), "mg");
  EXPECT_EQ(at("extension.where(url = 'a').value"), "x");
  EXPECT_EQ(at("contained.name"), "Clinic");
  EXPECT_EQ(at("contained.ofType(Organization).name"), "Clinic");
  EXPECT_EQ(at("Patient = $this and Patient.exists() and $this.exists()"), "true");
  EXPECT_EQ(at("Patient").substr(0, 1), "{");
  EXPECT_EQ(at("$this"), at("Patient"));
  EXPECT_EQ(at("Resource.id"), "p1");
  EXPECT_EQ(at("DomainResource.id | Patient.id"), "p1");
}

// https://hl7.org/fhir/R4/json.html#primitive
TEST(Navigate, SeesExtensionsAndIdsOfPrimitives) {
  Bench at(patient);
  EXPECT_EQ(at("id.extension.value"), "on id");
  EXPECT_EQ(at("birthDate.extension('t').value"), "10:30:00");
  EXPECT_EQ(at("gender.extension.value"), "asked");
  EXPECT_EQ(at("gender.exists()"), "true");
  EXPECT_EQ(at("gender.hasValue()"), "false");
  EXPECT_EQ(at("name.given.count()"), "3");
  EXPECT_EQ(at("name.given.select(hasValue())"), "true, false, true");
  EXPECT_EQ(at("name.given[1].extension.value"), "unknown");
  EXPECT_EQ(at("name.given.id"), "g3");
  EXPECT_EQ(at("name.given.where($this = 'Bea').id"), "g3");
  EXPECT_EQ(at("name.given[1].getValue()"), "");
  EXPECT_EQ(at("birthDate.getValue().type()"), "System.Date");
}

TEST(Navigate, ListsChildrenOnceWithTheirSiblings) {
  Bench at(R"({"resourceType":"Patient","_active":{"id":"a"},"active":true,"gender":"male",
               "maritalStatus":{"coding":[{"code":"M"}],"text":"wed"}})");
  EXPECT_EQ(at("children().count()"), "3");
  EXPECT_EQ(at("children().type().name"), "'boolean', 'code', 'CodeableConcept'");
  EXPECT_EQ(at("descendants().count()"), "7");
  EXPECT_EQ(at("descendants().ofType(code)"), "male, M");
  EXPECT_EQ(at("repeat(children()).count()"), "7");
  EXPECT_EQ(at("maritalStatus.repeat(coding | code)"), R"({"code":"M"}, M)");
}

TEST(Navigate, ResolvesWithinTheDocumentByItself) {
  Bench at(patient);
  EXPECT_EQ(at("managingOrganization.resolve().name"), "Clinic");
  EXPECT_EQ(at("generalPractitioner.resolve().id"), "d1");
  EXPECT_EQ(at("generalPractitioner.resolve().qualification.issuer.resolve().name"), "Clinic")
      << "a contained resource refers to its neighbour";
  EXPECT_EQ(at("'#'.resolve().id"), "p1");
  EXPECT_EQ(at("'#nobody'.resolve()"), "");

  Bench bundle(R"({"resourceType":"Bundle","type":"collection","entry":[
    {"fullUrl":"http://x/fhir/Patient/1","resource":{"resourceType":"Patient","id":"1","link":[
       {"other":{"reference":"Patient/2"}},{"other":{"reference":"urn:uuid:5"}}]}},
    {"fullUrl":"http://x/fhir/Patient/2","resource":{"resourceType":"Patient","id":"2"}},
    {"fullUrl":"urn:uuid:5","resource":{"resourceType":"RelatedPerson","id":"r","patient":
       {"reference":"http://x/fhir/Patient/1/_history/4"}}}]})");
  EXPECT_EQ(bundle("entry.resource.link.other.resolve().id"), "2, r");
  EXPECT_EQ(bundle("entry.resource.ofType(RelatedPerson).patient.resolve().id"), "1");
  EXPECT_EQ(bundle("entry[0].resource.link.other.select(resolve() is Patient)"), "true, false");
}

TEST(Navigate, AsksTheResolverForTheRest) {
  Bench at(patient);
  EXPECT_EQ(at("generalPractitioner.reference.resolve()"), at("generalPractitioner[0].resolve()"));
  TypeResolver types;
  at.surroundings.resolver = &types;
  EXPECT_EQ(at("generalPractitioner.where(resolve() is Practitioner).reference"),
            "#d1, Practitioner/77");
  EXPECT_EQ(at("generalPractitioner[1].resolve().id"), "") << "only its type is known";
  EXPECT_EQ(at("'http://a/Patient/1/_history/2'.resolve().type()"), "Patient");
  EXPECT_EQ(at("'urn:uuid:1'.resolve() | 'Nothing/1'.resolve() | 'Patient/'.resolve()"), "");
}

TEST(Navigate, KnowsItsSurroundings) {
  Bench at(patient);
  EXPECT_EQ(at("%context.id | %resource.id | %rootResource.id"), "p1");
  EXPECT_EQ(at("name.select(%resource.id)"), "p1, p1");
  Bench inner(patient);
  inner.root = *inner.evaluator
                    .evaluate(*compile("contained[1].qualification", inner.options), inner.root, {})
                    ->begin();
  inner.options.type = inner.root.type();
  EXPECT_EQ(inner("%resource.id"), "d1");
  EXPECT_EQ(inner("%rootResource.id"), "p1");
  EXPECT_EQ(inner("issuer.reference"), "#o1");
  const std::string_view names[] = {"who", "none"};
  at.options.variables = names;
  const Value who = Value::of(std::string_view("Rey"));
  const std::span<const Value> values[] = {{&who, 1}, {}};
  at.surroundings.variables = values;
  EXPECT_EQ(at("name.where(family = %who).exists()"), "true");
  EXPECT_EQ(at("%none.empty()"), "true");
  EXPECT_EQ(at("%nobody"), "compile: there is no variable %nobody (character 1)");
  EXPECT_EQ(at("%vs-gender"), "'http://hl7.org/fhir/ValueSet/gender'");
  EXPECT_EQ(at("%`ext-x`"), "'http://hl7.org/fhir/StructureDefinition/x'");
}

TEST(Navigate, SurvivesDocumentsThatAreNoResources) {
  for (const auto* text :
       {R"({})", R"([])", R"("a")", R"({"resourceType":5})",
        R"({"resourceType":"Nothing","name":1})",
        R"({"resourceType":"Patient","name":"x","birthDate":{"a":1},"active":"no",
                               "contact":[null,[1],{"name":[[]]}],"_name":[1],"_active":[{}]})"}) {
    Bench at(text);
    at.options.type = unknown_type;
    EXPECT_FALSE(at("name.given | descendants() | birthDate").starts_with("compile")) << text;
    EXPECT_EQ(at("name.given.exists()"), "false") << text;
    EXPECT_EQ(at("descendants().id.exists()"), "false") << text;
    EXPECT_FALSE(
        at("descendants() = descendants() and birthDate > today()").starts_with("compile"));
  }
}

}  // namespace
}  // namespace holdfast::fhir::path
