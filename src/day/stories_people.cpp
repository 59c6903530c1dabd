// day/stories_people.cpp: merged records, somebody who leaves, a clinic that closes.
#include <optional>

#include <fmt/format.h>

#include "day/story.h"

namespace holdfast::day {

void tell_merge(Story& story) {
  const Person stays = story.person();
  const Person gone = story.registers();
  const Request first = ask_for(story, Kind::referral, gone, story.desk().clinician());
  Request second = ask_for(story, Kind::laboratory, gone, story.desk().clinician());
  std::optional<Visit> stay;
  if (gone.child == stays.child && story.chance(1, 2)) {
    stay = admit(story, gone);
  }
  if (!story.goes_on() || (stay && !observe(story, *stay))) {
    return;
  }
  const std::string says = fmt::format("{} and {} are one person", gone.number, stays.number);
  if (gone.by_v2 || stays.by_v2 || story.by_v2()) {
    story.send("merge", says, story.desk().messages.merge(stays, gone, story.now()));
  } else {
    story.put("merge", says, put_replaced(gone, stays));
  }
  story.changes(Merged{gone.number, stays.number});
  // What comes later under the old number by HL7 v2 is of the one who stayed.
  const bool old_number = story.by_v2();
  if (!old_number) {
    second.person = stays;
  }
  if (story.goes_on()) {
    report(story, second, story.desk().number("R"), Stage::final_one, Judgement::abnormal,
           old_number ? Line::v2 : Line::any);
  }
  if (stay && story.goes_on()) {
    stay->person = stays;
    (void)observe(story, *stay);
  }
}

void tell_death(Story& story) {
  const Clinician& by = story.desk().clinician();
  (void)ask_for(story, Kind::referral, story.person(), by);
  const Request order = ask_for(story, Kind::laboratory, story.person(), by);
  if (!story.goes_on()) {
    return;
  }
  Person person = story.person();
  person.died = story.now();
  if (person.by_v2) {
    story.send("death", person.name(), story.desk().messages.person("A31", person, story.now()));
  } else {
    story.put("death", person.name(), put_person(person));
  }
  // Nothing closes by itself: one review says what becomes of the rest, which stays open until
  // then.
  const DutyKey key{person.number, "death"};
  story.opens({key, "death of " + person.name(), person.number, "to-review", "team:bereavement"});
  if (story.chance(1, 2) && story.goes_on()) {
    report(story, order, story.desk().number("R"), Stage::final_one, Judgement::abnormal);
  }
  if (story.goes_on()) {
    story.act(key, "review", {"", "", {{"action", "the practice knows; the referral ends", ""}}});
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
  if (!story.goes_on()) {
    return;
  }
  // An order in the name of somebody who is there no longer: it is its team's at once.
  Request late;
  late.person = story.person();
  late.by = leaver;
  late.number = story.desk().number("O");
  late.name = lab_tests[0].name;
  late.pathway = "diagnostic-order";
  story.put(
      "laboratory order",
      fmt::format("{} for {}, in the name of somebody who has left", late.name, late.person.name()),
      put_request(late, "active", story.now()));
  story.opens_for(late, {"diagnostic-order", "ordered", "team:results"});
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

}  // namespace holdfast::day
