#include "fhir/json_patch.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "fhir/json_tree.h"
#include "fhir/test_data.h"

namespace holdfast::fhir {
namespace {

/// The result, or the error as one text.
std::string patched(std::string_view document, std::string_view patch) {
  const Json of = read_json(Bytes(document));
  const Json by = read_json(Bytes(patch));
  const Result<Bytes> result = apply_json_patch(of.root(), by.root());
  return result ? *result
                : fmt::format("{}: {} @ {}", name(result.error().code), result.error().what,
                              result.error().where);
}

std::string one(std::string_view document, std::string_view operation) {
  return patched(document, fmt::format("[{{{}}}]", operation));
}

TEST(JsonPatch, LeavesWhatItDoesNotTouchAsItWasWritten) {
  EXPECT_EQ(one(R"({"b":1.50,"a":{"é":"\u00e9","n":1e3, "x" : [ 1 ]},"c":[1,2]})",
                R"("op":"replace","path":"/c/1","value":2.0)"),
            R"({"b":1.50,"a":{"é":"\u00e9","n":1e3, "x" : [ 1 ]},"c":[1,2.0]})");
  EXPECT_EQ(one(R"({"a\u0062":{"c":1},"d":2})", R"("op":"remove","path":"/ab/c")"),
            R"({"a\u0062":{},"d":2})");
  EXPECT_EQ(patched(R"({"a": 1})", "[]"), R"({"a": 1})");
}

TEST(JsonPatch, AddsWhereTheStandardSays) {
  EXPECT_EQ(one(R"({"a":1})", R"("op":"add","path":"/a","value":2)"), R"({"a":2})");
  EXPECT_EQ(one(R"({"a":1})", R"("op":"add","path":"/","value":2)"), R"({"a":1,"":2})");
  EXPECT_EQ(one(R"({"a":1})", R"("op":"add","path":"/b~1~0\"","value":2)"), R"({"a":1,"b/~\"":2})");
  EXPECT_EQ(one(R"({"a":1})", R"("op":"add","path":"","value":[3])"), "[3]");
  EXPECT_EQ(one("[1]", R"("op":"add","path":"/0","value":0)"), "[0,1]");
  EXPECT_EQ(one("[1]", R"("op":"add","path":"/1","value":2)"), "[1,2]");
  EXPECT_EQ(one("[]", R"("op":"add","path":"/-","value":null)"), "[null]");
  EXPECT_EQ(one(R"({"0":1})", R"("op":"add","path":"/-","value":2)"), R"({"0":1,"-":2})");
}

TEST(JsonPatch, MovesAndCopies) {
  EXPECT_EQ(one(R"({"a":{"b":1},"c":[]})", R"("op":"move","from":"/a/b","path":"/c/-")"),
            R"({"a":{},"c":[1]})");
  EXPECT_EQ(one("[1,2,3]", R"("op":"move","from":"/0","path":"/2")"), "[2,3,1]");
  EXPECT_EQ(one(R"({"a":1})", R"("op":"move","from":"/a","path":"/a")"), R"({"a":1})");
  EXPECT_EQ(one(R"({"a":1,"b":2})", R"("op":"move","from":"/a","path":"/b")"), R"({"b":1})");
  EXPECT_EQ(one(R"({"a":{"b":1}})", R"("op":"copy","from":"","path":"/a/c")"),
            R"({"a":{"b":1,"c":{"a":{"b":1}}}})");
  EXPECT_EQ(patched(R"({"a":{"b":1}})", R"([{"op":"copy","from":"/a","path":"/c"},
                                            {"op":"replace","path":"/c/b","value":2}])"),
            R"({"a":{"b":1},"c":{"b":2}})");
}

TEST(JsonPatch, ComparesValuesNotTexts) {
  const auto holds = [](std::string_view document, std::string_view value) {
    const std::string result =
        one(document, fmt::format(R"("op":"test","path":"","value":{})", value));
    EXPECT_TRUE(result == document || result.starts_with("precondition: operation 1 (test ): "))
        << result;
    return result == document;
  };
  EXPECT_TRUE(holds(R"({"a":[1.0,"é"],"b":{}})", R"({"b":{},"a":[10e-1,"\u00e9"]})"));
  EXPECT_TRUE(holds("-0.0", "0"));
  EXPECT_TRUE(holds("123456789012345678901234567890.10", "1234567890123456789012345678901e-1"));
  EXPECT_FALSE(holds("123456789012345678901234567890", "123456789012345678901234567891"));
  EXPECT_FALSE(holds("1", "-1"));
  EXPECT_FALSE(holds("1", "\"1\""));
  EXPECT_FALSE(holds("1e1", "1"));
  EXPECT_FALSE(holds("[1,2]", "[2,1]"));
  EXPECT_FALSE(holds("[1]", "[1,1]"));
  EXPECT_FALSE(holds(R"({"a":1})", R"({"b":1})"));
  EXPECT_FALSE(holds("true", "false"));
  EXPECT_FALSE(holds("null", "false"));
  EXPECT_TRUE(holds("null", "null"));
  // Where a pointer went into it before.
  EXPECT_EQ(patched(R"({"a":{"b":[1],"c":2}})", R"([{"op":"test","path":"/a/b/0","value":1},
                                                    {"op":"test","path":"","value":{"a":{"c":2,"b":[1.0]}}},
                                                    {"op":"test","path":"/a","value":{"c":2}}])")
                .substr(0, 36),
            "precondition: operation 3 (test /a):");
}

TEST(JsonPatch, NamesTheOperationAndThePlace) {
  const std::string_view document = R"({"a":{"b":[1,2]},"s":"t"})";
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"({})", R"(structure: a JSON Patch is an array of operations @ (line 1, column 1))"},
      {R"([{"op":"test","path":"/s","value":"t"},
 {"op":"test","path":"/s","value":"u"}])",
       R"(precondition: operation 2 (test /s): the test fails: another value is there @ (line 2, column 2))"},
      {R"([7])", R"(structure: operation 1 (? ?): an operation is an object @ (line 1, column 2))"},
      {R"([{"path":"/a"}])",
       R"(required: operation 1 (? /a): an operation has an "op", which is a string @ (line 1, column 2))"},
      {R"([{"op":"put","path":"/a"}])",
       R"(value: operation 1 (put /a): there is no op "put": add, remove, replace, move, copy or test @ (line 1, column 2))"},
      {R"([{"op":"add","path":"/a"}])",
       R"(required: operation 1 (add /a): add has a "value" @ (line 1, column 2))"},
      {R"([{"op":"add","value":1}])",
       R"(required: operation 1 (add ?): an operation of this kind has a "path" @ (line 1, column 2))"},
      {R"([{"op":"move","path":"/a"}])",
       R"(required: operation 1 (move /a): an operation of this kind has a "from" @ (line 1, column 2))"},
      {R"([{"op":"add","path":7,"value":1}])",
       R"(structure: operation 1 (add ?): "path" is a string @ (line 1, column 2))"},
      {R"([{"op":"remove","path":"a"}])",
       R"(value: operation 1 (remove a): "a" is no JSON Pointer: it begins with '/', or is empty @ (line 1, column 2))"},
      {R"([{"op":"remove","path":"/a~2"}])",
       R"(value: operation 1 (remove /a~2): "/a~2" is no JSON Pointer: '~' is followed by 0 or 1 @ (line 1, column 2))"},
      {R"([{"op":"remove","path":"/a~"}])",
       R"(value: operation 1 (remove /a~): "/a~" is no JSON Pointer: '~' is followed by 0 or 1 @ (line 1, column 2))"},
      {R"([{"op":"remove","path":""}])",
       R"(value: operation 1 (remove ): the whole document cannot be taken away @ (line 1, column 2))"},
      {R"([{"op":"remove","path":"/x/y"}])",
       R"(unmatched: operation 1 (remove /x/y): there is nothing at "/x" @ (line 1, column 2))"},
      {R"([{"op":"remove","path":"/a/b/2"}])",
       R"(unmatched: operation 1 (remove /a/b/2): there is nothing at "/a/b/2" @ (line 1, column 2))"},
      {R"([{"op":"remove","path":"/a/b/01"}])",
       R"(unmatched: operation 1 (remove /a/b/01): there is nothing at "/a/b/01" @ (line 1, column 2))"},
      {R"([{"op":"remove","path":"/a/b/-"}])",
       R"(unmatched: operation 1 (remove /a/b/-): there is nothing at "/a/b/-" @ (line 1, column 2))"},
      {R"([{"op":"replace","path":"/a/c","value":1}])",
       R"(unmatched: operation 1 (replace /a/c): there is nothing at "/a/c" @ (line 1, column 2))"},
      {R"([{"op":"test","path":"/s/t/u","value":1}])",
       R"(unmatched: operation 1 (test /s/t/u): there is nothing at "/s/t": what is above is a string @ (line 1, column 2))"},
      {R"([{"op":"add","path":"/s/t","value":1}])",
       R"(unmatched: operation 1 (add /s/t): what is at "/s" is a string, which has nothing in it @ (line 1, column 2))"},
      {R"([{"op":"add","path":"/a/b/4","value":1}])",
       R"(unmatched: operation 1 (add /a/b/4): "4" is no place in an array of 2: 0 to 2, or - for its end @ (line 1, column 2))"},
      {R"([{"op":"add","path":"/a/b/99999999999999999999","value":1}])",
       R"(unmatched: operation 1 (add /a/b/99999999999999999999): "99999999999999999999" is no place in an array of 2: 0 to 2, or - for its end @ (line 1, column 2))"},
      {R"([{"op":"move","from":"/a","path":"/a/b/0"}])",
       R"(value: operation 1 (move /a/b/0): "/a" cannot move into itself @ (line 1, column 2))"},
      {R"([{"op":"move","from":"/x","path":"/x"}])",
       R"(unmatched: operation 1 (move /x): there is nothing at "/x" @ (line 1, column 2))"},
  };
  for (const auto& [patch, wanted] : cases) {
    EXPECT_EQ(patched(document, patch), wanted);
  }
}

