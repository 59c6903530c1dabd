// $open-duties, and what an end says of what it moved
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/items_for_test.h"

namespace holdfast::api {
namespace {

using testing::HasSubstr;
using Lines = std::vector<std::string>;

class OpenDutiesTest : public testing::Test {
 protected:
  OpenDutiesTest() {
    server.write("Practitioner/dr", R"("active":true)");
    server.write("PractitionerRole/role", R"("practitioner":{"reference":"Practitioner/dr"})");
    server.refer("r1", "", "Practitioner/dr");
    server.refer("r2", "", "Practitioner/dr");
    server.refer("r3", "", "PractitionerRole/role");
    const std::string offered = server.refer("r4");
    EXPECT_EQ(
        server.act(offered, "hand-over", {reference_parameter("to", "Practitioner/dr")}).status,
        200);
    document("d1", "preliminary", "Practitioner/dr");
    document("d2", "final", "Practitioner/dr");
    document("d3", "preliminary", "Practitioner/other");
    server.write("Composition/c1",
                 R"("status":"preliminary","type":{"text":"letter"},"date":"2026-01-01",)"
                 R"("title":"t","author":[{"reference":"Practitioner/dr"}])");
  }
  void document(const std::string& id, const std::string& status, const std::string& author) {
    server.write("DocumentReference/" + id, R"("status":"current","docStatus":")" + status +
                                                R"(","author":[{"reference":")" + author +
                                                R"("}],"content":[{"attachment":{"title":"x"}}])");
  }
  Document duties(const std::string& of) {
    const Answered answered = server.get("/fhir/" + of + "/$open-duties");
    EXPECT_EQ(answered.status, 200) << answered.body;
    return answered.json();
  }
  ItemServer server;
};

TEST_F(OpenDutiesTest, CountsAndListsWhatWouldBeLeft) {
  const Document reply = duties("Practitioner/dr");
  // Two referrals, and the letters that their drafts owe.
  EXPECT_EQ(groups(reply, "owned", {"count"}), (Lines{"4"}));
  EXPECT_EQ(groups(reply, "offered", {"count"}), (Lines{"1"}));
  EXPECT_EQ(groups(reply, "overseen", {"count"}), (Lines{"0"}));
  EXPECT_EQ(groups(reply, "pathway", {"pathway", "owned"}), (Lines{"letter 2", "referral 2"}));
  EXPECT_EQ(groups(reply, "role", {"owned"}), (Lines{"1"}));
  EXPECT_EQ(groups(reply, "drafts", {"count"}), (Lines{"2"}));
  EXPECT_EQ(groups(reply, "item", {"list", "pathway"}),
            (Lines{"owned letter", "owned letter", "owned referral", "owned referral",
                   "offered referral"}));
  const std::string text = server.get("/fhir/Practitioner/dr/$open-duties").body;
  EXPECT_THAT(text, HasSubstr("owns 4 open items, oversees 0, is offered 1, and has 2 drafts "
                              "unsigned. Their roles own 1 more"));
  EXPECT_THAT(text, HasSubstr("DocumentReference/d1"));
  EXPECT_THAT(text, Not(HasSubstr("DocumentReference/d2")));
  EXPECT_EQ(groups(duties("CareTeam/eyes"), "owned", {"count"}), (Lines{"1"}));
  EXPECT_EQ(server.get("/fhir/Practitioner/nobody/$open-duties").status, 404);
}

TEST_F(OpenDutiesTest, AnEndSaysHowManyItemsItMoved) {
  const Answered stays = server.put("/fhir/Practitioner/dr",
                                    R"({"resourceType":"Practitioner","id":"dr","active":true})");
  EXPECT_EQ(stays.header("Holdfast-Items-Moved"), "");
  const Answered ended = server.put("/fhir/Practitioner/dr",
                                    R"({"resourceType":"Practitioner","id":"dr","active":false})");
  EXPECT_EQ(ended.status, 200);
  EXPECT_EQ(ended.header("Holdfast-Items-Moved"), "4");
  EXPECT_EQ(groups(duties("Practitioner/dr"), "owned", {"count"}), (Lines{"0"}));
  EXPECT_EQ(server.remove("/fhir/PractitionerRole/role").header("Holdfast-Items-Moved"), "1");
}

}  // namespace
}  // namespace holdfast::api
