#include "fhir/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir/test_data.h"

namespace holdfast::fhir {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Error refusal(Bytes text) {
  JsonReader reader;
  const Result<Json> json = reader.read(std::move(text));
  EXPECT_FALSE(json.has_value());
  return json ? Error{} : json.error();
}

TEST(JsonReader, AgreesWithTheParsingSuite) {
  const auto folder = shared_data() / "json/parsing/test_parsing";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "the JSON parsing suite is not at " << folder;
  }
  std::size_t accepted = 0;
  std::size_t refused = 0;
  JsonReader reader;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const std::string name = file.path().filename();
    const Result<Json> json = reader.read(file_bytes(file.path()));
    // The one object of the suite that says the same name twice and calls it good JSON: RFC 8259
    // section 4 leaves that open, we refuse it.
    const bool is_duplicate = name.starts_with("y_object_duplicated_key");
    if (name.starts_with("y_") && !is_duplicate) {
      EXPECT_TRUE(json.has_value()) << name << ": " << (json ? "" : json.error().what);
      ++accepted;
    } else if (name.starts_with("n_") || is_duplicate) {
      EXPECT_FALSE(json.has_value()) << name;
      ++refused;
    }
  }
  EXPECT_EQ(accepted, 93U);
  EXPECT_EQ(refused, 189U);
}

TEST(JsonReader, KeepsNumbersAndStringsAsWritten) {
  const Json json = read_json(R"({ "a" : [1.50, -0, 1E+2, 0.10e-3], "b":"\u00e9\/x", "":null })");
  const JsonValue a = *json.root().find("a");
  std::vector<std::string> raw;
  for (const JsonValue number : a.children()) {
    raw.emplace_back(number.raw());
  }
  EXPECT_THAT(raw, ElementsAre("1.50", "-0", "1E+2", "0.10e-3"));
  EXPECT_EQ(json.root().find("b")->raw(), R"("\u00e9\/x")");
  EXPECT_EQ(json.root().find("b")->text(), "é/x");
  EXPECT_TRUE(json.root().find("")->is_null());
  EXPECT_EQ(json.root().size(), 3U);
  EXPECT_FALSE(json.root().find("c"));
}

TEST(JsonReader, UnescapesEveryEscape) {
  const Json json =
      read_json(R"(["\"\\\/\b\f\n\r\t", "\u0041\u00e9\u20AC\ud83d\ude00", "\u0000"])");
  std::vector<std::string> texts;
  for (const JsonValue text : json.root().children()) {
    texts.push_back(text.text());
  }
  EXPECT_THAT(texts, ElementsAre("\"\\/\b\f\n\r\t", "Aé€😀", std::string(1, '\0')));
  EXPECT_TRUE(json.root().children().begin().operator*().equals("\"\\/\b\f\n\r\t"));
}

TEST(JsonReader, RefusesHalfSurrogates) {
  for (const char* text : {R"(["\ud800"])", R"(["\udc00"])", R"(["\ud800\ud800"])",
                           R"(["\ud800x"])", R"(["\ud800\n"])", R"({"\udfff":1})"}) {
    const Error error = refusal(text);
    EXPECT_EQ(error.code, Code::syntax) << text;
    EXPECT_THAT(error.what, HasSubstr("surrogate")) << text;
  }
}

TEST(JsonReader, RefusesDuplicateNamesAfterUnescaping) {
  EXPECT_EQ(refusal(R"({"a":1,"b":2,"a":3})").where, "a (line 1, column 15)");
  EXPECT_THAT(refusal(R"({"a":1,"\u0061":2})").what, HasSubstr("\"a\" occurs twice"));
  EXPECT_THAT(refusal(R"({"x":{"k":1,"kk":2},"y":[{"k":{},"k":0}]})").where, HasSubstr("y[0].k"));
  // Same names in different objects are fine.
  (void)read_json(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]})");
}

TEST(JsonReader, FindsADuplicateAmongManyNames) {
  std::string text = "{";
  for (int i = 0; i + 2 < static_cast<int>(json_members_max); ++i) {
    text += "\"name" + std::to_string(i) + "\":0,";
  }
  (void)read_json(text + "\"last\":0}");
  EXPECT_THAT(refusal(text + "\"name17\":0}").what, HasSubstr("\"name17\" occurs twice"));
  EXPECT_THAT(refusal(text + "\"name\\u0031\":0}").what, HasSubstr("\"name1\" occurs twice"));
}

