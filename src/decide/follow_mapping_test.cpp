// Codes and units that no table knows: one item for each and each sender, whatever comes with them.
#include <fmt/format.h>

#include "base/text.h"
#include "decide/follow.h"
#include "decide/test_hospital.h"

namespace holdfast::decide {
namespace {

constexpr std::string_view local = "urn:holdfast:local:LAB";

class Laboratory : public Hospital {
 public:
  /// A report of one value, as the laboratory sends it.
  Outcome result(const std::string& id, std::string_view system, std::string_view code,
                 const std::string& rest, const std::string& from = "lab") {
    Command both = command(
        update("Observation", id,
               fmt::format(R"("status":"final","subject":{{"reference":"Patient/p1"}},"code":)"
                           R"({{"coding":[{{"system":"{}","code":"{}"}}]}}{})",
                           system, code, rest)),
        update("DiagnosticReport", id,
               fmt::format(R"("status":"final","code":{{"text":"x"}},"subject":{{"reference":)"
                           R"("Patient/p1"}},"result":[{{"reference":"Observation/{}"}}])",
                           id)));
    both.principal.name = from;
    return run(std::move(both));
  }
  Outcome local_number(const std::string& id, std::string_view code = "HB1",
                       const std::string& from = "lab") {
    return result(id, local, code, R"(,"valueQuantity":{"value":5})", from);
  }
  std::vector<Item> mappings() {
    std::vector<Item> all;
    const auto owners = views::read_owners(*record.view());
    for (const auto& [owner, counts] : *owners) {
      const auto places =
          views::read_work_list(*record.view(), views::List::owned, owner, {}, 1000);
      for (const views::Place& place : *places) {
        if (Item one = item(place.id); one.pathway == "mapping") {
          all.push_back(std::move(one));
        }
      }
    }
    return all;
  }
};

TEST(FollowMapping, ACodeThatNoTableKnowsIsOneItemFromItsFirstValueOn) {
  Laboratory lab;
  const Outcome first = lab.local_number("o1");
  ASSERT_EQ(lab.mappings().size(), 1U);
  const Item item = lab.mappings().front();
  EXPECT_EQ(item.state, "open");
  EXPECT_EQ(item.owner, "team:laboratory-integration");
  EXPECT_EQ(item.urgency, "code");
  EXPECT_EQ(item.patient, "") << "it is about a code";
  bool in_the_entry = false;
  for (const Made& made : first.made) {
    in_the_entry = in_the_entry || made.id == item.id;
  }
  EXPECT_TRUE(in_the_entry);
  const std::string body = lab.record.body("Task", item.id);
  EXPECT_NE(body.find(R"("reasonReference":{"reference":"Observation/o1"})"), std::string::npos)
      << body;
  EXPECT_NE(body.find(R"("system":"urn:holdfast:local:LAB","code":"HB1")"), std::string::npos);
  EXPECT_NE(body.find(R"("value":"lab|urn:holdfast:local:LAB|HB1")"), std::string::npos);
  // The same again, from somebody else, another.
  for (int i = 0; i < 50; ++i) {
    lab.local_number(fmt::format("n{}", i));
  }
  EXPECT_EQ(lab.mappings().size(), 1U);
  EXPECT_EQ(lab.version(item.id), Version{1}) << "and it is not written again";
  lab.local_number("o2", "HB1", "other");
  EXPECT_EQ(lab.mappings().size(), 2U);
  lab.local_number("o3", "WBC1");
  EXPECT_EQ(lab.mappings().size(), 3U);
  lab.expect_sound();
}

TEST(FollowMapping, OneOfEachInOneCommandToo) {
  Laboratory lab;
  const std::string code =
      fmt::format(R"({{"code":{{"coding":[{{"system":"{}","code":"X"}}]}},"valueQuantity":)"
                  R"({{"value":1}}}})",
                  local);
  lab.result("o1", local, "panel", fmt::format(R"(,"component":[{},{}])", code, code));
  EXPECT_EQ(lab.mappings().size(), 1U);
}

TEST(FollowMapping, WhatWasJudgedOrNobodyCouldJudgeOpensNone) {
  Laboratory lab;
  const std::string flagged =
      R"(,"interpretation":[{"coding":[{"system":)"
      R"("http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"N"}]}])";
  lab.result("o1", local, "A", R"(,"valueQuantity":{"value":5})" + flagged);
  lab.result("o2", local, "B",
             R"(,"valueQuantity":{"value":5},"referenceRange":[{"low":{"value":1}}])");
  lab.result("o3", local, "C", R"(,"valueString":"no growth after 48 hours")");
  lab.result("o4", local, "D", R"(,"valueCodeableConcept":{"text":"positive"})");
  lab.result("o5", "http://loinc.org", "8867-4", R"(,"valueQuantity":{"value":70})");
  EXPECT_TRUE(lab.mappings().empty()) << lab.record.body("Task", lab.mappings().front().id);
}

