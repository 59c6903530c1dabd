// ORM^O01, OML^O21 and REF^I12 to I14: orders and referrals by their status and what they were.
#include <gtest/gtest.h>

#include <algorithm>

#include "hl7v2/rendering/rendering_testing.h"

namespace holdfast::hl7v2 {
namespace {

std::string order(std::string_view status, std::string_view more = "") {
  return fmt::format(
      R"({{"resourceType":"ServiceRequest","id":"o1","status":"{}","intent":"order","code":{{"coding":[)"
      R"({{"system":"http://snomed.info/sct","code":"26604007","display":"FBC"}}]}},"identifier":[{{"type":)"
      R"({{"coding":[{{"code":"PLAC","system":"http://terminology.hl7.org/CodeSystem/v2-0203"}}]}},)"
      R"("system":"urn:holdfast:authority:RXH","value":"P1"}}],"subject":{{"reference":"Patient/1"}}{}}})",
      status, more);
}
Envelope oml() {
  Envelope envelope = test_envelope();
  envelope.order = OrderMessage::oml;
  envelope.version = "2.5.1";
  return envelope;
}
std::string control(const std::string& now, const std::string& before = "") {
  const RenderedMessage made(now, before.empty() ? std::optional<BytesView>() : before);
  return made.result ? made.raw("ORC", 1) : std::string(name(made.result.error().code));
}

TEST(RenderOrder, TheControlCodeIsWhatHasChanged) {
  EXPECT_EQ(control(order("active")), "NW");
  EXPECT_EQ(control(order("active"), order("draft")), "NW");
  EXPECT_EQ(control(order("active"), order("active")), "XO");
  EXPECT_EQ(control(order("revoked"), order("active")), "CA");
  EXPECT_EQ(control(order("entered-in-error"), order("active")), "CA");
  EXPECT_EQ(control(order("on-hold"), order("active")), "HD");
  EXPECT_EQ(control(order("active"), order("on-hold")), "RL");
  EXPECT_EQ(control(order("completed"), order("active")), "SC");
  EXPECT_EQ(control(order("draft")), "unsupported");
  EXPECT_EQ(control(order("revoked")), "unsupported");
  EXPECT_EQ(control(order("revoked"), order("draft")), "unsupported");
}

TEST(RenderOrder, AProposalIsNoOrder) {
  std::string plan = order("active");
  plan.replace(plan.find(R"("order")"), 7, R"("plan")");
  EXPECT_EQ(control(plan), "unsupported");
}

TEST(RenderOrder, IsWhatTheNeighbourReads) {
  const std::string body = order("active", R"(,"priority":"urgent","note":[{"text":"Fasting"}])");
  const RenderedMessage orm(body);
  EXPECT_EQ(orm.type(), "ORM^O01");
  EXPECT_EQ(orm.segments(), "MSH PID ORC OBR NTE");
  EXPECT_EQ(orm.raw("ORC", 2), "P1^RXH");
  EXPECT_EQ(orm.raw("ORC", 5), "IP");
  EXPECT_EQ(orm.raw("ORC", 7), "^^^^^U");
  EXPECT_EQ(orm.raw("OBR", 4), "26604007^FBC^SCT");
  EXPECT_TRUE(orm.result->left.empty()) << orm.result->left.front().path;
  const RenderedMessage lab(body, {}, oml());
  EXPECT_EQ(lab.type(), "OML^O21");
  EXPECT_EQ(lab.segments(), "MSH PID ORC TQ1 OBR NTE");
  EXPECT_EQ(lab.raw("TQ1", 9), "U");
  EXPECT_EQ(lab.raw("ORC", 7), "");
}

TEST(RenderOrder, WithoutANumberGoesUnderOurs) {
  std::string body = order("active");
  const std::size_t begin = body.find(R"("identifier")");
  body.erase(begin, body.find(R"("subject")") - begin);
  const RenderedMessage made(body);
  EXPECT_EQ(made.raw("ORC", 2), "o1^RXH");
  EXPECT_EQ(made.raw("OBR", 2), "o1^RXH");
}

TEST(RenderOrder, WithoutACodeSaysWhatToDo) {
  const RenderedMessage made(
      R"({"resourceType":"ServiceRequest","id":"o2","status":"active","intent":"order",)"
      R"("subject":{"reference":"Patient/1"}})");
  EXPECT_EQ(made.result.error().code, Code::required);
  EXPECT_EQ(made.type(),
            "ORM^O01 needs OBR-4 (Universal Service Identifier), for which "
            "ServiceRequest/o2 has nothing: give it one");
}

TEST(RenderOrder, ReasonsAndResultsBesideItAreSentWithIt) {
  TestRecord record;
  record.resources["Condition/c"] =
      R"({"resourceType":"Condition","id":"c","code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10",)"
      R"("code":"E10.9"}]},"subject":{"reference":"Patient/1"}})";
  record.resources["Observation/a"] =
      R"({"resourceType":"Observation","id":"a","status":"final","code":{"text":"Weight"},)"
      R"("subject":{"reference":"Patient/1"},"valueQuantity":{"value":70.0,"unit":"kg"}})";
  const RenderedMessage made(order("active", R"(,"reasonReference":[{"reference":"Condition/c"}],)"
                                             R"("supportingInfo":[{"reference":"Observation/a"}])"),
                             {}, test_envelope(), record);
  EXPECT_EQ(made.segments(), "MSH PID ORC OBR DG1 OBX");
  EXPECT_EQ(made.raw("DG1", 3), "E10.9^^I10");
  EXPECT_EQ(made.raw("OBX", 5), "70.0");
}

std::string referral(std::string_view status, std::string_view category) {
  return order(
      status,
      fmt::format(R"(,"category":[{{"coding":[{}]}}],"requester":{{"reference":)"
                  R"("#gp"}},"performer":[{{"display":"Cardiology"}}],"contained":[)"
                  R"({{"resourceType":"Practitioner","id":"gp","name":[{{"family":"Who"}}],)"
                  R"("telecom":[{{"system":"phone","value":"1"}}]}}])",
                  category));
}
constexpr std::string_view snomed = R"({"system":"http://snomed.info/sct","code":"3457005"})";

TEST(RenderReferral, IsREFByItsCategory) {
  const RenderedMessage made(referral("active", snomed));
  EXPECT_EQ(made.type(), "REF^I12");
  EXPECT_EQ(made.segments(), "MSH RF1 PRD PRD PID");
  EXPECT_EQ(made.raw("RF1", 1), "A");
  EXPECT_EQ(made.raw("RF1", 6), "P1^RXH");
  EXPECT_EQ(made.raw("PRD", 1), "RP");
  EXPECT_EQ(made.at("PRD-2.1"), "Who");
  EXPECT_EQ(made.raw("PRD", 1, 2), "RT");
  EXPECT_EQ(made.at("PRD[2]-2.1"), "Cardiology");
  EXPECT_EQ(RenderedMessage(referral("active", R"({"code":"referral"})")).type(), "REF^I12");
  const std::string before = referral("active", snomed);
  EXPECT_EQ(RenderedMessage(before, before).type(), "REF^I13");
  EXPECT_EQ(RenderedMessage(referral("revoked", snomed), before).type(), "REF^I14");
}

}  // namespace
}  // namespace holdfast::hl7v2
