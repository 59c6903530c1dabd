#include "fhir/path/fhirpath_patch.h"

#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "fhir/check.h"
#include "fhir/json_tree.h"
#include "fhir/test_data.h"
#include "fhir/xml.h"
#include "fhir/xml_document.h"

namespace holdfast::fhir::path {
namespace {

constexpr Time some_time{1'600'000'000'000};

/// An operation: its type, its path, and its other parts as JSON.
std::string operation(std::string_view type, std::string_view path, std::string_view more = {}) {
  return fmt::format(
      R"({{"name":"operation","part":[{{"name":"type","valueCode":"{}"}},{{"name":"path","valueString":"{}"}}{}{}]}})",
      type, path, more.empty() ? "" : ",", more);
}

/// {"name":"value", …}
std::string brings(std::string_view value) {
  return fmt::format(R"({{"name":"value",{}}})", value);
}
std::string named(std::string_view name, std::string_view value) {
  return fmt::format(R"({{"name":"name","valueString":"{}"}},{})", name, brings(value));
}
std::string at(std::string_view part, int index) {
  return fmt::format(R"({{"name":"{}","valueInteger":{}}})", part, index);
}

std::string patched(std::string_view resource, const std::vector<std::string>& operations) {
  const Json of = read_json(Bytes(resource));
  const Json by = read_json(fmt::format(R"({{"resourceType":"Parameters","parameter":[{}]}})",
                                        fmt::join(operations, ",")));
  JsonReader reader;
  const Result<Bytes> result = apply_fhirpath_patch(of.root(), by.root(), some_time, reader);
  return result ? *result
                : fmt::format("{}: {} @ {}", name(result.error().code), result.error().what,
                              result.error().where);
}

std::string patient(std::string_view members) {
  return fmt::format(R"({{"resourceType":"Patient"{}{}}})", members.empty() ? "" : ",", members);
}

TEST(FhirPathPatch, KeepsTheBytesOfWhatItDoesNotTouch) {
  const std::string before =
      R"({ "resourceType" : "Patient",  "name":[{"family":"A\u00e9", "given":["x" , "y"]} ,{ "use":"old"}],)"
      R"("extension":[{"url":"u","valueDecimal":1.500}]})";
  EXPECT_EQ(
      patched(before,
              {operation("replace", "Patient.name[1].use", brings(R"("valueCode":"usual")"))}),
      R"({"resourceType":"Patient","name":[{"family":"A\u00e9", "given":["x" , "y"]},{"use":"usual"}],)"
      R"("extension":[{"url":"u","valueDecimal":1.500}]})");
  EXPECT_EQ(patched(before, {operation("delete", "Patient.birthDate")}), before);
}

TEST(FhirPathPatch, TakesAPrimitiveWithItsExtensions) {
  const std::string before = patient(
      R"("birthDate":"2000","_birthDate":{"id":"b"},"name":[{"given":["a",null,"c"],"_given":[{"id":"1"},{"id":"2"},null]}])");
  const auto name_of = [](std::string_view members) {
    return patient(
        fmt::format(R"("birthDate":"2000","_birthDate":{{"id":"b"}},"name":[{{{}}}])", members));
  };
  EXPECT_EQ(
      patched(before, {operation("replace", "Patient.birthDate",
                                 brings(R"("valueDate":"2001","_valueDate":{"id":"n"})"))}),
      patient(
          R"("birthDate":"2001","_birthDate":{"id":"n"},"name":[{"given":["a",null,"c"],"_given":[{"id":"1"},{"id":"2"},null]}])"));
  EXPECT_EQ(patched(before, {operation("move", "Patient.name[0].given",
                                       at("source", 0) + "," + at("destination", 2))}),
            name_of(R"("given":[null,"c","a"],"_given":[{"id":"2"},null,{"id":"1"}])"));
  EXPECT_EQ(patched(before, {operation("insert", "Patient.name.given",
                                       at("index", 1) + "," + brings(R"("valueString":"n")"))}),
            name_of(R"("given":["a","n",null,"c"],"_given":[{"id":"1"},null,{"id":"2"},null])"));
  EXPECT_EQ(patched(before, {operation("delete", "Patient.name.given[0]"),
                             operation("delete", "Patient.name.given[0]")}),
            name_of(R"("given":["c"])"));
  EXPECT_EQ(patched(before, {operation("delete", "Patient.name.given[2]"),
                             operation("delete", "Patient.name.given[0]")}),
            name_of(R"("_given":[{"id":"2"}])"));
  const std::string extended = R"("valueUri":"http://e")";
  EXPECT_EQ(
      patched(before,
              {operation("add", "Patient.name.given[2]",
                         named("extension", R"("part":[{"name":"url",)" + extended +
                                                R"(},{"name":"value","valueBoolean":true}])"))}),
      name_of(
          R"("given":["a",null,"c"],"_given":[{"id":"1"},{"id":"2"},{"extension":[{"url":"http://e","valueBoolean":true}]}])"));
  EXPECT_EQ(patched(before, {operation("delete", "Patient.name.given[0].id"),
                             operation("delete", "Patient.name.given[1].id"),
                             operation("delete", "Patient.name.given[0]"),
                             operation("delete", "Patient.name.given[0]")}),
            patient(R"("birthDate":"2000","_birthDate":{"id":"b"})"));
}

TEST(FhirPathPatch, ChangesTheTypeOfAChoice) {
  const std::string before =
      patient(R"("deceasedBoolean":true,"_deceasedBoolean":{"id":"d"},"active":true)");
  EXPECT_EQ(patched(before, {operation("replace", "Patient.deceased",
                                       brings(R"("valueDateTime":"2020")"))}),
            patient(R"("deceasedDateTime":"2020","active":true)"));
  EXPECT_EQ(patched(patient(""),
                    {operation("add", "Patient", named("deceased", R"("valueBoolean":false)"))}),
            patient(R"("deceasedBoolean":false)"));
  EXPECT_EQ(patched(patient(""), {operation("add", "Patient",
                                            named("deceasedBoolean", R"("valueBoolean":false)"))}),
            patient(R"("deceasedBoolean":false)"));
  EXPECT_EQ(patched(before,
                    {operation("add", "Patient", named("deceased", R"("valueDateTime":"2020")"))}),
            "value: operation 1 (add Patient): deceased is there already, and occurs once at most: "
            "replace it "
            "@ Parameters.parameter[0]");
  EXPECT_EQ(
      patched(before, {operation("replace", "Patient.deceased", brings(R"("valueDate":"2020")"))}),
      "value: operation 1 (replace Patient.deceased): deceased is a boolean or dateTime, not a "
      "date "
      "@ Parameters.parameter[0]");
}

TEST(FhirPathPatch, BringsBackboneElementsInParts) {
  EXPECT_EQ(
      patched(patient(""),
              {operation("add", "Patient",
                         named("contact",
                               R"("part":[{"name":"name","valueHumanName":{"text":"x"}},)"
                               R"({"name":"telecom","valueContactPoint":{"value":"1"}},)"
                               R"({"name":"gender","valueCode":"male","_valueCode":{"id":"g"}},)"
                               R"({"name":"telecom","valueContactPoint":{"value":"2"}}])"))}),
      patient(
          R"("contact":[{"name":{"text":"x"},"telecom":[{"value":"1"},{"value":"2"}],"gender":"male","_gender":{"id":"g"}}])"));
  // Parts within parts, a choice among them.
  EXPECT_EQ(
      patched(R"({"resourceType":"Questionnaire","status":"draft"})",
              {operation(
                  "add", "Questionnaire",
                  named("item",
                        R"("part":[{"name":"linkId","valueString":"1"},)"
                        R"({"name":"item","part":[{"name":"linkId","valueString":"1.1"},)"
                        R"({"name":"initial","part":[{"name":"value","valueInteger":3}]}]}])"))}),
      R"({"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","item":[{"linkId":"1.1","initial":[{"valueInteger":3}]}]}]})");
  EXPECT_EQ(
      patched(patient(""),
              {operation("add", "Patient",
                         R"({"name":"name","valueString":"contained"},)"
                         R"({"name":"value","resource":{"resourceType":"Patient","id":"p"}})")}),
      patient(R"("contained":[{"resourceType":"Patient","id":"p"}])"));
}

TEST(FhirPathPatch, RemovesWhatBecomesEmpty) {
  EXPECT_EQ(patched(patient(R"("contact":[{"name":{"text":"x"}},{"gender":"male"}],"active":true)"),
                    {operation("delete", "Patient.contact[0].name.text")}),
            patient(R"("contact":[{"gender":"male"}],"active":true)"));
  EXPECT_EQ(
      patched(
          patient(R"("_birthDate":{"extension":[{"url":"u","valueString":"x"}]},"active":true)"),
          {operation("delete", "Patient.birthDate.extension('u')")}),
      patient(R"("active":true)"));
  EXPECT_EQ(patched(patient(R"("contained":[{"resourceType":"Patient","active":true}])"),
                    {operation("delete", "Patient.contained[0].active")}),
            patient(R"("contained":[{"resourceType":"Patient"}])"));
}

TEST(FhirPathPatch, NamesTheOperationThatFailed) {
  const std::string before =
      patient(R"("active":true,"name":[{"family":"a"},{"family":"b"}],)"
              R"("contact":[{"telecom":[{"value":"1"}]},{"telecom":[{"value":"2"}]}])");
  const std::string value = brings(R"("valueBoolean":false)");
  const std::vector<std::pair<std::string, std::string>> cases{
      {operation("replace", "Patient.name", value),
       "value: operation 2 (replace Patient.name): the path selects 2 elements; it must name one"},
      {operation("delete", "Patient.name"),
       "value: operation 2 (delete Patient.name): the path selects 2 elements; it must name one"},
      {operation("replace", "Patient.gender", value),
       "unmatched: operation 2 (replace Patient.gender): the path selects nothing"},
      {operation("replace", "Patient.nom", value),
       "structure: operation 2 (replace Patient.nom): the path, character 9: Patient has no "
       "element nom"},
      {operation("replace", "Patient.(", value),
       "syntax: operation 2 (replace Patient.(): the path, character 9: expected the name of an "
       "element or function, found ("},
      {operation("replace", "Patient.active.nope()", value),
       "value: operation 2 (replace Patient.active.nope()): the path, character 16: there is no "
       "function nope() (did you mean not()?)"},
      {operation("replace", "1 + 1", value),
       "value: operation 2 (replace 1 + 1): the path selects what is no element of the resource"},
      {operation("replace", "Patient", value),
       "value: operation 2 (replace Patient): the resource itself cannot be replaced or deleted by "
       "a patch"},
      {operation("replace", "Patient.name[0]", value),
       "value: operation 2 (replace Patient.name[0]): name is a HumanName, not a boolean"},
      {operation("replace", "Patient.name[0].family", value),
       "value: operation 2 (replace Patient.name[0].family): family is a string, not a boolean"},
      {operation("add", "Patient", named("nom", R"("valueCode":"x")")),
       "structure: operation 2 (add Patient): Patient has no element nom"},
      {operation("add", "Patient", named("active", R"("valueBoolean":true)")),
       "value: operation 2 (add Patient): active is there already, and occurs once at most: "
       "replace it"},
      {operation("add", "Patient", named("contact", R"("valueString":"x")")),
       "value: operation 2 (add Patient): contact is a BackboneElement, not a string"},
      {operation("add", "Patient", named("gender", R"("part":[{"name":"x"}])")),
       "value: operation 2 (add Patient): gender is a code: send it as a value[x], not in parts"},
      {operation(
           "add", "Patient",
           named("link",
                 R"("part":[{"name":"type","valueCode":"a"},{"name":"type","valueCode":"b"}])")),
       "structure: operation 2 (add Patient): type occurs once at most"},
      {operation("add", "Patient", named("gender", R"("id":"x")")),
       "required: operation 2 (add Patient): nothing is brought for gender: a value[x], a resource "
       "or parts named as its elements are"},
      {operation("add", "Patient"),
       "required: operation 2 (add Patient): an operation of this kind has a part \"name\""},
      {operation("insert", "Patient.name",
                 at("index", 3) + "," + brings(R"("valueHumanName":{"text":"x"})")),
       "value: operation 2 (insert Patient.name): index 3 is behind the end: 0 to 2"},
      {operation("insert", "Patient.active", at("index", 0) + "," + value),
       "value: operation 2 (insert Patient.active): active is no list"},
      {operation("move", "Patient.name", at("source", 2) + "," + at("destination", 0)),
       "value: operation 2 (move Patient.name): source 2 is behind the end: 0 to 1"},
      {operation("move", "Patient.name", at("source", -1) + "," + at("destination", 0)),
       "value: operation 2 (move Patient.name): \"source\" has a valueInteger from 0 on"},
      {operation("move", "Patient.contact.telecom", at("source", 0) + "," + at("destination", 1)),
       "value: operation 2 (move Patient.contact.telecom): the path must select a whole list, such "
       "as all 1 of telecom; it selects 2 elements where this list has 1"},
      {operation("move", "Patient.name.where(family='a')",
                 at("source", 0) + "," + at("destination", 0)),
       "value: operation 2 (move Patient.name.where(family='a')): the path must select a whole "
       "list, such as all 2 of name; it selects 1 elements where this list has 2"},
      {operation("delete", "Patient.active", value),
       "structure: operation 2 (delete Patient.active): delete takes no part \"value\""},
      {operation("copy", "Patient.active", value),
       "value: operation 2 (copy Patient.active): there is no type \"copy\": add, insert, delete, "
       "replace or move"},
      {operation("delete", "Patient.active", R"({"name":"path","valueString":"x"})"),
       "structure: operation 2 (? ?): the part \"path\" is there twice"},
      {R"({"name":"op"})",
       "structure: operation 2 (? ?): a parameter of a FHIRPath Patch is named operation, not "
       "\"op\""},
      {R"({"name":"operation","modifierExtension":[]})",
       "unsupported: operation 2 (? ?): a modifierExtension, of which nothing is known here"},
      {R"({"name":"operation","valueString":"a","part":[]})",
       "structure: operation 2 (? ?): \"operation\" has a value, a resource or parts, not several "
       "of them"},
  };
  for (const auto& [failing, wanted] : cases) {
    EXPECT_EQ(patched(before, {operation("delete", "Patient.birthDate"), failing}),
              wanted + " @ Parameters.parameter[1]");
  }
}

TEST(FhirPathPatch, IsBounded) {
  const std::string cheap = operation("delete", "Patient.active");
  EXPECT_EQ(patched(patient(""), std::vector<std::string>(fhirpath_patch_operations_max, cheap)),
            patient(""));
  EXPECT_TRUE(
      patched(patient(""), std::vector<std::string>(fhirpath_patch_operations_max + 1, cheap))
          .starts_with("too-large: "));
  std::string names = R"("name":[{"given":["a")";
  for (int i = 0; i < 2'000; ++i) {
    names += ",\"b\"";
  }
  names += "]}]";
  const std::string costly = operation("delete", "Patient.descendants().where($this = 'z')");
  const std::string refused = patched(patient(names), std::vector<std::string>(1'000, costly));
  EXPECT_TRUE(refused.starts_with("too-costly: operation ")) << refused;
  EXPECT_TRUE(patched(patient(R"("active":true)" + std::string(1 << 20U, ' ')),
                      std::vector<std::string>(200, operation("replace", "Patient.active",
                                                              brings(R"("valueBoolean":false)"))))
                  .starts_with(patient(R"("active":false)")));
}

/// The inside of an element of the cases as JSON.
Bytes json_of(const XmlDocument& cases, pugi::xml_node in) {
  for (const pugi::xml_node node : in.children()) {
    if (node.type() == pugi::node_element) {
      auto json = json_from_xml(cases.written(node), XmlOrder::any);
      EXPECT_TRUE(json.has_value()) << json.error().what;
      return json ? *json : Bytes();
    }
  }
  return {};
}

Bytes replaced_all(Bytes text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != Bytes::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

/// A narrative keeps its bytes. The cases write quotes and line ends in two spellings, one in the
/// patch and one in the output; to XML they are the same.
Bytes same_narrative(Bytes json) {
  return replaced_all(replaced_all(std::move(json), "&quot;", R"(\")"), R"(\r\n)", R"(\n)");
}

TEST(FhirPathPatch, PassesThePublicCases) {
  const std::filesystem::path file = shared_data() / "fhir-patch/r4/patch/fhir-patch-tests.xml";
  if (!std::filesystem::exists(file)) {
    GTEST_SKIP() << "the shared test data is not there: " << file;
  }
  const Bytes text = file_bytes(file);
  XmlDocument cases;
  ASSERT_TRUE(cases.read(text).has_value());
  std::size_t count = 0;
  for (const pugi::xml_node one : cases.root().children("case")) {
    const std::string_view about = one.attribute("name").value();
    const Json before = read_json(json_of(cases, one.child("input")));
    const Json patch = read_json(json_of(cases, one.child("diff")));
    JsonReader reader;
    const Result<Bytes> result =
        apply_fhirpath_patch(before.root(), patch.root(), some_time, reader);
    ++count;
    if (one.child("error")) {
      EXPECT_FALSE(result.has_value()) << about;
      continue;
    }
    ASSERT_TRUE(result.has_value()) << about << ": " << result.error().what;
    const Json after = read_json(*result);
    EXPECT_TRUE(check_resource(after.root()).has_value()) << about << *result;
    const Json wanted = read_json(same_narrative(json_of(cases, one.child("output"))));
    PatchBudget budget(1'000'000);
    EXPECT_EQ(equal_parts(JsonPart(wanted.root()), after.root(), budget), true) << about << *result;
  }
  EXPECT_EQ(count, 33U);
}

}  // namespace
}  // namespace holdfast::fhir::path
