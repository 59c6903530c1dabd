#include "fhir/terminology/terminology.h"

#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir/test_data.h"

namespace holdfast::fhir::terminology {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

constexpr std::string_view gender = "http://hl7.org/fhir/ValueSet/administrative-gender";
constexpr std::string_view gender_system = "http://hl7.org/fhir/administrative-gender";
constexpr std::string_view snomed = "http://snomed.info/sct";
constexpr std::string_view role_code = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";

Verdict ask(const Terminology& in, std::string_view set, const Coding& coding,
            Abstract abstract_concepts = Abstract::refused) {
  const auto id = in.value_set(set);
  EXPECT_TRUE(id.has_value()) << set;
  return id ? in.contains(*id, coding, abstract_concepts) : Verdict{};
}

std::vector<std::string> below(const Terminology& in, std::string_view system,
                               std::string_view code) {
  std::vector<std::string> codes;
  const auto done = in.visit_below(
      system, code, [&](std::string_view, std::string_view c) { codes.emplace_back(c); });
  EXPECT_TRUE(done.has_value()) << (done ? "" : done.error().what);
  return codes;
}

TEST(Validation, SaysYesNoAndUnknown) {
  const Terminology base;
  EXPECT_EQ(ask(base, gender, {gender_system, {}, "female", {}}).truth, Truth::yes);
  EXPECT_EQ(ask(base, gender, {{}, {}, "female", {}}).truth, Truth::yes);
  const Verdict no = ask(base, gender, {gender_system, {}, "F", {}});
  EXPECT_EQ(no.truth, Truth::no);
  EXPECT_THAT(no.message, HasSubstr("nor in its code system"));
  EXPECT_EQ(ask(base, gender, {{}, {}, "F", {}}).truth, Truth::no);
  EXPECT_EQ(ask(base, gender, {snomed, {}, "female", {}}).truth, Truth::no);

  constexpr std::string_view conditions = "http://hl7.org/fhir/ValueSet/condition-code";
  const Verdict unknown = ask(base, conditions, {snomed, {}, "12345", {}});
  EXPECT_EQ(unknown.truth, Truth::unknown);
  EXPECT_THAT(unknown.message, HasSubstr("http://snomed.info/sct is not bundled"));
  EXPECT_EQ(ask(base, conditions, {snomed, {}, "160245001", {}}).truth, Truth::yes);  // listed
  EXPECT_EQ(ask(base, conditions, {gender_system, {}, "male", {}}).truth, Truth::no);
}

TEST(Validation, ChecksGrammarsAndShapes) {
  const Terminology base;
  const auto units = [&](std::string_view code) {
    return ask(base, "http://hl7.org/fhir/ValueSet/ucum-units",
               {"http://unitsofmeasure.org", {}, code, {}})
        .truth;
  };
  EXPECT_EQ(units("mg/dL"), Truth::yes);
  EXPECT_EQ(units("miligrams"), Truth::no);
  const auto languages = [&](std::string_view code) {
    return ask(base, "http://hl7.org/fhir/ValueSet/all-languages", {{}, {}, code, {}}).truth;
  };
  EXPECT_EQ(languages("en-GB"), Truth::yes);
  EXPECT_EQ(languages("zh-Hans"), Truth::unknown);
  EXPECT_EQ(languages("english please"), Truth::no);
  const auto numeric = [&](std::string_view code) {
    return ask(base, "http://hl7.org/fhir/ValueSet/iso3166-1-N",
               {"urn:iso:std:iso:3166", {}, code, {}})
        .truth;
  };
  EXPECT_EQ(numeric("826"), Truth::unknown);  // a filter by expression: only the shape is known
  EXPECT_EQ(numeric("GB"), Truth::no);
  const auto currency = [&](std::string_view code) {
    return ask(base, "http://hl7.org/fhir/ValueSet/currencies", {{}, {}, code, {}}).truth;
  };
  EXPECT_EQ(currency("GBP"), Truth::yes);
  EXPECT_EQ(currency("XYQ"), Truth::unknown);  // newer than the list, perhaps
  EXPECT_EQ(currency("pounds"), Truth::no);
}

TEST(Validation, RemarksOnWhatIsOdd) {
  const Terminology base;
  const Verdict display = ask(base, gender, {gender_system, {}, "female", "Woman"});
  EXPECT_EQ(display.truth, Truth::yes);
  EXPECT_THAT(display.message, HasSubstr("which is 'Female'"));
  EXPECT_EQ(ask(base, gender, {gender_system, {}, "female", "FEMALE"}).message, "");

  // caseSensitive is true for the first, and unsaid for v2 tables.
  EXPECT_EQ(ask(base, gender, {gender_system, {}, "Female", {}}).truth, Truth::no);
  const Verdict other_case =
      base.has({"http://terminology.hl7.org/CodeSystem/v2-0001", {}, "f", {}});
  EXPECT_EQ(other_case.truth, Truth::yes);
  EXPECT_THAT(other_case.message, HasSubstr("written 'F'"));

  constexpr std::string_view items = "http://hl7.org/fhir/ValueSet/item-type";
  EXPECT_EQ(ask(base, items, {{}, {}, "question", {}}).truth, Truth::no);
  EXPECT_EQ(ask(base, items, {{}, {}, "question", {}}, Abstract::allowed).truth, Truth::yes);

  const Verdict version = ask(base, gender, {gender_system, "5.0.0", "unheard", {}});
  EXPECT_EQ(version.truth, Truth::unknown);
  EXPECT_THAT(version.message, HasSubstr("version 5.0.0"));
}

TEST(Validation, OfAFragmentIsUnknownWhereNothingIsFound) {
  const Terminology base;
  constexpr std::string_view service = "http://terminology.hl7.org/CodeSystem/service-type";
  EXPECT_EQ(base.has({service, {}, "57", {}}).truth, Truth::yes);
  EXPECT_EQ(base.has({service, {}, "nobody", {}}).truth, Truth::unknown);
  EXPECT_EQ(
      ask(base, "http://hl7.org/fhir/ValueSet/service-type", {service, {}, "nobody", {}}).truth,
      Truth::unknown);
  EXPECT_EQ(base.has({gender_system, {}, "nobody", {}}).truth, Truth::no);
}

TEST(Lookup, DescribesAConcept) {
  const Terminology base;
  const auto id = base.concept_of(role_code, "MTH");
  ASSERT_TRUE(id.has_value());
  const Description found = base.describe(*id);
  EXPECT_EQ(found.display, "mother");
  EXPECT_EQ(found.system_name, "v3.RoleCode");
  EXPECT_THAT(found.definition, HasSubstr("female"));
  std::multiset<std::string> parents;
  for (const Property& property : found.properties) {
    if (property.code == "parent") {
      parents.insert(std::string(property.value));
    }
  }
  EXPECT_THAT(parents, ElementsAre("PRN"));
  EXPECT_EQ(base.concept_of(role_code, "NOBODY").error().code, Code::not_found);
  EXPECT_EQ(base.concept_of(snomed, "1").error().code, Code::unsupported);
  EXPECT_EQ(base.concept_of("http://nobody.example/x", "1").error().code, Code::unsupported);
}

// The first and the last of a block, and what begins the next.
TEST(Lookup, UnpacksEveryDefinition) {
  const Json bundle = read_json(file_bytes(definitions_package() / "Bundle-v3-valuesets.json"));
  const Terminology base;
  int compared = 0;
  for (const JsonValue entry : bundle.root().find("entry")->children()) {
    const JsonValue resource = *entry.find("resource");
    const auto concepts = resource.find("concept");
    if (!resource.find("resourceType")->equals("CodeSystem") || !concepts) {
      continue;
    }
    for (const JsonValue one : concepts->children()) {
      if (const auto definition = one.find("definition"); definition && compared % 7 == 0) {
        const auto id = base.find(resource.find("url")->text(), one.find("code")->text());
        ASSERT_TRUE(id.has_value());
        EXPECT_EQ(base.describe(*id).definition, definition->text());
      }
      ++compared;
    }
  }
  EXPECT_GT(compared, 1000);
}

TEST(Lookup, FindsEveryConceptOfEveryTable) {
  const Terminology base;
  const Tables& tables = base.tables(0);
  for (const SystemRow& system : tables.systems) {
    const std::string_view url = base.text(0, system.url);
    for (std::uint32_t number = system.first; number < system.first + system.count; ++number) {
      const auto id = base.find(url, base.code(ConceptId{number}));
      ASSERT_EQ(id, ConceptId{number}) << url;
    }
  }
  for (std::uint32_t i = 0; i < tables.value_sets.size(); ++i) {
    const auto found = base.value_set(base.text(0, tables.value_sets[i].url));
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(*found, (ValueSetId{0, i}));
  }
}

TEST(Hierarchy, KnowsWhatSubsumesWhat) {
  const Terminology base;
  const auto outcome = [&](std::string_view a, std::string_view b) {
    return *base.subsumes(role_code, a, b);
  };
  EXPECT_EQ(outcome("PRN", "MTH"), Subsumption::subsumes);
  EXPECT_EQ(outcome("MTH", "FAMMEMB"), Subsumption::subsumed_by);
  EXPECT_EQ(outcome("MTH", "MTH"), Subsumption::equivalent);
  EXPECT_EQ(outcome("MTH", "FTH"), Subsumption::not_subsumed);
  EXPECT_EQ(base.subsumes(role_code, "MTH", "NOBODY").error().code, Code::not_found);
  EXPECT_EQ(base.subsumes(snomed, "160245001", "160245001").value(), Subsumption::equivalent);
}

TEST(Hierarchy, VisitsWhatIsAboveAndBelow) {
  const Terminology base;
  EXPECT_THAT(below(base, role_code, "MTH"),
              UnorderedElementsAre("MTH", "ADOPTM", "MTHFOST", "GESTM", "NMTHF", "NMTH", "STPMTH"));
  std::vector<std::string> above;
  ASSERT_TRUE(base.visit_above(role_code, "MTH",
                               [&](std::string_view, std::string_view c) { above.emplace_back(c); })
                  .has_value());
  EXPECT_THAT(above,
              UnorderedElementsAre("MTH", "PRN", "FAMMEMB", "_PersonalRelationshipRoleType"));
  EXPECT_EQ(base.visit_below(snomed, "160245001", [](auto, auto) {}).error().code,
            Code::unsupported);
}

// What search asks for :in.
TEST(Members, AreVisitedWithTheirSystems) {
  const Terminology base;
  std::vector<std::string> seen;
  const auto done = base.visit_members(*base.value_set(gender), [&](auto system, auto code) {
    seen.push_back(std::string(system) + "|" + std::string(code));
  });
  ASSERT_TRUE(done.has_value());
  EXPECT_THAT(seen, ElementsAre("http://hl7.org/fhir/administrative-gender|male",
                                "http://hl7.org/fhir/administrative-gender|female",
                                "http://hl7.org/fhir/administrative-gender|other",
                                "http://hl7.org/fhir/administrative-gender|unknown"));
  EXPECT_EQ(base.visit_members(*base.value_set("http://hl7.org/fhir/ValueSet/body-site"),
                               [](auto, auto) {})
                .error()
                .code,
            Code::too_costly);
}

TEST(Finding, TakesVersionsAndNamesWhatIsMissing) {
  const Terminology base;
  EXPECT_TRUE(base.value_set(std::string(gender) + "|4.0.1").has_value());
  const auto other = base.value_set(std::string(gender) + "|3.0.0");
  EXPECT_EQ(other.error().code, Code::not_found);
  EXPECT_THAT(other.error().what, HasSubstr("version 3.0.0"));
  EXPECT_THAT(base.value_set("http://x.example/y").error().what, HasSubstr("http://x.example/y"));
  // The package has a system whose url is written with its version in it.
  EXPECT_TRUE(base.system("http://terminology.hl7.org/CodeSystem/v2-0391|2.6").has_value());
}

const ElementRow& element(std::string_view type, std::string_view member) {
  const ElementRow* found = find_row(structure(structure_of(*type_id(type))), member);
  EXPECT_NE(found, nullptr) << type << "." << member;
  return *found;
}

TEST(Bindings, BelongToTheRowsOfTheDefinitions) {
  const Terminology base;
  EXPECT_EQ(tables::binding_count, fhir::tables::element_count);
  const auto sex = binding_of(element("Patient", "gender"));
  ASSERT_TRUE(sex.has_value());
  EXPECT_EQ(sex->strength, Strength::required);
  EXPECT_EQ(sex->url, gender);
  ASSERT_TRUE(sex->set.has_value());
  EXPECT_EQ(base.url(base.value_set(*sex->set)), gender);

  const auto language = binding_of(element("Patient", "language"));
  EXPECT_EQ(language->strength, Strength::preferred);
  EXPECT_EQ(language->widest_url, "http://hl7.org/fhir/ValueSet/all-languages");
  EXPECT_EQ(binding_of(element("Observation", "code"))->strength, Strength::example);
  EXPECT_EQ(binding_of(element("Encounter", "class"))->strength, Strength::extensible);
  EXPECT_FALSE(binding_of(element("Patient", "birthDate")).has_value());
  EXPECT_FALSE(binding_of(element("Patient", "name")).has_value());

  // One required value set is LOINC's own.
  int required = 0;
  std::set<std::string_view> missing;
  for (std::uint32_t i = 0; i < fhir::tables::element_count; ++i) {
    const auto binding = binding_of(fhir::tables::elements[i]);
    if (binding && binding->strength == Strength::required) {
      ++required;
      if (!binding->set) {
        missing.insert(binding->url);
      }
    }
  }
  EXPECT_GT(required, 350);
  EXPECT_THAT(missing, ElementsAre("http://loinc.org/vs/LL379-9"));
}

TEST(Translation, FollowsTheMapsOfThePackage) {
  const Terminology base;
  TranslateTerms terms;
  terms.map = "http://hl7.org/fhir/ConceptMap/cm-administrative-gender-v2";
  const auto found = base.translate({gender_system, {}, "female", {}}, terms);
  ASSERT_TRUE(found.has_value());
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().code, "F");
  EXPECT_EQ(found->front().system, "http://terminology.hl7.org/CodeSystem/v2-0001");
  EXPECT_EQ(name(found->front().equivalence), "equal");
  terms.reverse = true;
  EXPECT_EQ(base.translate({"http://terminology.hl7.org/CodeSystem/v2-0001", {}, "F", {}}, terms)
                ->front()
                .code,
            "female");
  terms = {};
  terms.target_system = "http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender";
  const auto any = base.translate({gender_system, {}, "male", {}}, terms);
  ASSERT_EQ(any->size(), 1U);
  EXPECT_EQ(any->front().map, "http://hl7.org/fhir/ConceptMap/cm-administrative-gender-v3");
  EXPECT_TRUE(base.translate({gender_system, {}, "nobody", {}}, terms)->empty());
  terms.map = "http://nobody.example/map";
  EXPECT_EQ(base.translate({gender_system, {}, "male", {}}, terms).error().code, Code::not_found);
}

}  // namespace
}  // namespace holdfast::fhir::terminology
