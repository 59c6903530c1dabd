// What json_from_xml() refuses, with which sentence and where.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "fhir/xml.h"

namespace holdfast::fhir {
namespace {

using Cases = std::vector<std::pair<std::string, std::string>>;

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

void expect_all(const Cases& cases) {
  for (const auto& [xml, wanted] : cases) {
    EXPECT_EQ(json_of(xml), wanted) << xml;
  }
}

TEST(XmlRefusal, RefusesWhatIsNoFhir) {
  const Cases cases{
      {R"(<Patient/>)",
       R"(structure: Patient is in the namespace "", not in http://hl7.org/fhir @ (line 1, column 1))"},
      {R"(<Patient xmlns="urn:x"/>)",
       R"(structure: Patient is in the namespace "urn:x", not in http://hl7.org/fhir @ (line 1, column 1))"},
      {R"(<Person2 xmlns="http://hl7.org/fhir"/>)",
       R"(unknown-type: FHIR R4 has no resource type "Person2" @ (line 1, column 1))"},
      {patient("\n <nom/>"),
       R"(structure: Patient has no element "nom" @ Patient (line 2, column 2))"},
      {patient(R"(<active value="true" x="y"/>)"),
       R"(structure: boolean has no attribute "x" @ Patient.active (line 1, column 59))"},
      {R"(<Patient xmlns="http://hl7.org/fhir" id="x"/>)",
       R"(structure: Patient has no attribute "id" @ Patient (line 1, column 38))"},
      {patient(R"(<active value="true"/><id value="a"/>)"),
       R"(structure: id must stand before active @ Patient (line 1, column 60))"},
      {patient(R"(<active value="true"/><active value="true"/>)"),
       R"(structure: active occurs once at most @ Patient (line 1, column 60))"},
      {patient(R"(<name/>)"),
       R"(structure: an element must have an attribute or elements @ Patient.name[0] (line 1, column 38))"},
      {patient(R"(<name id="n"/><name><use/></name>)"),
       R"(structure: an element must have a value, an id or extensions @ Patient.name[1].use (line 1, column 58))"},
      {patient(R"(<name value="n"/>)"),
       R"(structure: HumanName has no attribute "value" @ Patient.name[0] (line 1, column 44))"},
      {patient(R"(<name><id value="n"/></name>)"),
       R"(structure: id of HumanName is an attribute @ Patient.name[0] (line 1, column 44))"},
      {patient(R"(<extension><url value="n"/></extension>)"),
       R"(structure: url of Extension is an attribute @ Patient.extension[0] (line 1, column 49))"},
      {patient(R"(<name>a<use value="usual"/></name>)"),
       R"(structure: text where none may be @ Patient.name[0] (line 1, column 44))"},
      {patient(R"(<active value="true"><![CDATA[a]]></active>)"),
       R"(structure: text where none may be @ Patient.active (line 1, column 68))"},
      {patient(R"(<active value="yes"/>)"),
       R"(value: active is no boolean: "yes" @ Patient.active (line 1, column 53))"},
      {patient(R"(<multipleBirthInteger value=" 1"/>)"),
       R"(value: multipleBirthInteger is no integer: " 1" @ Patient.multipleBirth (line 1, column 67))"},
      {patient(R"(<multipleBirthBoolean value="true"/><multipleBirthInteger value="1"/>)"),
       R"(structure: multipleBirth[x] occurs once only; there is multipleBirthBoolean already @ Patient (line 1, column 74))"},
      {patient(R"(<contained/>)"),
       R"(structure: there is no resource @ Patient.contained[0] (line 1, column 38))"},
      {patient(R"(<contained><Device/><Device/></contained>)"),
       R"(structure: more than one resource @ Patient.contained[0] (line 1, column 58))"},
      {patient(R"(<contained><div xmlns="http://www.w3.org/1999/xhtml"/></contained>)"),
       R"(structure: div is in the namespace "http://www.w3.org/1999/xhtml", not in http://hl7.org/fhir @ Patient.contained[0] (line 1, column 49))"},
      {patient(R"(<text><div>a</div></text>)"),
       R"(structure: div is in the namespace "http://hl7.org/fhir", not in http://www.w3.org/1999/xhtml @ Patient.text (line 1, column 44))"},
      {patient(R"(<text><div xmlns="http://www.w3.org/1999/xhtml"><b xmlns=""/></div></text>)"),
       R"(structure: a narrative is in the namespace http://www.w3.org/1999/xhtml @ (line 1, column 89))"},
      {patient(
           R"(<text><div xmlns="http://www.w3.org/1999/xhtml"><f:b xmlns:f="urn:f"/></div></text>)"),
       R"(structure: a prefix in a narrative: its elements have none @ (line 1, column 86))"},
  };
  for (const auto& [xml, wanted] : cases) {
    EXPECT_EQ(json_of(xml), wanted) << xml;
  }
}

TEST(XmlRefusal, TakesAnotherOrderOnlyWhenAsked) {
  const auto loose = [](std::string_view inside) {
    const Result<Bytes> json = json_from_xml(patient(inside), XmlOrder::any);
    return json ? *json : json.error().what;
  };
  EXPECT_EQ(loose(R"(<active value="true"/><name id="a"/><name id="b"/><id value="a"/>)"),
            R"({"resourceType":"Patient","active":true,"name":[{"id":"a"},{"id":"b"}],"id":"a"})");
  EXPECT_EQ(loose(R"(<name id="a"/><id value="a"/><name id="b"/>)"), "name must stand before id");
  EXPECT_EQ(
      loose(R"(<deceasedBoolean value="true"/><id value="a"/><deceasedDateTime value="2000"/>)"),
      "deceased[x] occurs once only; there is deceasedBoolean already");
}

TEST(XmlRefusal, RefusesWhatIsNoXml) {
  using namespace std::string_literals;
  const Cases cases{
      {"", "syntax: there is no XML element @ (line 1, column 1)"},
      {"\xef\xbb\xbf", "syntax: there is no XML element @ (line 1, column 1)"},
      {"{}", "syntax: text beside the element @ (line 1, column 1)"},
      {"a" + patient(""), "syntax: text beside the element @ (line 1, column 1)"},
      {patient("") + "&amp;", "syntax: text beside the element @ (line 1, column 48)"},
      {patient("") + patient(""),
       "syntax: a second element beside the first @ (line 1, column 48)"},
      {"<?xml version='1.0' encoding='ISO-8859-1'?>" + patient("<name><text value='\xe9'/></name>"),
       "syntax: the XML is in ISO-8859-1; only UTF-8 is read @ (line 1, column 1)"},
      {"\xff\xfe<\0P\0"s, "syntax: the XML is in UTF-16; only UTF-8 is read @ (line 1, column 1)"},
      {"<\0P\0"s, "syntax: the XML is in UTF-16; only UTF-8 is read @ (line 1, column 1)"},
      {patient("<name><text value='\xe9'/></name>"),
       "syntax: the text is not UTF-8 @ (line 1, column 57)"},
      {patient("<name><text value='\x01'/></name>"),
       "syntax: a character that XML does not allow @ (line 1, column 57)"},
      {patient("<name><text value='\0'/></name>"s),
       "syntax: a character that XML does not allow @ (line 1, column 57)"},
      {patient("<name><text value='\xef\xbf\xbf'/></name>"),
       "syntax: a character that XML does not allow @ (line 1, column 57)"},
  };
  expect_all(cases);
}

TEST(XmlRefusal, RefusesMarkupThatIsNotWellFormed) {
  const Cases cases{
      {patient("<name><text value='&#0;'/></name>"),
       "syntax: '&' begins none of XML's own entities and no character's number @ (line 1, column "
       "57)"},
      {patient("<name><text value='&#xD800;'/></name>"),
       "syntax: '&' begins none of XML's own entities and no character's number @ (line 1, column "
       "57)"},
      {patient("<name><text value='&#x110000;'/></name>"),
       "syntax: '&' begins none of XML's own entities and no character's number @ (line 1, column "
       "57)"},
      {patient("<name><text value='&#99999999999999999999;'/></name>"),
       "syntax: '&' begins none of XML's own entities and no character's number @ (line 1, column "
       "57)"},
      {patient("<name><text value='a&nbsp;'/></name>"),
       "syntax: '&' begins none of XML's own entities and no character's number @ (line 1, column "
       "58)"},
      {patient("<name><text value='a&'/></name>"),
       "syntax: '&' begins none of XML's own entities and no character's number @ (line 1, column "
       "58)"},
      {patient("<text><div xmlns='http://www.w3.org/1999/xhtml'>&nbsp;</div></text>"),
       "syntax: '&' begins none of XML's own entities and no character's number @ (line 1, column "
       "86)"},
      {patient("<name><text value='<'/></name>"),
       "syntax: '<' in the value of an attribute @ (line 1, column 57)"},
      {patient("<active value='true' value='true'/>"),
       "syntax: the attribute \"value\" occurs twice @ (line 1, column 59)"},
      {patient("<!-- a -- b -->"), "syntax: \"--\" in a comment @ (line 1, column 42)"},
      {patient("<x:active value='true'/>"),
       "syntax: the prefix \"x\" is not declared @ (line 1, column 38)"},
      {patient("<active x:y='true'/>"),
       "syntax: the prefix \"x\" is not declared @ (line 1, column 46)"},
  };
  expect_all(cases);
  for (const std::string_view cut :
       {"<", "<Patient", "<Patient>", "<Patient xmlns=", "<Patient a='", "</a>", "<a></b>",
        "<a><!--", "<a b></a>", "<a b='c'd='e'/>", "<a><![CDATA["}) {
    EXPECT_TRUE(json_of(cut).starts_with("syntax: not XML: ")) << cut << ' ' << json_of(cut);
  }
}

TEST(XmlRefusal, RefusesWhatWouldReachOutside) {
  const Cases cases{
      {"<!DOCTYPE Patient>" + patient(""),
       "syntax: a document type (DTD) is not taken: it could define entities @ (line 1, column 1)"},
      {"<!DOCTYPE a [<!ENTITY a 'a'><!ENTITY b '&a;&a;&a;&a;'><!ENTITY c SYSTEM "
       "'file:///etc/passwd'>]>" +
           patient("<name><text value='&b;'/></name>"),
       "syntax: a document type (DTD) is not taken: it could define entities @ (line 1, column 1)"},
      {"<?xml-stylesheet href='a.xsl'?>" + patient(""),
       "syntax: <?xml-stylesheet …?> names another document, which is not loaded @ (line 1, column "
       "1)"},
      {"<?xml version='1.1'?>" + patient(""),
       "syntax: XML version \"1.1\"; only 1.0 is read @ (line 1, column 1)"},
      {" <?xml version='1.0'?>" + patient(""),
       "syntax: <?xml …?> may stand only at the very beginning @ (line 1, column 2)"},
      {"<?xml encoding='UTF-8' version='1.0'?>" + patient(""),
       "syntax: \"version\" has no place in <?xml …?> @ (line 1, column 24)"},
  };
  expect_all(cases);
}

TEST(XmlRefusal, IsBounded) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) {
    deep += "<extension url='a'>";
  }
  EXPECT_TRUE(json_of(patient(deep)).starts_with("syntax: not XML")) << json_of(patient(deep));
  for (int i = 0; i < 100'000; ++i) {
    deep += "</extension>";
  }
  EXPECT_TRUE(json_of(patient(deep)).starts_with("too-large: nested more than 256 levels deep"));
  // Within our depth, beyond that of JSON: the reader of JSON says so.
  std::string inside = "<valueCode value='a'/>";
  for (int i = 0; i < 250; ++i) {
    inside = "<extension url='a'>" + inside + "</extension>";
  }
  EXPECT_EQ(JsonReader().read(json_of(patient(inside))).error().code, Code::too_large);
  std::string wide;
  while (wide.size() < 8 * xml_pieces_max) {
    wide += "<a/><a b='c'/>";
  }
  EXPECT_TRUE(json_of(patient(wide)).starts_with("too-large: ")) << json_of(patient(wide));
  EXPECT_TRUE(json_of(std::string(xml_bytes_max + 1, ' ')).starts_with("too-large: "));
}

}  // namespace
}  // namespace holdfast::fhir
