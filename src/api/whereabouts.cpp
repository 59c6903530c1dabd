// api/whereabouts.cpp: Patient/[id]/$where-is-my-referral: where each of a patient's referrals is,
// and what follows from it: in which state, with which team, and until when something has to
// happen, in words that a patient or a practice reads. Nothing clinical is told: no reason, no
// urgency, no result, and nobody's notes. Dates are those of Europe/London.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "api/interactions.h"
#include "api/operation_input.h"
#include "api/owner_name.h"
#include "api/stored.h"
#include "base/local_time.h"
#include "base/time.h"
#include "clinical/waiting.h"
#include "fhir/member.h"
#include "fhir/sites.h"
#include "pathway/definition.h"
#include "pathway/item_task.h"
#include "search/matches.h"
#include "views/items.h"

namespace holdfast::api {
namespace {

/// What a referral is, may turn out to be, and becomes. A request that no pathway knows may be a
/// referral, too: it must not be missing here.
constexpr std::array<std::string_view, 4> pathways_shown{"referral", "unclassified", "follow-up",
                                                         "procedure"};
/// The newest of those that there are.
constexpr std::size_t items_shown_max = 100;
constexpr std::size_t items_read_max = 1000;

constexpr std::array<std::string_view, 7> weekdays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months{"January",   "February", "March",    "April",
                                                  "May",       "June",     "July",     "August",
                                                  "September", "October",  "November", "December"};

std::chrono::sys_days local_day(Time time) {
  return std::chrono::sys_days{std::chrono::days{to_local(time).day.value}};
}

/// "30 November 2026"
std::string day_words(Time time) {
  const std::chrono::year_month_day date{local_day(time)};
  return fmt::format("{} {} {}", static_cast<unsigned>(date.day()),
                     months[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()));
}

/// "Monday 7 December 2026"
std::string weekday_words(Time time) {
  const std::chrono::weekday day{local_day(time)};
  return fmt::format("{} {}", weekdays[day.c_encoding()], day_words(time));
}

std::string date_text(Time time) {
  return to_instant(Time{to_local(time).day.value * 86'400'000}).substr(0, 10);
}

std::string begun_small(std::string text) {
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z' && text.size() > 1 && text[1] >= 'a' &&
      text[1] <= 'z') {
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  }
  return text;
}

/// "the Eye clinic team", "Dr Ada Sheard"
std::string in_a_sentence(const NamedOwner& owner) {
  if (!owner.is_team) {
    return owner.name;
  }
  const bool says_team = owner.name.ends_with("team") || owner.name.ends_with("Team");
  return fmt::format("the {}{}", owner.name, says_team ? "" : " team");
}

std::string begun_large(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') {
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  }
  return text;
}

/// The day until which treatment should begin, as the Task has it while its clock runs.
std::optional<std::string> treat_by(fhir::JsonValue task) {
  const auto inputs = task.find("input");
  if (!inputs) {
    return std::nullopt;
  }
  const std::string wanted(clinical::name(clinical::ClockNoteKind::treat_by));
  for (const fhir::JsonValue one : inputs->children()) {
    const auto type = one.find("type");
    const auto coding = type ? type->find("coding") : std::nullopt;
    if (pathway::is_in_system(one, pathway::clock_system) && coding && coding->size() > 0 &&
        fhir::text_member(*coding->children().begin(), "code") == wanted) {
      return fhir::text_member(one, "valueDate");
    }
  }
  return std::nullopt;
}

/// The last moment of the time that it has: what is due at 00:00 should happen the day before.
Time within(Time due) { return Time{due.ms - 1}; }

class Whereabouts {
 public:
  Whereabouts(const Parts& parts, const Call& call, const node::Moment& moment)
      : parts_(parts), call_(call), moment_(moment) {}

  Result<Reply> run() {
    TRY_OK(check_parameters(call_, {"ServiceRequest"}));
    TRY_OK(check_patient());
    TRY(auto items, find_items());
    TRY_OK(keep_asked(items));
    std::ranges::sort(items, [](const views::Item& a, const views::Item& b) {
      return std::pair(b.opened, a.id) < std::pair(a.opened, b.id);
    });
    const std::size_t shown = std::min(items.size(), items_shown_max);
    std::string whole = items.empty() ? "No referral of yours is followed here." : "";
    for (std::size_t i = 0; i < shown; ++i) {
      TRY(treat_by_, read_treat_by(items[i]));
      TRY(const std::string text, describe(items[i]));
      texts_.push_back(text);
      whole += fmt::format("{}{}", whole.empty() ? "" : "\n", text);
    }
    ParametersWriter to;
    to.text("text", "String", whole);
    for (std::size_t i = 0; i < shown; ++i) {
      TRY(treat_by_, read_treat_by(items[i]));
      TRY_OK(write(to, items[i], texts_[i]));
    }
    if (shown < items.size()) {
      to.number("left-out", items.size() - shown);
    }
    return to.reply();
  }

 private:
  [[nodiscard]] std::string patient() const { return fmt::format("Patient/{}", call_.match.id); }

  Result<void> check_patient() {
    TRY(const auto current, views::read_current(*moment_.reader, call_.match.type, call_.match.id));
    if (!current) {
      return fail(Code::not_found, fmt::format("there is no {}", patient()));
    }
    if (current->presence == views::Presence::deleted) {
      return fail(Code::deleted, fmt::format("{} was deleted", patient()));
    }
    return ok();
  }

