// $reconcile: each difference from a neighbour's list is one item, once, and closes by nobody's
// silence
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/items_for_test.h"
#include "base/hash.h"

namespace holdfast::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Lines = std::vector<std::string>;

constexpr std::string_view with_number =
    R"(,"identifier":[{"system":"https://county.example/referral","value":"%"}])";

class ReconcileServer : public ItemServer {
 public:
  ReconcileServer() {
    write("Patient/p3",
          R"("identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9434765919"}])");
  }
  std::string refer_as(std::string_view id, std::string_view number, std::string_view more = "",
                       std::string_view patient = "p1") {
    std::string members(with_number);
    members.replace(members.find('%'), 1, number);
    return refer(id, members + std::string(more), "CareTeam/eyes", patient);
  }
  Answered send_list(std::string_view csv, const Lines& more = {},
                     std::string_view source = "county") {
    Lines all{text_parameter("source", source),
              text_parameter("identifier-system", "https://county.example/referral"),
              fmt::format(R"("name":"list","resource":{{"resourceType":"Binary",)"
                          R"("contentType":"text/csv","data":"{}"}})",
                          to_base64(csv))};
    all.insert(all.end(), more.begin(), more.end());
    return post("/fhir/$reconcile", input(all));
  }
  Document reconcile(std::string_view csv, const Lines& more = {}) {
    const Answered answered = send_list(csv, more);
    EXPECT_EQ(answered.status, 200) << answered.body;
    return answered.json();
  }
  std::string closing(const std::string& id, const Lines& members) {
    const Answered done = act(id, "advance", members);
    return done.status == 200 ? item(id).state : done.body;
  }
};

std::string count(const Document& json, std::string_view name) {
  for (std::size_t i = 0; i < json.size("parameter"); ++i) {
    if (json.at(fmt::format("parameter.{}.name", i)) == name) {
      return json.at(fmt::format("parameter.{}.valueUnsignedInt", i));
    }
  }
  return "?";
}

Lines differences(const Document& json) {
  return groups(json, "difference", {"kind", "number", "news"});
}

std::string item_in(const Document& json, std::size_t index, std::string_view part = "item") {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < json.size("parameter"); ++i) {
    const std::string at = fmt::format("parameter.{}", i);
    if (json.at(at + ".name") != "difference" || seen++ != index) {
      continue;
    }
    for (std::size_t k = 0; k < json.size(at + ".part"); ++k) {
      if (json.at(fmt::format("{}.part.{}.name", at, k)) == part) {
        return json.at(fmt::format("{}.part.{}.valueReference.reference", at, k))
            .substr(part == "item" ? 5 : 0);
      }
    }
  }
  return {};
}

TEST(Reconcile, OpensOneItemForEachDifferenceAndNoneTheSecondTime) {
  ReconcileServer server;
  server.refer_as("r1", "A1");
  const std::string item_of_r2 = server.refer_as("r2", "A2");
  const std::string list = "identifier,state\nA1,active\nA2,cancelled\nA3,active\n";
  const Document first = server.reconcile(list);
  EXPECT_EQ(differences(first), (Lines{"state-differs A2 new", "missing-here A3 new"}));
  EXPECT_EQ(count(first, "same"), "1");
  const views::Item item = server.item(item_in(first, 0));
  EXPECT_EQ(item.pathway, "reconciliation");
  EXPECT_EQ(item.state, "found");
  EXPECT_EQ(item.owner, "team:reconciliation");
  EXPECT_EQ(item.patient, "Patient/p1");
  const Document finding = server.get("/fhir/" + item_in(first, 0, "finding")).json();
  EXPECT_EQ(finding.at("status"), "preliminary");
  EXPECT_EQ(finding.at("implicated.0.reference"), "ServiceRequest/r2");
  EXPECT_EQ(finding.at("evidence.0.detail.0.reference"), "Task/" + item_of_r2);
  EXPECT_THAT(finding.at("detail"), HasSubstr("'cancelled' at county, that is closed, and open"));
  EXPECT_EQ(server.item(item_of_r2).state, "received") << "what is compared is not changed";

  const Position before = server.head();
  const Document second = server.reconcile(list);
  EXPECT_EQ(differences(second), (Lines{"state-differs A2 known", "missing-here A3 known"}));
  EXPECT_EQ(server.head(), before) << "a second run writes nothing";
  EXPECT_EQ(item_in(second, 0), item_in(first, 0));
}

