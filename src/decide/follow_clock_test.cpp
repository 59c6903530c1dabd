// The clock of a waiting time stands on the item of a referral and on what goes on from it; it is
// stopped by what was said and by nothing else; and what runs is due no later than the standards
// allow.
#include <fmt/format.h>

#include "decide/test_hospital.h"

namespace holdfast::decide {
namespace {

class Waiting : public Hospital {
 public:
  std::string id(const std::string& focus = "ServiceRequest/r1",
                 const std::string& pathway = "referral") {
    for (const std::string& one : about(focus)) {
      if (item(one).pathway == pathway) {
        return one;
      }
    }
    ADD_FAILURE() << "no " << pathway << " about " << focus;
    return {};
  }
  std::string body(const std::string& task) { return record.body("Task", task); }
  /// "from 2026-11-30; clock running; treat-by 2027-04-05", as the Task has it.
  std::string clock(const std::string& task) {
    const std::string text = body(task);
    std::string all;
    for (std::size_t at = 0; (at = text.find(R"("system":"urn:holdfast:waiting-time","code":")",
                                             at)) != std::string::npos;) {
      at += std::string_view(R"("system":"urn:holdfast:waiting-time","code":")").size();
      const std::string code = text.substr(at, text.find('"', at) - at);
      const std::size_t value = text.find("value", at);
      const std::size_t display = text.find(R"("display":")", value);
      const bool refers = text.compare(value, 14, "valueReference") == 0;
      const std::size_t begin = refers ? display + 11 : text.find("\":", value) + 2;
      std::string what = text.substr(begin, text.find_first_of("\"}", begin + 1) - begin);
      what.erase(0, what.starts_with('"') ? 1 : 0);
      all += fmt::format("{}{} {}", all.empty() ? "" : "; ", code, what);
    }
    return all;
  }
  void refer(const std::string& more = "") { run(command(referral("r1", more))); }
  static Operation encounter(const std::string& id, const std::string& about,
                             const std::string& code, const std::string& status = "finished") {
    return update("Encounter", id,
                  fmt::format(R"("status":"{}","class":{{"code":"AMB"}},"subject":{{"reference":)"
                              R"("Patient/p1"}},"basedOn":[{{"reference":"{}"}}],"period":)"
                              R"({{"start":"2026-12-07T10:00:00Z"}},"extension":[{{"url":)"
                              R"("urn:holdfast:rtt","valueCode":"{}"}}])",
                              status, about, code));
  }
  static std::pair<std::string, std::string> says(const std::string& type,
                                                  const std::string& value) {
    return with(
        fmt::format(R"("output":[{{"type":{{"text":"{}"}},"valueString":"{}"}}])", type, value));
  }
  static std::pair<std::string, std::string> because(const std::string& code) {
    return with(fmt::format(R"("statusReason":{{"coding":[{{"code":"{}"}}]}})", code));
  }
};

TEST(FollowClock, RunsFromTheReferralAndIsSaid) {
  Waiting clinic;
  clinic.refer();
  EXPECT_EQ(clinic.clock(clinic.id()), "from 2026-11-30; clock running; treat-by 2027-04-05");
  clinic.expect_sound();
}

TEST(FollowClock, AnAppointmentBehindTheStandardIsLateWhenTheStandardIs) {
  Waiting clinic;
  clinic.refer();
  clinic.run(
      command(clinic.appointment("a1", "ServiceRequest/r1", "booked", "2027-08-02T10:00:00Z")));
  const std::string id = clinic.id();
  EXPECT_EQ(to_instant(*clinic.item(id).due), "2027-04-05T23:00:00.000Z") << "the day's end";
  clinic.pass(126);
  EXPECT_TRUE(clinic.item(id).overseers.empty());
  clinic.pass(1);
  EXPECT_EQ(clinic.item(id).overseers, std::vector<views::Owner>{"team:referral-manager"});
  EXPECT_EQ(clinic.item(id).state, "booked");
  // What is over holds nothing up: the next state has its own time.
  clinic.run(
      command(clinic.appointment("a1", "ServiceRequest/r1", "cancelled", "2027-08-02T10:00:00Z")));
  EXPECT_EQ(clinic.item(id).state, "clinical-review");
  EXPECT_GT(clinic.item(id).due->ms, clinic.record.now.ms);
  clinic.expect_sound();
}

TEST(FollowClock, ACodeOfAnEncounterStopsItAndIsTakenBackWithIt) {
  Waiting clinic;
  clinic.refer();
  clinic.pass(10);
  clinic.run(command(clinic.encounter("e1", "ServiceRequest/r1", "30")));
  EXPECT_EQ(clinic.clock(clinic.id()),
            "from 2026-11-30; event 30 2026-12-07; clock stopped; waited 1 week");
  const Version before = clinic.version(clinic.id());
  clinic.run(command(clinic.encounter("e1", "ServiceRequest/r1", "30")));
  EXPECT_EQ(clinic.version(clinic.id()), before) << "the same again is no news";
  clinic.run(command(clinic.encounter("e1", "ServiceRequest/r1", "10")));
  EXPECT_EQ(clinic.clock(clinic.id()),
            "from 2026-11-30; event 10 2026-12-07; clock running; treat-by 2027-04-05");
  clinic.run(command(clinic.encounter("e1", "ServiceRequest/r1", "10", "entered-in-error")));
  EXPECT_EQ(clinic.clock(clinic.id()), "from 2026-11-30; clock running; treat-by 2027-04-05");
  clinic.run(command(clinic.encounter("e2", "ServiceRequest/r1", "77")));
  EXPECT_NE(clinic.clock(clinic.id()).find("doubt 77 on 2026-12-07 is no code"), std::string::npos);
  clinic.expect_sound();
}

TEST(FollowClock, AnActSaysACodeAndWhatIsNoneIsRefused) {
  Waiting clinic;
  clinic.refer();
  clinic.run(
      command(clinic.appointment("a1", "ServiceRequest/r1", "booked", "2026-12-07T10:00:00Z")));
  clinic.pass(10);
  clinic.run(command(clinic.encounter("e1", "ServiceRequest/r1", "10")));
  const std::string id = clinic.id();
  const auto treat = [&](const std::string& value) {
    return clinic.put(id, {Hospital::state("attended", "under-treatment"),
                           {R"("intent":"order")",
                            R"("intent":"order","statusReason":{"text":"drops"},"output":[{"type":)"
                            R"({"text":"rtt"},"valueString":")" +
                                value + R"("}])"}});
  };
  EXPECT_NE(clinic.refusal(treat("3o")).find("30 (first definitive treatment)"), std::string::npos);
  EXPECT_NE(clinic.refusal(treat("30 2027-01-01")).find("is to come"), std::string::npos);
  clinic.run(treat("30 2026-12-08"));
  EXPECT_EQ(clinic.clock(id),
            "from 2026-11-30; event 10 2026-12-07; event 30 2026-12-08; clock "
            "stopped; waited 1 week");
  // A client that sends the Task without what the server wrote takes nothing away.
  std::string stripped = clinic.body(id);
  const std::size_t from = stripped.find(R"("input":[)");
  const std::string_view end = R"("extension":[)";
  ASSERT_NE(from, std::string::npos);
  stripped.erase(from, stripped.find(end, from) - from);
  Operation put = update("Task", id);
  put.if_match = clinic.version(id);
  put.body = stripped;
  put.body.replace(put.body.find(R"("priority":"routine")"), 20, R"("priority":"urgent")");
  clinic.run(command(put));
  EXPECT_EQ(clinic.item(id).priority, "urgent");
  clinic.run(clinic.put(id, {Hospital::state("under-treatment", "awaiting-booking"),
                             {R"("text":"drops")", R"("text":"again")"}}));
  EXPECT_NE(clinic.clock(id).find("event 30 2026-12-08; clock stopped"), std::string::npos);
}

