// What is pending at discharge: for a patient, a stay, and a whole work-list
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/items_for_test.h"

namespace holdfast::api {
namespace {

using testing::HasSubstr;
using List = std::vector<std::string>;

class PendingTest : public testing::Test {
 protected:
  PendingTest() {
    stay("before", "finished", "2025-11-01T10:00:00Z", "2025-11-05T10:00:00Z");
    server.advance(seconds(3600));  // 01:00
    stay("now", "in-progress", "2026-01-01T00:30:00Z", "");
    server.refer("early");
    server.refer("other", "", "CareTeam/eyes", "p2");
    server.advance(seconds(3600));  // 02:00
  }
  void stay(const std::string& id, const std::string& status, const std::string& from,
            const std::string& until, const std::string& class_code = "IMP") {
    server.write("Encounter/" + id,
                 R"("status":")" + status + R"(","class":{"code":")" + class_code +
                     R"("},"subject":{"reference":"Patient/p1"},"period":{"start":")" + from +
                     "\"" + (until.empty() ? "" : R"(,"end":")" + until + "\"") + "}");
  }
  void discharge() {
    stay("now", "finished", "2026-01-01T00:30:00Z", "2026-01-01T02:00:00Z");
    server.advance(seconds(60));
    server.refer("late");
  }
  Document list(const std::string& target) {
    const Answered answered = server.get(target);
    EXPECT_EQ(answered.status, 200) << answered.body;
    return answered.json();
  }
  static List shown(const Document& bundle) {
    List all;
    for (std::size_t i = 1; i < bundle.size("entry"); ++i) {
      all.push_back(bundle.at(fmt::format("entry.{}.resource.focus.reference", i)));
    }
    std::ranges::sort(all);
    return all;
  }
  static std::string words(const Document& bundle) {
    return bundle.at("entry.0.resource.issue.0.details.text");
  }
  ItemServer server;
};

TEST_F(PendingTest, OfAPatientIsWhatWasOpenBeforeTheDischarge) {
  EXPECT_EQ(shown(list("/fhir/Patient/p1/$pending")), List{}) << "opened behind the stay before";
  discharge();
  const Document after = list("/fhir/Patient/p1/$pending");
  EXPECT_EQ(shown(after), (List{"Encounter/before", "ServiceRequest/early"}))
      << "the letter of the stay before is owed still";
  EXPECT_EQ(after.at("total"), "2");
  EXPECT_THAT(words(after), HasSubstr("2 of 4 open items"));
  EXPECT_EQ(after.at("entry.2.resource.owner.reference"), "CareTeam/eyes");
  const std::string line = "entry.0.resource.extension.0.extension.4.extension";
  EXPECT_EQ(after.at(line + ".1.valueReference.reference"), "Encounter/now");
  EXPECT_EQ(after.at(line + ".2.valueBoolean"), "true");
  EXPECT_EQ(shown(list("/fhir/Patient/p2/$pending")), List{});
  EXPECT_THAT(words(list("/fhir/Patient/p2/$pending")), HasSubstr("has not been discharged"));
  EXPECT_EQ(server.get("/fhir/Patient/nobody/$pending").status, 404);
}

TEST_F(PendingTest, OfAStayThatGoesOnIsWhatWouldBe) {
  const Document would = list("/fhir/Encounter/now/$pending");
  EXPECT_EQ(shown(would), (List{"Encounter/before", "ServiceRequest/early"}));
  EXPECT_THAT(words(would), HasSubstr("has not ended. If it ended now, 2 open items"));
  EXPECT_EQ(shown(list("/fhir/Encounter/before/$pending")), List{});
  discharge();
  const Document ended = list("/fhir/Encounter/now/$pending");
  EXPECT_EQ(shown(ended), (List{"Encounter/before", "ServiceRequest/early"}))
      << "neither its letter nor what came later";
  EXPECT_THAT(words(ended), HasSubstr("ended at 2026-01-01T02:00:01"));
  stay("now", "entered-in-error", "2026-01-01T00:30:00Z", "2026-01-01T02:00:00Z");
  EXPECT_EQ(shown(list("/fhir/Encounter/now/$pending")), List{});
}

TEST_F(PendingTest, NarrowsAWorkListAndChangesNoCount) {
  const std::string eyes = "/fhir/Task/$work-list?owner=CareTeam/eyes";
  EXPECT_EQ(shown(list(eyes + "&pending-at-discharge=1")), List{});
  discharge();
  const Document bundle = list(eyes + "&pending-at-discharge=1");
  EXPECT_EQ(shown(bundle), (List{"ServiceRequest/early"}));
  EXPECT_THAT(words(bundle), HasSubstr("owns 3 open items"));
  EXPECT_THAT(words(bundle), HasSubstr("The filter hides 2 of them"));
  EXPECT_EQ(bundle.at("total"), "1");
}

TEST_F(PendingTest, AVisitIsNoStay) {
  stay("clinic", "finished", "2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z", "AMB");
  EXPECT_EQ(shown(list("/fhir/Patient/p1/$pending")), List{});
  stay("clinic", "finished", "2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z", "SS");
  EXPECT_THAT(shown(list("/fhir/Patient/p1/$pending")), testing::Contains("ServiceRequest/early"));
}

}  // namespace
}  // namespace holdfast::api
