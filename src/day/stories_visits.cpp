// day/stories_visits.cpp: stays, visits to a clinic, and the letters that are owed for them.
#include <fmt/format.h>

#include "day/story.h"

namespace holdfast::day {
namespace {

void letter_moves_on(Story& story, const DutyKey& key) {
  if (!story.goes_on()) {
    return;
  }
  if (story.chance(1, 2)) {
    story.act(key, "posted",
              {"", "", {{"posted-by", "the ward clerk", ""}, {"time", "today", ""}}});
    return;
  }
  story.act(key, "send", {"", "", {{"sent-to", "the practice", ""}}});
  if (!story.goes_on()) {
    return;
  }
  if (story.chance(1, 4)) {
    story.act(key, "return", {"the address is an old one", "", {}});
    return;
  }
  std::vector<Output> outputs = evidence(story);
  story.act(key, "receipt", {"", "", std::move(outputs)});
  if (story.chance(1, 6) && story.goes_on()) {
    story.act(key, "reopen", {"a page was missing", "", {}});
  }
}

/// What is owed once a visit is over: drafted, signed, sent.
void letter_of(Story& story, const Visit& visit) {
  const DutyKey key{visit.number, "letter"};
  const std::string says = fmt::format("about {}", visit.person.name());
  if (!story.goes_on()) {
    return;
  }
  if (story.chance(1, 10)) {
    story.act(key, "not-needed", {"the practice was there", "", {}});
    return;
  }
  const std::string number = story.desk().number("L");
  const bool v2 = story.by_v2();
  Messages& messages = story.desk().messages;
  if (v2) {
    story.send("letter drafted", says, messages.letter("T02", "DO", visit, number, story.now()));
  } else {
    story.put("letter drafted", says,
              put_letter(visit.person, number, visit.number, "preliminary"));
  }
  story.hears(visit.number, Heard::draft);
  if (!story.goes_on()) {
    return;
  }
  if (v2) {
    story.send("letter signed", says, messages.letter("T04", "LA", visit, number, story.now()));
  } else {
    story.put("letter signed", says, put_letter(visit.person, number, visit.number, "final"));
  }
  story.hears(visit.number, Heard::signed_off);
  letter_moves_on(story, key);
}

void visit_begins(Story& story, const Visit& visit, bool v2) {
  const bool stay = visit.of == "IMP";
  if (v2) {
    story.send(stay ? "admission" : "clinic visit", visit.person.name(),
               story.desk().messages.visit(stay ? "A01" : "A04", visit, story.now(), nullptr));
  } else {
    story.put(stay ? "admission" : "clinic visit", visit.person.name(), put_visit(visit, nullptr));
  }
  if (stay) {
    story.opens({{visit.number, "observations"},
                 "observations of " + visit.person.name(),
                 visit.person.number,
                 "first-set",
                 "team:ward"});
  }
}

void visit_ends(Story& story, const Visit& visit, bool v2) {
  const Time now = story.now();
  const bool stay = visit.of == "IMP";
  const std::string_view kind = stay ? "discharge" : "end of a visit";
  if (v2) {
    story.send(kind, visit.person.name(), story.desk().messages.visit("A03", visit, now, &now));
  } else {
    story.put(kind, visit.person.name(), put_visit(visit, &now));
  }
  story.hears(visit.number, Heard::stay_over);
  const DutyKey key{visit.number, "letter"};
  if (story.duty(visit.number, key.pathway) == nullptr) {
    story.opens(
        {key, fmt::format("{} letter for {}", stay ? "discharge" : "clinic", visit.person.name()),
         visit.person.number, "no-draft", "team:letters"});
  }
}

/// The discharge is cancelled: its letter rests until the stay is over, and observations are owed.
void back_on_the_ward(Story& story, const Visit& visit, bool v2) {
  if (v2) {
    story.send("discharge cancelled", visit.person.name(),
               story.desk().messages.visit("A13", visit, story.now(), nullptr));
  } else {
    story.put("discharge cancelled", visit.person.name(), put_visit(visit, nullptr));
  }
  story.hears(visit.number, Heard::stay_goes_on);
}

Visit visit_of(Story& story, const Person& person, std::string_view of) {
  Visit visit;
  visit.number = story.desk().number("V");
  visit.person = person;
  visit.of = of;
  visit.from = story.now();
  return visit;
}

/// Orders, a referral to another team, a move to another ward that changes nothing of what is owed.
void on_the_ward(Story& story, const Visit& visit, bool v2) {
  Desk& desk = story.desk();
  if (v2 && story.chance(1, 4)) {
    story.send("moved to another ward", visit.person.name(),
               desk.messages.visit("A02", visit, story.now(), nullptr));
  }
  if (story.chance(1, 3)) {
    work_on(story, ask_for(story, Kind::laboratory, story.person(), desk.clinician()));
  }
  if (story.chance(1, 6)) {
    (void)ask_for(story, Kind::referral, story.person(), desk.clinician());
  }
}

}  // namespace

Visit admit(Story& story, const Person& person) {
  const Visit visit = visit_of(story, person, "IMP");
  visit_begins(story, visit, story.by_v2());
  return visit;
}

void tell_stay(Story& story) {
  const Visit visit = visit_of(story, story.person(), "IMP");
  const bool v2 = story.by_v2();
  visit_begins(story, visit, v2);
  if (!story.goes_on() || !observe(story, visit)) {
    return;
  }
  on_the_ward(story, visit, v2);
  if (v2 && story.chance(1, 10)) {
    story.send("admission cancelled", visit.person.name(),
               story.desk().messages.visit("A11", visit, story.now(), nullptr));
    story.hears(visit.number, Heard::stay_cancelled);
    return;
  }
  visit_ends(story, visit, v2);
  if (v2 && story.chance(1, 12) && story.goes_on()) {  // it was somebody else's stay
    story.send("admission cancelled", visit.person.name(),
               story.desk().messages.visit("A11", visit, story.now(), nullptr));
    story.hears(visit.number, Heard::stay_cancelled);
    if (story.goes_on()) {
      story.act({visit.number, "letter"}, "not-needed", {"there was no stay", "", {}});
    }
    return;
  }
  if (story.chance(1, 8) && story.goes_on()) {
    back_on_the_ward(story, visit, v2);
    if (!story.goes_on() || !observe(story, visit)) {
      return;
    }
    visit_ends(story, visit, v2);
  }
  if (story.chance(1, 8)) {
    observe_late(story, visit);
  }
  letter_of(story, visit);
}

void tell_clinic_letter(Story& story) {
  const Visit visit = visit_of(story, story.person(), "AMB");
  const bool v2 = story.by_v2();
  visit_begins(story, visit, v2);
  if (story.goes_on()) {
    visit_ends(story, visit, v2);
    letter_of(story, visit);
  }
}

DutyKey dictate(Story& story, const Clinician& author) {
  const std::string number = story.desk().number("L");
  const Person& person = story.person();
  story.put("letter drafted", fmt::format("about {}, by {}", person.name(), author.name()),
            put_dictated(person, number, author, "preliminary"));
  const DutyKey key{number, "letter"};
  story.opens({key, fmt::format("letter of {} about {}", author.name(), person.name()),
               person.number, "awaiting-sign-off", author.reference()});
  return key;
}

void tell_dictation(Story& story) {
  const Clinician author = story.desk().clinician();
  const DutyKey key = dictate(story, author);
  if (!story.goes_on()) {
    return;
  }
  story.put("letter signed", fmt::format("about {}, by {}", story.person().name(), author.name()),
            put_dictated(story.person(), key.focus, author, "final"));
  story.hears(key.focus, Heard::signed_off);
  letter_moves_on(story, key);
}

}  // namespace holdfast::day