TEST(JsonPatch, IsBounded) {
  std::string many = "[";
  for (std::size_t i = 0; i < patch_operations_max; ++i) {
    many += R"({"op":"test","path":"","value":1},)";
  }
  EXPECT_EQ(patched("1", many.substr(0, many.size() - 1) + "]"), "1");
  EXPECT_TRUE(
      patched("1", many + R"({"op":"test","path":"","value":1}])").starts_with("too-large:"));

  std::string doubling = "[";
  for (int i = 0; i < 100; ++i) {
    doubling += fmt::format(R"({}{{"op":"copy","from":"","path":"/{}"}})", i == 0 ? "" : ",", i);
  }
  EXPECT_TRUE(patched(R"({"a":[1,2,3]})", doubling + "]").starts_with("too-large:"));

  // Deeper by one each time, without growing.
  std::string deeper = "[";
  std::string path;
  for (int i = 0; i < 200; ++i) {
    path += "/a";
    deeper += fmt::format(R"({}{{"op":"add","path":"{}","value":{{}}}})", i == 0 ? "" : ",", path);
  }
  EXPECT_EQ(patched("{}", deeper + "]").substr(0, 24), "too-large: operation 128");
  std::string nest;
  for (int i = 0; i < 127; ++i) {
    nest += '[';
  }
  EXPECT_TRUE(one("{}", fmt::format(R"("op":"add","path":"/a/b","value":1)")).starts_with("unm"));
  const Json deep = read_json(nest + std::string(127, ']'));
  const Json wrap = read_json(R"([{"op":"add","path":"/0","value":1}])");
  EXPECT_TRUE(apply_json_patch(deep.root(), wrap.root()).has_value());

  // Shifting a long array again and again.
  std::string zeros = "[0";
  for (int i = 0; i < 200'000; ++i) {
    zeros += ",0";
  }
  std::string shifting = "[";
  for (std::size_t i = 0; i < patch_operations_max; ++i) {
    shifting += fmt::format(R"({}{{"op":"add","path":"/0","value":1}})", i == 0 ? "" : ",");
  }
  EXPECT_TRUE(patched(zeros + "]", shifting + "]").starts_with("too-costly: operation "));

  std::string wide = "{";
  for (std::uint32_t i = 0; i < json_members_max; ++i) {
    wide += fmt::format("{}\"{}\":0", i == 0 ? "" : ",", i);
  }
  EXPECT_TRUE(one(wide + "}", R"("op":"add","path":"/a","value":1)").starts_with("too-large:"));
  EXPECT_FALSE(one(wide + "}", R"("op":"add","path":"/0","value":1)").starts_with("too-large:"));
}

