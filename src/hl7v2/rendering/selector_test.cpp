// Every path and condition of mappings/out is FHIRPath that our own compiler takes for the type it
// begins at, and the selector finds what the FHIRPath engine finds.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>

#include "fhir/path/compile.h"
#include "fhir/path/evaluate.h"
#include "fhir/test_data.h"
#include "hl7v2/rendering/rendering_testing.h"
#include "hl7v2/rendering/selector.h"

namespace holdfast::hl7v2 {
namespace {

namespace path = fhir::path;

struct Expression {
  std::string_view type;  // empty: the name of a variable
  std::string_view text;
};
const Expression expressions[] = {
#include "hl7v2/rendering/rendering_expressions.inc"
};

TEST(RenderingPaths, AreFhirPath) {
  std::vector<std::string_view> variables;
  std::size_t count = 0;
  for (const Expression& one : expressions) {
    if (one.type.empty()) {
      variables.push_back(one.text);
      continue;
    }
    const auto type = path::fhir_type(one.type);
    const Result<path::Program> program =
        path::compile(one.text, {.type = type.value_or(path::unknown_type),
                                 .rigor = path::Rigor::strict,
                                 .variables = variables});
    EXPECT_TRUE(program.has_value())
        << one.type << ": " << one.text << ": " << program.error().what;
    ++count;
  }
  EXPECT_GT(count, 500U);
}

/// Finds what is beside it in one record.
class RecordResolver : public path::Resolver {
 public:
  RecordResolver(Documents& documents, Item root) : documents_(documents), root_(root) {}
  std::optional<path::Value> resolve(std::string_view reference) override {
    for (std::uint32_t i = 0; i < documents_.at(root_).document().value_count(); ++i) {
      const fhir::JsonValue at = documents_.at({root_.document, i, 0});
      if (at.is_object() && at.find("reference") && at.find("reference")->equals(reference)) {
        const auto found = documents_.resolve({root_.document, i, 0});
        return found ? std::optional(path::resource_value(documents_.at(*found))) : std::nullopt;
      }
    }
    return std::nullopt;
  }

 private:
  Documents& documents_;
  Item root_;
};

/// Paths of the tables that begin at a resource, over a resource that has a bit of everything.
TEST(RenderingPaths, LeadWhereTheFhirPathEngineLeads) {
  TestRecord record;
  record.resources["Organization/o"] = R"({"resourceType":"Organization","id":"o","name":"Org"})";
  fhir::JsonReader reader;
  Documents documents(record, reader);
  const Result<Item> root = documents.add(
      R"({"resourceType":"Patient","id":"p","name":[{"use":"official","family":"A","given":["B","C","D"]},)"
      R"({"use":"nickname","family":"E"},{"family":"F"}],"identifier":[{"system":"http://hl7.org/fhir/sid/us-ssn",)"
      R"("value":"1"},{"type":{"coding":[{"code":"AN"}]},"value":"2"},{"value":"3"}],"telecom":[{"system":"phone",)"
      R"("use":"work","value":"1"},{"system":"url","value":"2"},{"value":"3"}],"birthDate":"2000-01-01",)"
      R"("_birthDate":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthTime",)"
      R"("valueDateTime":"2000-01-01T10:00:00Z"}]},"deceasedBoolean":false,"generalPractitioner":[)"
      R"({"reference":"Organization/o"},{"display":"nobody"}],"extension":[{"url":"urn:holdfast:hl7v2:PID-12",)"
      R"("valueString":"X"}],"link":[{"type":"replaced-by","other":{"reference":"Patient/x"}}],"contact":[{"name":)"
      R"({"family":"K"},"telecom":[{"use":"work","value":"4"}]}]})",
      true);
  ASSERT_TRUE(root.has_value());
  Selector selector(documents, {});
  selector.variable(out::Variable::context) = Items{*root};
  path::Evaluator evaluator;
  RecordResolver resolver(documents, *root);
  std::size_t found = 0;
  for (const Expression& one : expressions) {
    if (one.type != "Patient" || one.text.find('%') != std::string_view::npos) {
      continue;
    }
    const auto program = path::compile(one.text, {.type = *path::fhir_type("Patient")});
    path::Surroundings surroundings;
    surroundings.resolver = &resolver;
    ASSERT_TRUE(program.has_value()) << one.text;
    const auto expected =
        evaluator.evaluate(*program, path::resource_value(documents.at(*root)), surroundings);
    ASSERT_TRUE(expected.has_value()) << one.text << expected.error().what;
    // The rules of the tables that have this very path.
    for (std::uint32_t i = 0; i < out::paths_count; ++i) {
      if (out::text(out::paths[i].source) != one.text || out::paths[i].start != out::this_item) {
        continue;
      }
      const Items items = selector.all(static_cast<std::uint16_t>(i), *root);
      ASSERT_EQ(items.size(), expected->size()) << one.text;
      for (std::size_t n = 0; n < items.size(); ++n) {
        Bytes json;
        path::append_json(json, (*expected)[n]);
        EXPECT_EQ(documents.at(items[n]).raw(), json) << one.text;
      }
      found += items.size();
    }
  }
  EXPECT_GT(found, 20U);
}

}  // namespace
}  // namespace holdfast::hl7v2
