#include "cli/outbound.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "cli/answer.h"
#include "cli/remote.h"
#include "fhir/json.h"

namespace holdfast::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Document whole(Bytes bytes) {
  Document document;
  document.name = "x.json";
  document.bytes = std::move(bytes);
  return document;
}

TEST(Outbound, PeekSeesOnlyTheOutermostMembers) {
  const TopLevel top =
      peek(R"( { "contained" : [ {"resourceType":"Wrong","id":"wrong"} ], "text":"\"id\":\"}",)"
           R"( "resourceType" : "Patient" , "id":"p1" })");
  EXPECT_EQ(top.resource_type, "Patient");
  EXPECT_EQ(top.id, "p1");
}

TEST(Outbound, PeekOfBrokenJsonEnds) {
  for (const char* text : {"", "{", "{\"", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":\"", "{\"a\":[{",
                           "[1]", "{\"a\":1,", "{\"a\":}}}}", "{\"a\":\"\\", "nonsense"}) {
    EXPECT_EQ(peek(text).resource_type, "") << text;
  }
}

TEST(Outbound, BundlesGoAsTheyAreUnderTheHashOfTheirBytes) {
  const Bytes bytes = R"({"resourceType":"Bundle","type":"transaction","entry":[]})";
  const auto outbound = make_outbound(whole(bytes));
  ASSERT_TRUE(outbound);
  EXPECT_EQ(outbound->shipment, Shipment::bundle);
  EXPECT_EQ(outbound->target, "/fhir");
  EXPECT_EQ(*outbound->body, bytes);
  EXPECT_EQ(outbound->key, to_hex(sha256(bytes).view()));
}

TEST(Outbound, ResourcesGoUnderTheirId) {
  auto with_id = make_outbound(whole(R"({"resourceType":"Patient","id":"p.1"})"));
  ASSERT_TRUE(with_id);
  EXPECT_EQ(with_id->method, "PUT");
  EXPECT_EQ(with_id->target, "/fhir/Patient/p.1");
  auto without = make_outbound(whole(R"({"resourceType":"Patient"})"));
  ASSERT_TRUE(without);
  EXPECT_EQ(without->method, "POST");
  EXPECT_EQ(without->target, "/fhir/Patient");
  auto stored_bundle = make_outbound(whole(R"({"resourceType":"Bundle","type":"document"})"));
  ASSERT_TRUE(stored_bundle);
  EXPECT_EQ(stored_bundle->target, "/fhir/Bundle");
  for (const char* hostile : {R"({"resourceType":"../x"})", R"({"a":1})", "[]", ""}) {
    EXPECT_FALSE(make_outbound(whole(hostile))) << hostile;
  }
  auto bad_id = make_outbound(whole(R"({"resourceType":"Patient","id":"a/../b"})"));
  ASSERT_TRUE(bad_id);
  EXPECT_EQ(bad_id->target, "/fhir/Patient");
}

