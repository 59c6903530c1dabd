// Extensions: what is known of a definition is asked for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir/validation/validation_testing.h"

namespace holdfast::fhir::validation {
namespace {

using testing::HasSubstr;

Bytes ethnicity() {
  return profile(
      "Ethnicity", "Extension", "Extension",
      R"({"id":"Extension.url","path":"Extension.url","fixedUri":"https://example.org/ward/StructureDefinition/Ethnicity"},)"
      R"({"id":"Extension.extension","path":"Extension.extension","max":"0"},)"
      R"({"id":"Extension.value[x]","path":"Extension.value[x]","min":1,"type":[{"code":"Coding"}]})",
      R"(,"context":[{"type":"element","expression":"Patient"}])");
}

TEST(Extensions, ThatAreKnownHaveTheirTypeAndTheirPlace) {
  Bench bench({ethnicity()});
  const std::string url = on("Ethnicity");
  EXPECT_EQ(bench.errors(patient(
                fmt::format(R"("extension":[{{"url":"{}","valueCoding":{{"code":"A"}}}}])", url))),
            "");
  EXPECT_THAT(
      bench.errors(patient(fmt::format(R"("extension":[{{"url":"{}","valueString":"A"}}])", url))),
      HasSubstr("error structure Patient.extension[0].value: "));
  EXPECT_THAT(
      bench.errors(patient(fmt::format(
          R"("extension":[{{"url":"{}","extension":[{{"url":"a","valueString":"A"}}]}}])", url))),
      HasSubstr("error required Patient.extension[0].value: "));
  EXPECT_THAT(
      bench(patient(fmt::format(
          R"("name":[{{"family":"A","extension":[{{"url":"{}","valueCoding":{{"code":"A"}}}}]}}])",
          url))),
      HasSubstr("warning extension Patient.name[0].extension[0]: "));
}

TEST(Extensions, ThatNobodyKnowsAreLeftAlone) {
  Bench bench;
  EXPECT_EQ(
      bench(patient(
          R"("gender":"male","text":{"status":"empty","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},)"
          R"("extension":[{"url":"urn:x:none","valueString":"A"}])")),
      "");
}

TEST(Extensions, AreSlicedByUrlThoughNobodySaysSo) {
  const Bytes asks = profile(
      "P", "Patient", "Patient",
      R"({"id":"Patient.extension:ethnicity","path":"Patient.extension","sliceName":"ethnicity","min":1,"max":"1",)"
      R"("type":[{"code":"Extension","profile":["https://example.org/ward/StructureDefinition/Ethnicity"]}]})");
  Bench known({asks, ethnicity()});
  const std::string good = patient(fmt::format(
      R"("extension":[{{"url":"urn:x","valueString":"x"}},{{"url":"{}","valueCoding":{{"code":"A"}}}}])",
      on("Ethnicity")));
  EXPECT_EQ(known.errors(good, {on("P")}), "");
  EXPECT_THAT(
      known.errors(patient(R"("gender":"male")"), {on("P")}),
      HasSubstr("error required Patient.extension: Patient has 0 of Patient.extension:ethnicity"));
  // The definition of the extension is missing: the slice is still told by its url.
  Bench unknown({asks});
  EXPECT_EQ(unknown.errors(good, {on("P")}), "");
  EXPECT_THAT(unknown.errors(patient(R"("gender":"male")"), {on("P")}),
              HasSubstr("error required"));
  EXPECT_THAT(unknown(good, {on("P")}),
              HasSubstr("warning not-found Patient.extension[1]: the profile " + on("Ethnicity")));
}

TEST(Extensions, OfExtensionsAreSlicesOfTheirDefinition) {
  Bench bench({profile(
      "Complex", "Extension", "Extension",
      R"({"id":"Extension.extension:when","path":"Extension.extension","sliceName":"when","min":1,"max":"1"},)"
      R"({"id":"Extension.extension:when.url","path":"Extension.extension.url","fixedUri":"when"},)"
      R"({"id":"Extension.extension:when.value[x]","path":"Extension.extension.value[x]","type":[{"code":"date"}]},)"
      R"({"id":"Extension.value[x]","path":"Extension.value[x]","max":"0"})",
      R"(,"context":[{"type":"element","expression":"Element"}])")});
  const auto with = [](std::string_view inside) {
    return patient(fmt::format(
        R"("birthDate":"2000","_birthDate":{{"extension":[{{"url":"{}","extension":[{}]}}]}})",
        on("Complex"), inside));
  };
  EXPECT_EQ(bench.errors(with(R"({"url":"when","valueDate":"2020"})")), "");
  EXPECT_THAT(bench.errors(with(R"({"url":"else","valueDate":"2020"})")),
              HasSubstr("error required Patient.birthDate.extension[0].extension: "));
  EXPECT_THAT(bench.errors(with(R"({"url":"when","valueString":"2020"})")),
              HasSubstr("error structure Patient.birthDate.extension[0].extension[0].value: "));
}

}  // namespace
}  // namespace holdfast::fhir::validation
