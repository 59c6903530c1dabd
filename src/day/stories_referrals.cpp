// day/stories_referrals.cpp: referrals and their appointments.
#include <fmt/format.h>

#include "day/story.h"

namespace holdfast::day {
namespace {

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
  const Booking booking = draw_booking(story, request, 30);
  say_booking(story, booking, Heard::booked);
  if (!story.goes_on()) {
    return;
  }
  const std::uint64_t drawn = story.desk().random.below(8);
  if (drawn < 3) {
    say_booking(story, booking, drawn < 2 ? Heard::not_attended : Heard::cancelled_by_us);
    if (story.goes_on()) {
      story.act(key, "accept");
    }
    return;
  }
  story.act(key, "attended");
  if (story.goes_on()) {
    outcome(story, request);
  }
}

}  // namespace holdfast::day