TEST(Reconcile, ADryRunWritesNothing) {
  ReconcileServer server;
  const Position before = server.head();
  const Document shown =
      server.reconcile("identifier\nA1\n", {R"("name":"dry-run","valueBoolean":true)"});
  EXPECT_EQ(differences(shown), Lines{"missing-here A1 new"});
  EXPECT_EQ(item_in(shown, 0), "");
  EXPECT_EQ(server.head(), before);
}

TEST(Reconcile, OnlyWhatAListCoversCanBeMissingInIt) {
  ReconcileServer server;
  server.refer_as("r1", "A1", R"(,"authoredOn":"2025-12-01")");
  server.refer_as("r2", "A2", R"(,"authoredOn":"2025-12-20")");
  server.refer("r3");  // has no number of theirs
  const std::string list = "identifier\nA1\n";
  EXPECT_THAT(differences(server.reconcile(list)), IsEmpty());
  const Lines dry{R"("name":"dry-run","valueBoolean":true)"};
  const auto with = [&](Lines more) {
    more.insert(more.end(), dry.begin(), dry.end());
    return server.reconcile(list, more);
  };
  const Document referrals = with({text_parameter("kind", "referral")});
  EXPECT_EQ(differences(referrals), Lines{"missing-there A2 new"});
  EXPECT_EQ(count(referrals, "ours-without-number"), "1");
  EXPECT_THAT(differences(with({text_parameter("kind", "blood")})), IsEmpty());
  EXPECT_THAT(differences(with({text_parameter("to", "2025-12-10")})), IsEmpty());
  EXPECT_THAT(differences(with({text_parameter("organisation", "Organization/x")})), IsEmpty());
  EXPECT_EQ(differences(with({text_parameter("organisation", "CareTeam/eyes")})),
            Lines{"missing-there A2 new"});
  EXPECT_EQ(server.send_list(list, {text_parameter("kind", "nothing")}).refusal(), "422 value");
}

TEST(Reconcile, AnotherPatientsNumberIsAConflictForWhoeverSeesToIdentities) {
  ReconcileServer server;
  server.refer_as("r1", "A1", "", "p3");
  const Document found = server.reconcile("identifier,nhs_number,state\nA1,9876543210,active\n");
  EXPECT_EQ(differences(found), Lines{"identity-conflict A1 new"});
  const std::string id = item_in(found, 0);
  EXPECT_EQ(server.item(id).owner, "team:patient-identity");
  EXPECT_EQ(server.item(id).state, "identity");
  EXPECT_EQ(server.item(id).patient, "Patient/p3");
  EXPECT_THAT(server.closing(
                  id, {text_parameter("act", "settle"), text_parameter("reason", "their error")}),
              HasSubstr("evidence"));
  EXPECT_THAT(differences(server.reconcile("identifier,nhs_number,state\nA1,9434765919,open\n")),
              IsEmpty());
  EXPECT_EQ(server.item(id).state, "identity-gone") << "it is said, and not closed";
}

TEST(Reconcile, WhatHasGoneIsSaidAndAPersonCloses) {
  ReconcileServer server;
  const Document first = server.reconcile("identifier,state\nA1,active\n");
  const std::string id = item_in(first, 0);
  server.refer_as("r1", "A1");
  const Document second = server.reconcile("identifier,state\nA1,active\n");
  EXPECT_THAT(differences(second), IsEmpty());
  EXPECT_EQ(count(second, "gone"), "1");
  EXPECT_EQ(server.item(id).state, "gone");
  EXPECT_TRUE(server.item(id).is_open());
  const Position before = server.head();
  EXPECT_EQ(count(server.reconcile("identifier,state\nA1,active\n"), "gone"), "0");
  EXPECT_EQ(server.head(), before) << "it is said once";
  EXPECT_EQ(server.closing(id, {text_parameter("act", "confirm"), text_parameter("reason", "ok")}),
            "confirmed");
}

