#include "fhir/xml_patch.h"

#include <algorithm>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "fhir/test_data.h"
#include "fhir/xml.h"
#include "fhir/xml_document.h"
#include "fhir/xml_select.h"

namespace holdfast::fhir {
namespace {

std::string error_text(const Error& error) {
  return fmt::format("{}: {} @ {}", name(error.code), error.what, error.where);
}

std::string patched(std::string_view document, std::string_view operations) {
  const Result<Bytes> result = apply_xml_patch(
      document, fmt::format(R"(<diff xmlns="http://hl7.org/fhir">{}</diff>)", operations));
  return result ? *result : error_text(result.error());
}

std::string patient(std::string_view inside) {
  return fmt::format(R"(<Patient xmlns="http://hl7.org/fhir">{}</Patient>)", inside);
}

TEST(XmlPatch, ChangesOnlyWhatItNames) {
  const std::string before = patient(
      "\r\n  <active   value='true'/><name ><family value=\"a\" /></name>\n<!-- c --> <birthDate "
      "value='2000'/>");
  const auto change = [&](std::string_view operation, std::string_view from, std::string_view to) {
    std::string after = before;
    after.replace(after.find(from), from.size(), to);
    EXPECT_EQ(patched(before, operation), after);
  };
  change(R"(<replace sel="f:Patient/f:active/@value">false</replace>)", "'true'", "'false'");
  change(R"(<replace sel="/Patient/active/@value">a'b"&lt;</replace>)", "'true'",
         "'a&apos;b&quot;&lt;'");
  change(R"(<remove sel="*/f:name/f:family/@value"/>)", " value=\"a\" ", " ");
  change(R"(<remove sel="f:Patient/f:name"/>)", "<name ><family value=\"a\" /></name>", "");
  change(R"(<remove sel="f:Patient/f:name" ws="after"/>)", "<name ><family value=\"a\" /></name>\n",
         "");
  change(R"x(<remove sel="f:Patient/comment()" ws="both"/>)x", "\n<!-- c --> ", "");
  change(R"(<add sel="f:Patient/f:name"><given value="b"/></add>)", "</name>",
         "<given value=\"b\"/></name>");
  change(R"(<add sel="f:Patient/f:name" pos="prepend"><use value="b"/></add>)", "<name >",
         "<name ><use value=\"b\"/>");
  change(R"(<add sel="f:Patient/f:active" pos="before"><id value="b"/></add>)", "<active",
         "<id value=\"b\"/><active");
  change(R"(<add sel="f:Patient/comment()[1]" pos="after"><gender value="b"/></add>)", "-->",
         "--><gender value=\"b\"/>");
  change(R"(<add sel="f:Patient/f:birthDate"><extension url="u"/></add>)", "'2000'/>",
         "'2000'><extension url=\"u\"/></birthDate>");
  change(R"(<add sel="f:Patient/f:active" type="@id">a"b</add>)", "<active ",
         "<active id=\"a&quot;b\" ");
  change(R"(<replace sel="f:Patient/f:birthDate"><birthDate value="1"/></replace>)",
         "<birthDate value='2000'/>", "<birthDate value=\"1\"/>");
}

TEST(XmlPatch, SelectsOneNode) {
  const std::string before =
      patient(R"(<name><use value="usual"/><given value="a"/></name>)"
              R"(<name><use value="old"/><given value="b"/><given value="c"/></name>)");
  const auto removed = [&](std::string_view sel, std::string_view what) {
    std::string after = before;
    after.erase(after.find(what), what.size());
    EXPECT_EQ(patched(before, fmt::format("<remove sel=\"{}\"/>", sel)), after) << sel;
  };
  removed("f:Patient/f:name[1]/f:given", "<given value=\"a\"/>");
  removed("f:Patient/f:name[f:use/@value='old']/f:given[1]", "<given value=\"b\"/>");
  removed("f:Patient/f:name[2]/f:given[@value=&quot;c&quot;][1]", "<given value=\"c\"/>");
  removed("f:Patient/f:name[ f:use/@value = 'old' ]/*[1]", "<use value=\"old\"/>");
  removed("Patient/name[2]/given[2]/@value", " value=\"c\"");
  const std::vector<std::pair<std::string, std::string>> cases{
      {"f:Patient/f:name",
       "value: operation 1 (remove f:Patient/f:name): the selector selects 2 nodes; it must name "
       "one @ (line 1, column 35)"},
      {"f:Patient/f:nom",
       "unmatched: operation 1 (remove f:Patient/f:nom): the selector selects nothing @ (line 1, "
       "column 35)"},
      {"f:Patient/f:name[3]",
       "unmatched: operation 1 (remove f:Patient/f:name[3]): the selector selects nothing @ (line "
       "1, column 35)"},
      {"f:Patient",
       "value: operation 1 (remove f:Patient): the whole document cannot be taken away @ (line 1, "
       "column 35)"},
      {"//f:name",
       "unsupported: operation 1 (remove //f:name): the selector: a name is expected; axes, "
       "functions and '//' are not taken at \"/f:name\" @ (line 1, column 35)"},
      {"x:Patient",
       "unsupported: operation 1 (remove x:Patient): the selector: a prefix that the patch does "
       "not declare at \"x:Patient\" @ (line 1, column 35)"},
      {"f:Patient/f:name[0]",
       "unsupported: operation 1 (remove f:Patient/f:name[0]): the selector: positions begin with "
       "1; at \"]\" @ (line 1, column 35)"},
      {"f:Patient/f:name[last()]",
       "unsupported: operation 1 (remove f:Patient/f:name[last()]): the selector: '=' is expected "
       "at \"()]\" @ (line 1, column 35)"},
      {"f:Patient/@a/f:b",
       "unsupported: operation 1 (remove f:Patient/@a/f:b): the selector: this is not understood "
       "at \"/f:b\" @ (line 1, column 35)"},
      {"",
       "unsupported: operation 1 (remove ): the selector: a name is expected; axes, functions and "
       "'//' are not taken at \"\" @ (line 1, column 35)"},
  };
  for (const auto& [sel, wanted] : cases) {
    EXPECT_EQ(patched(before, fmt::format("<remove sel=\"{}\"/>", sel)), wanted);
  }
}

TEST(XmlPatch, KeepsTheNamespacesOfWhatItBrings) {
  const Result<Bytes> result = apply_xml_patch(
      patient(""),
      R"(<p:patch xmlns:p="urn:p" xmlns:h="http://www.w3.org/1999/xhtml" xmlns="http://hl7.org/fhir">
           <p:add sel="Patient"><text><h:div h:a="b">x</h:div></text></p:add>
           <p:add sel="Patient/text" xmlns:u="urn:u"><status value="u:x" xmlns=""/></p:add></p:patch>)");
  ASSERT_TRUE(result.has_value()) << result.error().what;
  EXPECT_EQ(*result,
            patient(R"(<text xmlns:h="http://www.w3.org/1999/xhtml"><h:div h:a="b">x</h:div>)"
                    R"(<status value="u:x" xmlns=""/></text>)"));
  EXPECT_EQ(apply_xml_patch(patient(""),
                            R"(<diff><add sel="f:Patient"><active value="true"/></add></diff>)")
                .value(),
            patient(R"(<active xmlns="" value="true"/>)"));
}

TEST(XmlPatch, NamesTheOperationThatFailed) {
  const std::string before = patient(R"(<active value="true"/>)");
  const std::vector<std::pair<std::string, std::string>> cases{
      {"<replace sel='f:Patient/f:active/@value'>false</replace>\n<move sel='f:Patient'/>",
       "value: operation 2 (move f:Patient): an operation is add, replace or remove @ (line 2, "
       "column 1)"},
      {"<remove/>", "required: operation 1 (remove ): remove has a sel @ (line 1, column 35)"},
      {"<remove sel='f:Patient' pos='after'/>",
       "structure: operation 1 (remove f:Patient): remove has no attribute \"pos\" @ (line 1, "
       "column 35)"},
      {"<remove sel='f:Patient/f:active'>a</remove>",
       "structure: operation 1 (remove f:Patient/f:active): remove has no content @ (line 1, "
       "column 35)"},
      {"<remove sel='f:Patient/f:active' ws='both'/>",
       "unmatched: operation 1 (remove f:Patient/f:active): there is no white space where "
       "ws=\"both\" says @ (line 1, column 35)"},
      {"<add sel='f:Patient' pos='in'/>",
       "value: operation 1 (add f:Patient): there is no pos \"in\": before, after or prepend @ "
       "(line 1, column 35)"},
      {"<add sel='f:Patient/f:active' type='@value'>a</add>",
       "value: operation 1 (add f:Patient/f:active): there is a value already; replace it @ (line "
       "1, column 35)"},
      {"<add sel='f:Patient/f:active' type='@a=\"b\" c'>a</add>",
       "value: operation 1 (add f:Patient/f:active): there is no type \"@a=\"b\" c\": @name or "
       "namespace::prefix @ (line 1, column 35)"},
      {"<add sel='f:Patient/f:active' type='@a'><b/></add>",
       "structure: operation 1 (add f:Patient/f:active): the content is text alone here @ (line 1, "
       "column 35)"},
      {"<replace sel='f:Patient/f:active'>a</replace>",
       "structure: operation 1 (replace f:Patient/f:active): the content is one element here @ "
       "(line 1, column 35)"},
      {"<replace sel='f:Patient/f:active'><a/><b/></replace>",
       "structure: operation 1 (replace f:Patient/f:active): the content is one element here @ "
       "(line 1, column 35)"},
      {"<add sel='f:Patient' pos='after'><a/></add>",
       "syntax: operation 1 (add f:Patient): a second element beside the first @ (line 1, column "
       "35)"},
      {"a", "structure: text where none may be @ (line 1, column 35)"},
      {"", "required: the patch has no operation @ (line 1, column 1)"},
  };
  for (const auto& [operations, wanted] : cases) {
    EXPECT_EQ(patched(before, operations), wanted);
  }
  EXPECT_EQ(
      error_text(apply_xml_patch(before, "<changes/>").error()),
      "structure: an XML Patch is an element patch or diff, not changes @ (line 1, column 1)");
  EXPECT_EQ(apply_xml_patch("", "<diff/>").error().code, Code::syntax);
  EXPECT_EQ(apply_xml_patch(before, "<!DOCTYPE a><diff/>").error().code, Code::syntax);
}

TEST(XmlPatch, IsBounded) {
  std::string operations;
  for (std::size_t i = 0; i < xml_patch_operations_max; ++i) {
    operations += "<replace sel='f:Patient/f:active/@value'>false</replace>";
  }
  const std::string before = patient(R"(<active value="true"/>)");
  EXPECT_EQ(patched(before, operations), patient(R"(<active value="false"/>)"));
  EXPECT_TRUE(
      patched(before, operations + "<remove sel='f:Patient/f:active'/>").starts_with("too-large:"));
  EXPECT_TRUE(patched(patient(R"(<active value="true"/>)" + std::string(1 << 20U, ' ')), operations)
                  .starts_with("too-costly: operation "));
  EXPECT_TRUE(patched(before, fmt::format("<remove sel='{}'/>", std::string(5000, 'a')))
                  .starts_with("too-large:"));
}

/// Elements, attributes in order of their names, texts and comments, without white space around.
void append_canonical(std::string& to, pugi::xml_node node) {
  std::string text = node.value();
  text.erase(0, text.find_first_not_of(" \t\r\n"));
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  to += fmt::format("({} {} {}", static_cast<int>(node.type()), node.name(), text);
  std::vector<std::string> attributes;
  for (const pugi::xml_attribute attribute : node.attributes()) {
    attributes.push_back(fmt::format(" {}='{}'", attribute.name(), attribute.value()));
  }
  std::ranges::sort(attributes);
  for (const std::string& attribute : attributes) {
    to += attribute;
  }
  for (const pugi::xml_node child : node.children()) {
    append_canonical(to, child);
  }
  to += ')';
}

std::string canonical(BytesView xml) {
  XmlDocument document;
  EXPECT_TRUE(document.read(xml).has_value()) << xml;
  std::string out;
  append_canonical(out, document.root());
  return out;
}

TEST(XmlPatch, PassesThePublicCases) {
  const std::filesystem::path file = shared_data() / "fhir-patch/r4/patch/xml-patch-tests.xml";
  if (!std::filesystem::exists(file)) {
    GTEST_SKIP() << "the shared test data is not there: " << file;
  }
  const Bytes text = file_bytes(file);
  XmlDocument cases;
  ASSERT_TRUE(cases.read(text).has_value());
  std::size_t count = 0;
  for (const pugi::xml_node one : cases.root().children("case")) {
    const auto inside = [&](const char* name_) {
      for (const pugi::xml_node node : one.child(name_).children()) {
        if (node.type() == pugi::node_element) {
          return cases.written(node);
        }
      }
      return BytesView{};
    };
    const std::string_view about = one.attribute("name").value();
    const Result<Bytes> result =
        apply_xml_patch(inside("target"), cases.written(one.child("patch")));
    if (one.child("error")) {
      EXPECT_FALSE(result.has_value()) << about;
    } else {
      ASSERT_TRUE(result.has_value()) << about << ": " << result.error().what;
      EXPECT_EQ(canonical(*result), canonical(inside("patched"))) << about;
    }
    ++count;
  }
  EXPECT_EQ(count, 29U);
}

}  // namespace
}  // namespace holdfast::fhir
