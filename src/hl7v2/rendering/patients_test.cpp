// ADT of what belongs together and of what a patient does not tolerate: sent, and read back.
#include <gtest/gtest.h>

#include <algorithm>
#include <variant>

#include "hl7v2/mapping/map.h"
#include "hl7v2/rendering/rendering_testing.h"

namespace holdfast::hl7v2 {
namespace {

std::string patient(std::string_view id, std::string_view number, std::string_view links) {
  return fmt::format(R"({{"resourceType":"Patient","id":"{}","identifier":[{{"system":)"
                     R"("urn:holdfast:authority:RXH","value":"{}","type":{{"coding":[{{"system":)"
                     R"("http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}}]}}}}]{}}})",
                     id, number, links);
}
std::string link(std::string_view to, std::string_view type) {
  return fmt::format(R"({{"other":{{"reference":"Patient/{}"}},"type":"{}"}})", to, type);
}
std::string links(const std::string& all) { return ",\"link\":[" + all + "]"; }

/// What a message asks for, as the way in understands it.
std::optional<LinkPatients> read_back(const RenderedMessage& made) {
  const Overlay overlay;
  const IdentifierPolicy policy;
  const auto mapped = map(*made.message, MapInput{overlay, policy});
  EXPECT_TRUE(mapped.has_value()) << made.bytes;
  if (!mapped || mapped->actions.size() != 1) {
    return std::nullopt;
  }
  const auto* const one = std::get_if<LinkPatients>(mapped->actions.data());
  return one == nullptr ? std::nullopt : std::optional(*one);
}

class PatientLinks : public ::testing::Test {
 protected:
  PatientLinks() { record.resources["Patient/b"] = patient("b", "B2", ""); }
  RenderedMessage made(const std::string& now, const std::string& before) {
    return RenderedMessage(now, before, test_envelope(), record);
  }
  TestRecord record;
  const std::string alone = patient("a", "A1", "");
  const std::string linked = patient("a", "A1", links(link("b", "seealso")));
  const std::string merged = patient("a", "A1", links(link("b", "replaced-by")));
};

TEST_F(PatientLinks, TheFirstLinkIsA24) {
  const RenderedMessage sent = made(linked, alone);
  EXPECT_EQ(sent.type(), "ADT^A24");
  EXPECT_EQ(sent.segments(), "MSH EVN PID PID");
  EXPECT_EQ(sent.raw("PID", 3, 1), "A1^^^RXH^MR");
  EXPECT_EQ(sent.raw("PID", 3, 2), "B2^^^RXH^MR");
  const auto asked = read_back(sent);
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->kind, LinkPatients::Kind::link);
  EXPECT_EQ(asked->one.patient.at(0).value, "A1");
  EXPECT_EQ(asked->other.patient.at(0).value, "B2");
  EXPECT_EQ(made(linked, linked).type(), "ADT^A31");
}

TEST_F(PatientLinks, TheLastOneThatGoesIsA37) {
  const RenderedMessage sent = made(alone, linked);
  EXPECT_EQ(sent.type(), "ADT^A37");
  const auto asked = read_back(sent);
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->kind, LinkPatients::Kind::unlink);
  EXPECT_EQ(asked->other.patient.at(0).value, "B2");
  // One of several that goes leaves the patient linked: no A37, which would say more.
  const std::string two =
      patient("a", "A1", links(link("b", "seealso") + "," + link("c", "seealso")));
  EXPECT_EQ(made(linked, two).type(), "ADT^A31");
}

TEST_F(PatientLinks, AMergeThatIsTakenBackIsA37) {
  const RenderedMessage sent = made(alone, merged);
  EXPECT_EQ(sent.type(), "ADT^A37");
  const auto asked = read_back(sent);
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->kind, LinkPatients::Kind::unlink);
  EXPECT_EQ(asked->one.patient.at(0).value, "A1");
  EXPECT_EQ(asked->other.patient.at(0).value, "B2");
  EXPECT_EQ(made(merged, alone).type(), "ADT^A40");
}

TEST_F(PatientLinks, WhoIsNotThereCannotBeNamed) {
  record.resources.erase("Patient/b");
  EXPECT_EQ(made(linked, alone).result.error().code, Code::required);
  EXPECT_EQ(made(alone, linked).result.error().code, Code::required);
}

std::string allergy(std::string_view more) {
  return fmt::format(
      R"({{"resourceType":"AllergyIntolerance","id":"al1","clinicalStatus":{{"coding":[{{"system":)"
      R"("http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}}]}},)"
      R"("type":"allergy","category":["food"],"criticality":"high","code":{{"coding":[{{"system":)"
      R"("http://snomed.info/sct","code":"91935009","display":"Allergy to peanut"}}]}},)"
      R"("patient":{{"reference":"Patient/1"}},"reaction":[{{"manifestation":[{{"text":"Hives"}}]}}],)"
      R"("onsetDateTime":"2020-05-01"{}}})",
      more);
}

TEST(RenderAllergy, IsOneIamWithItsActionCode) {
  const RenderedMessage added(allergy(""));
  EXPECT_EQ(added.type(), "ADT^A60");
  EXPECT_EQ(added.segments(), "MSH EVN PID IAM");
  EXPECT_EQ(added.raw("IAM", 2), "FA");
  EXPECT_EQ(added.raw("IAM", 3), "91935009^Allergy to peanut^SCT");
  EXPECT_EQ(added.raw("IAM", 4), "SV");
  EXPECT_EQ(added.raw("IAM", 5), "Hives");
  EXPECT_EQ(added.raw("IAM", 6), "A");
  EXPECT_EQ(added.raw("IAM", 7), "al1^RXH");
  EXPECT_EQ(added.raw("IAM", 11), "20200501");
  EXPECT_TRUE(added.result->left.empty()) << added.result->left.front().path;
  EXPECT_EQ(RenderedMessage(allergy(""), allergy("")).raw("IAM", 6), "U");
}

TEST(RenderAllergy, WhatWasEnteredInErrorIsDeletedUnlessNobodyKnewOfIt) {
  const std::string wrong = allergy(
      R"(,"verificationStatus":{"coding":[{"system":)"
      R"("http://terminology.hl7.org/CodeSystem/allergyintolerance-verification","code":"entered-in-error"}]})");
  EXPECT_EQ(RenderedMessage(wrong, allergy("")).raw("IAM", 6), "D");
  EXPECT_EQ(RenderedMessage(wrong).result.error().code, Code::unsupported);
}

TEST(RenderAllergy, ComesBackAsItWas) {
  const RenderedMessage sent(allergy(""));
  const Overlay overlay;
  const IdentifierPolicy policy;
  const auto mapped = map(*sent.message, MapInput{overlay, policy});
  ASSERT_TRUE(mapped.has_value());
  const auto found = std::ranges::find_if(mapped->drafts, [](const Draft& one) {
    return fhir::name(one.type) == "AllergyIntolerance";
  });
  ASSERT_NE(found, mapped->drafts.end());
  for (const std::string_view part :
       {R"("type":"allergy")", R"("category":["food"])", R"("criticality":"high")",
        R"("code":"91935009")", R"("text":"Hives")", R"("onsetDateTime":"2020-05-01")",
        R"("value":"al1")"}) {
    EXPECT_NE(found->body.find(part), std::string::npos) << part << found->body;
  }
}

}  // namespace
}  // namespace holdfast::hl7v2
