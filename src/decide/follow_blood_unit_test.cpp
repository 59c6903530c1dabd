// What concerns one unit stands on the item that follows it, where whoever holds it in hand looks.
#include <fmt/format.h>

#include "decide/follow.h"
#include "decide/test_bank.h"

namespace holdfast::decide {
namespace {

class Issued : public Bank {
 public:
  Issued() {
    run(command(group("g1", "278149003", "2026-11-28"), group("g2", "278149003")));
    ask();
  }
  std::string unit_id() { return item_about("BiologicallyDerivedProduct/u1").id; }
  std::string on_unit() { return record.body("Task", unit_id()); }
  bool says(std::string_view text) { return on_unit().find(text) != std::string::npos; }
};

TEST(FollowBloodUnit, ItsGroupAgainstThePatientIsSaidFromItsFirstMomentOn) {
  Issued bank;
  bank.run(command(Bank::unit("B POS", "DS")));
  EXPECT_EQ(bank.version(bank.unit_id()), Version{1});
  EXPECT_TRUE(bank.says(
      R"("code":"warning"}]},"valueReference":{"reference":"BiologicallyDerivedProduct/u1",)"
      R"("display":"A unit: group B is not among those for this patient"})"))
      << bank.on_unit();
  EXPECT_TRUE(bank.says("A RhD-positive, sampled 2026-11-29")) << "what it is compared with";
  EXPECT_FALSE(bank.says("sampled 2026-11-28")) << "the newest is enough";
  EXPECT_TRUE(bank.says(R"("statusReason":{"text":"1 warning about blood: A unit: group B)"));
  EXPECT_FALSE(bank.says("No sample for this request")) << "a matter of the request";
  EXPECT_EQ(bank.item(bank.unit_id()).wake, bank.item(bank.unit_id()).due);
  bank.expect_sound();
}

TEST(FollowBloodUnit, WhatThePatientNeedsIsSaidOnItWhereverItComesFrom) {
  Issued bank;
  bank.run(command(Bank::unit("A POS", "DS")));
  EXPECT_FALSE(bank.says(R"("code":"warning")")) << bank.on_unit();
  const Version before = bank.version(bank.unit_id());
  bank.run(command(update("Flag", "f1",
                          R"("status":"active","subject":{"reference":"Patient/ann"},"code":)"
                          R"({"text":"Irradiated"})")));
  EXPECT_TRUE(bank.says("A unit: not known to be irradiated, which the patient needs"))
      << bank.on_unit();
  EXPECT_TRUE(bank.says("needs irradiated units"));
  EXPECT_EQ(bank.version(bank.unit_id()), Version{before.value + 1});
  // By the request, changed when the unit is out already.
  bank.run(command(
      update("ServiceRequest", "b1",
             R"("status":"active","intent":"order","priority":"routine","subject":{"reference":)"
             R"("Patient/ann"},"category":[{"coding":[{"system":"http://snomed.info/sct","code":)"
             R"("116859006"}]}],"orderDetail":[{"text":"CMV negative"}])")));
  EXPECT_TRUE(bank.says("A unit: not known to be CMV-negative, which the patient needs"))
      << bank.on_unit();
  bank.run(command(Bank::group("g3", "278148006", "2026-11-30")));
  EXPECT_TRUE(bank.says("The group differs: O RhD-negative of 2026-11-30")) << bank.on_unit();
  bank.expect_sound();
}

TEST(FollowBloodUnit, OneSampleOrAnExpiredOneIsAMatterOfTheRequest) {
  Bank bank;
  bank.run(command(Bank::group("g1", "278149003")));
  bank.ask();
  bank.run(command(Bank::sample("s1", "2026-11-20T09:00:00Z")));
  bank.run(command(Bank::unit("A POS", "DS")));
  EXPECT_TRUE(bank.shows("one sample only"));
  EXPECT_TRUE(bank.shows("has expired"));
  const std::string unit =
      bank.record.body("Task", bank.item_about("BiologicallyDerivedProduct/u1").id);
  EXPECT_EQ(unit.find(R"("code":"warning")"), std::string::npos) << unit;
  EXPECT_NE(unit.find(R"("code":"unit")"), std::string::npos) << unit;
}

TEST(FollowBloodUnit, OfAPatientWhoIsNotKnownItIsComparedWithNobody) {
  Bank bank;
  bank.run(
      command(update("BiologicallyDerivedProduct", "u1",
                     R"("extension":[{"url":"urn:holdfast:hl7v2:BPX-2","valueCodeableConcept":)"
                     R"({"coding":[{"code":"DS"}]}},{"url":"urn:holdfast:hl7v2:BPX-11",)"
                     R"("valueCodeableConcept":{"text":"B POS"}}])")));
  const std::string unit =
      bank.record.body("Task", bank.item_about("BiologicallyDerivedProduct/u1").id);
  EXPECT_NE(unit.find("A unit, red cells: B RhD-positive"), std::string::npos) << unit;
  EXPECT_NE(unit.find("a patient who is not known here"), std::string::npos) << unit;
  EXPECT_EQ(unit.find(R"("code":"warning")"), std::string::npos) << unit;
}

TEST(FollowBloodUnit, WhatIsClosedIsLeftAsItIs) {
  Issued bank;
  bank.run(command(Bank::unit("A POS", "DS")));
  bank.run(command(Bank::unit("A POS", "RA")));
  ASSERT_FALSE(bank.item(bank.unit_id()).is_open());
  const Version before = bank.version(bank.unit_id());
  bank.run(command(Bank::group("g3", "278148006", "2026-11-30")));
  EXPECT_EQ(bank.version(bank.unit_id()), before);
}

}  // namespace
}  // namespace holdfast::decide
