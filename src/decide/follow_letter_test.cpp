// A letter from its draft until who it is for has it: there is no folder in which one lies unseen.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "decide/test_hospital.h"

namespace holdfast::decide {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class FollowLetter : public testing::Test {
 protected:
  Item draft(const std::string& status = "preliminary") {
    hospital.run(
        command(update("DocumentReference", "d1",
                       fmt::format(R"("status":"current","docStatus":"{}","subject":{{"reference":)"
                                   R"("Patient/p1"}},"author":[{{"reference":"CareTeam/eyes"}}],)"
                                   R"("content":[{{"attachment":{{"contentType":"text/plain"}}}}])",
                                   status))));
    return hospital.item_about("DocumentReference/d1");
  }
  Item move(const std::string& from, const std::string& to, const std::string& more) {
    const Item now = hospital.item_about("DocumentReference/d1");
    EXPECT_EQ(
        hospital.refusal(hospital.put(now.id, {Hospital::state(from, to), Hospital::with(more)})),
        "");
    return hospital.item(now.id);
  }
  static std::string output(const std::string& type, const std::string& value) {
    return fmt::format(R"("output":[{{"type":{{"text":"{}"}},{}}}])", type, value);
  }
  Hospital hospital;
};

TEST_F(FollowLetter, ADraftThatNobodySignsReachesTheDeputyAtHalfTimeAndThenOversight) {
  const Item item = draft();
  EXPECT_EQ(item.state, "awaiting-sign-off");
  EXPECT_EQ(item.owner, "CareTeam/eyes");
  hospital.pass(3);
  EXPECT_THAT(hospital.item(item.id).overseers, IsEmpty());
  hospital.pass(1);
  EXPECT_THAT(hospital.item(item.id).overseers, ElementsAre("team:letters-deputy"));
  EXPECT_FALSE(hospital.item(item.id).is_overdue());
  hospital.pass(4);
  EXPECT_THAT(hospital.item(item.id).overseers, Contains("team:letters-lead"));
  hospital.pass(4);
  EXPECT_THAT(hospital.item(item.id).overseers, Contains("team:oversight"));
  for (int years = 0; years < 10; ++years) {
    hospital.pass(365);
  }
  EXPECT_TRUE(hospital.item(item.id).is_open()) << "time closes nothing";
  EXPECT_EQ(hospital.item(item.id).owner, "CareTeam/eyes");
  hospital.expect_sound();
}

TEST_F(FollowLetter, SignedItIsNotSentAndSentItIsNotThere) {
  const Item item = draft();
  draft("final");
  EXPECT_EQ(hospital.item(item.id).state, "signed");
  EXPECT_TRUE(hospital.item(item.id).is_open());
  EXPECT_THAT(hospital.refusal(hospital.put(item.id, {Hospital::state("signed", "sent")})),
              HasSubstr("sent-to"));
  EXPECT_EQ(move("signed", "sent", output("sent-to", R"("valueString":"the practice")")).state,
            "sent");
  EXPECT_THAT(hospital.refusal(hospital.put(item.id, {Hospital::state("sent", "delivered")})),
              HasSubstr("evidence"))
      << "only their word that they have it";
  hospital.pass(30);
  EXPECT_TRUE(hospital.item(item.id).is_overdue());
  hospital.expect_sound();
}

}  // namespace
}  // namespace holdfast::decide