TEST(JsonReader, HoldsItsLimits) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  (void)read_json(nested(json_depth_max));
  EXPECT_EQ(refusal(nested(json_depth_max + 1)).code, Code::too_large);
  EXPECT_EQ(refusal(nested(1000)).code, Code::too_large);
  EXPECT_EQ(refusal(std::string(1'000'000, '[')).code, Code::too_large);

  const auto digits = [](std::size_t count) { return "[" + std::string(count, '7') + "]"; };
  (void)read_json(digits(json_number_bytes_max));
  EXPECT_EQ(refusal(digits(json_number_bytes_max + 1)).code, Code::too_large);
  EXPECT_EQ(refusal(digits(10'000)).code, Code::too_large);

  (void)read_json("[1e308, 1e-308, 1e0308]");
  EXPECT_EQ(refusal("[1e999]").code, Code::too_large);
  EXPECT_EQ(refusal("[1e-309]").code, Code::too_large);
  EXPECT_EQ(refusal("[1e99999999999999999999]").code, Code::too_large);

  const auto members = [](std::uint32_t count) {
    std::string text = "{\"\":0";
    for (std::uint32_t i = 1; i < count; ++i) {
      text += ",\"m" + std::to_string(i) + "\":0";
    }
    return text + "}";
  };
  (void)read_json(members(json_members_max));
  EXPECT_EQ(refusal(members(json_members_max + 1)).code, Code::too_large);

  (void)read_json("{\"" + std::string(json_key_bytes_max, 'k') + "\":0}");
  EXPECT_EQ(refusal("{\"" + std::string(json_key_bytes_max + 1, 'k') + "\":0}").code,
            Code::too_large);
}

TEST(JsonReader, RefusesMoreThanTheBytesAndValuesItMayKeep) {
  EXPECT_EQ(refusal(std::string(json_bytes_max + 1, ' ')).code, Code::too_large);
  std::string text = "[0";
  for (std::size_t i = 0; i < json_values_max; ++i) {
    text += ",0";
  }
  EXPECT_THAT(refusal(text + "]").what, HasSubstr("values"));
}

TEST(JsonReader, NamesThePlaceOfAFault) {
  EXPECT_EQ(refusal("{\"resourceType\":\"Patient\",\n \"name\":[{},{\"given\":[\"a\", b]}]}").where,
            "Patient.name[1].given[1] (line 2, column 28)");
  EXPECT_EQ(refusal("{\"resourceType\":\"Patient\",\"active\":tru}").where,
            "Patient.active (line 1, column 36)");
  EXPECT_EQ(refusal("{\"a\":1.}").where, "a (line 1, column 6)");
  EXPECT_EQ(refusal("{\"a\":1,}").where, "a (line 1, column 8)");
  EXPECT_EQ(refusal("[1, 2").where, "[1] (line 1, column 6)");
  EXPECT_EQ(refusal("{} {}").where, "(line 1, column 4)");
  EXPECT_EQ(refusal("").where, "(line 1, column 1)");
  EXPECT_EQ(refusal("[\"a\nb\"]").where, "(line 1, column 4)");
  EXPECT_EQ(refusal("[\"a\xff\"]").where, "(line 1, column 4)");
  EXPECT_EQ(refusal("[\"abc").where, "(line 1, column 2)");
  EXPECT_THAT(refusal("\xef\xbb\xbf{}").what, HasSubstr("byte order mark"));
}

TEST(JsonReader, RefusesWhatStandsBetweenTokens) {
  for (const char* text : {"[\"a\"b]",
                           "[\"a\" \"b\"]",
                           "[1 2]",
                           "[1\"a\"]",
                           "[true false]",
                           "[nulll]",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\" 1}",
                           "{1:2}",
                           "[,1]",
                           "[1,,2]",
                           "[1}",
                           "{\"a\":1]",
                           "]",
                           "}",
                           ":",
                           ",",
                           "[\x01]",
                           "[1\x0b]",
                           "[\xc2\xa0]"}) {
    EXPECT_EQ(refusal(text).code, Code::syntax) << text;
  }
}

TEST(JsonReader, ReadsAgainIntoTheSameDocument) {
  JsonReader reader;
  Json json;
  ASSERT_TRUE(reader.read(R"({"a":[1,2,3]})", json));
  ASSERT_FALSE(reader.read(R"({"a":[1,2,3)", json));
  EXPECT_EQ(json.value_count(), 0U);
  ASSERT_TRUE(reader.read(R"("x")", json));
  EXPECT_EQ(json.root().text(), "x");
  EXPECT_EQ(json.value_count(), 1U);
  const Json moved = std::move(json);
  EXPECT_EQ(moved.root().text(), "x");
  EXPECT_EQ(json.value_count(), 0U);  // NOLINT(bugprone-use-after-move): it is promised to be empty
}

TEST(Json, MinifyDropsWhitespaceOnly) {
  const std::string wide =
      " {\n\t\"b\" : [ 1.0 , 2E1, { } , [ ] , [ [ ] ] ],\r\n \"a\" : { \"x y\" : \" p \\\" q \" , "
      "\"\" : true } , \"z\":null } \n";
  Json json = read_json(wide);
  const std::uint32_t x_index = json.root().find("a")->find("x y")->index();
  EXPECT_FALSE(json.is_minified());
  json.minify();
  EXPECT_TRUE(json.is_minified());
  const std::string dense = R"({"b":[1.0,2E1,{},[],[[]]],"a":{"x y":" p \" q ","":true},"z":null})";
  EXPECT_EQ(json.bytes(), dense);
  EXPECT_EQ(json.at(x_index).raw(), R"(" p \" q ")");
  EXPECT_EQ(json.at(x_index).raw_key(), "x y");
  EXPECT_EQ(json.root().find("b")->raw(), "[1.0,2E1,{},[],[[]]]");
  const Json again = read_json(dense);
  EXPECT_TRUE(again.is_minified());
  ASSERT_EQ(again.value_count(), json.value_count());
  for (std::uint32_t i = 0; i < again.value_count(); ++i) {
    EXPECT_EQ(again.at(i).begin(), json.at(i).begin()) << i;
    EXPECT_EQ(again.at(i).end(), json.at(i).end()) << i;
    EXPECT_EQ(again.at(i).raw_key(), json.at(i).raw_key()) << i;
    EXPECT_EQ(again.at(i).next_index(), json.at(i).next_index()) << i;
  }
}

