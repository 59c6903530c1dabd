// What a message asks of the record: pure, so whatever the record holds is said here
#include "api/bars_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/bars_for_test.h"

namespace holdfast::api::bars {
namespace {

using testing::HasSubstr;
using testing::Not;

class BarsPlan : public testing::Test {
 protected:
  /// What a message becomes where the record holds `known`; else the code of the refusal.
  std::string planned(const Letter& letter) {
    const auto json = reader_.read(letter.text());
    auto head = read_head(json->root());
    if (!head) {
      return std::string(name(head.error().code));
    }
    auto read = read_message(*head, json->root());
    if (!read) {
      return std::string(name(read.error().code));
    }
    message_ = *std::move(read);
    auto outside = link_entries(message_, "https://eyes.example/fhir", reader_);
    EXPECT_TRUE(outside.has_value());
    outside_ = *std::move(outside);
    known_.resize(message_.entries.size());
    message_.focus_key = focus_key(message_, known_[message_.focus]);
    auto plan = bars::plan(message_, known_, reader_);
    if (!plan) {
      return std::string(name(plan.error().code));
    }
    plan_ = *std::move(plan);
    std::string all;
    for (const Planned& one : plan_) {
      all += fmt::format("{}{}{} ", one.operation.verb == Verb::create ? "create" : "update",
                         one.operation.condition.empty() ? "" : "?",
                         one.operation.if_match ? std::to_string(one.operation.if_match->value)
                                                : std::string("-"));
    }
    return all;
  }
  static Known known(std::string id, std::string patient = "7", std::uint64_t version = 3) {
    Known one;
    one.id = std::move(id);
    one.version = Version{version};
    if (!patient.empty()) {
      one.subjects.push_back({"Patient/" + patient, {}});
    }
    one.body = R"({"resourceType":"ServiceRequest","identifier":[{"value":"ours"}],)"
               R"("status":"active"})";
    return one;
  }

  fhir::JsonReader reader_;
  Message message_;
  std::vector<Outside> outside_;
  std::vector<std::optional<Known>> known_;
  std::vector<Planned> plan_;
};

TEST_F(BarsPlan, MakesWhatIsNotThereIfNobodyElseDid) {
  EXPECT_EQ(planned({}), "create?0 create?0 ");
  EXPECT_EQ(plan_[0].operation.condition, "identifier=urn%3Aoldmill%7CR-1");
  EXPECT_EQ(plan_[0].operation.full_url, "urn:uuid:r");
  EXPECT_THAT(plan_[1].operation.condition, HasSubstr("9434765919"));
}

TEST_F(BarsPlan, ChangesTheReferralThatWasReadAndLeavesThePatient) {
  known_ = {known("r"), known("7", "")};
  EXPECT_EQ(planned({}), "update3 create?- ");
  EXPECT_EQ(plan_[1].operation.condition, "_id=7");
}

TEST_F(BarsPlan, RefusesWhatIsAnotherPatients) {
  known_ = {known("r", "8"), known("7", "")};
  EXPECT_EQ(planned({}), "invariant");
  known_ = {known("r", "8"), std::nullopt};  // a patient who is new has no referral here yet
  EXPECT_EQ(planned({}), "invariant");
  known_ = {known("r", ""), known("7", "")};
  known_[0]->subjects.push_back({"", {std::string(nhs_number_system), "9000000009"}});
  EXPECT_EQ(planned({}), "invariant");
  known_ = {std::nullopt, known("7", "")};
  known_[1]->identifiers.push_back({std::string(nhs_number_system), "9000000009"});
  EXPECT_EQ(planned({}), "invariant");
}

TEST_F(BarsPlan, AnAnswerKeepsOurReferralButForItsStatus) {
  known_ = {known("r"), known("7", "")};
  Letter answer;
  answer.event = "servicerequest-response";
  EXPECT_EQ(planned(answer.becomes("completed")), "update3 create?- ");
  EXPECT_EQ(plan_[0].body, R"({"resourceType":"ServiceRequest","identifier":[{"value":"ours"}],)"
                           R"("status":"completed"})");
}

TEST_F(BarsPlan, KeepsTheNumberOfAReferralThatIsChangedWithoutOne) {
  known_ = {known("r"), known("7", "")};
  known_[0]->identifiers.push_back({"urn:x", "ours"});
  Letter update;
  update.reason = "update";
  update.request = R"("id":"r","status":"revoked","intent":"plan")";
  EXPECT_EQ(planned(update), "update3 create?- ");
  EXPECT_THAT(plan_[0].body, HasSubstr(R"("identifier":[{"value":"ours"}])"));
}

TEST_F(BarsPlan, BeginsAnewWhatWasDeleted) {
  known_ = {known("r"), std::nullopt};
  known_[0]->deleted = true;
  EXPECT_EQ(planned({}), "update- create?0 ");
  Letter update;
  update.reason = "update";
  EXPECT_EQ(planned(update), "not-found");
}

TEST_F(BarsPlan, RelativeReferencesMeanEntriesOrAreSaidToBeOutside) {
  Letter letter;
  letter.subject = "Patient/theirs";
  letter.patient += R"(,"id":"theirs")";
  letter.request += R"(,"requester":{"reference":"Practitioner/8"},"performer":[)"
                    R"({"reference":"https://eyes.example/fhir/CareTeam/9"},)"
                    R"({"reference":"https://elsewhere.example/CareTeam/9"}])";
  EXPECT_EQ(planned(letter), "create?0 create?0 ");
  EXPECT_THAT(plan_[0].body, HasSubstr(R"("subject":{"reference":"urn:uuid:p"})"));
  EXPECT_THAT(plan_[0].body, HasSubstr(R"({"reference":"CareTeam/9"})"));
  EXPECT_THAT(plan_[0].body, HasSubstr(R"({"reference":"https://elsewhere.example/CareTeam/9"})"));
  ASSERT_EQ(outside_.size(), 2U);
  EXPECT_EQ(outside_[0].id, "8");
  EXPECT_EQ(outside_[1].id, "9");
}

TEST_F(BarsPlan, OneSenderAndNumberAreOneId) {
  planned({});
  const std::string first = plan_[0].operation.id;
  Letter same;
  same.id = "m-2";
  planned(same);
  EXPECT_EQ(plan_[0].operation.id, first);
  Letter other;
  other.sender = "https://newmill.example/fhir";
  planned(other);
  EXPECT_NE(plan_[0].operation.id, first);
}

TEST_F(BarsPlan, EveryEntryHasItsOperationWhateverTheRecordHolds) {
  Letter letter;
  letter.books("booked");
  EXPECT_EQ(planned(letter), "create?0 create?0 create?0 ");
  known_ = {known("r"), known("7", ""), known("a")};
  EXPECT_EQ(planned(letter), "create?- create?- update3 ");
}

}  // namespace
}  // namespace holdfast::api::bars