TEST(Reconcile, WhatALaterListCoversAndDoesNotNameHasGone) {
  ReconcileServer server;
  server.refer_as("r1", "A1");
  const Lines referrals{text_parameter("kind", "referral")};
  const Document first = server.reconcile("identifier,state\nA1,cancelled\nA2,active\n", referrals);
  EXPECT_EQ(differences(first), (Lines{"state-differs A1 new", "missing-here A2 new"}));
  const Document unscoped = server.reconcile("identifier,state\nA3,active\n");
  EXPECT_EQ(count(unscoped, "gone"), "0");
  EXPECT_EQ(count(unscoped, "not-on-this-list"), "2");
  const Document later = server.reconcile("identifier,state\nA3,active\n", referrals);
  EXPECT_EQ(differences(later), (Lines{"missing-here A3 known", "missing-there A1 new"}));
  EXPECT_EQ(count(later, "gone"), "2");
  EXPECT_EQ(server.item(item_in(first, 0)).state, "gone");
  EXPECT_EQ(server.item(item_in(first, 1)).state, "gone");
}

TEST(Reconcile, WhatIsSettledComesBackOnlyWhereItDiffersAnew) {
  ReconcileServer server;
  const std::string item_of_r1 = server.refer_as("r1", "A1");
  const std::string id = item_in(server.reconcile("identifier,state\nA1,cancelled\n"), 0);
  EXPECT_EQ(server.closing(id, {text_parameter("act", "explain"),
                                text_parameter("reason", "they cancel theirs, we go on")}),
            "explained");
  const Document same = server.reconcile("identifier,state\nA1,cancelled\n");
  EXPECT_EQ(differences(same), Lines{"state-differs A1 known"});
  EXPECT_EQ(count(same, "settled-and-still-different"), "1");
  EXPECT_EQ(server.item(id).state, "explained");
  const Document other = server.reconcile("identifier,state\nA1,rejected\n");
  EXPECT_EQ(differences(other), Lines{"state-differs A1 changed"});
  EXPECT_EQ(server.item(id).state, "found");
  EXPECT_EQ(server.item(id).reopened, 1U);
  // Gone, and back.
  server.reconcile("identifier,state\nA1,active\n");
  EXPECT_EQ(server.item(id).state, "gone");
  EXPECT_EQ(differences(server.reconcile("identifier,state\nA1,rejected\n")),
            Lines{"state-differs A1 again"});
  EXPECT_EQ(server.item(id).state, "found");
}

TEST(Reconcile, TwoNeighboursWithOneNumberAreTwoDifferences) {
  ReconcileServer server;
  server.reconcile("identifier\nA1\n");
  const Answered other = server.send_list("identifier\nA1\n", {}, "city");
  EXPECT_EQ(differences(other.json()), Lines{"missing-here A1 new"});
}

TEST(Reconcile, BadListsAreRefusedWithTheirLine) {
  ReconcileServer server;
  const Position before = server.head();
  EXPECT_THAT(server.send_list("identifier,state\nA1").body, HasSubstr("line 2"));
  EXPECT_EQ(server.send_list("identifier,state\nA1").refusal(), "400 structure");
  EXPECT_EQ(server.send_list("identifier\nA1\n", {}, " county").refusal(), "422 required");
  EXPECT_EQ(server.post("/fhir/$reconcile", R"({"resourceType":"Parameters"})").refusal(),
            "422 required");
  EXPECT_EQ(server.get("/fhir/$reconcile").status, 405);
  EXPECT_EQ(server.send_list("identifier\nA1\n", {text_parameter("state", "x")}).refusal(),
            "422 value");
  std::string many = "identifier\n";
  for (int i = 0; i < 5001; ++i) {
    many += fmt::format("N{}\n", i);
  }
  EXPECT_EQ(server.send_list(many).refusal(), "413 too-long");
  EXPECT_EQ(server.head(), before);
}