TEST(Json, KnowsWhetherItIsMinified) {
  for (const char* text : {"1", "{}", "[1,\"a b\",{\"k\":[]}]", "\" \""}) {
    EXPECT_TRUE(read_json(text).is_minified()) << text;
  }
  for (const char* text : {" 1", "1 ", "{ }", "[1, 2]", "[1 ,2]", "{\"k\" :1}", "{\"k\": 1}",
                           "[[] ]", "[\"a\" ]", "[true\n]", "{\"k\":1}\n"}) {
    Json json = read_json(text);
    EXPECT_FALSE(json.is_minified()) << text;
    json.minify();
    EXPECT_EQ(std::string(json.bytes()).find_first_of(" \n"), std::string::npos) << text;
  }
}

TEST(Json, NamesPathsFromTheRoot) {
  const Json json = read_json(
      R"({"resourceType":"Bundle","entry":[{},{"resource":{"name":[{"given":["A"]}],"_x":{"id":"1"}}}]})");
  const JsonValue resource = *(*++json.root().find("entry")->children().begin()).find("resource");
  const JsonValue given = *(*resource.find("name")->children().begin()).find("given");
  EXPECT_EQ(json.path(given.index() + 1), "Bundle.entry[1].resource.name[0].given[0]");
  EXPECT_EQ(json.path(resource.find("_x")->find("id")->index()), "Bundle.entry[1].resource.x.id");
  EXPECT_EQ(json.path(0), "Bundle");
}

TEST(Json, WhereTextComesApartAgain) {
  const std::string where = where_text("Patient.name[0]", {3, 17});
  EXPECT_EQ(where, "Patient.name[0] (line 3, column 17)");
  EXPECT_EQ(split_where(where).expression, "Patient.name[0]");
  EXPECT_EQ(split_where(where).place, "line 3, column 17");
  EXPECT_EQ(split_where(where_text("", {1, 2})).expression, "");
  EXPECT_EQ(split_where(where_text("", {1, 2})).place, "line 1, column 2");
  EXPECT_EQ(split_where("elsewhere").expression, "elsewhere");
}

TEST(Json, EscapedTextReadsBackAsItWas) {
  std::string all;
  for (int c = 0; c < 128; ++c) {
    all += static_cast<char>(c);
  }
  all += "é€😀";
  Bytes text = "[\"";
  append_json_escaped(text, all);
  text += "\"]";
  const Json json = read_json(text);
  EXPECT_EQ((*json.root().children().begin()).text(), all);
}

}  // namespace
}  // namespace holdfast::fhir