  /// Open and closed ones.
  Result<std::vector<views::Item>> find_items() {
    std::string query = fmt::format("patient={}&code=", patient());
    for (const std::string_view one : pathways_shown) {
      query += fmt::format("{}{}|{}", query.ends_with('=') ? "" : ",", views::pathway_system, one);
    }
    TRY(const auto ids, search::matches({*moment_.reader, parts_.node.codec(), *moment_.params},
                                        *fhir::type_id("Task"), query, items_read_max + 1));
    if (ids.size() > items_read_max) {
      return fail(Code::too_costly,
                  fmt::format("{} has more than {} items to look at: name one ServiceRequest",
                              patient(), items_read_max));
    }
    std::vector<views::Item> items;
    for (const std::string& id : ids) {
      TRY(auto item, views::find_item(*moment_.reader, id));
      if (item) {  // else it has the code of a pathway, and is no item
        items.push_back(*std::move(item));
      }
    }
    return items;
  }

  /// Of one request: the items about it, and what followed from those.
  Result<void> keep_asked(std::vector<views::Item>& items) {
    const auto asked = parameter(call_, "ServiceRequest");
    if (!asked) {
      return ok();
    }
    const std::string request = asked->starts_with("ServiceRequest/")
                                    ? std::string(*asked)
                                    : fmt::format("ServiceRequest/{}", *asked);
    std::erase_if(items, [&](const views::Item& one) { return one.focus != request; });
    if (items.empty()) {
      return fail(Code::not_found,
                  fmt::format("{} has no referral {} that is followed here", patient(), request));
    }
    return ok();
  }

  [[nodiscard]] const pathway::Definition* definition(const views::Item& item) const {
    const pathway::Definitions* const all = parts_.node.pathways();
    return all == nullptr ? nullptr : all->find(item.pathway);
  }
  [[nodiscard]] std::string title(const views::Item& item) const {
    const pathway::Definition* const of = definition(item);
    return of == nullptr || item.pathway == "unclassified" ? "request" : begun_small(of->title);
  }
  [[nodiscard]] std::string state_title(const views::Item& item) const {
    const pathway::Definition* const of = definition(item);
    const pathway::State* const state = of == nullptr ? nullptr : of->state(item.state);
    return state == nullptr ? item.state : state->title;
  }

  Result<std::optional<std::string>> read_treat_by(const views::Item& item) {
    const pathway::Definition* const of = definition(item);
    if (of == nullptr || !of->keeps_clock || !item.is_open()) {
      return std::optional<std::string>();
    }
    TRY(const auto current, views::read_current(*moment_.reader, *fhir::type_id("Task"), item.id));
    if (!current) {
      return std::optional<std::string>();
    }
    TRY(views::Body body, stored_row(parts_, moment_, current->row));
    fhir::ReaderPool::Lease reader = parts_.readers.take();
    TRY(const fhir::Json json, reader->read(std::move(body.bytes)));
    return treat_by(json.root());
  }

  Result<std::string> describe(const views::Item& item) {
    std::string text = fmt::format("Your {} of {}: {}.", title(item), day_words(item.opened),
                                   begun_small(state_title(item)));
    if (!item.is_open()) {
      return text + " It is closed.";
    }
    TRY(const NamedOwner owner, name_owner(parts_, moment_, item.owner));
    text += fmt::format(" {} has it.", begun_large(in_a_sentence(owner)));
    if (treat_by_) {
      if (const auto day = pathway::parse_day(*treat_by_)) {
        text += fmt::format(" By the national standard, treatment begins by {}.",
                            day_words(from_local({*day, 0})));
      }
    }
    if (!item.due) {
      return text;
    }
    const std::string by = weekday_words(within(*item.due));
    if (*item.due > std::max(moment_.state.time, parts_.clock.wall())) {
      return fmt::format("{} The next step should happen by {}.", text, by);
    }
    text += fmt::format(" The next step should have happened by {}: it is late", by);
    if (!item.overseers.empty()) {
      TRY(const NamedOwner told, name_owner(parts_, moment_, item.overseers.back()));
      text += fmt::format(", and {} has been told", in_a_sentence(told));
    }
    return text + ".";
  }

  Result<void> write(ParametersWriter& to, const views::Item& item, std::string_view text) {
    to.open("referral");
    to.text("text", "String", text);
    to.reference("item", fmt::format("Task/{}", item.id));
    if (!item.focus.empty()) {
      to.reference("request", item.focus);
    }
    if (!item.parent.empty()) {
      to.reference("follows", item.parent);
    }
    to.text("state", "String", state_title(item));
    to.boolean("open", item.is_open());
    to.text("opened", "Date", date_text(item.opened));
    if (item.is_open()) {
      TRY(const NamedOwner owner, name_owner(parts_, moment_, item.owner));
      to.text("owner", "String", owner.name);
      if (item.due) {
        to.text("due", "Date", date_text(within(*item.due)));
      }
      if (treat_by_) {
        to.text("treat-by", "Date", *treat_by_);
      }
    }
    to.close();
    return ok();
  }

  const Parts& parts_;
  const Call& call_;
  const node::Moment& moment_;
  std::vector<std::string> texts_;
  std::optional<std::string> treat_by_;  ///< of the item that is being described
};

}  // namespace

Result<Reply> where_is_my_referral(const Parts& parts, const Call& call,
                                   const node::Moment& moment) {
  return Whereabouts(parts, call, moment).run();
}

}  // namespace holdfast::api
