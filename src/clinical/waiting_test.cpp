// What stands of a waiting time on an item, and until when the standards allow.
#include "clinical/waiting.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "clinical/shipped.h"

namespace holdfast::clinical {
namespace {

Day day(std::string_view text) { return *parse_day(text); }

const RttTable& table() {
  static const RttTable one =
      read_rtt(shipped_table("rtt").text, shipped_table("rtt").file).value();
  return one;
}

/// "from 2026-01-05; clock running; treat-by 2026-05-11"
std::string said(const ClockFacts& facts, std::string_view today) {
  const Waiting waiting = review_clock(table(), facts, day(today));
  std::string text;
  for (const ClockNote& one : waiting.notes) {
    text +=
        fmt::format("{}{}{}{}", text.empty() ? "" : "; ", name(one.kind),
                    one.text.empty() ? "" : " " + one.text, one.day ? " " + to_text(*one.day) : "");
  }
  return text + (waiting.by ? fmt::format("; by {}", to_text(*waiting.by)) : "");
}

ClockFacts facts(std::vector<std::string_view> events, bool cancer = false) {
  ClockFacts all;
  all.from = day("2026-01-05");
  all.suspected_cancer = cancer;
  for (const std::string_view one : events) {
    all.events.push_back({*parse_event(one), "Encounter/1"});
  }
  return all;
}

TEST(Waiting, RunsFromTheReferralAndSaysUntilWhen) {
  EXPECT_EQ(said(facts({}), "2026-01-06"),
            "from 2026-01-05; clock running; treat-by 2026-05-11; by 2026-05-11");
  EXPECT_EQ(said(facts({}), "2026-05-12"), "from 2026-01-05; clock running; treat-by 2026-05-11")
      << "over: said, and no day any more";
}

TEST(Waiting, StopsByACodeAndSaysHowLongItWas) {
  EXPECT_EQ(said(facts({"10 2026-02-02", "30 2026-03-02"}), "2026-06-01"),
            "from 2026-01-05; event 10 2026-02-02; event 30 2026-03-02; clock stopped; waited 8 "
            "weeks");
  EXPECT_EQ(said(facts({"30 2026-05-12"}), "2026-06-01"),
            "from 2026-01-05; event 30 2026-05-12; clock stopped; waited 18 weeks, longer than the "
            "standard");
}

TEST(Waiting, AMissedFirstAppointmentNullifiesOnlyWhatWasCommunicated) {
  EXPECT_EQ(said(facts({"33 2026-02-02 communicated"}), "2026-06-01"),
            "from 2026-01-05; event 33 2026-02-02 communicated; clock nullified");
  EXPECT_NE(said(facts({"33 2026-02-02 not communicated"}), "2026-03-01").find("clock running"),
            std::string::npos);
  EXPECT_NE(said(facts({"33 2026-02-02"}), "2026-03-01").find("doubt 33 on 2026-02-02"),
            std::string::npos);
}

TEST(Waiting, CancerHasItsOwnDaysUntilTheyAreMet) {
  EXPECT_EQ(said(facts({}, true), "2026-01-06"),
            "from 2026-01-05; suspected-cancer; clock running; treat-by 2026-05-11; diagnosis-by "
            "2026-02-02; cancer-treat-by 2026-03-08; by 2026-02-02");
  EXPECT_EQ(said(facts({"diagnosis-told 2026-01-20"}, true), "2026-01-21"),
            "from 2026-01-05; suspected-cancer; event diagnosis-told 2026-01-20; clock running; "
            "treat-by 2026-05-11; cancer-treat-by 2026-03-08; by 2026-03-08");
  EXPECT_NE(said(facts({"decision-to-treat 2026-01-20"}, true), "2026-01-21")
                .find("cancer-treat-by 2026-02-20"),
            std::string::npos);
  EXPECT_NE(said(facts({}, true), "2026-02-03").find("; by 2026-03-08"), std::string::npos)
      << "one that is over hides none that is not";
}

TEST(Waiting, EventsAreReadAsTheyAreWritten) {
  for (const char* text :
       {"30 2026-12-20", "33 2026-12-20 communicated", "33 2026-12-20 not communicated"}) {
    const auto event = parse_event(text);
    ASSERT_TRUE(event.has_value()) << text;
    EXPECT_EQ(to_text(*event), text);
  }
  EXPECT_EQ(to_text(*parse_event("30", day("2026-12-20"))), "30 2026-12-20");
  for (const char* text : {"", "30", "30 2026-13-20", " 2026-12-20", "30 2026-12-20 perhaps"}) {
    EXPECT_FALSE(parse_event(text).has_value()) << text;
  }
  EXPECT_FALSE(parse_event("", day("2026-12-20")).has_value());
  for (int kind = 0; kind < 9; ++kind) {
    const auto one = static_cast<ClockNoteKind>(kind);
    EXPECT_EQ(clock_note_kind(name(one)), one);
  }
}

}  // namespace
}  // namespace holdfast::clinical
