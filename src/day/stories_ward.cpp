// day/stories_ward.cpp: the observations of who stays: sets of vital signs, whole and not, and
// what a score asks for.
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "day/story.h"

namespace holdfast::day {
namespace {

/// What is taken within so many minutes is one set (clinical/news2.toml): ours lie further apart.
constexpr std::int64_t set_minutes = 15;

DutyKey watch_of(const Visit& visit) { return {visit.number, "observations"}; }
DutyKey call_of(const Visit& visit) { return {visit.number, "deterioration"}; }

const VitalSet& draw_set(Story& story, Risk least, Risk most) {
  while (true) {
    const VitalSet& set = vital_sets[story.desk().random.below(vital_sets.size())];
    if (set.risk >= least && set.risk <= most) {
      return set;
    }
  }
}

/// Who is waited for gets worse, half of the time. Who was assessed is better: a second call would
/// be a second item.
const VitalSet& draw_next(Story& story, const Visit& visit) {
  const Duty* const call = story.duty(visit.number, "deterioration");
  if (call != nullptr && !call->open) {
    return draw_set(story, Risk::zero, Risk::low);
  }
  const bool worse = call != nullptr && story.chance(1, 2);
  return draw_set(story, worse ? risk_of(call->priority) : Risk::zero, Risk::high);
}

/// Charted as one panel, as an Observation for each, in one request or one by one, or as a message
/// with the visit. A message is a report, too; of nothing but vital signs, so that it is nobody's
/// to read. Returns it where nobody heard our answer, and it is to come once more.
std::optional<Message> say_set(Story& story, const Visit& visit,
                               const std::vector<Reading>& readings, std::string_view says) {
  const std::string number = story.desk().number("OBS");
  const std::string_view kind = "set of observations";
  const std::string text = fmt::format("of {}, {}", visit.person.name(), says);
  if (story.by_v2()) {
    Message message = story.desk().messages.vitals(visit, number, readings, story.now());
    story.send(kind, text, message);
    return story.chance(1, 8) ? std::optional(std::move(message)) : std::nullopt;
  }
  const std::uint64_t drawn = story.desk().random.below(3);
  if (drawn == 0) {
    story.put(kind, text, put_panel(visit, number, readings, story.now()));
  } else if (drawn == 1) {
    story.put(kind, text, put_vitals(visit, number, readings, story.now()));
  } else {  // as a monitor does: the last of them makes it a set
    for (Put& one : put_vitals(visit, number, readings, story.now())) {
      story.put("vital sign", text, std::move(one));
    }
  }
  return std::nullopt;
}

void say_again(Story& story, const Visit& visit, std::optional<Message> twice) {
  if (twice) {
    story.send("message sent twice", "observations of " + visit.person.name(), *std::move(twice));
  }
}

/// What a score makes of the two items. A call that is there is hurried: once, however often.
void scored(Story& story, const Visit& visit, Risk risk) {
  const DutyKey watch = watch_of(visit);
  const auto to =
      state_after(watch.pathway, story.duty(watch.focus, watch.pathway)->state, Heard::set_scored);
  if (!to) {
    return;
  }
  const bool child = visit.person.child;
  story.changes(
      Becomes{watch, std::string(*to), std::string(child ? "routine" : priority_of(risk))});
  if (child || !calls(risk)) {
    return;
  }
  const DutyKey call = call_of(visit);
  const Duty* const there = story.duty(call.focus, call.pathway);
  if (there == nullptr) {
    story.opens({call, "assessment of " + visit.person.name(), visit.person.number, "to-assess",
                 "team:outreach", true, std::string(priority_of(risk))});
  } else if (risk > risk_of(there->priority)) {
    story.changes(Becomes{call, there->state, std::string(priority_of(risk))});
  }
}

/// Of a child there is no score, whole or not.
void take_partial(Story& story, const Visit& visit) {
  const VitalSet& set = draw_set(story, Risk::zero, Risk::high);
  std::vector<Reading> readings = readings_of(set);
  const auto left_out = static_cast<std::ptrdiff_t>(story.desk().random.below(readings.size()));
  const std::string says = fmt::format("without {}", readings[left_out].name);
  readings.erase(readings.begin() + left_out);
  auto twice = say_set(story, visit, readings, says);
  if (visit.person.child) {
    scored(story, visit, set.risk);
  }
  say_again(story, visit, std::move(twice));
  story.waits(set_minutes);
}

void take_set(Story& story, const Visit& visit) {
  const VitalSet& set = draw_next(story, visit);
  auto twice = say_set(story, visit, readings_of(set),
                       visit.person.child ? "a child" : fmt::format("risk {}", name_of(set.risk)));
  scored(story, visit, set.risk);
  say_again(story, visit, std::move(twice));
  story.waits(set_minutes);
}

/// Somebody comes, or the set was another patient's. Or nobody does: it is open in the evening.
bool answer_call(Story& story, const Visit& visit) {
  const DutyKey call = call_of(visit);
  if (!story.is_in(call, "to-assess") || story.chance(1, 2)) {
    return true;
  }
  if (story.chance(1, 8)) {
    story.act(call, "withdraw", {"the cuff was on somebody else's arm", "", {}});
    return story.goes_on();
  }
  const std::string who = story.desk().clinician().name();
  story.act(call, "assess",
            {"", "", {{"assessor", who, ""}, {"action", "fluids, seen again in an hour", ""}}});
  if (story.chance(1, 8) && story.goes_on()) {
    story.act(call, "reopen", {"it was said of the wrong bed", "", {}});
  }
  return story.goes_on();
}

}  // namespace

bool observe(Story& story, const Visit& visit) {
  const DutyKey watch = watch_of(visit);
  const std::uint64_t sets = story.desk().random.below(5);
  for (std::uint64_t i = 0; i < sets; ++i) {
    if (story.chance(1, 6)) {
      take_partial(story, visit);
    } else {
      take_set(story, visit);
    }
    if (!story.goes_on() || !answer_call(story, visit)) {
      return false;
    }
  }
  if (story.is_in(watch, "stopped")) {
    return true;
  }
  if (visit.person.child && story.is_in(watch, "first-set")) {
    story.act(watch, "charted-elsewhere", {"on the chart for children", "", {}});
    return story.goes_on();
  }
  if (story.chance(1, 15)) {
    story.act(watch, "stop", {"the team has said so, with the family", "", {}});
    return story.goes_on();
  }
  return true;
}

void observe_late(Story& story, const Visit& visit) { take_set(story, visit); }

}  // namespace holdfast::day
