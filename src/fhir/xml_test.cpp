// FHIR XML: both ways over everything official that is there, and what is refused.
#include "fhir/xml.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "fhir/check.h"
#include "fhir/test_data.h"

namespace holdfast::fhir {
namespace {

/// A value as text that is the same for the same value: members sorted, strings unescaped, numbers
/// as they were written.
void append_canonical(std::string& to, JsonValue value) {
  std::string scratch;
  switch (value.kind()) {
    case JsonKind::object: {
      std::vector<std::pair<std::string, JsonValue>> members;
      for (const JsonValue member : value.children()) {
        members.emplace_back(member.key(scratch), member);
      }
      std::ranges::sort(members, {}, &std::pair<std::string, JsonValue>::first);
      to += '{';
      for (const auto& [key, member] : members) {
        to += key + ':';
        append_canonical(to, member);
        to += ',';
      }
      to += '}';
      return;
    }
    case JsonKind::array:
      to += '[';
      for (const JsonValue element : value.children()) {
        append_canonical(to, element);
        to += ',';
      }
      to += ']';
      return;
    case JsonKind::string: to += '"' + value.text() + '"'; return;
    default: to += value.raw();
  }
}

std::string canonical(JsonValue value) {
  std::string out;
  append_canonical(out, value);
  return out;
}

std::string patient(std::string_view inside) {
  return fmt::format(R"(<Patient xmlns="http://hl7.org/fhir">{}</Patient>)", inside);
}

/// The JSON, or the error as one text.
std::string json_of(std::string_view xml) {
  const Result<Bytes> json = json_from_xml(xml);
  return json ? *json
              : fmt::format("{}: {} @ {}", name(json.error().code), json.error().what,
                            json.error().where);
}

std::string xml_of(Bytes json, XmlLayout layout = XmlLayout::dense) {
  const Json document = read_json(std::move(json));
  const Result<Bytes> xml = xml_from_json(document.root(), layout);
  return xml ? *xml
             : fmt::format("{}: {} @ {}", name(xml.error().code), xml.error().what,
                           xml.error().where);
}

TEST(Xml, TypesValuesAsJsonDoes) {
  EXPECT_EQ(json_of(patient(R"(<active value="true"/><multipleBirthInteger value="2"/>)")),
            R"({"resourceType":"Patient","active":true,"multipleBirthInteger":2})");
  EXPECT_EQ(json_of(R"(<Observation xmlns="http://hl7.org/fhir"><valueQuantity>
                         <value value="1.50"/><unit value="1"/></valueQuantity></Observation>)"),
            R"({"resourceType":"Observation","valueQuantity":{"value":1.50,"unit":"1"}})");
  EXPECT_EQ(json_of(R"(<Observation xmlns="http://hl7.org/fhir"><valueQuantity>
                         <value value="1e3"/></valueQuantity></Observation>)"),
            R"({"resourceType":"Observation","valueQuantity":{"value":1e3}})");
}

TEST(Xml, PutsExtensionsOfPrimitivesBesideThem) {
  EXPECT_EQ(json_of(patient(R"(<birthDate id="b" value="2000-01-01"><extension url="urn:x">
                                 <valueCode value="c"/></extension></birthDate>)")),
            R"({"resourceType":"Patient","birthDate":"2000-01-01",)"
            R"("_birthDate":{"id":"b","extension":[{"url":"urn:x","valueCode":"c"}]}})");
  EXPECT_EQ(json_of(patient(R"(<name><given value="a"/><given id="g"/><given value="c"/></name>)")),
            R"({"resourceType":"Patient","name":[{"given":["a",null,"c"],)"
            R"("_given":[null,{"id":"g"},null]}]})");
  EXPECT_EQ(json_of(patient(R"(<name><given id="g"/></name>)")),
            R"({"resourceType":"Patient","name":[{"_given":[{"id":"g"}]}]})");
}

TEST(Xml, NestsResources) {
  EXPECT_EQ(
      json_of(R"(<Bundle xmlns="http://hl7.org/fhir"><type value="collection"/><entry><resource>
              <Patient><contained><Organization><id value="o"/></Organization></contained>
              <contained><Device/></contained></Patient></resource></entry></Bundle>)"),
      R"({"resourceType":"Bundle","type":"collection","entry":[{"resource":)"
      R"({"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o"},)"
      R"({"resourceType":"Device"}]}}]})");
}

TEST(Xml, DecodesTextsAsXmlSays) {
  EXPECT_EQ(
      json_of(patient("<name><text value='a &lt;&amp;&gt;&quot;&apos; &#65;&#x1F600; \\\n\t\r\nb"
                      "&#10;c'/></name>")),
      "{\"resourceType\":\"Patient\",\"name\":[{\"text\":\"a <&>\\\"' A\xf0\x9f\x98\x80 \\\\"
      "   b\\nc\"}]}");
}

TEST(Xml, KeepsANarrativeAsItWasWritten) {
  const std::string_view div =
      "<div xmlns=\"http://www.w3.org/1999/xhtml\">\r\n <p title='a > b'>&lt;&#160;<br/></p>"
      "<!-- > --><![CDATA[</div>]]></div >";
  const Result<Bytes> json =
      json_from_xml(patient(fmt::format("<text><status value=\"generated\"/>{}</text>", div)));
  ASSERT_TRUE(json.has_value());
  const Json document = read_json(*json);
  EXPECT_EQ(document.root().find("text")->find("div")->text(), div);
  EXPECT_NE(xml_of(*json).find(div), std::string::npos);
}

TEST(Xml, GivesANarrativeTheNamespaceThatStoodOutside) {
  EXPECT_EQ(
      json_of(R"(<f:Patient xmlns:f="http://hl7.org/fhir" xmlns="http://www.w3.org/1999/xhtml">
                         <f:text><div>a</div></f:text></f:Patient>)"),
      R"({"resourceType":"Patient","text":{"div":)"
      R"("<div xmlns=\"http://www.w3.org/1999/xhtml\">a</div>"}})");
}

TEST(Xml, TakesWhatMayStandAround) {
  const std::string_view wanted = R"({"resourceType":"Patient","active":true})";
  EXPECT_EQ(
      json_of("\xef\xbb\xbf<?xml version='1.0' encoding='utf-8' standalone=\"yes\"?>\n<!-- a -->"
              "<?what ever?><Patient xmlns='http://hl7.org/fhir' "
              "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' "
              "xsi:schemaLocation='http://hl7.org/fhir ../patient.xsd'>\n<!-- b --><?c d?>"
              "<active value='true'> </active ></Patient><!-- e -->\n"),
      wanted);
  EXPECT_EQ(
      json_of("<a:Patient xmlns:a='http://hl7.org/fhir'><a:active value='true'/></a:Patient>"),
      wanted);
}

TEST(Xml, WritesTextsSoThatTheyComeBack) {
  const std::string json = R"({"resourceType":"Patient","name":[{"text":"a<&>\"'\n\t\r\\é"}]})";
  const std::string xml = xml_of(json);
  EXPECT_EQ(xml,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>" +
                patient("<name><text value=\"a&lt;&amp;&gt;&quot;'&#10;&#9;&#13;\\é\"/></name>"));
  EXPECT_EQ(json_of(xml), json);
}

