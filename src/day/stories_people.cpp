// day/stories_people.cpp: referrals, stays and their letters, merged records, somebody who leaves.
#include <fmt/format.h>

#include "day/story.h"
#include "day/v2_orders.h"

namespace holdfast::day {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

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
  const DutyKey key{visit.number, "letter"};
  if (story.duty(visit.number, key.pathway) == nullptr) {
    story.opens(
        {key, fmt::format("{} letter for {}", stay ? "discharge" : "clinic", visit.person.name()),
         visit.person.number, "no-draft", "team:letters"});
  }
}

Visit visit_of(Story& story, std::string_view of) {
  Visit visit;
  visit.number = story.desk().number("V");
  visit.person = story.person();
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

/// The next appointment of a referral; by SIU it may have to be told by hand.
void book(Story& story, const Request& request, const std::string& number, Time start, bool v2) {
  const DutyKey key{request.number, request.pathway};
  const std::string says = fmt::format("{} for {}", request.name, request.person.name());
  if (!v2) {
    story.put("appointment", says, put_appointment(request, number, "booked", start));
    story.hears(request.number, Heard::booked);
    return;
  }
  story.send("appointment", says,
             story.desk().messages.appointment("S12", request, number, start, story.now()));
  if (siu_moves_request) {
    story.hears(request.number, Heard::booked);
  } else if (story.goes_on()) {
    story.act(key, "book", {"", "", {{"appointment", number, ""}}});
  }
}

void stay_away(Story& story, const Request& request, const std::string& number, Time start,
               bool v2) {
  const DutyKey key{request.number, request.pathway};
  const std::string says = fmt::format("{}: {}", request.name, request.person.name());
  if (!v2) {
    story.put("no-show", says, put_appointment(request, number, "noshow", start));
    story.hears(request.number, Heard::not_attended);
    return;
  }
  story.send("no-show", says,
             story.desk().messages.appointment("S26", request, number, start, story.now()));
  if (siu_moves_request) {
    story.hears(request.number, Heard::not_attended);
  } else if (story.goes_on()) {
    story.act(key, "not-attended", {"did not come", "", {}});
  }
}

void outcome(Story& story, const Request& request) {
  const DutyKey key{request.number, request.pathway};
  const std::uint64_t drawn = story.desk().random.below(5);
  if (drawn == 4) {
    story.act(key, "book-again", {"the scan is not there yet", "", {}});
  } else if (drawn == 0) {
    story.act(key, "treat", {"treatment begins", "", {}});
  } else if (drawn == 1) {
    story.act(key, "follow-up", {"seen again in three months", "", {}});
    Duty next = *story.duty(key.focus, key.pathway);
    next.key.pathway = "follow-up";
    next.state = "planned";
    next.open = true;
    story.opens(std::move(next));
  } else if (drawn == 2) {
    story.act(key, "end", {"", "34", {}});
  } else {
    std::vector<Output> outputs = evidence(story);
    story.act(key, "discharge", {"nothing more to do", "", std::move(outputs)});
  }
}

/// What does not come to an appointment. False: it does.
bool turned_away(Story& story, const Request& request) {
  const DutyKey key{request.number, request.pathway};
  const std::uint64_t drawn = story.desk().random.below(10);
  if (drawn == 0) {
    story.act(key, "advise", {"", "", {{"advice", "try this for six weeks first", ""}}});
    if (story.goes_on()) {
      std::vector<Output> outputs = evidence(story);
      story.act(key, "advice-confirmed", {"the practice has read it", "", std::move(outputs)});
    }
    return true;
  }
  if (drawn == 1) {
    story.act(key, "redirect",
              {"belongs to another hospital", "", {{"provider", "the county hospital", ""}}});
    const bool accepted = story.chance(1, 2);
    if (!story.goes_on()) {
      return true;
    }
    if (accepted) {
      std::vector<Output> outputs = evidence(story);
      outputs.push_back({"clock-start", "today", ""});
      story.act(key, "redirect-accepted", {"", "", std::move(outputs)});
    } else {
      story.act(key, "redirect-refused", {"no room", "", {}});
    }
    return true;
  }
  return false;
}

}  // namespace