TEST(FollowClock, TheReasonOfAnEndIsACodeAndAnEndWithoutOneIsDoubted) {
  Waiting clinic;
  clinic.refer();
  clinic.run(clinic.put(clinic.id(), {Hospital::state("received", "not-to-treat"),
                                      {R"("status":"requested")", R"("status":"cancelled")"},
                                      Waiting::because("34")}));
  EXPECT_EQ(clinic.clock(clinic.id()),
            "from 2026-11-30; event 34 2026-11-30; clock stopped; waited 0 weeks");

  clinic.run(command(clinic.referral("r2")));
  const std::string second = clinic.id("ServiceRequest/r2");
  clinic.run(
      clinic.put(second, {Hospital::state("received", "withdrawn"),
                          {R"("status":"requested")", R"("status":"cancelled")"},
                          Hospital::with(R"("statusReason":{"text":"asked elsewhere"},)"
                                         R"("output":[{"type":{"text":"evidence"},)"
                                         R"("valueReference":{"reference":"Patient/p1"}}])")}));
  EXPECT_NE(clinic.clock(second).find("doubt it is closed here, and no code has stopped"),
            std::string::npos);
}

TEST(FollowClock, WhatGoesOnFromItSharesIt) {
  Waiting clinic;
  clinic.refer(R"(,"extension":[{"url":"urn:holdfast:clock-start","valueDate":"2026-10-01"}])");
  EXPECT_EQ(clinic.clock(clinic.id()), "from 2026-10-01; clock running; treat-by 2027-02-04");
  clinic.run(command(clinic.encounter("e1", "ServiceRequest/r1", "10")));
  clinic.run(command(
      update("ServiceRequest", "op",
             R"("status":"active","intent":"order","subject":{"reference":"Patient/p1"},"basedOn":)"
             R"([{"reference":"ServiceRequest/r1"}],"category":[{"coding":[{"system":)"
             R"("http://snomed.info/sct","code":"387713003"}]}])")));
  const std::string operation = clinic.id("ServiceRequest/op", "procedure");
  EXPECT_EQ(clinic.item(operation).parent, "Task/" + clinic.id());
  clinic.pass(20);
  // What is done to the one stops the clock of the other.
  clinic.run(command(
      update("Procedure", "x",
             R"("status":"completed","subject":{"reference":"Patient/p1"},"performedDateTime":)"
             R"("2026-12-14T10:00:00Z","basedOn":[{"reference":"ServiceRequest/op"}],"extension":)"
             R"([{"url":"urn:holdfast:rtt","valueCodeableConcept":{"coding":[{"code":"30"}]}}])")));
  const std::string stopped =
      "from 2026-10-01; event 10 2026-12-07; event 30 2026-12-14; clock "
      "stopped; waited 10 weeks";
  EXPECT_EQ(clinic.clock(operation), stopped);
  EXPECT_EQ(clinic.clock(clinic.id()), stopped);
  EXPECT_FALSE(clinic.item(operation).is_open());
  clinic.expect_sound();
}

TEST(FollowClock, SharedByMoreThanAreToldItSaysSo) {
  Waiting clinic;
  clinic.refer();
  clinic.pass(8);
  for (int part = 0; part < 10; ++part) {
    Command many = command();
    for (int i = 0; i < 100; ++i) {
      many.operations.push_back(update(
          "ServiceRequest", fmt::format("op{}", part * 100 + i),
          R"("status":"active","intent":"order","subject":{"reference":"Patient/p1"},"basedOn":)"
          R"([{"reference":"ServiceRequest/r1"}],"category":[{"coding":[{"system":)"
          R"("http://snomed.info/sct","code":"387713003"}]}])"));
    }
    clinic.run(std::move(many));
    if (part == 8) {
      clinic.run(command(clinic.encounter("e0", "ServiceRequest/r1", "10")));
      EXPECT_EQ(clinic.clock(clinic.id()),
                "from 2026-11-30; event 10 2026-12-07; clock running; treat-by 2027-04-05")
          << "of 901 all are told";
    }
  }
  clinic.run(command(clinic.encounter("e1", "ServiceRequest/r1", "20")));
  EXPECT_NE(clinic.clock(clinic.id()).find("doubt 1000 items or more share this clock"),
            std::string::npos)
      << clinic.clock(clinic.id());
}

TEST(FollowClock, AFollowUpTakesItOver) {
  Waiting clinic;
  clinic.refer();
  clinic.run(
      command(clinic.appointment("a1", "ServiceRequest/r1", "booked", "2026-12-07T10:00:00Z")));
  clinic.pass(10);
  clinic.run(command(clinic.encounter("e1", "ServiceRequest/r1", "10")));
  clinic.run(clinic.put(clinic.id(), {Hospital::state("attended", "succeeded"),
                                      {R"("status":"in-progress")", R"("status":"completed")"},
                                      Hospital::with(R"("statusReason":{"text":"in spring"})")}));
  const std::string running =
      "from 2026-11-30; event 10 2026-12-07; clock running; treat-by 2027-04-05";
  EXPECT_EQ(clinic.clock(clinic.id("ServiceRequest/r1", "follow-up")), running);
  EXPECT_EQ(clinic.clock(clinic.id()), running) << "it goes on, and nobody doubts it";
}

TEST(FollowClock, CancerIsDueByItsOwnDays) {
  Waiting clinic;
  clinic.refer(R"(,"priority":"asap")");
  clinic.run(
      command(clinic.appointment("a1", "ServiceRequest/r1", "booked", "2027-02-01T10:00:00Z")));
  EXPECT_EQ(to_instant(*clinic.item(clinic.id()).due), "2026-12-29T00:00:00.000Z")
      << "28 days to be told";
}

}  // namespace
}  // namespace holdfast::decide
