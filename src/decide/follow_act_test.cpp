// What an act needs is given with it, by PUT as by an operation; and an act that leads to where the
// item is.
#include "decide/follow.h"
#include "decide/test_hospital.h"

namespace holdfast::decide {
namespace {

/// A part of the item's extension, in front of the others.
std::pair<std::string, std::string> part(const std::string& url, const std::string& value) {
  const std::string there = R"({"url":"urn:holdfast:item","extension":[)";
  return {there, there + R"({"url":")" + url + R"(","valueString":")" + value + R"("},)"};
}
std::pair<std::string, std::string> reason(const std::string& text) {
  return Hospital::with(R"("statusReason":{"text":")" + text + R"("})");
}

class Desk : public Hospital {
 public:
  Desk() {
    run(command(
        update("ServiceRequest", "r1",
               R"("status":"active","intent":"order","subject":{"reference":"Patient/p1"})"),
        create("DocumentReference", "d1", R"("status":"current")")));
    id = about("ServiceRequest/r1").front();
  }
  std::string id;
  static std::pair<std::string, std::string> evidence(const std::string& more = "") {
    return Hospital::with(R"("output":[{"type":{"text":"evidence"},"valueReference":)"
                          R"({"reference":"DocumentReference/d1"}}])" +
                          more);
  }
};

TEST(FollowAct, WhatStoodThereAlreadySatisfiesNoAct) {
  Desk desk;
  desk.run(desk.put(desk.id, {Hospital::state("received", "cancelled"), reason("sent twice")}));
  EXPECT_FALSE(desk.item(desk.id).is_open());
  EXPECT_EQ(desk.refusal(desk.put(desk.id, {Hospital::state("cancelled", "received")})),
            "Task/" + desk.id +
                ": to open it again needs a statusReason given with it: what stands there was said "
                "before");
  // In another order of members it is the same.
  EXPECT_NE(desk.refusal(desk.put(desk.id, {Hospital::state("cancelled", "received"),
                                            {R"("statusReason":{"text":"sent twice"})",
                                             R"("statusReason":{ "text" : "sent\u0020twice" })"}})),
            "");
  desk.run(desk.put(desk.id, {Hospital::state("cancelled", "received"),
                              {R"("text":"sent twice")", R"("text":"it was not")"}}));
  EXPECT_TRUE(desk.item(desk.id).is_open());
  desk.expect_sound();
}

TEST(FollowAct, AnOutputThatStoodThereIsNoEvidenceOfThisAct) {
  Desk desk;
  desk.run(
      desk.put(desk.id, {Hospital::state("received", "done"), reason("done"), Desk::evidence()}));
  desk.run(desk.put(desk.id, {Hospital::state("done", "received"),
                              {R"("text":"done"})", R"("text":"not for this leg"})"}}));
  EXPECT_EQ(
      desk.refusal(desk.put(desk.id, {Hospital::state("received", "done"),
                                      {R"("text":"not for this leg"})", R"("text":"now"})"}})),
      "Task/" + desk.id +
          ": to close with the evidence of what was done needs an output of type 'evidence' "
          "given with it: what stands there was said before");
  // The same document again, said to be meant again.
  desk.run(desk.put(desk.id, {Hospital::state("received", "done"),
                              {R"("text":"not for this leg"})", R"("text":"now"})"},
                              part("given", "evidence")}));
  EXPECT_EQ(desk.item(desk.id).state, "done");
  EXPECT_EQ(desk.record.body("Task", desk.id).find("given"), std::string::npos) << "it is not kept";
}

TEST(FollowAct, TheSameReasonMayBeGivenAgainByWhoSaysSo) {
  Desk desk;
  desk.run(desk.put(desk.id, {Hospital::state("received", "cancelled"), reason("as asked")}));
  desk.run(desk.put(desk.id, {Hospital::state("cancelled", "received"), part("given", "reason")}));
  EXPECT_TRUE(desk.item(desk.id).is_open());
}

TEST(FollowAct, AReasonWithACodeOfTheActAlwaysDoes) {
  Hospital hospital;
  hospital.run(command(Hospital::referral("r1", "")));
  const std::string id = hospital.about("ServiceRequest/r1").front();
  Command coded =
      hospital.put(id, {Hospital::with(R"("statusReason":{"coding":[{"code":"35"}]})")});
  hospital.run(std::move(coded));  // written down first, and closed by it later
  hospital.run(hospital.put(id, {Hospital::state("received", "not-to-treat")}));
  EXPECT_FALSE(hospital.item(id).is_open());
}

TEST(FollowAct, AnotherDueTimeNeedsAReasonOfItsOwn) {
  Desk desk;
  desk.run(desk.put(desk.id, {Hospital::state("received", "cancelled"), reason("sent twice")}));
  desk.run(desk.put(desk.id, {Hospital::state("cancelled", "received"), part("given", "reason")}));
  const std::string due = to_instant(*desk.item(desk.id).due);
  const std::pair<std::string, std::string> later{R"("end":")" + due,
                                                  R"("end":"2027-01-01T00:00:00Z)"};
  EXPECT_NE(desk.refusal(desk.put(desk.id, {later})).find("statusReason of its own"),
            std::string::npos);
  desk.run(desk.put(desk.id, {later, {R"("text":"sent twice")", R"("text":"they asked")"}}));
  EXPECT_NE(to_instant(*desk.item(desk.id).due), due);
}

TEST(FollowAct, ChartedElsewhereRenewsTheTimeOfWhoIsWatchedAlready) {
  Hospital ward;
  ward.run(command(update("Encounter", "e1",
                          R"("status":"in-progress","class":{"code":"IMP"},"subject":{"reference":)"
                          R"("Patient/p1"})")));
  const std::string id = ward.item_about("Encounter/e1").id;
  ward.run(ward.put(id, {Hospital::state("first-set", "watched"), reason("charted on paper")}));
  const Item before = ward.item(id);
  ward.record.now.ms += 3'600'000;
  EXPECT_NE(
      ward.refusal(ward.put(id, {part("act", "charted-elsewhere")})).find("needs a statusReason"),
      std::string::npos);
  EXPECT_NE(ward.refusal(ward.put(id, {part("act", "reopen")})).find("its act is not 'reopen'"),
            std::string::npos);
  ward.run(ward.put(id, {part("act", "charted-elsewhere"),
                         {R"("text":"charted on paper")", R"("text":"again on paper")"}}));
  EXPECT_EQ(ward.item(id).state, "watched");
  EXPECT_GT(ward.item(id).due->ms, before.due->ms);
  EXPECT_EQ(ward.item(id).reopened, 0U);
  EXPECT_EQ(ward.record.body("Task", id).find(R"("url":"act")"), std::string::npos);
  // What says nothing of an act renews nothing.
  const auto due = ward.item(id).due;
  ward.run(ward.put(id, {{R"("text":"again on paper")", R"("text":"a remark")"}}));
  EXPECT_EQ(ward.item(id).due, due);
  ward.expect_sound();
}

}  // namespace
}  // namespace holdfast::decide
