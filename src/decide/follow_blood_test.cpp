// What the record knows of a patient's blood stands on the item of the request, is said again when
// it changes, refuses nothing, and asks why where somebody goes on in spite of it.
#include <fmt/format.h>

#include "decide/follow.h"
#include "decide/test_bank.h"

namespace holdfast::decide {
namespace {

TEST(FollowBlood, ASampleThatTheSameCommandDeletesIsNoneAndNothingIsReadOfIt) {
  Bank bank;
  bank.ask();
  bank.run(command(update("Specimen", "s9",
                          R"("status":"available","subject":{"reference":"Patient/ann"},)"
                          R"("collection":{"collectedDateTime":"2026-11-29T08:00:00Z"})")));
  bank.run(command(Bank::group("g1", "278152006"), apply::remove("Specimen", "s9")));
  EXPECT_EQ(bank.blood().state, "requested");
  EXPECT_TRUE(bank.shows("Observation/g1"));
}

TEST(FollowBlood, TheRequestShowsWhatTheRecordKnowsFromItsFirstMomentOn) {
  Bank bank;
  bank.run(command(Bank::group("old", "278152006", "2019-03-01")));
  bank.run(command(Bank::group("other", "278147001", "2019-03-01", "bob")));
  bank.ask();
  EXPECT_EQ(bank.version(bank.id()), Version{1});
  EXPECT_TRUE(
      bank.shows(R"("reference":"Observation/old","display":"A RhD-negative, sampled 2019-03-01")"))
      << bank.body();
  EXPECT_TRUE(bank.shows("one sample only"));
  EXPECT_FALSE(bank.shows("Observation/other")) << "another patient's";
  EXPECT_TRUE(bank.shows(R"("statusReason":{"text":"1 warning about blood: The group is known)"));
  bank.expect_sound();
}

TEST(FollowBlood, ANewGroupAntibodyRequirementOrSampleIsSaidAtOnce) {
  Bank bank;
  bank.ask();
  EXPECT_TRUE(bank.shows("No group on file"));
  bank.run(command(Bank::group("g1", "278152006", "2026-11-28")));
  EXPECT_TRUE(bank.shows("A RhD-negative, sampled 2026-11-28"));
  EXPECT_FALSE(bank.shows("No group on file"));
  bank.run(command(Bank::group("g2", "278152006", "2026-11-29")));
  EXPECT_FALSE(bank.shows("one sample only"));
  EXPECT_TRUE(bank.shows("No warning about blood any more"));
  bank.run(command(Bank::group("g3", "278148006", "2026-11-30")));
  EXPECT_TRUE(bank.shows("The group differs: O RhD-negative of 2026-11-30")) << bank.body();
  // It was another's after all.
  bank.run(command(Bank::group("g3", "278148006", "2026-11-30", "ann", "entered-in-error")));
  EXPECT_FALSE(bank.shows("The group differs:"));
  bank.run(command(update("Flag", "f1",
                          R"("status":"active","subject":{"reference":"Patient/ann"},"code":)"
                          R"({"text":"Irradiated"})")));
  EXPECT_TRUE(bank.shows("needs irradiated units"));
  bank.run(
      command(update("Observation", "k",
                     R"("status":"final","subject":{"reference":"Patient/ann"},"code":{"coding":)"
                     R"([{"system":"http://loinc.org","code":"890-4"}]},"valueString":"anti-K")")));
  EXPECT_TRUE(bank.shows("anti-K, seen 2026-11-30"));
  bank.run(
      command(update("Specimen", "s1",
                     R"("status":"available","subject":{"reference":"Patient/ann"},"request":)"
                     R"([{"reference":"ServiceRequest/b1"}],"collection":{"collectedDateTime":)"
                     R"("2026-11-26T08:00:00Z"})")));
  EXPECT_EQ(bank.blood().state, "sample");
  EXPECT_TRUE(bank.shows("The sample has expired: the sample was valid for 72 hours"));
  bank.expect_sound();
}

TEST(FollowBlood, WhatSaysNothingOfBloodLeavesTheItemAsItIs) {
  Bank bank;
  bank.run(command(Bank::group("g1", "278152006")));
  bank.ask();
  const Version before = bank.version(bank.id());
  bank.run(command(Bank::group("x", "278147001", "2026-11-30", "bob")));
  bank.run(command(update("Observation", "o",
                          R"("status":"final","code":{"text":"pulse"},"subject":)"
                          R"({"reference":"Patient/ann"})")));
  EXPECT_EQ(bank.version(bank.id()), before);
}

TEST(FollowBlood, AnIncompatibleUnitIsWarnedOfAndIssuedAllTheSame) {
  Bank bank;
  bank.run(command(Bank::group("g1", "278149003", "2026-11-28"), Bank::group("g2", "278149003")));
  bank.ask();
  bank.run(command(Bank::unit("B POS")));
  EXPECT_EQ(bank.blood().state, "allocated");
  EXPECT_TRUE(bank.shows("group B is not among those for this patient")) << bank.body();
  EXPECT_TRUE(bank.overrides().empty()) << "nothing was issued yet";
  bank.run(command(Bank::unit("B POS", "DS")));
  EXPECT_EQ(bank.blood().state, "issued") << "the laboratory decides";
  ASSERT_EQ(bank.overrides().size(), 1U);
  const Item asked = bank.overrides().front();
  EXPECT_EQ(asked.owner, "team:transfusion");
  EXPECT_EQ(asked.parent, "Task/" + bank.id());
  EXPECT_NE(bank.record.body("Task", asked.id).find("group B is not among those"),
            std::string::npos);
  EXPECT_NE(bank.refusal(bank.put(asked.id, {Bank::to("to-explain", "explained")}))
                .find("needs a statusReason"),
            std::string::npos);
  bank.run(bank.put(asked.id, {Bank::to("to-explain", "explained"),
                               Hospital::with(R"("statusReason":{"text":"major haemorrhage"})")}));
  EXPECT_FALSE(bank.overrides().front().is_open());
  bank.expect_sound();
}

TEST(FollowBlood, WhoGivesAReasonWhenIssuingIsNotAskedAndItIsRecorded) {
  Bank bank;
  bank.run(command(Bank::group("g1", "278149003", "2026-11-29")));
  bank.ask();
  bank.run(command(Bank::unit("A POS")));
  bank.run(
      bank.put(bank.id(), {Bank::to("allocated", "issued"),
                           {R"("statusReason":{"text":"1 warning)",
                            R"("statusReason":{"text":"second sample is on its way, 1 warning)"}}));
  EXPECT_TRUE(bank.overrides().empty());
  EXPECT_TRUE(bank.shows(R"("code":"overridden")")) << bank.body();
  EXPECT_TRUE(bank.shows("Reason: second sample is on its way"));
  bank.expect_sound();
}

TEST(FollowBlood, AReasonThatStoodThereIsNone) {
  Bank bank;
  bank.run(command(Bank::group("g1", "278149003", "2026-11-29")));
  bank.ask();
  bank.run(command(Bank::unit("A POS")));
  bank.run(bank.put(bank.id(), {Bank::to("allocated", "issued")}));
  EXPECT_EQ(bank.overrides().size(), 1U);
}

TEST(FollowBlood, AnEmergencyWaitsForNothing) {
  Bank bank;
  bank.run(command(Bank::group("g1", "278149003", "2026-11-29")));
  bank.ask("stat");
  EXPECT_EQ(bank.blood().priority, "stat");
  bank.run(bank.put(bank.id(), {Bank::to("requested", "issued"),
                                Hospital::with(R"("statusReason":{"text":"haemorrhage"})")}));
  EXPECT_EQ(bank.blood().state, "issued");
  EXPECT_TRUE(bank.overrides().empty()) << "one sample only is no warning here";
  EXPECT_FALSE(bank.shows(R"("code":"warning")")) << bank.body();
}

TEST(FollowBlood, AUnitThatGoesBackIsWarnedOfNoLonger) {
  Bank bank;
  bank.run(command(Bank::group("g1", "278149003", "2026-11-28"), Bank::group("g2", "278149003")));
  bank.ask();
  bank.run(command(Bank::unit("B POS")));
  EXPECT_TRUE(bank.shows("is not among those"));
  bank.run(command(Bank::unit("B POS", "RA")));
  bank.run(command(Bank::group("g3", "278149003", "2026-11-30")));
  EXPECT_FALSE(bank.shows("is not among those"));
}

TEST(FollowBlood, GroupsOfAMergedNumberAreThePatients) {
  Bank bank;
  bank.run(command(Bank::group("old", "278147001", "2019-03-01", "bob")));
  bank.run(command(update(
      "Patient", "bob", R"("link":[{"other":{"reference":"Patient/ann"},"type":"replaced-by"}])")));
  bank.run(command(Bank::group("new", "278149003")));
  bank.ask();
  EXPECT_TRUE(bank.shows("The group differs")) << bank.body();
}

TEST(FollowBlood, WhereMoreIsOnFileThanIsReadTheItemSaysSo) {
  Bank bank;
  Command many = command(Bank::group("g1", "278149003"));
  for (int i = 0; i < 256; ++i) {
    many.operations.push_back(command(update("Condition", fmt::format("c{}", i),
                                             R"("code":{"text":"x"},"subject":{"reference":)"
                                             R"("Patient/ann"})"))
                                  .operations.front());
  }
  bank.run(std::move(many));
  bank.ask();
  EXPECT_TRUE(bank.shows("More of Condition is on file than was read")) << bank.body();
  EXPECT_FALSE(bank.shows("More of Observation"));
}

TEST(FollowBlood, WhatAPersonWritesBesideItStays) {
  Bank bank;
  bank.ask();
  bank.run(bank.put(
      bank.id(),
      {{R"("input":[)", R"("input":[{"type":{"text":"cold chain"},"valueString":"box 7"},)"}}));
  bank.run(command(Bank::group("g1", "278149003")));
  EXPECT_TRUE(bank.shows("box 7"));
  EXPECT_TRUE(bank.shows("A RhD-positive"));
  // Who leaves ours out does not take them away.
  bank.run(bank.put(bank.id(), {{R"("input":[)", R"("contained":[)"}}));
  EXPECT_TRUE(bank.shows(R"("input":[{"type":{"coding":[{"system":"urn:holdfast:blood")"))
      << bank.body();
}

// A tube is tested twice; and what is said of a tube may come after the group.
TEST(FollowBlood, WhoTookWhichSampleAndWhenDecidesHowManyThereAre) {
  Bank bank;
  bank.ask();
  const auto of = [](const std::string& id, const std::string& specimen, const std::string& day) {
    Operation group = Bank::group(id, "278149003", day);
    group.body.replace(group.body.find(R"("effective)"), 0,
                       R"("specimen":{"reference":"Specimen/)" + specimen + R"("},)");
    return group;
  };
  const auto by = [](const std::string& who) {
    return R"(,"collector":{"reference":"Practitioner/)" + who + R"("})";
  };
  bank.run(command(update("Practitioner", "amy"), update("Practitioner", "ben")));
  const std::string morning = "2026-11-28T08:00:00Z";
  bank.run(command(Bank::sample("s1", morning, by("amy")), of("g1", "s1", "2026-11-28"),
                   of("g2", "s1", "2026-11-29")));
  EXPECT_TRUE(bank.shows("one sample only")) << bank.body();
  bank.run(command(Bank::sample("s2", morning, by("amy")), of("g2", "s2", "2026-11-29")));
  EXPECT_TRUE(bank.shows("one sample only")) << "two tubes of one puncture";
  const Version before = bank.version(bank.id());
  bank.run(command(Bank::sample("s2", "2026-11-28T09:00:00Z", by("ben"))));
  EXPECT_EQ(bank.version(bank.id()), Version{before.value + 1});
  EXPECT_FALSE(bank.shows("one sample only")) << bank.body();
  bank.expect_sound();
}

// The samples of groups are known by the patient: what is said of one reaches the item of whatever
// request.
TEST(FollowBlood, ASpecimenOfAnotherRequestIsHeard) {
  Bank bank;
  Operation first = Bank::group("g1", "278149003", "2026-11-28");
  Operation second = Bank::group("g2", "278149003", "2026-11-29");
  first.body.replace(first.body.find(R"("effective)"), 0,
                     R"("specimen":{"reference":"Specimen/x1"},)");
  second.body.replace(second.body.find(R"("effective)"), 0,
                      R"("specimen":{"reference":"Specimen/x2"},)");
  const auto tube = [](const std::string& id, const std::string& taken) {
    return update("Specimen", id,
                  R"("status":"available","subject":{"reference":"Patient/ann"},"collection":)"
                  R"({"collectedDateTime":")" +
                      taken + R"("})");
  };
  bank.run(command(tube("x1", "2026-11-28T08:00:00Z"), tube("x2", "2026-11-28T08:00:00Z"), first,
                   second));
  bank.ask();
  EXPECT_TRUE(bank.shows("one sample only"));
  bank.run(command(tube("x2", "2026-11-29T08:00:00Z")));
  EXPECT_FALSE(bank.shows("one sample only")) << bank.body();
}

class WithSample : public Bank {
 public:
  /// Three days from then: nobody has said whether she was transfused or pregnant.
  explicit WithSample(const std::string& taken) {
    run(command(group("g1", "278152006", "2026-11-20"), group("g2", "278152006", "2026-11-21")));
    ask();
    run(command(sample("s1", taken)));
  }
};

// Nobody writes that a sample has expired.
TEST(FollowBlood, TimeSaysThatTheSampleHasExpiredOnceAndStepsNobody) {
  WithSample bank("2026-11-27T10:00:00Z");
  const Item before = bank.blood();
  ASSERT_EQ(before.state, "sample");
  ASSERT_TRUE(before.due && before.wake);
  EXPECT_LT(*before.wake, *before.due) << "it is looked at when the sample ends";
  const Version was = bank.version(bank.id());
  EXPECT_TRUE(bank.tick_at("2026-11-30T10:00:00.000Z").made.empty()) << "it is valid until then";
  EXPECT_EQ(bank.tick_at("2026-11-30T10:00:00.001Z").made.size(), 1U);
  EXPECT_EQ(bank.version(bank.id()), Version{was.value + 1});
  EXPECT_TRUE(bank.shows("The sample has expired: the sample was valid for 72 hours"));
  EXPECT_TRUE(
      bank.shows(R"("statusReason":{"text":"1 warning about blood: The sample has expired)"))
      << bank.body();
  const Item after = bank.blood();
  EXPECT_EQ(after.due, before.due);
  EXPECT_EQ(after.step, 0U);
  EXPECT_TRUE(after.overseers.empty()) << "it is not late";
  EXPECT_EQ(after.wake, after.due) << "what the next step of escalation needs";
  EXPECT_FALSE(after.is_overdue());
  EXPECT_TRUE(bank.tick_at("2026-11-30T10:00:01Z").made.empty());
  EXPECT_TRUE(bank.tick_at("2026-11-30T12:00:00Z").made.empty());
  bank.expect_sound();
  // And escalation is what it would have been.
  bank.tick_at(to_instant(*after.due));
  EXPECT_EQ(bank.blood().step, 1U);
  EXPECT_EQ(bank.blood().overseers, std::vector<std::string>{"team:transfusion-lead"});
  EXPECT_TRUE(bank.blood().is_overdue());
}

TEST(FollowBlood, BetweenTheStepsOfEscalationAndBehindTheLastTheSampleExpiresAllTheSame) {
  // Due after a day, further up after four hours more; it ends between the two, or behind both.
  for (const auto& [taken, ends, step] :
       {std::tuple{"2026-11-28T11:00:00Z", "2026-12-01T11:00:00.001Z", 1U},
        std::tuple{"2026-11-29T11:00:00Z", "2026-12-02T11:00:00.001Z", 2U}}) {
    WithSample bank(taken);
    bank.tick_at("2026-12-01T10:00:00Z");
    ASSERT_EQ(bank.blood().step, 1U);
    if (step == 2) {
      bank.tick_at("2026-12-01T14:00:00Z");
    }
    const Item before = bank.blood();
    ASSERT_EQ(before.step, step);
    EXPECT_TRUE(before.is_overdue());
    ASSERT_TRUE(before.wake);
    EXPECT_EQ(to_instant(*before.wake), ends);
    bank.tick_at(ends);
    EXPECT_TRUE(bank.shows("The sample has expired")) << taken;
    const Item after = bank.blood();
    EXPECT_EQ(after.step, step) << "no step more";
    EXPECT_EQ(after.overseers, before.overseers);
    EXPECT_EQ(after.wake.has_value(), step == 1) << "behind the last step it waits for nothing";
    EXPECT_TRUE(after.is_overdue());
    EXPECT_TRUE(bank.tick_at("2026-12-02T11:00:01Z").made.size() == (step == 1 ? 1U : 0U));
    EXPECT_EQ(bank.blood().step, 2U);
    bank.expect_sound();
  }
}

TEST(FollowBlood, ASampleThatEndsWhileTheNodeIsDownIsSaidWithTheStepThatIsDueByThen) {
  WithSample bank("2026-11-27T10:00:00Z");
  const Version was = bank.version(bank.id());
  bank.tick_at("2026-12-05T09:00:00Z");
  EXPECT_EQ(bank.version(bank.id()), Version{was.value + 1}) << "one change";
  EXPECT_EQ(bank.blood().step, 2U);
  EXPECT_TRUE(bank.shows("The sample has expired"));
  EXPECT_TRUE(bank.tick_at("2026-12-05T09:00:01Z").made.empty());
}

TEST(FollowBlood, AnotherSampleOrTheIssueOfUnitsEndsTheWait) {
  WithSample bank("2026-11-27T10:00:00Z");
  const auto until = bank.blood().wake;
  bank.run(command(Bank::sample("s2", "2026-11-30T08:30:00Z")));
  EXPECT_GT(bank.blood().wake, until);
  EXPECT_TRUE(bank.tick_at("2026-11-30T10:00:00.001Z").made.empty());
  EXPECT_FALSE(bank.shows("has expired"));
  WithSample other("2026-11-27T10:00:00Z");
  other.run(command(Bank::unit("A NEG", "DS")));
  ASSERT_EQ(other.blood().state, "issued");
  EXPECT_EQ(other.blood().wake, other.blood().due);
}

TEST(FollowBlood, AnotherDueTimeLeavesTheEndOfTheSampleWhereItIs) {
  WithSample bank("2026-11-27T10:00:00Z");
  const auto until = bank.blood().wake;
  const std::string due = to_instant(*bank.blood().due);
  bank.run(
      bank.put(bank.id(), {{R"("end":")" + due, R"("end":"2026-12-04T09:00:00Z)"},
                           Hospital::with(R"("statusReason":{"text":"surgery was put off"})")}));
  EXPECT_EQ(to_instant(*bank.blood().due), "2026-12-04T09:00:00.000Z");
  EXPECT_EQ(bank.blood().wake, until);
  bank.tick_at("2026-11-30T10:00:00.001Z");
  EXPECT_TRUE(bank.shows("has expired"));
  EXPECT_EQ(bank.blood().wake, bank.blood().due);
}

}  // namespace
}  // namespace holdfast::decide
