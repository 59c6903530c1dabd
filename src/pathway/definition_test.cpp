// A definition that could lose an item is refused, and each refusal says where the hole is.
#include "pathway/definition.h"

#include <gtest/gtest.h>

#include "pathway/shipped.h"

namespace holdfast::pathway {
namespace {

std::string refusal(std::string_view file, const std::string& from, const std::string& to) {
  auto files = shipped_files();
  for (File& one : files) {
    if (one.name == file) {
      const std::size_t at = one.text.find(from);
      EXPECT_NE(at, std::string::npos) << from;
      if (at != std::string::npos) {
        one.text.replace(at, from.size(), to);
      }
    }
  }
  const auto read = Definitions::read(std::move(files));
  return read ? std::string() : read.error().what;
}

void expect_refused(const std::string& from, const std::string& to, std::string_view words) {
  const std::string why = refusal("unclassified.toml", from, to);
  EXPECT_NE(why.find(words), std::string::npos) << "'" << words << "' in: " << why;
  EXPECT_TRUE(why.starts_with("unclassified.toml") || why.find("catch_all") != std::string::npos)
      << why;
}

TEST(Definitions, ThoseThatShipAreSound) {
  const auto read = Definitions::read(shipped_files());
  ASSERT_TRUE(read.has_value()) << read.error().what;
  const auto again = decode_files(encode_files((*read)->files()));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(*again, (*read)->files());
}

TEST(Definitions, CodesThatNoTableKnowsAreOnePathwaysAndItsOwnersFromTheFirst) {
  const auto read = Definitions::read(shipped_files());
  ASSERT_TRUE(read.has_value());
  ASSERT_NE((*read)->of_unknown_codes(), nullptr);
  EXPECT_EQ((*read)->of_unknown_codes()->name, "mapping");
  const auto refused = [](const std::string& from, const std::string& to) {
    return refusal("mapping.toml", from, to);
  };
  EXPECT_NE(refused("unknown_codes = \"open\"", "unknown_codes = \"mapped\"").find("is closed"),
            std::string::npos);
  EXPECT_NE(refused("owner = \"team:laboratory-integration\"\n", "").find("names no owner"),
            std::string::npos);
  EXPECT_NE(refused("name = \"code\"", "name = \"cod\"").find("needs an urgency 'code'"),
            std::string::npos);
  EXPECT_NE(refused("unknown_again = [\"mapped\"]", "unknown_again = [\"open\"]").find("no closed"),
            std::string::npos);
  EXPECT_NE(refusal("death.toml", "version = 1\n", "version = 1\nunknown_again = [\"open\"]\n")
                .find("of a pathway with unknown_codes"),
            std::string::npos);
}

TEST(Definitions, WhatGoesOnInSpiteOfAWarningGoesOnSomewhere) {
  const auto refused = [](const std::string& from, const std::string& to) {
    return refusal("blood.toml", from, to);
  };
  EXPECT_NE(refused("shows_blood = true\n", "").find("nothing warns here"), std::string::npos);
  EXPECT_NE(refused("pathway = \"blood-override\", state = \"to-explain\"",
                    "pathway = \"blood-override\", state = \"explained\"")
                .find("is not there or is closed"),
            std::string::npos);
}

TEST(Definitions, RefusesEachKindOfHole) {
  expect_refused("pathway =", "pathwai =", "did you mean 'pathway'?");
  expect_refused("fallback = \"team:oversight\"\n", "", "fallback");
  expect_refused("fallback = \"team:oversight\"", "fallback = \"somebody\"", "fallback");
  expect_refused("name = \"routine\"", "name = \"routine\"\nwhen = \"priority = 'routine'\"",
                 "last urgency");
  expect_refused("  { within = \"2 working days\", source = \"local default\" },\n", "",
                 "no due time for urgency");
  expect_refused(", source = \"local default\" },\n  { urgency = \"urgent\"",
                 " },\n  { urgency = \"urgent\"", "source");
  expect_refused("within = \"1 hours\"", "within = \"soon\"", "no span of time");
  expect_refused("urgency = \"at-once\"", "urgency = \"at-onec\"", "which there is not");
  expect_refused("{ after = \"0 hours\", to = \"team:request-desk-lead\" },",
                 "{ after = \"1 hours\", to = \"team:request-desk-lead\" },",
                 "when its due time passes");
  expect_refused("to = \"team:oversight\" },", "to = \"oversight\" },", "no team:name");
  expect_refused("owner = [\"performer\", \"team:request-desk\"]", "owner = [\"performer\"]",
                 "last resort");
  expect_refused("state = \"received\"", "state = \"done\"", "is closed");
  expect_refused("to = \"in-hand\"", "to = \"nowhere\"", "which there is not");
  expect_refused("needs = [\"reason\", \"evidence\"]\n", "", "no reason, no evidence");
  expect_refused("to = \"done\"", "to = \"cancelled\"", "both lead from 'received' to 'cancelled'");
  expect_refused("name = \"in-hand\"\ntitle",
                 "name = \"lost\"\ntitle = \"Lost\"\nstatus = \"completed\"\n\n[[state]]\nname = "
                 "\"in-hand\"\ntitle",
                 "no way leads to state 'lost'");
  expect_refused("status = \"in-progress\"", "status = \"draft\"", "none of Task.status");
  expect_refused("priority = 'stat'", "prioriti = 'stat'", "prioriti");
  expect_refused("on = \"ServiceRequest\"\nwhen = \"status = 'active' and",
                 "on = \"ServiceRequests\"\nwhen = \"status = 'active' and", "no resource type");
  expect_refused("catch_all = true\n", "", "catch_all");
}

TEST(Definitions, RefusesTimeThatCloses) {
  const std::string why =
      refusal("follow-up.toml", "on_due = \"expired\"", "on_due = \"discharged\"");
  EXPECT_NE(why.find("time closes nothing"), std::string::npos) << why;
}

TEST(Definitions, RefusesTwoThatTakeTheSame) {
  const std::string why = refusal("follow-up.toml", "sct|390906007", "sct|3457005");
  EXPECT_NE(why.find("would both take a ServiceRequest"), std::string::npos) << why;
}

TEST(Definitions, RefusesToGoOnWithWhatIsNotThere) {
  const std::string why =
      refusal("referral.toml", "{ pathway = \"follow-up\", state = \"planned\" }",
              "{ pathway = \"follow-up\", state = \"seen\" }");
  EXPECT_NE(why.find("goes on with state 'seen'"), std::string::npos) << why;
}

}  // namespace
}  // namespace holdfast::pathway