TEST(FollowMapping, ARangeInWordsThatCanMeanOneThingOnlyJudgesAndOtherWordsDoNot) {
  Laboratory lab;
  const std::string value =
      R"(,"valueQuantity":{"value":4,"unit":"mg/L"},"referenceRange":[{"text":")";
  lab.result("o1", local, "CRP", value + R"(< 5 mg/L"}])");
  lab.result("o2", local, "CRP", value + R"(≤5"}])");
  EXPECT_TRUE(lab.mappings().empty()) << lab.record.body("Task", lab.mappings().front().id);
  EXPECT_EQ(lab.item_about("DiagnosticReport/o1").urgency, "normal");
  lab.result("o3", local, "CRP", value + R"(<3"}])");
  EXPECT_TRUE(lab.mappings().empty());
  EXPECT_EQ(lab.item_about("DiagnosticReport/o3").urgency, "abnormal");
  lab.result("o4", local, "CRP", value + R"(low risk: <3"}])");
  EXPECT_EQ(lab.mappings().size(), 1U);
}

TEST(FollowMapping, AUnitThatIsNotTakenIsAnItemWhateverTheFlag) {
  Laboratory lab;
  lab.result(
      "o1", "http://loinc.org", "2823-3",
      R"(,"valueQuantity":{"value":7,"unit":"Mol/l"},"interpretation":[{"coding":[{"system":)"
      R"("http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"N"}]}])");
  ASSERT_EQ(lab.mappings().size(), 1U);
  EXPECT_EQ(lab.mappings().front().urgency, "unit");
  EXPECT_EQ(lab.mappings().front().priority, "urgent");
  EXPECT_NE(lab.record.body("Task", lab.mappings().front().id).find("potassium is given in Mol/l"),
            std::string::npos);
}

TEST(FollowMapping, ByDesignItStaysClosedAndMappedItComesAgainUntilItIs) {
  Laboratory lab;
  lab.local_number("o1", "A");
  lab.local_number("o2", "B");
  for (const Item& one : lab.mappings()) {
    const bool by_design =
        lab.record.body("Task", one.id).find(R"("code":"A")") != std::string::npos;
    const std::string to = by_design ? "not-judged" : "mapped";
    EXPECT_NE(lab.refusal(lab.put(one.id, {Hospital::state("open", to)})).find("statusReason"),
              std::string::npos);
    lab.run(lab.put(one.id, {Hospital::state("open", to),
                             Hospital::with(R"("statusReason":{"text":"a dilution factor"},)"
                                            R"("output":[{"type":{"text":"version"},)"
                                            R"("valueString":"phone 2"}])")}));
  }
  EXPECT_TRUE(lab.mappings().empty());
  lab.local_number("o3", "A");
  lab.local_number("o4", "A");
  EXPECT_TRUE(lab.mappings().empty()) << "by design it does not come again";
  lab.local_number("o5", "B");
  ASSERT_EQ(lab.mappings().size(), 1U);
  const Item again = lab.mappings().front();
  EXPECT_EQ(again.state, "open");
  EXPECT_EQ(again.reopened, 1U);
  EXPECT_NE(lab.record.body("Task", again.id).find("the table in force is phone 1"),
            std::string::npos);
  lab.expect_sound();
}

// Whoever writes a Task of his own under the id that the item would have keeps it.
TEST(FollowMapping, ATaskOfSomebodyElseIsNotTakenForTheItem) {
  Laboratory lab;
  lab.local_number("o1");
  const std::string id = lab.mappings().front().id;
  Laboratory other;
  other.run(command(update("Task", id, R"("status":"draft","intent":"plan")")));
  other.local_number("o1");
  ASSERT_EQ(other.mappings().size(), 1U);
  EXPECT_NE(other.mappings().front().id, id);
  other.local_number("o2");
  EXPECT_EQ(other.mappings().size(), 1U);
  other.expect_sound();
}

}  // namespace
}  // namespace holdfast::decide
