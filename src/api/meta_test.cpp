// $meta, $meta-add, $meta-delete, and through them what every write has that is made from what is
// current
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "api/server_for_test.h"

namespace holdfast::api {
namespace {

std::string patient(std::string_view id, std::string_view meta = R"({"source":"#x"})") {
  return fmt::format(R"({{"resourceType":"Patient","id":"{}","meta":{}}})", id, meta);
}
std::string tag(std::string_view code) {
  return fmt::format(R"({{"resourceType":"Parameters","parameter":[{{"name":"meta","valueMeta":)"
                     R"({{"tag":[{{"system":"urn:t","code":"{}"}}]}}}}]}})",
                     code);
}
/// The codes of the tags that a Parameters or a resource has.
std::string tags(const Document& json, const std::string& meta) {
  std::string all;
  for (std::size_t i = 0; i < json.size(meta + ".tag"); ++i) {
    all += json.at(fmt::format("{}.tag.{}.code", meta, i)) + " ";
  }
  return all;
}
constexpr const char* output = "parameter.0.valueMeta";

TEST(Meta, IsAddedAndTakenAwayByNewVersions) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p", patient("p")).status, 201);
  const Answered added = server.post("/fhir/Patient/p/$meta-add", tag("a"));
  ASSERT_EQ(added.status, 200) << added.body;
  EXPECT_EQ(added.json().at("resourceType"), "Parameters");
  EXPECT_EQ(added.json().at("parameter.0.name"), "return");
  EXPECT_EQ(tags(added.json(), output), "a ");
  EXPECT_EQ(added.json().at("parameter.0.valueMeta.versionId"), "2");
  EXPECT_EQ(added.header("ETag"), "W/\"2\"");
  EXPECT_EQ(tags(server.post("/fhir/Patient/p/$meta-add", tag("b")).json(), output), "a b ");
  EXPECT_EQ(tags(server.get("/fhir/Patient/p").json(), "meta"), "a b ");
  EXPECT_EQ(tags(server.post("/fhir/Patient/p/$meta-delete", tag("a")).json(), output), "b ");
  EXPECT_EQ(tags(server.get("/fhir/Patient/p/$meta").json(), output), "b ");
  EXPECT_EQ(tags(server.get("/fhir/Patient/p/_history/3/$meta").json(), output), "a b ");
  const Document history = server.get("/fhir/Patient/p/_history").json();
  EXPECT_EQ(history.at("entry.0.request.method"), "POST");
  EXPECT_EQ(history.at("entry.0.request.url"), "Patient/p/$meta-delete");
  EXPECT_EQ(history.at("entry.2.request.url"), "Patient/p/$meta-add");
  EXPECT_EQ(history.at("entry.0.response.status"), "200 OK");
}

TEST(Meta, OfATypeAndOfEverythingIsWhatCurrentResourcesHave) {
  Server server;
  const auto tagged = [](std::string_view code) {
    return fmt::format(R"({{"tag":[{{"code":"{}"}}],"profile":["http://p/{}"]}})", code, code);
  };
  server.put("/fhir/Patient/a", patient("a", tagged("old")));
  server.put("/fhir/Patient/a", patient("a", tagged("x")));
  server.put("/fhir/Patient/b", patient("b", tagged("x")));
  server.put("/fhir/Patient/c", patient("c", tagged("gone")));
  server.remove("/fhir/Patient/c");
  server.put("/fhir/Basic/o", R"({"resourceType":"Basic","id":"o","code":{"text":"x"},)"
                              R"("meta":{"tag":[{"code":"y"}]}})");
  const Document patients = server.get("/fhir/Patient/$meta").json();
  EXPECT_EQ(tags(patients, output), "x ");
  EXPECT_EQ(patients.size("parameter.0.valueMeta.profile"), 1U);
  EXPECT_FALSE(patients.has("parameter.0.valueMeta.versionId"));
  EXPECT_EQ(tags(server.get("/fhir/$meta").json(), output), "x y ");
  EXPECT_EQ(server.get("/fhir/Observation/$meta").json().at(output), "{}");
}

TEST(Meta, RefusesWhatIsNotThereAndWhatItIsNotGiven) {
  Server server;
  const auto add = [&](Bytes body, const std::vector<Field>& headers = {}) {
    return server.post("/fhir/Patient/p/$meta-add", std::move(body), headers).refusal();
  };
  EXPECT_EQ(add(tag("a")), "404 not-found");
  EXPECT_EQ(server.get("/fhir/Patient/p/$meta").refusal(), "404 not-found");
  ASSERT_EQ(server.put("/fhir/Patient/p", patient("p")).status, 201);
  EXPECT_EQ(add("[]"), "422 structure");
  EXPECT_EQ(add(R"({"resourceType":"Patient"})"), "422 structure");
  EXPECT_EQ(add(R"({"resourceType":"Parameters"})"), "422 structure");
  EXPECT_EQ(add("{"), "400 structure");
  EXPECT_EQ(add(tag("a"), {{"If-Match", "W/\"7\""}}), "412 conflict");
  EXPECT_EQ(add(tag("a"), {{"If-None-Exist", "identifier=1"}}), "400 not-supported");
  ASSERT_EQ(server.remove("/fhir/Patient/p").status, 204);
  EXPECT_EQ(add(tag("a")), "410 deleted");
  EXPECT_EQ(server.get("/fhir/Patient/p/$meta").refusal(), "410 deleted");
  EXPECT_EQ(server.node().view().state.position, Position{2});
}

// The reply of the first time, although what it would be made from has changed, or is gone.
TEST(MadeFromWhatIsCurrent, IsRepeatedUnderItsKeyWhateverHasHappenedSince) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p", patient("p")).status, 201);
  const std::vector<Field> key{{"Idempotency-Key", "k"}};
  const Answered first = server.post("/fhir/Patient/p/$meta-add", tag("a"), key);
  ASSERT_EQ(first.status, 200);
  ASSERT_EQ(server.post("/fhir/Patient/p/$meta-delete", tag("a")).status, 200);
  Answered again = server.post("/fhir/Patient/p/$meta-add", tag("a"), key);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, first.body);
  ASSERT_EQ(server.remove("/fhir/Patient/p").status, 204);
  again = server.post("/fhir/Patient/p/$meta-add", tag("a"), key);
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.header("Holdfast-Position"), "2");
  EXPECT_EQ(server.post("/fhir/Patient/p/$meta-add", tag("b"), key).refusal(), "422 business-rule");
  EXPECT_EQ(server.node().view().state.position, Position{4});
}

Task<void> send_into(Server& server, Request request, Reply& reply) {
  reply = co_await server.handler().handle(std::move(request), server.io());
}

TEST(MadeFromWhatIsCurrent, LosesNothingWhereManyWriteAtOnce) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p", patient("p")).status, 201);
  std::vector<Reply> replies(20);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    Request request;
    request.method = Method::post;
    request.method_text = "POST";
    request.target = "/fhir/Patient/p/$meta-add";
    request.headers.add("Content-Type", "application/fhir+json");
    request.body = tag(fmt::format("t{}", i));
    server.io().spawn(send_into(server, std::move(request), replies[i]));
  }
  server.advance(seconds(10));
  for (const Reply& reply : replies) {
    EXPECT_EQ(reply.status, 200) << reply.body.joined();
  }
  const Document now = server.get("/fhir/Patient/p").json();
  EXPECT_EQ(now.at("meta.versionId"), "21");
  EXPECT_EQ(now.size("meta.tag"), replies.size()) << "each on top of the others";
}

}  // namespace
}  // namespace holdfast::api