void tell_referral(Story& story) {
  const Request request = ask_for(story, Kind::referral, story.person(), story.desk().clinician());
  const DutyKey key{request.number, request.pathway};
  if (!story.goes_on() || turned_away(story, request)) {
    return;
  }
  story.act(key, "accept");
  if (!story.goes_on()) {
    return;
  }
  const std::string number = story.desk().number("A");
  const bool v2 = story.by_v2();
  const Time start{story.now().ms +
                   static_cast<std::int64_t>(1 + story.desk().random.below(30)) * day_ms};
  book(story, request, number, start, v2);
  if (!story.is_in(key, "booked") || !story.goes_on()) {
    return;
  }
  if (story.chance(1, 3)) {
    stay_away(story, request, number, start, v2);
    if (story.is_in(key, "clinical-review") && story.goes_on()) {
      story.act(key, "accept");
    }
    return;
  }
  if (!v2 && story.chance(1, 8)) {
    const std::string says = fmt::format("{}: {}", request.name, request.person.name());
    story.put("cancelled by us", says, put_appointment(request, number, "cancelled", start));
    story.hears(request.number, Heard::cancelled_by_us);
    return;
  }
  story.act(key, "attended");
  if (story.goes_on()) {
    outcome(story, request);
  }
}

void tell_stay(Story& story) {
  const Visit visit = visit_of(story, "IMP");
  const bool v2 = story.by_v2();
  visit_begins(story, visit, v2);
  if (!story.goes_on()) {
    return;
  }
  on_the_ward(story, visit, v2);
  if (v2 && story.chance(1, 10)) {
    story.send("admission cancelled", visit.person.name(),
               story.desk().messages.visit("A11", visit, story.now(), nullptr));
    return;
  }
  visit_ends(story, visit, v2);
  if (v2 && story.chance(1, 10) && story.goes_on()) {
    // Back on the ward: the letter stays owed.
    story.send("discharge cancelled", visit.person.name(),
               story.desk().messages.visit("A13", visit, story.now(), nullptr));
    if (!story.goes_on()) {
      return;
    }
    visit_ends(story, visit, v2);
  }
  letter_of(story, visit);
}

void tell_clinic_letter(Story& story) {
  const Visit visit = visit_of(story, "AMB");
  const bool v2 = story.by_v2();
  visit_begins(story, visit, v2);
  if (story.goes_on()) {
    visit_ends(story, visit, v2);
    letter_of(story, visit);
  }
}

void tell_merge(Story& story) {
  const Person stays = story.person();
  const Person gone = story.registers();
  const Request first = ask_for(story, Kind::referral, gone, story.desk().clinician());
  Request second = ask_for(story, Kind::laboratory, gone, story.desk().clinician());
  if (!story.goes_on()) {
    return;
  }
  const std::string says = fmt::format("{} and {} are one person", gone.number, stays.number);
  if (gone.by_v2 || stays.by_v2 || story.by_v2()) {
    story.send("merge", says, story.desk().messages.merge(stays, gone, story.now()));
  } else {
    story.put("merge", says, put_replaced(gone, stays));
  }
  story.changes(Merged{gone.number, stays.number});
  second.person = stays;
  if (story.goes_on()) {
    report(story, second, story.desk().number("R"), Stage::final_one, Judgement::abnormal);
  }
}

void tell_leaver(Story& story) {
  const Clinician leaver =
      make_clinician(story.desk().number("DR"), story.desk().random.below(100));
  story.put("staff", leaver.name() + " begins", put_clinician(leaver, true));
  for (int i = 0; i < 3; ++i) {
    (void)ask_for(story, Kind::laboratory, story.person(), leaver);
    if (!story.goes_on()) {
      break;
    }
  }
  (void)dictate(story, leaver);
  story.put("staff", leaver.name() + " leaves", put_clinician(leaver, false));
  story.changes(Left{leaver.reference()});
}

void tell_closing_clinic(Story& story) {
  Desk& desk = story.desk();
  const std::string team = desk.number("T");
  story.put("staff", fmt::format("clinic {} begins", team), put_team(team, "active"));
  for (int i = 0; i < 2; ++i) {
    Request request;
    request.kind = Kind::referral;
    request.person = story.person();
    request.by = desk.clinician();
    request.number = desk.number("REF");
    request.name = fmt::format("Referral to clinic {}", team);
    request.pathway = "referral";
    request.team = "CareTeam/" + id_of(team);
    story.put("referral", fmt::format("{} for {}", request.name, request.person.name()),
              put_request(request, "active", story.now()));
    story.opens_for(request, {"referral", "received", request.team});
    if (story.goes_on()) {
      story.act({request.number, "referral"}, "accept");
    }
  }
  story.put("staff", fmt::format("clinic {} is closed", team), put_team(team, "inactive"));
  story.changes(Left{"CareTeam/" + id_of(team)});
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