TEST(Xml, WritesTheOrderOfTheDefinition) {
  EXPECT_EQ(xml_of(R"({"birthDate":"2000","_given":1,"resourceType":"Patient"})"),
            R"(structure: Patient has no element "_given" @ Patient.given (line 1, column 30))");
  EXPECT_EQ(
      xml_of(R"({"birthDate":"2000","extension":[{"valueCode":"c","url":"u","id":"i"}],)"
             R"("active":false,"id":"p","resourceType":"Patient"})"),
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>" +
          patient(R"(<id value="p"/><extension id="i" url="u"><valueCode value="c"/></extension>)"
                  R"(<active value="false"/><birthDate value="2000"/>)"));
}

TEST(Xml, BreaksLinesOnlyWhereNothingChanges) {
  const std::string json =
      R"({"resourceType":"Patient","text":{"div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><b>a</b></div>"},)"
      R"("contained":[{"resourceType":"Device"}],"_active":{"id":"a"}})";
  const std::string xml = xml_of(json, XmlLayout::indented);
  EXPECT_EQ(xml, R"(<?xml version="1.0" encoding="UTF-8"?>
<Patient xmlns="http://hl7.org/fhir">
  <text>
    <div xmlns="http://www.w3.org/1999/xhtml"><b>a</b></div>
  </text>
  <contained>
    <Device/>
  </contained>
  <active id="a"/>
</Patient>)");
  EXPECT_EQ(json_of(xml), json);
}

