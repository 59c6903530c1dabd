#include "fhir/definitions.h"

#include <cctype>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "fhir/test_data.h"

namespace holdfast::fhir {
namespace {

TypeId type(std::string_view name_) { return type_id(name_).value(); }

const ElementRow* row_of(std::string_view structure_name, std::string_view element) {
  for (std::uint16_t i = 0; i < tables::structure_count; ++i) {
    if (name(structure(StructureId{i})) == structure_name) {
      return find_row(structure(StructureId{i}), element);
    }
  }
  return nullptr;
}

TEST(TypeId, NumbersTheConcreteTypesInAlphabeticalOrder) {
  for (std::uint8_t i = 0; i < type_count; ++i) {
    const TypeId id{i};
    EXPECT_EQ(type_id(name(id)), id);
    EXPECT_TRUE(i == 0 || name(TypeId{static_cast<std::uint8_t>(i - 1)}) < name(id));
  }
  EXPECT_EQ(name(TypeId{0}), "Account");
  EXPECT_EQ(name(TypeId{type_count - 1}), "VisionPrescription");
  for (const char* none : {"", "patient", "Patien", "Patients", "Resource", "DomainResource",
                           "HumanName", "Zzz", "A"}) {
    EXPECT_FALSE(type_id(none)) << none;
  }
}

TEST(Definitions, FindEveryRowByItsNameAndNothingElse) {
  std::size_t count = 0;
  for (std::uint16_t i = 0; i < tables::structure_count; ++i) {
    const StructureRow& of = structure(StructureId{i});
    for (const ElementRow& row : rows(of)) {
      EXPECT_EQ(find_row(of, name(row)), &row) << name(of) << '.' << name(row);
      EXPECT_EQ(row.structure_of, i);
      std::string other(name(row));
      other.back() = static_cast<char>(other.back() ^ 1);
      const ElementRow* found = find_row(of, other);
      EXPECT_TRUE(found == nullptr || name(*found) == other);
      ++count;
    }
    EXPECT_EQ(find_row(of, ""), nullptr);
    EXPECT_EQ(find_row(of, "fhir_comments"), nullptr);
  }
  EXPECT_EQ(count, tables::element_count);
  std::printf("%u structures, %u rows\n", tables::structure_count, tables::element_count);
}

/// Reads each StructureDefinition again, with our own reader, and compares.
TEST(Definitions, HoldWhatTheStructureDefinitionsSay) {
  std::map<std::string, StructureId, std::less<>> ids;
  for (std::uint16_t i = 0; i < tables::structure_count; ++i) {
    ids.emplace(name(structure(StructureId{i})), StructureId{i});
  }
  std::size_t compared = 0;
  for (std::uint8_t i = 0; i < type_count; ++i) {
    const std::string file = "StructureDefinition-" + std::string(name(TypeId{i})) + ".json";
    const Json json = read_json(file_bytes(definitions_package() / file));
    for (const JsonValue element : json.root().find("snapshot")->find("element")->children()) {
      const std::string path = element.find("path")->text();
      const std::size_t dot = path.rfind('.');
      if (dot == std::string::npos) {
        continue;
      }
      std::string last = path.substr(dot + 1);
      const StructureRow& in = structure(ids.at(path.substr(0, dot)));
      if (last.ends_with("[x]")) {
        std::string code = (*element.find("type")->children().begin()).find("code")->text();
        code[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(code[0])));
        last = last.substr(0, last.size() - 3) + code;
      }
      const ElementRow* row = find_row(in, last);
      ASSERT_NE(row, nullptr) << path;
      EXPECT_EQ((row->flags & row_repeats) != 0, element.find("max")->equals("*")) << path;
      EXPECT_EQ(row->required != not_required, element.find("min")->raw() != "0") << path;
      ++compared;
    }
  }
  EXPECT_GT(compared, 6000U);
}

TEST(Definitions, ExpandChoices) {
  const ElementRow* quantity = row_of("Observation", "valueQuantity");
  ASSERT_NE(quantity, nullptr);
  EXPECT_EQ(path_name(*quantity), "value");
  EXPECT_EQ(name(structure(StructureId{quantity->structure})), "Quantity");
  EXPECT_EQ(quantity->choice, row_of("Observation", "valueString")->choice);
  EXPECT_NE(quantity->choice, row_of("Observation", "effectivePeriod")->choice);
  EXPECT_EQ(row_of("Observation", "value"), nullptr);
  EXPECT_EQ(row_of("Observation", "valueAddress"), nullptr);
}

TEST(Definitions, FollowContentReferences) {
  EXPECT_EQ(name(structure(StructureId{row_of("Questionnaire.item", "item")->structure})),
            "Questionnaire.item");
  EXPECT_EQ(name(structure(StructureId{row_of("Bundle.entry", "link")->structure})), "Bundle.link");
}

TEST(Definitions, ResourceTypeOfExampleScenarioIsAnOrdinaryElement) {
  const ElementRow* row = row_of("ExampleScenario.instance", "resourceType");
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->kind, ElementKind::code);
  EXPECT_NE(row->required, not_required);
}

TEST(Definitions, KnowWhereReferencesMayPoint) {
  const ElementRow* row = row_of("Observation", "device");
  std::set<std::string_view> targets;
  for (const std::uint8_t target : target_types(row->targets)) {
    targets.insert(name(TypeId{target}));
  }
  EXPECT_EQ(targets, (std::set<std::string_view>{"Device", "DeviceMetric"}));
  EXPECT_TRUE(target_types(row_of("Observation", "focus")->targets).empty());  // any
}

TEST(Definitions, HaveEverySearchParameter) {
  EXPECT_EQ(tables::search_parameter_count, 1375U);
  std::size_t composites = 0;
  for (std::uint32_t i = 0; i < tables::search_parameter_count; ++i) {
    const SearchParameterRow& row = tables::search_parameters[i];
    EXPECT_GT(row.base_count, 0) << code(row);
    EXPECT_EQ(row.kind == ParamKind::composite, row.component_count > 1) << code(row);
    composites += row.kind == ParamKind::composite ? 1 : 0;
  }
  EXPECT_EQ(composites, 46U);
}

}  // namespace
}  // namespace holdfast::fhir