TEST(Reconcile, WithoutAPathwayForDifferencesNothingIsWritten) {
  Server server;
  const std::string body = input({text_parameter("source", "county"),
                                  fmt::format(R"("name":"list","resource":{{"resourceType":)"
                                              R"("Binary","contentType":"text/csv","data":"{}"}})",
                                              to_base64("identifier\nA1\n"))});
  EXPECT_EQ(server.post("/fhir/$reconcile", body).refusal(), "422 not-supported");
}

TEST(Reconcile, AnIdempotencyKeyThatWasUsedWritesNothingAgain) {
  ReconcileServer server;
  const std::string body = input({text_parameter("source", "county"),
                                  fmt::format(R"("name":"list","resource":{{"resourceType":)"
                                              R"("Binary","contentType":"text/csv","data":"{}"}})",
                                              to_base64("identifier\nA1\n"))});
  const std::vector<Field> key{{"Idempotency-Key", "monday"}};
  const Document first = server.post("/fhir/$reconcile", body, key).json();
  EXPECT_EQ(differences(first), Lines{"missing-here A1 new"});
  const Position before = server.head();
  const Document second = server.post("/fhir/$reconcile", body, key).json();
  EXPECT_EQ(differences(second), Lines{"missing-here A1 known"});
  EXPECT_EQ(server.head(), before);
}

TEST(Reconcile, IsNamedAndWritesWhatIsSoundFhir) {
  ReconcileServer server;
  EXPECT_THAT(server.get("/fhir/metadata").body,
              HasSubstr("urn:holdfast:OperationDefinition:reconcile"));
  server.refer_as("r1", "A1");
  const std::string found =
      item_in(server.reconcile("identifier,state\nA1,cancelled\n"), 0, "finding");
  EXPECT_THAT(server.get("/fhir/" + found + "/$validate").body,
              testing::Not(HasSubstr(R"("severity":"error")")));
  server.reconcile("identifier,state\nA1,active\n");
  const Answered gone = server.get("/fhir/" + found);
  EXPECT_EQ(gone.json().at("status"), "final");
  EXPECT_EQ(gone.json().at("identifier.1.value"), "") << "it stands no longer";
  EXPECT_THAT(server.get("/fhir/" + found + "/$validate").body,
              testing::Not(HasSubstr(R"("severity":"error")")));
}

TEST(Reconcile, AKindThatIsNoPathwayIsNamedAndTheLineComparedAllTheSame) {
  ReconcileServer server;
  server.refer_as("r1", "A1", "", "p3");
  const Answered answered = server.send_list("identifier,kind\nA1,referral\nB1,plumbing\n");
  ASSERT_EQ(answered.status, 200) << answered.body;
  const Document json = answered.json();
  EXPECT_EQ(differences(json), Lines{"missing-here B1 new"});
  EXPECT_THAT(groups(json, "note", {"count", "about"}),
              ElementsAre("1 kind that is no pathway in force, not read"));
  EXPECT_THAT(answered.body, HasSubstr("line 3: plumbing"));
}

TEST(Reconcile, ABundleIsComparedByItsIdentifiers) {
  ReconcileServer server;
  server.refer_as("r1", "A1", "", "p3");
  const Answered answered = server.post("/fhir/$reconcile?source=county", R"({
    "resourceType":"Bundle","type":"searchset","total":3,"entry":[
      {"resource":{"resourceType":"ServiceRequest","status":"active","intent":"order",
        "identifier":[{"system":"urn:theirs","value":"77"},
                      {"system":"https://county.example/referral","value":"A1"}],
        "subject":{"identifier":{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9434765919"}}}},
      {"resource":{"resourceType":"ServiceRequest","status":"active","intent":"order",
        "subject":{"reference":"Patient/x"}}}]})");
  ASSERT_EQ(answered.status, 200) << answered.body;
  const Document json = answered.json();
  EXPECT_EQ(count(json, "same"), "1");
  EXPECT_EQ(differences(json), Lines{"count-differs searchset new"}) << "a page is missing";
  EXPECT_THAT(groups(json, "note", {"count", "about"}),
              ElementsAre("1 without an identifier, not compared", "1 count that differs"));
}

}  // namespace
}  // namespace holdfast::api
