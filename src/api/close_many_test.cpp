// Task/$close-many and List/[id]/$confirm: two people, exactly what was shown, and the rules of
// each pathway
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/items_for_test.h"
#include "api/proposal.h"

namespace holdfast::api {
namespace {

using testing::HasSubstr;
using Lines = std::vector<std::string>;

/// A value of the reply.
std::string said(const Document& reply, std::string_view name) {
  for (std::size_t i = 0; i < reply.size("parameter"); ++i) {
    const std::string at = fmt::format("parameter.{}", i);
    if (reply.at(at + ".name") == name) {
      const std::string reference = reply.at(at + ".valueReference.reference");
      return reference.empty() ? reply.at(at + ".valueUnsignedInt") : reference;
    }
  }
  return {};
}

class CloseMany : public testing::Test {
 protected:
  CloseMany() {
    server.write("Practitioner/ann", R"("active":true)");
    server.write("Practitioner/bob", R"("active":true)");
    server.write("Practitioner/gone", R"("active":false)");
    server.write("PractitionerRole/ann-2", R"("practitioner":{"reference":"Practitioner/ann"})");
    for (const char* id : {"r1", "r2", "r3"}) {
      items.push_back(server.refer(id));
    }
    server.refer("other", "", "CareTeam/hearts");
  }
  /// A close of the eye clinic's referrals with a code that the pathway takes.
  Answered propose(std::vector<std::string> more = {reference_parameter("owner", "CareTeam/eyes")},
                   std::string_view by = "Practitioner/ann",
                   const std::vector<Field>& headers = {}) {
    more.push_back(reference_parameter("by", by));
    more.push_back(text_parameter("act", "end"));
    more.push_back(R"("name":"reason","valueCoding":{"code":"34"})");
    return server.post("/fhir/Task/$close-many", input(more), headers);
  }
  std::string proposed() {
    const Answered answered = propose();
    EXPECT_EQ(answered.status, 200) << answered.body;
    return said(answered.json(), "proposal");
  }
  Answered confirm(std::string_view list, std::string_view by = "Practitioner/bob",
                   const std::vector<Field>& headers = {}) {
    return server.post(fmt::format("/fhir/{}/$confirm", list),
                       input({reference_parameter("by", by)}), headers);
  }
  std::size_t open() {
    std::size_t count = 0;
    for (const std::string& id : items) {
      count += server.item(id).is_open() ? 1U : 0U;
    }
    return count;
  }
  ItemServer server;
  std::vector<std::string> items;
};

TEST_F(CloseMany, ShowsWhatWouldCloseAndClosesNothing) {
  const Answered answered = propose();
  ASSERT_EQ(answered.status, 200) << answered.body;
  const Document reply = answered.json();
  EXPECT_EQ(said(reply, "closable"), "3");
  EXPECT_EQ(said(reply, "not-closable"), "0");
  EXPECT_EQ(groups(reply, "of", {"pathway", "state", "owner", "fate", "count"}),
            (Lines{"referral received CareTeam/eyes close 3"}));
  EXPECT_EQ(groups(reply, "item", {"owner"}).size(), 3U);
  EXPECT_EQ(open(), 3U);
  const Document list = server.get("/fhir/" + said(reply, "proposal")).json();
  EXPECT_EQ(list.at("status"), "current");
  EXPECT_EQ(list.at("source.reference"), "Practitioner/ann");
  EXPECT_EQ(list.size("entry"), 3U);
  EXPECT_THAT(list.at("entry.0.item.reference"), HasSubstr("/_history/1"));
}

TEST_F(CloseMany, IsConfirmedByASecondPersonOnly) {
  const std::string list = proposed();
  EXPECT_EQ(confirm(list, "Practitioner/ann").status, 422);
  EXPECT_EQ(confirm(list, "PractitionerRole/ann-2").status, 422) << "the same person by a role";
  EXPECT_EQ(confirm(list, "Practitioner/gone").status, 422);
  EXPECT_EQ(confirm(list, "Practitioner/nobody").status, 422);
  EXPECT_EQ(confirm(list, "CareTeam/eyes").status, 422) << "a team is not a person";
  EXPECT_EQ(open(), 3U);
  const Answered done = confirm(list);
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(said(done.json(), "closed"), "3");
  EXPECT_EQ(open(), 0U);
  const Document provenance = server.get("/fhir/" + said(done.json(), "provenance")).json();
  EXPECT_EQ(provenance.at("agent.0.who.reference"), "Practitioner/ann");
  EXPECT_EQ(provenance.at("agent.1.who.reference"), "Practitioner/bob");
  EXPECT_EQ(provenance.size("target"), 3U);
  EXPECT_EQ(server.get("/fhir/" + list).json().at("status"), "retired");
  const Answered again = confirm(list);
  EXPECT_EQ(again.status, 422);
  EXPECT_THAT(again.body, HasSubstr("was confirmed already"));
}

TEST_F(CloseMany, LeavesWhatHasMovedMeanwhileAndNamesIt) {
  const std::string list = proposed();
  EXPECT_EQ(server.act(items[1], "assign", {text_parameter("owner", "team:triage")}).status, 200);
  const Answered done = confirm(list);
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(said(done.json(), "closed"), "2");
  EXPECT_EQ(said(done.json(), "left"), "1");
  const auto left = groups(done.json(), "not-closed", {"why"});
  ASSERT_EQ(left.size(), 1U);
  EXPECT_THAT(left[0], HasSubstr("version 1 was shown, 2 is current"));
  EXPECT_TRUE(server.item(items[1]).is_open());
  EXPECT_EQ(open(), 1U);
}

TEST_F(CloseMany, ClosesByTheRulesOfThePathwayAlone) {
  const std::vector<std::string> one{reference_parameter("item", "Task/" + items[0]),
                                     reference_parameter("item", "Task/" + items[1])};
  EXPECT_EQ(server.act(items[0], "advance", {text_parameter("act", "accept")}).status, 200);
  const auto ask = [&](std::string_view reason) {
    auto members = one;
    members.push_back(reference_parameter("by", "Practitioner/ann"));
    members.push_back(text_parameter("act", "end"));
    members.push_back(std::string(reason));
    return server.post("/fhir/Task/$close-many", input(members));
  };
  EXPECT_EQ(ask(R"("name":"note","valueString":"x")").status, 422);
  const Answered free = ask(text_parameter("reason", "tidying up"));
  EXPECT_EQ(free.status, 422) << "the pathway wants a code: " << free.body;
  EXPECT_THAT(free.body, HasSubstr("none of these 2 items"));
  auto none = one;
  none.push_back(reference_parameter("by", "Practitioner/ann"));
  none.push_back(text_parameter("act", "end"));
  EXPECT_EQ(server.post("/fhir/Task/$close-many", input(none)).status, 422) << "without a reason";
  EXPECT_EQ(open(), 3U);
}

TEST_F(CloseMany, WhatIsGivenWithTheActIsThereWhenItCloses) {
  const Answered answered =
      propose({reference_parameter("owner", "CareTeam/eyes"),
               R"("name":"output","part":[{"name":"type","valueString":"letter"},)"
               R"({"name":"value","valueReference":{"reference":"ServiceRequest/r1"}}])"});
  ASSERT_EQ(answered.status, 200) << answered.body;
  ASSERT_EQ(confirm(said(answered.json(), "proposal")).status, 200);
  const Document task = server.get("/fhir/Task/" + items[0]).json();
  EXPECT_EQ(task.at("output.0.type.text"), "letter");
  EXPECT_EQ(task.at("output.0.valueReference.reference"), "ServiceRequest/r1");
  EXPECT_EQ(task.at("statusReason.coding.0.code"), "34");
}

TEST_F(CloseMany, SaysWhichCouldNotBeClosedSoAndWhy) {
  EXPECT_EQ(
      server
          .act(items[2], "close",
               {text_parameter("act", "end"), R"("name":"reason","valueCoding":{"code":"34"})"})
          .status,
      200);
  std::vector<std::string> all;
  for (const std::string& id : items) {
    all.push_back(reference_parameter("item", "Task/" + id));
  }
  const Answered answered = propose(all);
  ASSERT_EQ(answered.status, 200) << answered.body;
  EXPECT_EQ(said(answered.json(), "closable"), "2");
  const auto why = groups(answered.json(), "not-closed", {"why"});
  ASSERT_EQ(why.size(), 1U);
  EXPECT_THAT(why[0], HasSubstr("is closed already"));
  const Answered done = confirm(said(answered.json(), "proposal"));
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(said(done.json(), "closed"), "2");
  EXPECT_EQ(said(done.json(), "left"), "1");
}

TEST_F(CloseMany, TakesWhatTheFilterMeansAndNothingElse) {
  const auto closable = [&](const std::vector<std::string>& filter) {
    const Answered answered = propose(filter);
    return answered.status == 200 ? said(answered.json(), "closable")
                                  : std::to_string(answered.status);
  };
  EXPECT_EQ(closable({text_parameter("pathway", "referral")}), "4");
  EXPECT_EQ(closable({text_parameter("pathway", "referral"),
                      text_parameter("opened-before", "2026-01-01")}),
            "422");
  EXPECT_EQ(
      closable({text_parameter("pathway", "referral"), text_parameter("due-before", "2030-01-01")}),
      "4");
  EXPECT_EQ(closable({text_parameter("pathway", "letter")}), "422");
  EXPECT_EQ(closable({text_parameter("state", "received")}), "422") << "of nobody and nothing";
  EXPECT_EQ(closable({reference_parameter("owner", "CareTeam/hearts")}), "1");
  EXPECT_EQ(closable({reference_parameter("owner", "CareTeam/hearts"),
                      reference_parameter("item", "Task/" + items[0])}),
            "422");
  EXPECT_EQ(closable({reference_parameter("item", "Task/nothing")}), "404");
}

TEST_F(CloseMany, MoreThanAPersonLooksThroughIsRefusedWithWhatToDo) {
  const auto fill = [&](std::size_t from, std::size_t until) {
    for (std::size_t i = from; i < until; ++i) {
      server.refer(fmt::format("m{}", i), "", "CareTeam/hearts");
    }
  };
  fill(1, proposed_items_max);  // with the one that is there
  const Answered all = propose({reference_parameter("owner", "CareTeam/hearts")});
  ASSERT_EQ(all.status, 200) << all.body;
  EXPECT_EQ(said(all.json(), "closable"), "1000");
  EXPECT_EQ(groups(all.json(), "item", {"owner"}).size(), 50U);
  fill(proposed_items_max, proposed_items_max + 1);
  const Answered more = propose({reference_parameter("owner", "CareTeam/hearts")});
  EXPECT_EQ(more.status, 403) << more.body;
  EXPECT_THAT(more.body, HasSubstr("more than 1000 items"));
  EXPECT_THAT(more.body, HasSubstr("narrow it by"));
  EXPECT_EQ(said(confirm(said(all.json(), "proposal")).json(), "closed"), "1000");
}

TEST_F(CloseMany, AListThatWasChangedIsNotConfirmed) {
  const std::string list = proposed();
  std::string body = server.get("/fhir/" + list).body;
  const std::size_t at = body.find("Practitioner/ann");
  ASSERT_NE(at, std::string::npos);
  body.replace(at, 16, "Practitioner/eve");
  ASSERT_EQ(server.put("/fhir/" + list, body).status, 200);
  const Answered done = confirm(list);
  EXPECT_EQ(done.status, 422);
  EXPECT_THAT(done.body, HasSubstr("was changed after it was proposed"));
  EXPECT_EQ(open(), 3U);
}

TEST_F(CloseMany, ShowsAsManyAsItIsAskedFor) {
  const auto shown_with = [&](const std::string& count) {
    const Position before = server.head();
    const Answered answered = propose({reference_parameter("owner", "CareTeam/eyes"),
                                       fmt::format(R"("name":"_count","valueInteger":{})", count)});
    if (answered.status != 200) {
      EXPECT_EQ(server.head(), before) << "nothing is written";
      return std::to_string(answered.status);
    }
    return fmt::format("{} of {}", groups(answered.json(), "item", {"owner"}).size(),
                       said(answered.json(), "closable"));
  };
  EXPECT_EQ(shown_with("2"), "2 of 3");
  EXPECT_EQ(shown_with("0"), "0 of 3");
  EXPECT_EQ(shown_with("-1"), "422");
}

TEST_F(CloseMany, TheSameKeyAnswersTheSame) {
  const std::vector<Field> key{{"Idempotency-Key", "k1"}};
  const Answered first =
      propose({reference_parameter("owner", "CareTeam/eyes")}, "Practitioner/ann", key);
  const Answered second =
      propose({reference_parameter("owner", "CareTeam/eyes")}, "Practitioner/ann", key);
  EXPECT_EQ(first.body, second.body);
  const std::string list = said(first.json(), "proposal");
  const std::vector<Field> other{{"Idempotency-Key", "k2"}};
  const Answered done = confirm(list, "Practitioner/bob", other);
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(confirm(list, "Practitioner/bob", other).body, done.body);
}

}  // namespace
}  // namespace holdfast::api
