#include "day/plan.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "day/story.h"

namespace holdfast::day {
namespace {

constexpr std::int64_t day_minutes = 1440;
constexpr std::size_t clinicians_at_work = 6;

struct Tale {
  void (*tell)(Story&);
  std::uint64_t weight;
};
constexpr std::array tales{
    Tale{tell_laboratory, 20},
    Tale{tell_imaging, 11},
    Tale{tell_referral, 18},
    Tale{tell_stay, 18},
    Tale{tell_clinic_letter, 10},
    Tale{tell_blood, 7},
    Tale{tell_operation, 7},
    Tale{tell_merge, 3},
    Tale{tell_death, 2},
    Tale{tell_leaver, 1},
    Tale{tell_dictation, 3},
    Tale{tell_closing_clinic, 1},
    Tale{tell_unordered_result, 2},
};

const Tale& draw_tale(Random& random) {
  std::uint64_t all = 0;
  for (const Tale& tale : tales) {
    all += tale.weight;
  }
  std::uint64_t drawn = random.below(all);
  for (const Tale& tale : tales) {
    if (drawn < tale.weight) {
      return tale;
    }
    drawn -= tale.weight;
  }
  return tales.front();
}

std::vector<Step> staff(const std::vector<Clinician>& clinicians) {
  std::vector<Step> steps;
  for (const Clinician& one : clinicians) {
    Step step;
    step.kind = "staff";
    step.says = one.name() + " is at work";
    Puts puts;
    puts.push_back(put_clinician(one, true));
    step.does = std::move(puts);
    steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace

Plan make_plan(const PlanOptions& options, Random& random) {
  const std::string prefix = fmt::format("D{}-", options.seed);
  Desk desk{options, random, prefix, Messages(prefix), {}};
  for (std::size_t i = 0; i < clinicians_at_work; ++i) {
    desk.clinicians.push_back(make_clinician(desk.number("DR"), i));
  }
  Plan plan;
  plan.steps = staff(desk.clinicians);
  const auto minutes = static_cast<std::int64_t>(options.days) * day_minutes;
  while (plan.steps.size() < options.events) {
    const auto begins = static_cast<std::int64_t>(random.below(options.days * day_minutes));
    Story story(desk, begins);
    draw_tale(random).tell(story);
    const std::vector<std::string> numbers = story.numbers();
    std::vector<Step> steps = std::move(story).steps();
    // What comes after midnight of the last day is not told: it is open then.
    std::erase_if(steps, [&](const Step& step) { return step.minute >= minutes; });
    std::ranges::move(steps, std::back_inserter(plan.steps));
    plan.patients.insert(plan.patients.end(), numbers.begin(), numbers.end());
  }
  std::ranges::stable_sort(plan.steps, {}, &Step::minute);
  plan.steps.resize(std::min<std::size_t>(plan.steps.size(), options.events));
  return plan;
}

Watched first_referral(const Plan& plan) {
  std::set<std::string> known;
  for (const Step& step : plan.steps) {
    if (const auto* puts = std::get_if<Puts>(&step.does)) {
      for (const Put& put : *puts) {
        if (put.type == "Patient") {
          known.insert(put.id);
        }
      }
    }
    for (const Change& change : step.changes) {
      const auto* opens = std::get_if<Opens>(&change);
      if (opens && opens->duty.key.pathway == "referral" &&
          known.contains(id_of(opens->duty.patient))) {
        return {step.minute, "Patient/" + id_of(opens->duty.patient)};
      }
    }
  }
  return {};
}

Board board_after(const Plan& plan, std::size_t steps) {
  Board board;
  for (std::size_t i = 0; i < std::min(steps, plan.steps.size()); ++i) {
    board.apply(plan.steps[i].changes);
  }
  return board;
}

}  // namespace holdfast::day
