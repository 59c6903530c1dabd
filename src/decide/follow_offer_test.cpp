// Hand-over: the giver owns an item until the receiver accepts, whatever happens in between.
#include <algorithm>

#include <gtest/gtest.h>

#include "decide/follow.h"
#include "decide/test_hospital.h"
#include "views/overlay.h"

namespace holdfast::decide {
namespace {

using views::List;

/// A hospital with a second and a third team, and one referral to the eyes' team.
class Offer : public testing::Test {
 protected:
  Offer() {
    hospital.run(command(create("CareTeam", "hearts", R"("status":"active")"),
                         create("CareTeam", "lungs", R"("status":"active")"),
                         Hospital::referral("r1")));
    id = hospital.about("ServiceRequest/r1").front();
  }

  using Changes = std::vector<std::pair<std::string, std::string>>;
  static std::string part(const std::string& to) {
    const std::string reference =
        to.starts_with("team:")
            ? R"("identifier":{"system":"urn:holdfast:team","value":")" + to.substr(5) + R"("})"
            : R"("reference":")" + to + R"(")";
    return R"({"url":"offered","valueReference":{)" + reference + "}}";
  }
  /// PUT with another offer; empty: with none.
  Command put_offer(const std::string& to, Changes more = {}) {
    Command put = hospital.put(id, std::move(more));
    std::string& body = put.operations.front().body;
    const std::string was = hospital.item(id).offered;
    if (!was.empty()) {
      const std::string gone = "," + part(was);
      EXPECT_NE(body.find(gone), std::string::npos) << body;
      body.erase(body.find(gone), gone.size());
    }
    if (!to.empty()) {
      body.insert(body.find(R"({"url":"wake")"), part(to) + ",");
    }
    return put;
  }
  static std::pair<std::string, std::string> owner(const std::string& from, const std::string& to) {
    return {R"("owner":{"reference":")" + from + R"("})",
            R"("owner":{"reference":")" + to + R"("})"};
  }
  /// Who has it, and whom it is offered to, in the item and on the lists; each list has it once or
  /// not at all.
  std::string whose() {
    const Item item = hospital.item(id);
    std::string owners;
    std::string offered;
    for (const char* const one :
         {"CareTeam/eyes", "CareTeam/hearts", "CareTeam/lungs", "team:oversight", "team:triage"}) {
      owners += on(List::owned, one) ? std::string(owners.empty() ? "" : " ") + one : "";
      offered += on(List::offered, one) ? std::string(offered.empty() ? "" : " ") + one : "";
    }
    EXPECT_EQ(owners, item.is_open() ? item.owner : "") << "exactly one owner at every moment";
    EXPECT_EQ(offered, item.offered);
    hospital.expect_sound();
    return item.owner + (item.offered.empty() ? "" : ", offered to " + item.offered);
  }
  bool on(List list, const std::string& whose) {
    const auto places = views::read_work_list(*hospital.record.view(), list, whose, {}, 10);
    return places && std::ranges::find(*places, id, &views::Place::id) != places->end();
  }
  Command ends(const std::string& team) {
    return command(update("CareTeam", team, R"("status":"inactive")"));
  }