TEST(Xml, SaysWhatXmlCannotHold) {
  EXPECT_EQ(
      xml_of(R"({"resourceType":"Patient","name":[{"text":"\u0001"}]})"),
      "unsupported: a character that XML cannot hold @ Patient.name[0].text (line 1, column 43)");
  EXPECT_EQ(xml_of(R"({"resourceType":"Patient","name":[{"_id":{"id":"a"}}]})"),
            "unsupported: id is an attribute in XML, which can have no extension @ "
            "Patient.name[0].id (line 1, column 42)");
  EXPECT_EQ(xml_of(R"({"resourceType":"Patient","text":{"div":"<div>&nbsp;</div>"}})"),
            "unsupported: the narrative is no XML: '&' begins none of XML's own entities and no "
            "character's number line 1, column 6 @ Patient.text.div (line 1, column 41)");
  EXPECT_EQ(
      xml_of(R"({"resourceType":"Patient","text":{"div":"<div/><evil/>"}})"),
      "unsupported: the narrative is no XML: a second element beside the first line 1, column 7 "
      "@ Patient.text.div (line 1, column 41)");
  EXPECT_EQ(
      xml_of(R"({"resourceType":"Patient","contact":[null]})"),
      "structure: contact has null where nothing may be @ Patient.contact (line 1, column 37)");
  EXPECT_EQ(xml_of(R"({"resourceType":"Patient","contact":null})").substr(0, 9), "structure");
}

void take_there_and_back(JsonReader& reader, const std::filesystem::path& file) {
  const auto json = reader.read(file_bytes(file));
  ASSERT_TRUE(json.has_value()) << file;
  const Result<Bytes> xml = xml_from_json(json->root());
  ASSERT_TRUE(xml.has_value()) << file << xml.error().what << xml.error().where;
  const Result<Bytes> back = json_from_xml(*xml);
  ASSERT_TRUE(back.has_value()) << file << back.error().what << back.error().where;
  const auto again = reader.read(*back);
  ASSERT_TRUE(again.has_value()) << file;
  EXPECT_TRUE(again->is_minified()) << file;
  ASSERT_EQ(canonical(json->root()), canonical(again->root())) << file;
}

TEST(Xml, TakesEveryOfficialExampleThereAndBack) {
  constexpr std::array definitions{"StructureDefinition",
                                   "SearchParameter",
                                   "ValueSet",
                                   "CodeSystem",
                                   "ConceptMap",
                                   "Bundle",
                                   "OperationDefinition",
                                   "CompartmentDefinition",
                                   "ImplementationGuide",
                                   "package",
                                   "ig"};
  JsonReader reader;
  std::vector<std::filesystem::path> others;
  std::size_t examples = 0;
  for (const auto& file : std::filesystem::directory_iterator(definitions_package())) {
    const std::string kind = file.path().stem().string();
    if (file.path().extension() != ".json") {
      continue;
    }
    if (std::ranges::find(definitions, kind.substr(0, kind.find('-'))) != definitions.end()) {
      others.push_back(file.path());
      continue;
    }
    take_there_and_back(reader, file.path());
    ++examples;
  }
  EXPECT_EQ(examples, 693U);
  // tests/xml_test.py takes all of the definitions; here are some, and none that is too large.
  std::ranges::sort(others);
  for (std::size_t i = 0; i < others.size(); i += 10) {
    if (others[i].stem() != "package" && std::filesystem::file_size(others[i]) < 4'000'000) {
      take_there_and_back(reader, others[i]);
    }
  }
}

TEST(Xml, ReadsRealXml) {
  const std::filesystem::path folder = shared_data() / "fhirpath";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "the shared test data is not there: " << folder;
  }
  std::size_t files = 0;
  JsonReader reader;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() != ".xml") {
      continue;
    }
    // One file of these has an extension behind the status.
    const bool is_in_order = file.path().filename() != "observation-example.xml";
    const Result<Bytes> json = json_from_xml(file_bytes(file.path()),
                                             is_in_order ? XmlOrder::of_definition : XmlOrder::any);
    EXPECT_EQ(json_from_xml(file_bytes(file.path())).has_value(), is_in_order);
    ASSERT_TRUE(json.has_value()) << file << json.error().what << json.error().where;
    const auto document = reader.read(*json);
    ASSERT_TRUE(document.has_value());
    const Result<void> judged = check_resource(document->root());
    EXPECT_TRUE(judged.has_value()) << file << judged.error().what << judged.error().where;
    const Result<Bytes> xml = xml_from_json(document->root());
    ASSERT_TRUE(xml.has_value());
    const auto again = reader.read(json_of(*xml));
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(canonical(again->root()), canonical(document->root())) << file;
    ++files;
  }
  EXPECT_GE(files, 7U);
}

}  // namespace
}  // namespace holdfast::fhir
