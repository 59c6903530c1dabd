// Every expression that the FHIR R4 definitions themselves contain compiles, and every invariant
// holds on every official example, except those listed with the reason.
#include <gtest/gtest.h>

#include <algorithm>

#include <fmt/format.h>

#include "fhir/path/compile.h"
#include "fhir/path/evaluate.h"
#include "fhir/path/html.h"
#include "fhir/path/invariants.h"
#include "fhir/test_data.h"

namespace holdfast::fhir::path {
namespace {

CompileOptions lenient(std::string_view type) {
  CompileOptions options;
  options.rigor = Rigor::lenient;
  options.type = fhir_type(type).value_or(structure_named(type));
  return options;
}

template <class T>
std::string said(const Result<T>& result) {
  return result ? "" : result.error().where + ": " + result.error().what;
}

TEST(DefinitionsPath, CompilesEverySearchParameter) {
  const Json bundle = read_json(file_bytes(definitions_package() / "Bundle-searchParams.json"));
  int compiled = 0;
  for (const JsonValue entry : bundle.root().find("entry")->children()) {
    const JsonValue parameter = *entry.find("resource");
    const auto expression = parameter.find("expression");
    if (!expression) {
      continue;
    }
    for (const JsonValue base : parameter.find("base")->children()) {
      const auto program = compile(expression->text(), lenient(base.text()));
      EXPECT_TRUE(program.has_value()) << base.text() << " " << expression->text() << "\n"
                                       << said(program);
      compiled += program ? 1 : 0;
      EXPECT_FALSE(program && base.text() != "Resource" && program->result_types().empty() &&
                   expression->text().find("resource") == std::string::npos)
          << "nothing is known about what it selects: " << base.text() << " " << expression->text();
    }
  }
  EXPECT_GE(compiled, 1372);
}

using Invariants = std::map<std::string, std::vector<Invariant>>;

Invariants all_invariants() {
  Invariants found;
  for (const auto& file : std::filesystem::directory_iterator(definitions_package())) {
    if (file.path().filename().string().starts_with("StructureDefinition-")) {
      add_invariants(read_json(file_bytes(file.path())).root(), found);
    }
  }
  return found;
}

struct Rule {
  std::string key;
  Program program;
};

std::map<std::string, std::vector<Rule>> compile_all(const Invariants& invariants) {
  std::map<std::string, std::vector<Rule>> rules;
  for (const auto& [owner, list] : invariants) {
    for (const Invariant& invariant : list) {
      auto program = compile(invariant.expression, lenient(owner));
      EXPECT_TRUE(program.has_value())
          << invariant.key << " on " << owner << ": " << invariant.expression << "\n"
          << said(program);
      if (program && invariant.is_error) {
        rules[owner].push_back({invariant.key, *std::move(program)});
      }
    }
  }
  return rules;
}

/// Invariants that some official example breaks, and why that is not our mistake.
const std::map<std::string, std::string> broken_by_examples{
    {"que-7", "it asks for System.Boolean where the answer is a FHIR.boolean; mended in R4B"},
    {"sdf-4", "four logical models of the workflow pages name no base definition"},
};

TEST(DefinitionsPath, EveryInvariantHoldsOnTheOfficialExamples) {
  const auto rules = compile_all(all_invariants());
  const auto descendants = *compile("descendants()", CompileOptions{});
  JsonReader reader;
  Evaluator evaluator;
  Evaluator walker;
  TypeResolver resolver;
  std::map<std::string, int> broken;
  int evaluated = 0;
  for (const auto& file : std::filesystem::directory_iterator(definitions_package())) {
    const std::string file_name = file.path().filename();
    if (file.path().extension() != ".json" || file.file_size() > 200'000 ||
        file_name.starts_with("ValueSet-") || file_name.starts_with("CodeSystem-")) {
      continue;  // the large ones are definitions; these would take most of the time
    }
    const auto json = reader.read(file_bytes(file.path()));
    ASSERT_TRUE(json.has_value());
    const Value root = resource_value(json->root());
    if (!root.type().is_known()) {
      continue;
    }
    Surroundings surroundings;
    surroundings.resolver = &resolver;
    std::vector<Value> nodes{root};
    const auto below = walker.evaluate(descendants, root, surroundings);
    ASSERT_TRUE(below.has_value()) << said(below);
    nodes.insert(nodes.end(), below->begin(), below->end());
    for (const Value& node : nodes) {
      const auto owner = node.type().is_structure()
                             ? rules.find(std::string(name(structure(node.type().structure()))))
                             : rules.end();
      for (std::size_t i = 0; owner != rules.end() && i < owner->second.size(); ++i) {
        const Rule& rule = owner->second[i];
        const auto holds = evaluator.decide(rule.program, node, surroundings);
        ++evaluated;
        EXPECT_TRUE(holds.has_value()) << file_name << " " << rule.key << " " << said(holds);
        if (holds && !holds->value_or(true)) {
          ++broken[rule.key];
          EXPECT_TRUE(broken_by_examples.contains(rule.key))
              << file_name << " breaks " << rule.key << ": " << rule.program.expression();
        }
      }
    }
  }
  EXPECT_GT(evaluated, 100'000);
  RecordProperty("evaluated", evaluated);
  for (const auto& [key, why] : broken_by_examples) {
    EXPECT_TRUE(broken.contains(key)) << key << " is broken by no example: take it off the list";
  }
}

// Their narratives come from many hands; those with a fault are named.
TEST(DefinitionsPath, TheNarrativesOfTheOfficialExamplesAreAllowed) {
  const std::string empty = "has nothing to read in it";  // a comment says that it was cut
  const std::map<std::string, std::string> faults{
      {"ActivityDefinition-blood-tubes-supply.json", empty},
      {"ActivityDefinition-heart-valve-replacement.json", empty},
      {"EventDefinition-example.json", empty},
      {"Questionnaire-zika-virus-exposure-assessment.json", empty}};
  JsonReader reader;
  Evaluator evaluator;
  const auto checks = *compile("text.`div`.htmlChecks()", lenient("DomainResource"));
  int checked = 0;
  for (const auto& file : std::filesystem::directory_iterator(definitions_package())) {
    if (file.path().extension() != ".json" || file.file_size() > 200'000) {
      continue;
    }
    const auto json = reader.read(file_bytes(file.path()));
    ASSERT_TRUE(json.has_value());
    const auto text = json->root().find("text");
    const auto div = text ? text->find("div") : std::nullopt;
    if (!div) {
      continue;
    }
    ++checked;
    const auto fault = find_narrative_fault(div->text());
    const std::string name = file.path().filename();
    EXPECT_EQ(fault.value_or(""), faults.contains(name) ? faults.at(name) : "") << name;
    EXPECT_EQ(*evaluator.holds(checks, resource_value(json->root()), {}), !fault) << name;
  }
  EXPECT_GT(checked, 1000);
}

}  // namespace
}  // namespace holdfast::fhir::path
