// What the record knows of a patient's blood stands on the item of the request, is said again when
// it changes, refuses nothing, and asks why where somebody goes on in spite of it.
#include <fmt/format.h>

#include "decide/follow.h"
#include "decide/test_hospital.h"

namespace holdfast::decide {
namespace {

class Bank : public Hospital {
 public:
  Bank() {
    run(command(update("Patient", "ann", R"("birthDate":"1990-03-01","gender":"female")"),
                update("Patient", "bob", R"("birthDate":"1950-03-01","gender":"male")")));
  }
  void ask(const std::string& priority = "routine", const std::string& patient = "ann") {
    run(command(update(
        "ServiceRequest", "b1",
        fmt::format(R"("status":"active","intent":"order","priority":"{}","subject":{{"reference":)"
                    R"("Patient/{}"}},"category":[{{"coding":[{{"system":"http://snomed.info/sct",)"
                    R"("code":"116859006"}}]}}])",
                    priority, patient))));
  }
  static Operation group(const std::string& id, std::string_view snomed,
                         const std::string& day = "2026-11-29", const std::string& patient = "ann",
                         const std::string& status = "final") {
    return update(
        "Observation", id,
        fmt::format(
            R"("status":"{}","code":{{"coding":[{{"system":"http://loinc.org","code":"882-1"}}]}},)"
            R"("subject":{{"reference":"Patient/{}"}},"effectiveDateTime":"{}",)"
            R"("valueCodeableConcept":{{"coding":[{{"system":"http://snomed.info/sct",)"
            R"("code":"{}"}}]}})",
            status, patient, day, snomed));
  }
  static Operation unit(const std::string& group, const std::string& dispense = "RS") {
    return update(
        "BiologicallyDerivedProduct", "u1",
        fmt::format(
            R"("request":[{{"reference":"ServiceRequest/b1"}}],"extension":[{{"url":)"
            R"("urn:holdfast:hl7v2:BPX-2","valueCodeableConcept":{{"coding":[{{"code":"{}"}}]}}}},)"
            R"({{"url":"urn:holdfast:hl7v2:BPX-11","valueCodeableConcept":{{"text":"{}"}}}}])",
            dispense, group));
  }
  Item blood() { return item(id()); }
  std::string id() {
    for (const std::string& one : about("ServiceRequest/b1")) {
      if (item(one).pathway == "blood") {
        return one;
      }
    }
    return {};
  }
  std::vector<Item> overrides() {
    std::vector<Item> all;
    for (const std::string& one : about("ServiceRequest/b1")) {
      if (Item found = item(one); found.pathway == "blood-override") {
        all.push_back(std::move(found));
      }
    }
    return all;
  }
  std::string body() { return record.body("Task", id()); }
  bool shows(std::string_view text) { return body().find(text) != std::string::npos; }
  static std::pair<std::string, std::string> to(const std::string& from, const std::string& state) {
    return Hospital::state(from, state);
  }
};

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

}  // namespace
}  // namespace holdfast::decide
