// Task/[id]/$hand-over, $accept, $decline, $withdraw-offer, and the work-list of what is offered
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/items_for_test.h"

namespace holdfast::api {
namespace {

using testing::HasSubstr;
using testing::Not;

class Offers : public testing::Test {
 protected:
  Answered act(std::string_view operation, const std::vector<std::string>& members,
               const std::vector<Field>& headers = {}) {
    return server.act(id, operation, members, headers);
  }
  void offer(std::string_view to) {
    const Answered done = act("hand-over", {text_parameter("to", to)});
    EXPECT_EQ(done.status, 200) << done.body;
  }
  std::string whose() {
    const views::Item item = server.item(id);
    return item.owner + (item.offered.empty() ? "" : ", offered to " + item.offered);
  }
  Document list(std::string_view query) {
    const Answered answered = server.get(fmt::format("/fhir/Task/$work-list?owner={}", query));
    EXPECT_EQ(answered.status, 200) << answered.body;
    return answered.json();
  }
  static std::string words(const Document& bundle) {
    return bundle.at("entry.0.resource.issue.0.details.text");
  }

  ItemServer server;
  std::string id = server.refer("r1");
};

TEST_F(Offers, AreTheGiversUntilAcceptedAndShownToBoth) {
  const std::string due = server.get("/fhir/Task/" + id).json().at("restriction.period.end");
  const Answered done = act("hand-over", {reference_parameter("to", "CareTeam/hearts"),
                                          text_parameter("reason", "it is the heart")});
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.json().at("owner.reference"), "CareTeam/eyes");
  EXPECT_EQ(done.json().at("statusReason.text"), "it is the heart");
  EXPECT_EQ(done.json().at("restriction.period.end"), due);
  EXPECT_THAT(done.body, HasSubstr(R"("url":"offered","valueReference":{"reference":"CareTeam/h)"));
  EXPECT_EQ(whose(), "CareTeam/eyes, offered to CareTeam/hearts");
  const Document giver = list("CareTeam/eyes");
  EXPECT_EQ(words(giver), "CareTeam/eyes owns 1 open item: 0 overdue, 0 escalated.");
  EXPECT_EQ(giver.at("entry.1.resource.id"), id);
  EXPECT_EQ(words(list("CareTeam/hearts")),
            "CareTeam/hearts owns 0 open items: 0 overdue, 0 escalated. 1 more is offered to "
            "them.");
  const Answered accepted =
      act("accept", {text_parameter("owner", "CareTeam/hearts")}, {{"If-Match", "W/\"2\""}});
  ASSERT_EQ(accepted.status, 200) << accepted.body;
  EXPECT_EQ(accepted.json().at("owner.reference"), "CareTeam/hearts");
  EXPECT_THAT(accepted.body, Not(HasSubstr("offered")));
  EXPECT_EQ(accepted.json().at("restriction.period.end"), due);
  EXPECT_EQ(whose(), "CareTeam/hearts");
  EXPECT_EQ(words(list("CareTeam/eyes")),
            "CareTeam/eyes owns 0 open items: 0 overdue, 0 escalated.");
}

TEST_F(Offers, AreReplacedDeclinedAndWithdrawn) {
  offer("CareTeam/hearts");
  offer("triage");
  EXPECT_EQ(whose(), "CareTeam/eyes, offered to team:triage");
  EXPECT_EQ(act("decline", {}).refusal(), "422 required") << "it needs a reason";
  ASSERT_EQ(act("decline", {text_parameter("reason", "not ours")}).status, 200);
  EXPECT_EQ(whose(), "CareTeam/eyes");
  EXPECT_EQ(server.get("/fhir/Task/" + id).json().at("statusReason.text"), "not ours");
  offer("CareTeam/hearts");
  ASSERT_EQ(act("withdraw-offer", {}).status, 200);
  EXPECT_EQ(whose(), "CareTeam/eyes");
  offer("team:triage");
  ASSERT_EQ(act("accept", {}).status, 200);
  EXPECT_EQ(whose(), "team:triage");
  offer("CareTeam/eyes");
  ASSERT_EQ(act("assign", {text_parameter("owner", "CareTeam/hearts")}).status, 200);
  EXPECT_EQ(whose(), "CareTeam/hearts") << "an offer ends where the owner changes";
  // In the address as well.
  ASSERT_EQ(
      server.post(fmt::format("/fhir/Task/{}/$hand-over?to=CareTeam/eyes&reason=x", id), "").status,
      200);
  EXPECT_EQ(whose(), "CareTeam/hearts, offered to CareTeam/eyes");
}

TEST_F(Offers, AreRefusedWithTheReason) {
  const auto refused = [&](const Answered& answered, std::string_view as, std::string_view why) {
    EXPECT_EQ(answered.refusal(), as) << answered.body;
    EXPECT_THAT(answered.body, HasSubstr(std::string(why)));
  };
  const std::string reason = text_parameter("reason", "x");
  const Position before = server.head();
  refused(act("hand-over", {}), "422 required", "it needs `to`, an owner");
  refused(act("hand-over", {text_parameter("to", "CareTeam/eyes")}), "422 invariant",
          "it is theirs already");
  refused(act("hand-over", {text_parameter("to", "CareTeam/none")}), "422 invariant",
          "there is no such active owner");
  refused(act("hand-over", {text_parameter("to", "Patient/p1")}), "422 invariant",
          "there is no such active owner");
  refused(act("hand-over", {text_parameter("owner", "CareTeam/hearts")}), "422 not-supported",
          "owner");
  refused(act("accept", {}), "422 invariant",
          "is offered to nobody, and CareTeam/eyes has it: there is nothing for $accept to answer");
  refused(act("decline", {reason}), "422 invariant", "is offered to nobody");
  refused(act("withdraw-offer", {}), "422 invariant", "is offered to nobody");
  EXPECT_EQ(server.head(), before);
  offer("CareTeam/hearts");
  // Another offer has come in between: nobody accepts for somebody else.
  offer("team:triage");
  refused(act("accept", {text_parameter("owner", "CareTeam/hearts")}), "422 invariant",
          "is offered to team:triage, not to CareTeam/hearts");
  refused(act("decline", {reason, reference_parameter("owner", "CareTeam/hearts")}),
          "422 invariant", "is offered to team:triage, not to CareTeam/hearts");
  refused(act("accept", {}, {{"If-Match", "W/\"2\""}}), "412 conflict", "version 3 is current");
  refused(act("accept", {R"("name":"owner","valueReference":{"display":"us"})"}), "422 value",
          "names nobody");
  EXPECT_EQ(whose(), "CareTeam/eyes, offered to team:triage");
  ASSERT_EQ(act("close", {text_parameter("act", "end"),
                          R"("name":"reason","valueCoding":{"system":"urn:rtt","code":"35"})"})
                .status,
            200);
  refused(act("accept", {}), "422 invariant", "is offered to nobody");
  refused(act("hand-over", {text_parameter("to", "CareTeam/hearts")}), "422 invariant",
          "it is closed, and there is nothing to hand over");
}

// The operations are shorthand for this.
TEST_F(Offers, AreMadeByPatchOfTheTask) {
  const auto patch = [&](std::string_view operations) {
    return server.send(Method::patch, "/fhir/Task/" + id,
                       {{"Content-Type", "application/json-patch+json"},
                        {"If-Match", server.get("/fhir/Task/" + id).header("ETag")}},
                       Bytes(operations));
  };
  const Answered offered =
      patch(R"([{"op":"add","path":"/extension/0/extension/-",)"
            R"("value":{"url":"offered","valueReference":{"reference":"CareTeam/hearts"}}}])");
  ASSERT_EQ(offered.status, 200) << offered.body;
  EXPECT_EQ(whose(), "CareTeam/eyes, offered to CareTeam/hearts");
  EXPECT_EQ(offered.json().at("extension.0.extension.3.url"), "offered");
  ASSERT_EQ(
      patch(R"([{"op":"replace","path":"/owner","value":{"reference":"CareTeam/hearts"}}])").status,
      200);
  EXPECT_EQ(whose(), "CareTeam/hearts");
  offer("CareTeam/eyes");
  ASSERT_EQ(patch(R"([{"op":"remove","path":"/extension/0/extension/3"}])").status, 200);
  EXPECT_EQ(whose(), "CareTeam/hearts");
}

TEST_F(Offers, AreAListInTheOrderOfAnyWorkList) {
  server.refer("r2", R"(,"priority":"stat")");
  server.refer("r3", "", "CareTeam/hearts");
  offer("CareTeam/hearts");
  const std::string first = id;
  id = server.item_about("ServiceRequest/r2");
  offer("CareTeam/hearts");
  const Document both = list("CareTeam/hearts&offered=1");
  EXPECT_EQ(both.at("total"), "2");
  EXPECT_EQ(both.at("entry.1.resource.id"), id);
  EXPECT_EQ(both.at("entry.2.resource.id"), first);
  EXPECT_EQ(words(both), "CareTeam/hearts is offered 2 open items: 0 overdue, 0 escalated.");
  const Document page = list("CareTeam/hearts&offered=1&_count=1");
  EXPECT_EQ(page.at("entry.1.resource.id"), id);
  const std::string next = page.at("link.1.url").substr(21);
  EXPECT_EQ(server.get(next).json().at("entry.1.resource.id"), first);
  const Document none = list("CareTeam/hearts&offered=1&state=booked");
  EXPECT_THAT(words(none), HasSubstr("The filter hides 2 of them."));
  const Document own = list("CareTeam/hearts");
  EXPECT_EQ(own.at("total"), "1") << "what is offered is not theirs";
  EXPECT_EQ(words(own),
            "CareTeam/hearts owns 1 open item: 0 overdue, 0 escalated. 2 more are offered to "
            "them.");
  EXPECT_EQ(own.at("entry.0.resource.extension.0.extension.4.url"), "offered");
  EXPECT_EQ(own.at("entry.0.resource.extension.0.extension.4.valueUnsignedInt"), "2");
  EXPECT_EQ(server.get("/fhir/Task/$work-list?owner=CareTeam/hearts&offered=perhaps").refusal(),
            "400 value");
  EXPECT_EQ(
      server.get("/fhir/Task/$work-list?owner=CareTeam/hearts&offered=1&overseer=1").refusal(),
      "400 value");
  // A name that only an offer has given is somebody's.
  offer("team:knees");
  EXPECT_FALSE(list("team:knees").has("entry.0.resource.issue.1"));
  EXPECT_TRUE(list("team:knee").has("entry.0.resource.issue.1"));
}

}  // namespace
}  // namespace holdfast::api