  Hospital hospital;
  std::string id;
};

TEST_F(Offer, StaysTheGiversUntilTheReceiverAccepts) {
  EXPECT_EQ(whose(), "CareTeam/eyes");
  const Item before = hospital.item(id);
  hospital.run(put_offer("CareTeam/hearts"));
  EXPECT_EQ(whose(), "CareTeam/eyes, offered to CareTeam/hearts");
  Item offered = hospital.item(id);
  offered.offered.clear();
  EXPECT_EQ(offered, before) << "neither due time nor escalation, nor anything else";
  // To somebody else: that takes the place of the first. It may be a team that is but a name.
  hospital.run(put_offer("team:triage"));
  EXPECT_EQ(whose(), "CareTeam/eyes, offered to team:triage");
  hospital.run(put_offer(""));
  EXPECT_EQ(whose(), "CareTeam/eyes") << "declined, or withdrawn";
  hospital.run(put_offer("CareTeam/hearts"));
  hospital.run(put_offer("", {owner("CareTeam/eyes", "CareTeam/hearts")}));
  EXPECT_EQ(whose(), "CareTeam/hearts");
}

TEST_F(Offer, TimeEscalatesItsOwnerAndTheOfferStands) {
  hospital.run(put_offer("CareTeam/hearts"));
  hospital.pass(8);
  EXPECT_EQ(whose(), "CareTeam/eyes, offered to CareTeam/hearts");
  EXPECT_EQ(hospital.item(id).overseers, std::vector<views::Owner>{"team:referral-manager"});
  const Item late = hospital.item(id);
  hospital.run(put_offer("CareTeam/lungs"));
  EXPECT_EQ(hospital.item(id).step, late.step);
  EXPECT_EQ(hospital.item(id).wake, late.wake);
  hospital.pass(3650);
  EXPECT_EQ(whose(), "CareTeam/eyes, offered to CareTeam/lungs") << "time ends no offer";
}

TEST_F(Offer, EndsWithTheItemAndWithAnotherOwner) {
  hospital.run(put_offer("CareTeam/hearts"));
  // The Task as it was read, with the offer in it, and another owner.
  hospital.run(hospital.put(id, {owner("CareTeam/eyes", "CareTeam/lungs")}));
  EXPECT_EQ(whose(), "CareTeam/lungs");
  hospital.run(put_offer("CareTeam/hearts"));
  hospital.run(hospital.put(id, {Hospital::state("received", "not-to-treat"),
                                 Hospital::with(R"("statusReason":{"coding":[{"code":"35"}]})")}));
  EXPECT_FALSE(hospital.item(id).is_open());
  EXPECT_EQ(whose(), "CareTeam/lungs");
  EXPECT_EQ(hospital.record.body("Task", id).find("offered"), std::string::npos);
  // Opened again, it is not offered again.
  hospital.run(hospital.put(id, {Hospital::state("not-to-treat", "received"),
                                 {R"("statusReason":{"coding":[{"code":"35"}]})",
                                  R"("statusReason":{"text":"asked for again"})"}}));
  EXPECT_EQ(whose(), "CareTeam/lungs");
}

TEST_F(Offer, EndsWithWhoeverItWasMadeTo) {
  hospital.run(put_offer("CareTeam/hearts"));
  hospital.run(ends("hearts"));
  EXPECT_EQ(whose(), "CareTeam/eyes");
  EXPECT_NE(hospital.record.body("Task", id).find("CareTeam/hearts, to whom it was offered, is"),
            std::string::npos);
  hospital.run(put_offer("CareTeam/lungs"));
  hospital.run(command(remove("CareTeam", "lungs")));
  EXPECT_EQ(whose(), "CareTeam/eyes");
  // In one entry: offered, and gone.
  hospital.run(command(create("CareTeam", "knees", R"("status":"active")")));
  Command both = put_offer("CareTeam/knees");
  Command end = ends("knees");
  both.operations.push_back(end.operations.front());
  EXPECT_NE(hospital.refusal(std::move(both)).find("no such active owner"), std::string::npos);
  EXPECT_EQ(whose(), "CareTeam/eyes");
}

TEST_F(Offer, OutlivesTheGiver) {
  hospital.run(put_offer("CareTeam/hearts"));
  hospital.run(ends("eyes"));
  EXPECT_EQ(whose(), "team:oversight, offered to CareTeam/hearts");
  hospital.run(command(update("CareTeam", "eyes", R"("status":"active")")));
  hospital.run(put_offer("", {{R"("owner":{"identifier":{"system":"urn:holdfast:team",)"
                               R"("value":"oversight"}})",
                               R"("owner":{"reference":"CareTeam/hearts"})"}}));
  EXPECT_EQ(whose(), "CareTeam/hearts");
  // To whoever becomes its owner that way: he has it now.
  hospital.run(put_offer("team:oversight"));
  hospital.run(ends("hearts"));
  EXPECT_EQ(whose(), "team:oversight");
  // Both at once.
  hospital.run(put_offer("CareTeam/lungs"));
  hospital.run(hospital.put(id, {{R"("owner":{"identifier":{"system":"urn:holdfast:team",)"
                                  R"("value":"oversight"}})",
                                  R"("owner":{"reference":"CareTeam/eyes"})"}}));
  hospital.run(put_offer("CareTeam/lungs"));
  Command leave = ends("eyes");
  leave.operations.push_back(ends("lungs").operations.front());
  hospital.run(std::move(leave));
  EXPECT_EQ(whose(), "team:oversight");
}

TEST_F(Offer, GoesWithThePatientAndTheDiary) {
  hospital.run(put_offer("CareTeam/hearts"));
  hospital.run(command(update(
      "Patient", "p1",
      R"("active":false,"link":[{"other":{"reference":"Patient/p2"},"type":"replaced-by"}])")));
  EXPECT_EQ(hospital.item(id).patient, "Patient/p2");
  EXPECT_EQ(whose(), "CareTeam/eyes, offered to CareTeam/hearts");
  hospital.run(
      command(Hospital::appointment("a1", "ServiceRequest/r1", "booked", "2026-12-10T10:00:00Z")));
  EXPECT_EQ(hospital.item(id).state, "booked");
  EXPECT_EQ(whose(), "CareTeam/eyes, offered to CareTeam/hearts");
}

TEST_F(Offer, IsRefusedWhereNobodyCouldTakeIt) {
  const auto refused = [&](Command one, const std::string& why) {
    const std::string what = hospital.refusal(std::move(one));
    EXPECT_NE(what.find(why), std::string::npos) << what;
    EXPECT_EQ(hospital.item(id).offered, "");
  };
  refused(put_offer("CareTeam/none"), "cannot be offered to CareTeam/none: there is no such");
  refused(put_offer("CareTeam/eyes"), "it is theirs already");
  refused(put_offer("Patient/p2"), "no such active owner");
  refused(put_offer("CareTeam/eyes/_history/1"), "it is theirs already");
  refused(put_offer("team:"), "no such active owner");
  refused(put_offer("CareTeam/hearts", {owner("CareTeam/eyes", "CareTeam/lungs")}),
          "becomes that of CareTeam/lungs");
  hospital.run(ends("hearts"));
  refused(put_offer("CareTeam/hearts"), "no such active owner");
  Command nobody = hospital.put(id, {});
  std::string& body = nobody.operations.front().body;
  body.insert(body.find(R"({"url":"wake")"), R"({"url":"offered","valueString":"eyes"},)");
  refused(std::move(nobody), "names nobody");
  hospital.run(hospital.put(id, {Hospital::state("received", "not-to-treat"),
                                 Hospital::with(R"("statusReason":{"coding":[{"code":"35"}]})")}));
  Command closed = hospital.put(id, {});
  std::string& text = closed.operations.front().body;
  text.insert(text.find(R"({"url":"definition")"), part("CareTeam/lungs") + ",");
  refused(std::move(closed), "it is closed");
}

TEST_F(Offer, IsKeptByATaskThatLeavesTheExtensionOut) {
  hospital.run(put_offer("CareTeam/hearts/_history/1"));
  EXPECT_EQ(whose(), "CareTeam/eyes, offered to CareTeam/hearts");
  Command put = hospital.put(id, {{"urn:holdfast:item", "urn:somebody:else"}});
  hospital.run(std::move(put));
  EXPECT_EQ(whose(), "CareTeam/eyes, offered to CareTeam/hearts");
}

// A version of a team is no other owner: what it has would be on a list that nobody reads.
TEST_F(Offer, AnOwnerHasOneNameOnly) {
  hospital.run(hospital.put(id, {owner("CareTeam/eyes", "CareTeam/hearts/_history/1")}));
  EXPECT_EQ(whose(), "CareTeam/hearts");
  EXPECT_NE(hospital.refusal(hospital.put(
                id, {{R"("owner":{"reference":"CareTeam/hearts"})",
                      R"("owner":{"identifier":{"system":"urn:holdfast:team","value":""}})"}})),
            "");
}

TEST_F(Offer, ItsRowsAreHeldAgainstTheTasks) {
  hospital.run(put_offer("CareTeam/hearts"));
  const auto view = hospital.record.view();
  ASSERT_TRUE(views::check_items(*view, hospital.record.codec).has_value());
  const auto offers = view->scan(views::Table::item, "h", "i", views::Direction::forward);
  ASSERT_TRUE(offers->valid());
  views::WorkLayer lost(view);
  lost.erase(views::Table::item, offers->key());
  EXPECT_EQ(views::check_items(lost, hospital.record.codec).error().code, Code::corrupt);
  views::WorkLayer more(view);
  Bytes other(offers->key());
  other.back() ^= 1;
  more.put(views::Table::item, other, {});
  EXPECT_EQ(views::check_items(more, hospital.record.codec).error().code, Code::corrupt);
}

}  // namespace
}  // namespace holdfast::decide