/// The elements of an array as texts. One of the public cases has a member twice, on purpose, so
/// the file as a whole is nothing that we read.
std::vector<Bytes> elements_of(std::string_view array) {
  std::vector<Bytes> elements;
  int depth = 0;
  bool in_string = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < array.size(); ++i) {
    const char c = array[i];
    if (in_string) {
      i += c == '\\' ? 1 : 0;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      begin = ++depth == 2 ? i : begin;
    } else if ((c == '}' || c == ']') && depth-- == 2) {
      elements.emplace_back(array.substr(begin, i + 1 - begin));
    }
  }
  return elements;
}

/// A case as json-patch/json-patch-tests writes it; false where there is none.
bool run_case(const Bytes& text, const std::string& about) {
  JsonReader reader;
  const auto one_case = reader.read(text);
  if (!one_case) {
    EXPECT_NE(one_case.error().what.find("occurs twice"), std::string::npos) << about;
    return true;  // refused, as it asks for
  }
  const auto document = one_case->root().find("doc");
  const auto patch = one_case->root().find("patch");
  if (!document || !patch) {
    return false;
  }
  const Result<Bytes> result = apply_json_patch(*document, *patch);
  if (one_case->root().find("error")) {
    EXPECT_FALSE(result.has_value()) << about;
    return true;
  }
  EXPECT_TRUE(result.has_value()) << about << (result ? "" : result.error().what);
  if (result) {
    const Json after = read_json(*result);
    const auto expected = one_case->root().find("expected");
    PatchBudget budget(patch_steps_max);
    EXPECT_EQ(equal_parts(JsonPart(expected ? *expected : *document), after.root(), budget), true)
        << about << *result;
  }
  return true;
}

TEST(JsonPatch, PassesThePublicCases) {
  std::vector<std::filesystem::path> files;
  const std::filesystem::path fhir = shared_data() / "fhir-patch/r4/patch/json-patch-tests.json";
  if (std::filesystem::exists(fhir)) {
    files.push_back(fhir);
  }
  if (const std::filesystem::path folder = shared_data() / "json/patch";
      std::filesystem::exists(folder)) {
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
      if (file.path().extension() == ".json" && file.path().filename() != "package.json") {
        files.push_back(file.path());
      }
    }
  }
  if (files.empty()) {
    GTEST_SKIP() << "the shared test data is not there: " << fhir;
  }
  std::size_t count = 0;
  for (const std::filesystem::path& file : files) {
    for (const Bytes& text : elements_of(file_bytes(file))) {
      count += run_case(text, fmt::format("{}: {}", file.filename().string(), text)) ? 1U : 0U;
    }
  }
  EXPECT_GE(count, 16U);
  std::cout << count << " public cases\n";
}

}  // namespace
}  // namespace holdfast::fhir
