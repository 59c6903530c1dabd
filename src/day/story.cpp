#include "day/story.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/time.h"
#include "day/v2_orders.h"

namespace holdfast::day {
namespace {
constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t day_ms = 86'400'000;
/// Of twelve stories one ends at each step: that is why so much is open in the evening.
constexpr std::uint64_t steps_before_rest = 12;
}  // namespace

std::string Desk::number(std::string_view letters) {
  return fmt::format("{}{}{}", prefix, letters, ++numbers);
}

Time Desk::at(std::int64_t minute) const { return {options.begins.ms + minute * minute_ms}; }

const Clinician& Desk::clinician() { return clinicians[random.below(clinicians.size())]; }

Story::Story(Desk& desk, std::int64_t minute) : desk_(desk), minute_(minute) {
  person_ = registers();
}

bool Story::by_v2() {
  return desk_.options.lines == Lines::fhir_and_v2 && desk_.random.chance(1, 2);
}

bool Story::goes_on() {
  minute_ += static_cast<std::int64_t>(5 + desk_.random.below(90));
  return !desk_.random.chance(1, steps_before_rest);
}

Person Story::registers() {
  const int year = std::stoi(to_instant(desk_.options.begins).substr(0, 4));
  Person person = draw_person(desk_.number("P"), year, desk_.random);
  numbers_.push_back(person.number);
  person.by_v2 = by_v2();
  if (person.by_v2) {
    send("registration", person.name(), desk_.messages.person("A28", person, now()));
  } else {
    put("registration", person.name(), put_person(person));
  }
  minute_ += 1;
  return person;
}

Step& Story::step(std::string_view kind, std::string says) {
  Step& one = steps_.emplace_back();
  one.minute = minute_;
  one.kind = kind;
  one.says = std::move(says);
  return one;
}

void Story::put(std::string_view kind, std::string says, Puts puts) {
  step(kind, std::move(says)).does = std::move(puts);
}
void Story::put(std::string_view kind, std::string says, Put one) {
  Puts puts;
  puts.push_back(std::move(one));
  put(kind, std::move(says), std::move(puts));
}
void Story::send(std::string_view kind, std::string says, Message message) {
  step(kind, std::move(says)).does = std::move(message);
}

void Story::act(const DutyKey& key, std::string_view name, Said said) {
  const Duty* const duty = board_.find(key);
  check(duty != nullptr, "a story acts on what it has opened");
  const auto to = state_by_act(key.pathway, duty->state, name);
  check(to.has_value(), "a story does what may be done");
  Act act;
  act.duty = key;
  act.patient = duty->patient;
  act.name = name;
  act.reason = std::move(said.reason);
  act.reason_code = std::move(said.reason_code);
  act.outputs = std::move(said.outputs);
  step("decision", fmt::format("{}: {}", duty->about, name)).does = std::move(act);
  changes(Becomes{key, std::string(*to)});
}

void Story::hand(const DutyKey& key, std::string owner) {
  const Duty* const duty = board_.find(key);
  check(duty != nullptr, "a story hands over what it has opened");
  Act act;
  act.duty = key;
  act.patient = duty->patient;
  act.owner = owner;
  step("handed over", fmt::format("{}: to {}", duty->about, owner)).does = std::move(act);
  changes(Handed{key, std::move(owner)});
}

void Story::changes(Change change) {
  board_.apply(change);
  steps_.back().changes.push_back(std::move(change));
}

void Story::opens(Duty duty) { changes(Opens{std::move(duty)}); }

void Story::opens_for(const Request& request, const Opening& opening) {
  Duty duty;
  duty.key = {request.number, std::string(opening.pathway)};
  duty.about = fmt::format("{} for {}", request.name, request.person.name());
  duty.patient = request.person.number;
  duty.state = opening.state;
  duty.owner = opening.owner == "requester" ? request.by.reference() : std::string(opening.owner);
  opens(std::move(duty));
}

void Story::hears(std::string_view focus, Heard heard) {
  std::vector<Change> all;
  for (const auto& [key, duty] : board_.duties()) {
    const auto to = state_after(key.pathway, duty.state, heard);
    if (key.focus == focus && to) {
      all.emplace_back(Becomes{key, std::string(*to)});
    }
  }
  for (Change& change : all) {
    changes(std::move(change));
  }
}

bool Story::is_in(const DutyKey& key, std::string_view state) const {
  const Duty* const duty = board_.find(key);
  return duty != nullptr && duty->state == state;
}

Booking draw_booking(Story& story, const Request& request, std::uint64_t days) {
  Booking booking;
  booking.request = request;
  booking.number = story.desk().number("A");
  booking.v2 = story.by_v2();
  const std::uint64_t ahead = 1 + story.desk().random.below(days);
  booking.start = Time{story.now().ms + static_cast<std::int64_t>(ahead) * day_ms};
  return booking;
}

void say_booking(Story& story, const Booking& booking, Heard heard) {
  const Request& request = booking.request;
  const bool made = heard == Heard::booked;
  const bool missed = heard == Heard::not_attended;
  const std::string_view kind = missed ? "no-show" : !made ? "date called off" : "date booked";
  const std::string says = fmt::format("{} for {}", request.name, request.person.name());
  if (booking.v2) {
    story.send(
        kind, says,
        story.desk().messages.appointment(made     ? "S12"
                                          : missed ? "S26"
                                                   : "S15",
                                          request, booking.number, booking.start, story.now()));
  } else {
    story.put(kind, says,
              put_appointment(request, booking.number,
                              made     ? "booked"
                              : missed ? "noshow"
                                       : "cancelled",
                              booking.start));
  }
  const bool by_whom = !booking.v2 || heard != Heard::cancelled_by_us;
  story.hears(request.number, by_whom ? heard : Heard::cancelled_by_patient);
}

std::vector<Output> evidence(Story& story) {
  const std::string note = story.desk().number("N");
  story.put("note", fmt::format("about {}", story.person().name()),
            put_letter(story.person(), note, "", "final"));
  return {{"evidence", "", "DocumentReference/" + id_of(note)}};
}

Request ask_for(Story& story, Kind kind, const Person& person, const Clinician& by) {
  Desk& desk = story.desk();
  Request request;
  request.kind = kind;
  request.person = person;
  request.by = by;
  request.number = desk.number(kind == Kind::referral ? "REF" : "O");
  const std::uint64_t which = desk.random.next();
  if (kind == Kind::laboratory) {
    request.test = which % lab_tests.size();
    request.name = lab_tests[request.test].name;
  } else if (kind == Kind::imaging) {
    request.test = which % examinations.size();
    request.name = examinations[request.test].name;
  } else if (kind == Kind::referral) {
    request.name = fmt::format("Referral to {}", clinics[which % clinics.size()]);
  } else if (kind == Kind::blood) {
    request.name = "Two units of red cells";
  } else {
    request.name = operations[which % operations.size()];
  }
  if (story.chance(1, 4)) {
    request.priority = "urgent";
  }
  constexpr std::string_view names[] = {"referral",      "laboratory order", "imaging order",
                                        "blood request", "theatre request",  "letter"};
  const std::string_view name = names[static_cast<std::size_t>(kind)];
  const std::string says =
      fmt::format("{} for {}, asked for by {}", request.name, person.name(), by.name());
  std::vector<const V2Order*> rows;
  for (const V2Order& row : v2_orders) {
    if (row.kind == kind) {
      rows.push_back(&row);
    }
  }
  Opening opening = opening_of(kind);
  if (!rows.empty() && story.by_v2()) {
    const V2Order& row = *rows[desk.random.below(rows.size())];
    opening = row.opens;
    request.message = row.message;
    request.names_section = row.section == Section::said;
    story.send(name, says, desk.messages.order(row.message, "NW", request, story.now()));
  } else {
    story.put(name, says, put_request(request, "active", story.now()));
  }
  request.pathway = opening.pathway;
  story.opens_for(request, opening);
  return request;
}

void report(Story& story, const Request& request, std::string_view number, Stage stage,
            Judgement judged, Line line) {
  constexpr std::string_view names[] = {"preliminary result", "final result", "corrected result"};
  const std::string_view name = names[static_cast<std::size_t>(stage)];
  constexpr std::string_view judgements[] = {"normal", "abnormal", "critical"};
  const std::string says = fmt::format(
      "{} for {}, {}", request.name, request.person.name(),
      request.kind == Kind::laboratory ? judgements[static_cast<std::size_t>(judged)] : "a text");
  std::optional<Message> twice;
  if (line == Line::v2 || story.by_v2()) {
    const Message message =
        story.desk().messages.result(request, number, stage, judged, story.now());
    story.send(name, says, message);
    if (story.chance(1, 8)) {  // nobody heard our answer: it comes once more, and counts once
      twice = message;
    }
  } else {
    story.put(name, says, put_report(request, number, stage, judged, story.now()));
  }
  story.hears(request.number, stage == Stage::preliminary ? Heard::preliminary
                              : stage == Stage::corrected ? Heard::corrected
                                                          : Heard::final_report);
  const bool followed = request.pathway == "diagnostic-order";
  if (followed && judged == Judgement::critical) {
    story.opens_for(request, {"critical-result", "to-phone", "team:results-phone"});
  }
  if (twice) {
    story.send("message sent twice", says, *std::move(twice));
  }
}

}  // namespace holdfast::day
