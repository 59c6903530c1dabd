// day/stories_orders.cpp: orders, results, blood and theatre.
#include <fmt/format.h>

#include "day/story.h"

namespace holdfast::day {
namespace {

Judgement judgement(Story& story) {
  const std::uint64_t drawn = story.desk().random.below(10);
  return drawn < 6 ? Judgement::normal : drawn < 8 ? Judgement::abnormal : Judgement::critical;
}

/// The request desk sees to what no pathway knew.
void see_to(Story& story, const Request& request) {
  const DutyKey key{request.number, "unclassified"};
  if (!story.goes_on()) {
    return;
  }
  story.act(key, "take");
  if (!story.goes_on()) {
    return;
  }
  std::vector<Output> outputs = evidence(story);
  story.act(key, "close", {"seen to", "", std::move(outputs)});
}

/// The asker takes the order back, by the line that it came over. As a message it is a request to
/// cancel: it opens an item of its own with whoever sees to that neighbour, and the order's owner
/// hears of it.
void cancel(Story& story, const Request& request) {
  const std::string says = fmt::format("{} for {}", request.name, request.person.name());
  if (request.message.empty()) {
    story.put("cancellation", says, put_request(request, "revoked", story.now()));
    story.hears(request.number, Heard::revoked);
  } else {
    story.send("cancellation", says,
               story.desk().messages.order(request.message, "CA", request, story.now()));
    story.opens({{request.person.number, "order-request"},
                 "request to cancel " + says,
                 request.person.number,
                 "open",
                 ""});
    story.opens({{request.person.number, "message"},
                 "request to cancel " + says,
                 request.person.number,
                 "open",
                 "team:integration"});
    story.hears(request.number, Heard::cancel_wanted);
  }
  if (story.goes_on()) {
    story.act({request.number, request.pathway}, "cancel", {"asked for twice", "", {}});
  }
}

void phone(Story& story, const Request& request) {
  const DutyKey key{request.number, "critical-result"};
  if (story.is_in(key, "to-phone") && story.goes_on()) {
    story.act(key, "phone",
              {"",
               "",
               {{"receiver", request.by.name(), ""},
                {"time", "at once", ""},
                {"read-back", "the value, read back", ""}}});
  }
}

/// From the last report on: read, told, acknowledged, and once in a while corrected.
void read_result(Story& story, const Request& request, std::string_view number) {
  const DutyKey key{request.number, request.pathway};
  phone(story, request);
  if (!story.is_in(key, "result") || !story.goes_on()) {
    return;
  }
  if (story.chance(1, 10)) {
    story.hand(key, story.desk().clinician().reference());
    if (!story.goes_on()) {
      return;
    }
  }
  story.act(key, "acknowledge", {"", "", {{"action", "no change of treatment", ""}}});
  const std::uint64_t drawn = story.desk().random.below(10);
  if (drawn < 5 && !story.goes_on()) {
    return;
  }
  if (drawn < 2) {
    report(story, request, number, Stage::corrected, Judgement::abnormal);
  } else if (drawn == 3) {  // another one, late: it says less than the final one, and moves nothing
    report(story, request, story.desk().number("R"), Stage::preliminary, Judgement::normal);
  } else if (drawn == 4) {
    story.act(key, "reopen", {"read under the wrong name", "", {}});
  }
}

void interim(Story& story, const Request& request, std::string_view number) {
  report(story, request, number, Stage::preliminary, Judgement::normal);
  const DutyKey key{request.number, request.pathway};
  if (story.is_in(key, "interim") && story.chance(1, 2) && story.goes_on()) {
    story.act(key, "read-interim", {"", "", {{"action", "wait for the final one", ""}}});
  }
}

bool specimens(Story& story, const Request& request) {
  const std::string number = story.desk().number("S");
  const std::string says = fmt::format("{} for {}", request.name, request.person.name());
  if (request.kind == Kind::laboratory && story.by_v2()) {
    story.send("specimen", says, story.desk().messages.sample(request, number, story.now()));
    story.hears(request.number, Heard::specimen_received);
    return story.goes_on();
  }
  story.put("specimen", says, put_specimen(request, number, "available", nullptr));
  story.hears(request.number, Heard::specimen_taken);
  if (!story.goes_on()) {
    return false;
  }
  const Time received = story.now();
  story.put("specimen", says, put_specimen(request, number, "available", &received));
  story.hears(request.number, Heard::specimen_received);
  if (story.chance(1, 12) && story.goes_on()) {
    story.put("specimen", says + ": cannot be used",
              put_specimen(request, number, "unsatisfactory", &received));
    story.hears(request.number, Heard::specimen_spoiled);
  }
  return story.goes_on();
}

void results(Story& story, const Request& request) {
  const std::string number = story.desk().number("R");
  if (story.chance(1, 3)) {
    interim(story, request, number);
    if (!story.goes_on()) {
      return;
    }
  }
  report(story, request, number, Stage::final_one,
         request.kind == Kind::laboratory ? judgement(story) : Judgement::normal);
  read_result(story, request, number);
  if (request.pathway == "unclassified") {
    see_to(story, request);
  }
}

/// The group, as often as it is found: in one sample, in two, or elsewhere. Whether the record
/// knows it from one sample only, of which it warns unless nothing may wait.
bool group(Story& story, const Request& request) {
  const std::uint64_t samples = story.desk().random.below(3);
  Puts puts;
  for (std::uint64_t i = 0; i < samples; ++i) {
    const Time at{story.now().ms - static_cast<std::int64_t>(i) * 86'400'000};
    puts.push_back(put_group(request.person, story.desk().number("G"), at));
  }
  if (!puts.empty()) {
    story.put("group", fmt::format("of {}", request.person.name()), std::move(puts));
  }
  return samples == 1 && request.priority != "stat";
}

/// Units were issued in spite of a warning, and nobody said why: somebody is asked.
void passed_over(Story& story, const Request& request) {
  story.opens({{request.number, "blood-override"},
               "why blood was issued for " + request.person.name(),
               request.person.number,
               "to-explain",
               "team:transfusion"});
}

void explain(Story& story, const Request& request) {
  const DutyKey key{request.number, "blood-override"};
  if (story.is_in(key, "to-explain") && story.chance(1, 2)) {
    story.act(key, "explain", {"the second sample was on its way", "", {}});
  }
}

void units_by_fhir(Story& story, const Request& request, bool warned) {
  const DutyKey key{request.number, request.pathway};
  const std::string unit = story.desk().number("B");
  story.put("blood unit", fmt::format("for {}", request.person.name()),
            put_unit(request, unit, "available"));
  story.hears(request.number, Heard::unit_available);
  if (!story.goes_on()) {
    return;
  }
  const bool says_why = story.chance(1, 2);
  story.act(key, "issue", says_why ? Said{"the second sample is on its way", "", {}} : Said{});
  if (warned && !says_why) {
    passed_over(story, request);
  }
  if (story.goes_on()) {
    explain(story, request);
    story.act(key, "fate",
              {"",
               "",
               {{"evidence", "", "BiologicallyDerivedProduct/" + id_of(unit)},
                {"units", "two units transfused", ""}}});
  }
}

/// Each unit that has left the laboratory is owed by itself, until its fate is known.
void units_by_v2(Story& story, const Request& request, bool warned) {
  Messages& messages = story.desk().messages;
  const std::string unit = story.desk().number("B");
  const std::string says = fmt::format("for {}", request.person.name());
  story.send("blood unit", says, messages.unit(request, unit, "RS", story.now()));
  story.hears(request.number, Heard::unit_available);
  if (!story.goes_on()) {
    return;
  }
  story.send("blood unit", says + ", issued", messages.unit(request, unit, "DS", story.now()));
  story.hears(request.number, Heard::unit_issued);
  story.opens({{unit, "blood-unit"},
               "unit of red cells " + says,
               request.person.number,
               "issued",
               "team:transfusion"});
  if (warned) {
    passed_over(story, request);
  }
  if (!story.goes_on()) {
    return;
  }
  explain(story, request);
  if (story.chance(1, 3)) {
    story.send("blood unit", says + ", back unused",
               messages.unit(request, unit, "RA", story.now()));
    story.hears(unit, Heard::unit_returned);
  } else {
    story.send("transfusion", says, messages.transfused(request, unit, story.now()));
    story.hears(unit, Heard::unit_transfused);
  }
  if (!story.goes_on()) {
    return;
  }
  std::vector<Output> outputs = evidence(story);
  outputs.push_back({"units", "each unit's fate is known", ""});
  story.act({request.number, request.pathway}, "fate", {"", "", std::move(outputs)});
}

}  // namespace

void work_on(Story& story, const Request& request) {
  if (!story.goes_on()) {
    return;
  }
  if (!request.message.empty() && story.chance(1, 8)) {  // the same order under another MSH-10
    story.send("order sent again", fmt::format("{} for {}", request.name, request.person.name()),
               story.desk().messages.order(request.message, "NW", request, story.now()));
  }
  if (story.chance(1, 9)) {
    cancel(story, request);
  } else if (request.kind != Kind::laboratory || specimens(story, request)) {
    results(story, request);
  }
}

void tell_laboratory(Story& story) {
  work_on(story, ask_for(story, Kind::laboratory, story.person(), story.desk().clinician()));
}

void tell_imaging(Story& story) {
  work_on(story, ask_for(story, Kind::imaging, story.person(), story.desk().clinician()));
}

void tell_unordered_result(Story& story) {
  Request request;
  request.kind = Kind::laboratory;
  request.person = story.person();
  request.by = story.desk().clinician();
  request.name = lab_tests[0].name;
  request.pathway = "diagnostic-order";
  const std::string number = story.desk().number("U");
  const std::string says = fmt::format("{} for {}", request.name, story.person().name());
  if (story.by_v2()) {
    story.send("result without an order", says,
               story.desk().messages.result(request, number, Stage::final_one, Judgement::normal,
                                            story.now()));
  } else {
    story.put("result without an order", says,
              put_report(request, number, Stage::final_one, Judgement::normal, story.now()));
  }
  request.number = number;
  story.opens_for(request, {"diagnostic-order", "result", "team:results"});
  if (story.goes_on()) {
    story.act({number, "diagnostic-order"}, "acknowledge",
              {"", "", {{"action", "told the practice", ""}}});
  }
}

void tell_blood(Story& story) {
  const Request request = ask_for(story, Kind::blood, story.person(), story.desk().clinician());
  const DutyKey key{request.number, request.pathway};
  if (request.pathway != "blood") {
    see_to(story, request);
    return;
  }
  if (!story.goes_on() || !specimens(story, request) || story.is_in(key, "sample-needed")) {
    return;
  }
  Request grouping = request;
  grouping.kind = Kind::imaging;  // a text, no value
  story.put("blood group", fmt::format("of {}", request.person.name()),
            put_report(grouping, story.desk().number("R"), Stage::final_one, Judgement::normal,
                       story.now()));
  story.hears(request.number, Heard::final_report);
  const bool warned = group(story, request);
  if (!story.goes_on()) {
    return;
  }
  if (story.by_v2()) {
    units_by_v2(story, request, warned);
  } else {
    units_by_fhir(story, request, warned);
  }
}

void tell_operation(Story& story) {
  const Request request = ask_for(story, Kind::procedure, story.person(), story.desk().clinician());
  const DutyKey key{request.number, request.pathway};
  if (!story.goes_on()) {
    return;
  }
  const Booking booking = draw_booking(story, request, 20);
  say_booking(story, booking, Heard::booked);
  if (story.chance(1, 2) && story.goes_on()) {
    story.act(key, "confirm");
  }
  if (!story.goes_on()) {
    return;
  }
  const std::uint64_t drawn = story.desk().random.below(4);
  if (drawn == 0) {
    say_booking(story, booking, Heard::not_attended);
  } else if (drawn == 1) {
    say_booking(story, booking, Heard::cancelled_by_us);
  } else {
    story.put("operation", fmt::format("{} for {}", request.name, request.person.name()),
              put_operation(request, story.desk().number("T")));
    story.hears(request.number, Heard::procedure_done);
  }
  if (drawn == 0 && story.goes_on()) {
    story.act(key, "discharge", {"the patient does not want it any more", "", {}});
  }
}

}  // namespace holdfast::day
