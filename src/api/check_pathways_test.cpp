// $check-pathways: what other definitions would change, on what is open, without writing anything
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/items_for_test.h"
#include "fhir/json_writer.h"

namespace holdfast::api {
namespace {

using testing::HasSubstr;
using Lines = std::vector<std::string>;
using Changes = std::vector<std::pair<std::string, std::string>>;

constexpr const char* approved =
    "version = 2\napproved = [\"Dr A. Bell (clinical)\", \"C. Dean\"]\n";
const std::pair<std::string, std::string> sooner{
    R"({ within = "5 working days", source = "local default" })",
    R"({ within = "1 hours", source = "local default" })"};

class CheckPathways : public testing::Test {
 protected:
  CheckPathways() {
    server.advance(seconds(400 * 86'400));  // behind the days from which those that ship count
    server.refer("r1");
    server.refer("r2");
    server.refer("u1", R"(,"priority":"urgent")");
    server.advance(seconds(7200));
    server.refer("r3");
  }
  Answered check_with(const Changes& changes) {
    fhir::JsonWriter to;
    to.open('{');
    to.text("resourceType", "Parameters");
    to.open("parameter", '[');
    for (pathway::File file : pathway::shipped_files()) {
      for (const auto& [from, into] : changes) {
        if (const std::size_t at = file.text.find(from);
            file.name == "referral.toml" && at != std::string::npos) {
          file.text.replace(at, from.size(), into);
        }
      }
      to.open('{');
      to.text("name", "file");
      to.open("part", '[');
      for (const auto& [name, value] :
           {std::pair{"name", file.name}, std::pair{"text", file.text}}) {
        to.open('{');
        to.text("name", name);
        to.text("valueString", value);
        to.close('}');
      }
      to.close(']');
      to.close('}');
    }
    to.close(']');
    to.close('}');
    return server.post("/fhir/$check-pathways", to.take());
  }
  static bool accepted(const Answered& answered) {
    const Document json = answered.json();
    EXPECT_EQ(json.at("parameter.0.name"), "accepted");
    return json.at("parameter.0.valueBoolean") == "true";
  }
  ItemServer server;
};

TEST_F(CheckPathways, WhatIsInForceChangesNothing) {
  const Answered same = check_with({});
  ASSERT_EQ(same.status, 200) << same.body;
  EXPECT_TRUE(accepted(same));
  EXPECT_THAT(same.body, HasSubstr("0 pathways differ"));
}

TEST_F(CheckPathways, CountsWhatWouldBeDueOtherwiseAndWritesNothing) {
  const Position before = server.head();
  const Answered answered = check_with({{"version = 1\n", approved}, sooner});
  ASSERT_EQ(answered.status, 200) << answered.body;
  EXPECT_TRUE(accepted(answered)) << answered.body;
  EXPECT_EQ(groups(answered.json(), "pathway",
                   {"pathway", "change", "version-now", "version-next", "open"}),
            (Lines{"referral changed 1 2 4"}));
  EXPECT_EQ(groups(answered.json(), "state",
                   {"state", "open", "overdue-at-once", "sooner", "later", "same", "not-known"}),
            (Lines{"received 4 2 3 0 1 0"}))
      << "two were opened two hours ago; the urgent one is as before";
  EXPECT_THAT(answered.body, HasSubstr("due of routine: 5 working days -> 1 hour"));
  EXPECT_THAT(answered.body,
              HasSubstr("3 open items would be due sooner (2 of them overdue at once)"));
  EXPECT_EQ(server.head(), before);
  EXPECT_EQ(server.item(server.item_about("ServiceRequest/r1")).definition, 1U);
}

TEST_F(CheckPathways, SaysAllThatStandsInTheWay) {
  const Answered unapproved = check_with({{"version = 1\n", "version = 2\n"}, sooner});
  EXPECT_FALSE(accepted(unapproved));
  EXPECT_THAT(unapproved.body, HasSubstr("is not approved"));
  EXPECT_THAT(unapproved.body, HasSubstr("is refused, for 1 reason."));
  const Answered broken = check_with({{"[[state]]", "[[stat]]"}});
  EXPECT_EQ(broken.status, 200);
  EXPECT_FALSE(accepted(broken));
  EXPECT_THAT(broken.body, HasSubstr("referral.toml"));
  EXPECT_EQ(server.post("/fhir/$check-pathways", R"({"resourceType":"Parameters"})").status, 400);
}

TEST_F(CheckPathways, AStateThatAnItemIsInDoesNotGo) {
  Changes changes{{"version = 1\n", approved}};
  std::string text;
  for (const pathway::File& file : pathway::shipped_files()) {
    text += file.name == "referral.toml" ? file.text : "";
  }
  for (std::size_t at = 0; (at = text.find("\"received\"", at)) != std::string::npos; ++at) {
    changes.emplace_back("\"received\"", "\"come-in\"");
  }
  const Answered answered = check_with(changes);
  EXPECT_FALSE(accepted(answered));
  EXPECT_THAT(answered.body,
              HasSubstr("4 open items are in state 'received' of pathway 'referral'"));
  EXPECT_EQ(groups(answered.json(), "state", {"state", "open"}),
            (Lines{"received 4", "come-in 0"}));
}

}  // namespace
}  // namespace holdfast::api
