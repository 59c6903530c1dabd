#include "fhir/path/compile.h"

#include <gtest/gtest.h>

#include "fhir/path/path_testing.h"

namespace holdfast::fhir::path {
namespace {

TEST(Compile, RefusesElementsThatAKnownTypeDoesNotHave) {
  Bench at;
  EXPECT_EQ(at("name.given1"),
            "compile: HumanName has no element given1 (did you mean given?) (character 6)");
  EXPECT_EQ(at("Encounter.name"),
            "compile: the expression is evaluated on Patient, which is no Encounter (character 1)");
  EXPECT_EQ(at("name.where(famly = 'x')"),
            "compile: HumanName has no element famly (did you mean family?) (character 12)");
  EXPECT_EQ(at("birthDate.year").substr(0, 8), "compile:");
  EXPECT_EQ(at("deceasedBoolean"),
            "compile: in FHIRPath the element deceasedBoolean is called deceased (with its type: "
            "deceased.ofType(boolean)) (character 1)");
  EXPECT_EQ(at("(deceased as boolean).unit").substr(0, 8), "compile:");
  EXPECT_EQ(at("contained.anything"), "") << "contained resources may be of any type";
  EXPECT_EQ(at("children().anything"), "");
}

TEST(Compile, IsLenientWhereAskedTo) {
  Bench at(R"({"resourceType":"Patient","name":[{"family":"a"},{"family":"b"}]})");
  at.options.rigor = Rigor::lenient;
  EXPECT_EQ(at("name.family | Encounter.class | given1"), "a, b");
  EXPECT_EQ(at("(Patient.name as HumanName).family"), "a, b");
  at.options.rigor = Rigor::strict;
  EXPECT_EQ(at("(Patient.name as HumanName).family").substr(0, 9), "evaluate:");
}

TEST(Compile, RefusesFunctionsAndTypesThatDoNotExist) {
  Bench at;
  EXPECT_EQ(at("name.exist()"),
            "compile: there is no function exist() (did you mean exists()?) (character 6)");
  EXPECT_EQ(at("name.where()"), "compile: where() takes 1 argument, not 0 (character 6)");
  EXPECT_EQ(at("'a'.substring(1, 2, 3)"),
            "compile: substring() takes 1 to 2 arguments, not 3 (character 5)");
  EXPECT_EQ(at("name is Nam"), "compile: there is no type Nam (character 6)");
  EXPECT_EQ(at("name.ofType('x')"), "compile: ofType() takes the name of a type (character 13)");
  EXPECT_EQ(at("name.slice('x', 'y')").substr(0, 15), "compile: slice(");
  EXPECT_EQ(at("Patient is System.Patient"), "false");
  EXPECT_EQ(at("@2024-02-30"), "compile: there is no 2024-02-30 (character 1)");
  EXPECT_EQ(at("99999999999"),
            "compile: 99999999999 is no Integer: they end at 2147483647 (character 1)");
}

TEST(Compile, RefusesOperandsThatNeverFit) {
  Bench at;
  for (const auto* wrong : {"@1974-12-25 + 7",
                            "'a' - 'b'",
                            "1 + 'a'",
                            "birthDate > 5",
                            "name < name",
                            "-'a'",
                            "active & 'x'",
                            "name.startsWith('a')",
                            "'a'.startsWith(1)",
                            "(1 | 2) + 1",
                            "iif(1 | 2, 1)",
                            "(1 | 2).skip('a')",
                            "name['x']",
                            "'a'.round()",
                            "gender.abs()",
                            "1 > 2 is Boolean",
                            "true.lowBoundary()",
                            "'5'.sqrt()",
                            "'x'.extension('y')",
                            "active.resolve()"}) {
    EXPECT_EQ(at(wrong).substr(0, 8), "compile:") << wrong;
  }
  for (const auto* right :
       {"birthDate > @2000", "birthDate < now()", "birthDate + 1 year", "{} + 1", "1 + {}",
        "children() + 1", "gender + 'x'", "name.given & 'x'", "(1 | 2) contains 1",
        "multipleBirth > 1", "telecom.rank * 2.0", "1 'mg' > 1"}) {
    EXPECT_NE(at(right).substr(0, 8), "compile:") << right << " " << at(right);
  }
}

TEST(Compile, TellsWhatTypesComeOut) {
  const auto types = [](std::string_view expression, std::string_view on) {
    CompileOptions options;
    options.type = *fhir_type(on);
    options.rigor = Rigor::lenient;
    const auto program = compile(expression, options);
    std::string text;
    for (const TypeRef type : program->result_types()) {
      text += (text.empty() ? "" : " ") + type_text(type);
    }
    return text;
  };
  EXPECT_EQ(types("Patient.name.family", "Patient"), "string");
  EXPECT_EQ(types("Patient.deceased.exists() and Patient.deceased != false", "Patient"),
            "System.Boolean");
  EXPECT_EQ(types("(Observation.value as Quantity) | Observation.effective", "Observation"),
            "Quantity dateTime Period Timing instant");
  EXPECT_EQ(types("Patient.link.other.where(resolve() is Patient)", "Patient"), "Reference");
  EXPECT_EQ(types("Bundle.entry[0].resource", "Bundle"), "");
  EXPECT_EQ(types("Encounter.class", "Patient"), "");
}

TEST(Types, DescendFromEachOther) {
  const auto is = [](std::string_view type, std::string_view of) {
    return is_a(*fhir_type(type), *type_named(of));
  };
  EXPECT_TRUE(is("Patient", "DomainResource") && is("Patient", "Resource") &&
              is("Patient", "FHIR.Patient"));
  EXPECT_TRUE(is("Bundle", "Resource"));
  EXPECT_FALSE(is("Bundle", "DomainResource") || is("Patient", "Element") ||
               is("Binary", "DomainResource"));
  EXPECT_TRUE(is("code", "string") && is("canonical", "uri") && is("positiveInt", "integer"));
  EXPECT_FALSE(is("string", "code") || is("integer", "decimal") || is("url", "canonical"));
  EXPECT_TRUE(is("Age", "Quantity") && is("Age", "Element") && is("Dosage", "BackboneElement"));
  EXPECT_FALSE(is("Quantity", "Age") || is("boolean", "Boolean") ||
               is("HumanName", "BackboneElement"));
  EXPECT_FALSE(type_named("Nothing").has_value() || type_named("FHIR.Boolean").has_value());
}

}  // namespace
}  // namespace holdfast::fhir::path