TEST(Outbound, ConditionalReferencesAreSeenWhateverTheWhitespace) {
  EXPECT_TRUE(has_conditional_reference(R"({"reference":"Patient?identifier=a|1"})"));
  EXPECT_TRUE(has_conditional_reference("{\"reference\" :\n\t\"Patient?identifier=a|1\"}"));
  EXPECT_FALSE(has_conditional_reference(R"({"reference":"Patient/1","x":"why?"})"));
  EXPECT_FALSE(has_conditional_reference(R"({"url":"Patient?identifier=1"})"));
  EXPECT_FALSE(has_conditional_reference(R"({"reference":"http://x/?a"})"));
  EXPECT_FALSE(has_conditional_reference("?"));
}

TEST(Outbound, LinesBecomeABatchAndBadOnesAreNamed) {
  Document document;
  document.kind = DocumentKind::lines;
  document.first_line = 11;
  document.bytes =
      "{\"resourceType\":\"Patient\",\"id\":\"a\"}\r\n\nnonsense\n"
      "{\"resourceType\":\"Observation\"}";
  const auto outbound = make_outbound(std::move(document));
  ASSERT_TRUE(outbound);
  EXPECT_THAT(outbound->lines, ElementsAre(11, 14));
  EXPECT_THAT(outbound->refused_lines, ElementsAre(HasSubstr("line 13")));
  fhir::JsonReader reader;
  const auto json = reader.read(*outbound->body);
  ASSERT_TRUE(json) << json.error().what;
  const auto entries = json->root().find("entry");
  ASSERT_TRUE(entries);
  EXPECT_EQ(entries->size(), 2U);
  EXPECT_EQ((*entries->children().begin()).find("request")->find("url")->text(), "Patient/a");
}

http::Incoming reply(int status, Bytes body) {
  http::Incoming incoming;
  incoming.status = status;
  incoming.headers.add("Holdfast-Position", "17");
  incoming.body = std::move(body);
  return incoming;
}

Outbound bundle() {
  return *make_outbound(whole(R"({"resourceType":"Bundle","type":"batch","entry":[]})"));
}

TEST(Answer, CountsWhatEachEntryBecame) {
  const Verdict verdict = judge(
      bundle(), reply(200, R"({"entry":[{"response":{"status":"201 Created"}},)"
                           R"({"response":{"status":"200 OK"}},{"response":{"status":"201"}}]})"));
  EXPECT_EQ(verdict.created, 2U);
  EXPECT_EQ(verdict.matched, 1U);
  EXPECT_EQ(verdict.position, 17U);
  EXPECT_FALSE(verdict.refused);
  EXPECT_FALSE(verdict.unmatched_only);
}

TEST(Answer, OnlyUnmatchedReferencesAreWorthAnotherRound) {
  const Bytes unmatched = R"({"issue":[{"code":"not-found","diagnostics":"nothing"}]})";
  const Bytes wrong =
      R"({"issue":[{"code":"value","diagnostics":"no date","expression":["a.b"]}]})";
  EXPECT_TRUE(judge(bundle(), reply(422, unmatched)).unmatched_only);
  EXPECT_FALSE(judge(bundle(), reply(404, unmatched)).unmatched_only);
  const Verdict refused = judge(bundle(), reply(422, wrong));
  EXPECT_FALSE(refused.unmatched_only);
  EXPECT_THAT(refused.reasons, ElementsAre("422 no date (a.b)"));
  const auto both = [&](const Bytes& first, const Bytes& second) {
    return reply(200, R"({"entry":[{"response":{"status":"422","outcome":)" + first +
                          R"(}},{"response":{"status":"422","outcome":)" + second + "}}]}");
  };
  EXPECT_TRUE(judge(bundle(), both(unmatched, unmatched)).unmatched_only);
  EXPECT_FALSE(judge(bundle(), both(unmatched, wrong)).unmatched_only);
  EXPECT_EQ(judge(bundle(), both(unmatched, wrong)).refused_entries, 2U);
}

TEST(Answer, AReplyThatIsNoJsonIsARefusal) {
  EXPECT_TRUE(judge(bundle(), reply(200, "<html>")).refused);
  EXPECT_TRUE(judge(bundle(), reply(502, "<html>")).refused);
}

TEST(ServerAddress, TakesABaseAndNothingElse) {
  EXPECT_EQ(parse_server("http://127.0.0.1:8080")->authority, "127.0.0.1:8080");
  EXPECT_EQ(parse_server("http://localhost:1/fhir")->authority, "localhost:1");
  EXPECT_EQ(parse_server("http://[::1]")->authority, "[::1]:80");
  for (const char* wrong : {"127.0.0.1:80", "https://x", "http://", "http://x/other", ""}) {
    EXPECT_FALSE(parse_server(wrong)) << wrong;
  }
}

TEST(ServerAddress, OfOthersMayHaveAnyBase) {
  EXPECT_EQ(parse_any_server("http://127.0.0.1:8080")->base, "/fhir");
  EXPECT_EQ(parse_any_server("http://127.0.0.1:8080/")->base, "/fhir");
  const auto other = parse_any_server("http://localhost/hapi/r4/");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->authority, "localhost:80");
  EXPECT_EQ(other->base, "/hapi/r4");
  EXPECT_FALSE(parse_any_server("https://x/fhir"));
}

}  // namespace
}  // namespace holdfast::cli
