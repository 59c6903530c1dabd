// day/stories_referrals.cpp: referrals and their appointments.
#include <fmt/format.h>

#include "day/story.h"
#include "day/v2_orders.h"

namespace holdfast::day {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

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

/// We cannot keep the date.
void call_off(Story& story, const Request& request, const std::string& number, Time start,
              bool v2) {
  const std::string says = fmt::format("{}: {}", request.name, request.person.name());
  if (v2) {
    story.send("cancelled by us", says,
               story.desk().messages.appointment("S15", request, number, start, story.now()));
  } else {
    story.put("cancelled by us", says, put_appointment(request, number, "cancelled", start));
  }
  if (!v2 || siu_moves_request) {
    story.hears(request.number, Heard::cancelled_by_us);
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
  if (story.chance(1, 8)) {
    call_off(story, request, number, start, v2);
    return;
  }
  story.act(key, "attended");
  if (story.goes_on()) {
    outcome(story, request);
  }
}

}  // namespace holdfast::day
