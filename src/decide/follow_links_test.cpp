// Who is meant by a number: Reference.identifier instead of a reference.
#include "decide/follow.h"
#include "decide/test_hospital.h"

namespace holdfast::decide {
namespace {

std::string number(const std::string& value) {
  return R"(,"identifier":[{"system":"urn:epr","value":")" + value + R"("}])";
}

Operation booked(const std::string& id, const std::string& value, const std::string& type = "") {
  return update(
      "Appointment", id,
      R"("status":"booked","start":"2026-12-20T09:00:00Z","basedOn":[{)" +
          (type.empty() ? "" : R"("type":")" + type + R"(",)") +
          R"("identifier":{"system":"urn:epr","value":")" + value +
          R"("}}],"participant":[{"status":"accepted","actor":{"reference":"Patient/p1"}}])");
}

TEST(FollowLinks, AnAppointmentMovesWhatHasTheNumberThatItNames) {
  Hospital hospital;
  hospital.run(command(Hospital::referral("r1", number("7"))));
  hospital.run(command(Hospital::referral("r2", number("8"))));
  hospital.run(command(booked("a1", "7")));
  EXPECT_EQ(hospital.item_about("ServiceRequest/r1").state, "booked");
  EXPECT_EQ(hospital.item_about("ServiceRequest/r2").state, "received");
  hospital.run(command(booked("a2", "8", "ServiceRequest")));
  EXPECT_EQ(hospital.item_about("ServiceRequest/r2").state, "booked");
}

TEST(FollowLinks, TheNumberMayComeWithTheSameCommand) {
  Hospital hospital;
  hospital.run(command(Hospital::referral("r1", number("7")), booked("a1", "7")));
  EXPECT_EQ(hospital.item_about("ServiceRequest/r1").state, "booked");
}

// What nobody has, what two have, what another type has, and what has no system moves nothing.
TEST(FollowLinks, ANumberThatDoesNotSayWhichMovesNothing) {
  Hospital hospital;
  hospital.run(command(Hospital::referral("r1", number("7"))));
  hospital.run(command(Hospital::referral("r2", number("7"))));
  hospital.run(command(booked("a1", "7")));
  hospital.run(command(booked("a2", "99")));
  hospital.run(command(booked("a3", "7|urn:epr,$\\\\")));
  hospital.run(command(Hospital::referral("r3", number("9"))));
  hospital.run(command(booked("a4", "9", "Patient")));
  for (const char* const id : {"r1", "r2", "r3"}) {
    EXPECT_EQ(hospital.item_about(std::string("ServiceRequest/") + id).state, "received") << id;
  }
}

// A report that knows its order by its number is not a result that nobody ordered.
TEST(FollowLinks, AReportOfAKnownOrderOpensNothing) {
  Hospital hospital;
  hospital.run(command(
      update("ServiceRequest", "o",
             R"("status":"active","intent":"order","subject":{"reference":"Patient/p1"},)"
             R"("category":[{"coding":[{"system":"http://snomed.info/sct","code":"108252007"}]}])" +
                 number("5"))));
  const auto report = [](const std::string& id, const std::string& value) {
    return update("DiagnosticReport", id,
                  R"("status":"final","code":{"text":"K"},"subject":{"reference":"Patient/p1"},)"
                  R"("basedOn":[{"identifier":{"system":"urn:epr","value":")" +
                      value + R"("}}])");
  };
  hospital.run(command(report("d1", "5")));
  EXPECT_TRUE(hospital.about("DiagnosticReport/d1").empty());
  EXPECT_EQ(hospital.item_about("ServiceRequest/o").state, "result");
  hospital.run(command(report("d2", "6")));
  EXPECT_EQ(hospital.item_about("DiagnosticReport/d2").state, "result") << "nobody ordered it";
}

// The result came first, as it does where the order is typed in later: one duty, where it stood.
TEST(FollowLinks, AnOrderThatComesBehindItsResultGoesOnFromThere) {
  for (const std::string& based_on :
       {std::string(R"({"identifier":{"system":"urn:epr","value":"5"}})"),
        std::string(R"({"reference":"ServiceRequest/o"})")}) {
    Hospital hospital;
    const auto order = [](const std::string& status) {
      return update("ServiceRequest", "o",
                    R"("status":")" + status +
                        R"(","intent":"order","subject":{"reference":"Patient/p1"},"category":)"
                        R"([{"coding":[{"system":"http://snomed.info/sct","code":"108252007"}]}])" +
                        number("5"));
    };
    const auto report = [&](const std::string& status) {
      return update(
          "DiagnosticReport", "d",
          R"("status":")" + status +
              R"(","code":{"text":"K"},"subject":{"reference":"Patient/p1"},"basedOn":[)" +
              based_on + "]");
    };
    if (based_on.find("reference") != std::string::npos) {
      hospital.run(command(order("unknown")));  // known by a message about it, not ordered yet
    }
    hospital.run(command(report("final")));
    const Item before = hospital.item_about("DiagnosticReport/d");
    EXPECT_EQ(before.state, "result");
    hospital.run(command(order("active")));
    const Item now = hospital.item_about("ServiceRequest/o");
    EXPECT_EQ(now.state, "result");
    EXPECT_EQ(now.urgency, before.urgency);
    const Item then = hospital.item(before.id);
    EXPECT_EQ(then.state, "followed-with-order");
    EXPECT_FALSE(then.is_open());
    EXPECT_NE(hospital.record.body("Task", then.id).find("Task/" + now.id), std::string::npos);
    EXPECT_NE(hospital.record.body("Task", now.id).find("Task/" + then.id), std::string::npos);
    hospital.run(command(report("corrected")));
    EXPECT_EQ(hospital.item(then.id).state, "followed-with-order") << "one duty";
    EXPECT_EQ(hospital.item(now.id).state, "result");
    hospital.expect_sound();
  }
}

TEST(FollowLinks, AnOrderThatIsAddedOnIsPartOfItsOrder) {
  Hospital hospital;
  const auto order = [](const std::string& id, const std::string& more) {
    return update("ServiceRequest", id,
                  R"("status":"active","intent":"reflex-order","subject":{"reference":)"
                  R"("Patient/p1"},"category":[{"coding":[{"system":"http://snomed.info/sct",)"
                  R"("code":"108252007"}]}])" +
                      more);
  };
  hospital.run(command(order("o1", number("1"))));
  hospital.run(command(order("o2", R"(,"basedOn":[{"reference":"ServiceRequest/o1"}])")));
  hospital.run(
      command(order("o3", R"(,"basedOn":[{"identifier":{"system":"urn:epr","value":"1"}}])")));
  const std::string parent = "Task/" + hospital.item_about("ServiceRequest/o1").id;
  EXPECT_EQ(hospital.item_about("ServiceRequest/o2").parent, parent);
  EXPECT_EQ(hospital.item_about("ServiceRequest/o3").parent, parent);
}

}  // namespace
}  // namespace holdfast::decide
