#include "fhir/subset.h"

#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>

#include "fhir/check.h"
#include "fhir/test_data.h"

namespace holdfast::fhir {
namespace {

constexpr std::string_view tag =
    R"({"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"})";

std::string part(const std::string& body, std::optional<std::string_view> summary,
                 std::optional<std::string_view> elements = std::nullopt) {
  const auto what = parse_subset(summary, elements);
  EXPECT_TRUE(what) << (what ? "" : what.error().what);
  const Json json = read_json(body);
  Bytes bytes;
  const auto done = append_subset(bytes, json.root(), *what);
  EXPECT_TRUE(done) << (done ? "" : done.error().what);
  return bytes;
}

std::string tagged(std::string_view text) {
  std::string result(text);
  const std::size_t at = result.find("TAG");
  return result.replace(at, 3, tag);
}

const std::string patient =
    R"({"resourceType":"Patient","id":"p","meta":{"versionId":"3","profile":["http://p"]},)"
    R"("text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},)"
    R"("extension":[{"url":"http://e","valueString":"x"}],)"
    R"("modifierExtension":[{"url":"http://m","valueBoolean":true}],)"
    R"("name":[{"id":"n","family":"A","extension":[{"url":"http://e","valueInteger":1}]}],)"
    R"("_birthDate":{"extension":[{"url":"http://t","valueTime":"10:00:00"}]},"birthDate":"1970-01-01",)"
    R"("photo":[{"contentType":"image/png","data":"AAAA"}],)"
    R"("contact":[{"gender":"male"}],"communication":[{"language":{"text":"de"}}],)"
    R"("multipleBirthInteger":2})";

TEST(Subset, OfTheSummaryIsWhatTheDefinitionsMark) {
  EXPECT_EQ(part(patient, "true"),
            tagged(R"({"resourceType":"Patient","id":"p",)"
                   R"("meta":{"versionId":"3","profile":["http://p"],"tag":[TAG]},)"
                   R"("modifierExtension":[{"url":"http://m","valueBoolean":true}],)"
                   R"("name":[{"family":"A"}],)"
                   R"("_birthDate":{"extension":[{"url":"http://t","valueTime":"10:00:00"}]},)"
                   R"("birthDate":"1970-01-01"})"));
}

TEST(Subset, OfTextAndDataAreEachOthersRest) {
  EXPECT_EQ(
      part(patient, "text"),
      tagged(
          R"({"resourceType":"Patient","id":"p",)"
          R"("meta":{"versionId":"3","profile":["http://p"],"tag":[TAG]},)"
          R"("text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},)"
          R"("modifierExtension":[{"url":"http://m","valueBoolean":true}]})"));
  const std::string data = part(patient, "data");
  EXPECT_EQ(data.find("\"text\":{\"status\""), std::string::npos);
  EXPECT_NE(data.find("\"communication\":[{\"language\":{\"text\":\"de\"}}]"), std::string::npos);
  EXPECT_EQ(part(patient, "false"), patient);
  EXPECT_EQ(part(patient, std::nullopt), patient);
}

TEST(Subset, OfElementsKeepsThemTheMandatoryOnesAndWhatChangesMeaning) {
  EXPECT_EQ(
      part(patient, std::nullopt, "name,Patient.birthDate,Observation.code,multipleBirth"),
      tagged(
          R"({"resourceType":"Patient","id":"p",)"
          R"("meta":{"versionId":"3","profile":["http://p"],"tag":[TAG]},)"
          R"("modifierExtension":[{"url":"http://m","valueBoolean":true}],)"
          R"("name":[{"id":"n","family":"A","extension":[{"url":"http://e","valueInteger":1}]}],)"
          R"("_birthDate":{"extension":[{"url":"http://t","valueTime":"10:00:00"}]},)"
          R"("birthDate":"1970-01-01","multipleBirthInteger":2})"));
  EXPECT_EQ(part(R"({"resourceType":"Observation","status":"final","code":{"text":"x"},)"
                 R"("valueString":"1","issued":"2026-01-01T00:00:00Z"})",
                 std::nullopt, "value"),
            tagged(R"({"resourceType":"Observation","status":"final","code":{"text":"x"},)"
                   R"("valueString":"1","meta":{"tag":[TAG]}})"));
}

TEST(Subset, IsTaggedOnceBesideTheTagsThereAre) {
  EXPECT_EQ(part(R"({"resourceType":"Basic","meta":{"tag":[{"code":"a"}]},"code":{}})", "data"),
            tagged(R"({"resourceType":"Basic","meta":{"tag":[{"code":"a"},TAG]},"code":{}})"));
  EXPECT_EQ(part(R"({"resourceType":"Basic","meta":{},"code":{}})", "data"),
            tagged(R"({"resourceType":"Basic","meta":{"tag":[TAG]},"code":{}})"));
  const std::string once =
      tagged(R"({"resourceType":"Basic","meta":{"tag":[TAG]},"code":{"text":"x"}})");
  EXPECT_EQ(part(once, "data"), once);
}

TEST(Subset, RefusesWhatItWouldHaveToGuess) {
  const auto code = [](std::optional<std::string_view> summary,
                       std::optional<std::string_view> elements) {
    const auto parsed = parse_subset(summary, elements);
    return parsed ? std::string("good") : std::string(name(parsed.error().code));
  };
  EXPECT_EQ(code("yes", std::nullopt), "value");
  EXPECT_EQ(code("", std::nullopt), "value");
  EXPECT_EQ(code("true", "name"), "value");
  EXPECT_EQ(code("false", "name"), "good");
  EXPECT_EQ(code("count", "name"), "good");
  for (const char* none : {"", ",", "name,,id", "name.given.x", ".name", "Patient.", "na me"}) {
    EXPECT_EQ(code(std::nullopt, none), "value") << none;
  }
  const auto checked = [](std::string_view elements) {
    return check_elements(*parse_subset(std::nullopt, elements), *type_id("Observation"))
        .has_value();
  };
  EXPECT_TRUE(checked("value,valueQuantity,Observation.status,id,meta"));
  EXPECT_FALSE(checked("status,birthDate"));
  EXPECT_FALSE(checked("Patient.name"));
}

// Whatever part is shown, it is a resource: nothing that must be there is missing, nothing is
// empty.
TEST(Subset, OfEveryOfficialExampleIsAResource) {
  std::size_t seen = 0;
  std::size_t smaller = 0;
  for (const auto& file : std::filesystem::directory_iterator(definitions_package())) {
    const std::string name = file.path().filename().string();
    if (file.path().extension() != ".json" || name.starts_with(".") || name == "package.json") {
      continue;
    }
    const Bytes bytes = file_bytes(file.path());
    JsonReader reader;
    const auto json = reader.read(Bytes(bytes));
    if (!json || bytes.size() > (std::size_t{1} << 20U) || !check_resource(json->root())) {
      continue;
    }
    ++seen;
    for (const char* summary : {"true", "text", "data"}) {
      const std::string shown = part(bytes, summary);
      const Json again = read_json(shown);
      const auto checked = check_resource(again.root());
      ASSERT_TRUE(checked) << name << " " << summary << ": " << checked.error().what << " at "
                           << checked.error().where;
      smaller += shown.size() < bytes.size() ? 1U : 0U;
    }
  }
  ASSERT_GT(seen, 500U) << "the examples are where they should be";
  EXPECT_GT(smaller, seen);
}

}  // namespace
}  // namespace holdfast::fhir
