#include "reconcile/compare.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/hash.h"

namespace holdfast::reconcile {
namespace {

constexpr std::array<std::string_view, kinds> names{
    "missing-here", "missing-there", "state-differs", "identity-conflict", "count-differs"};
constexpr std::size_t id_hex_digits = 40;

std::string quoted(std::string_view word) { return fmt::format("'{}'", word); }

/// "ServiceRequest UBRN-1 (https://…)"
std::string thing(std::string_view type, const Number& number) {
  if (type == message_type) {
    return fmt::format("message {}", number.value);
  }
  return fmt::format("{} {}{}", type, number.value,
                     number.system.empty() ? "" : fmt::format(" ({})", number.system));
}

class Comparing {
 public:
  Comparing(std::string_view source, const States& states, Comparison& to)
      : source_(source), states_(states), to_(to) {}

  void row(const Row& row, const std::optional<Ours>& ours) {
    ++to_.compared;
    const auto theirs = stand_of(row);
    if (!ours) {
      found(missing_here(row));
      return;
    }
    if (ours->is_ambiguous || contradicts(row, *ours)) {
      found(identity_conflict(row, *ours));
      return;
    }
    to_.identity_not_compared += row.nhs_number.empty() || ours->nhs_numbers.empty() ? 1U : 0U;
    if (theirs && !agrees(*theirs, *ours)) {
      found(state_differs(row, *ours, *theirs));
      return;
    }
    ++to_.same;
  }

  void missing_there(const Ours& ours, const Number& number) {
    Difference one = about(Kind::missing_there, ours.reference, number, ours);
    one.authored = ours.authored;
    one.text = fmt::format("{} is open here, and {} does not have it in a list that covers it",
                           thing(one.type, number), source_);
    found(std::move(one));
  }

  void stated(const Stated& count) {
    if (!count.differs) {
      return;
    }
    Difference one;
    one.kind = Kind::count_differs;
    one.type = "Bundle";
    one.number = {"urn:holdfast:list", count.number};
    one.text = fmt::format("The list {} of {} does not add up: {}", quoted(count.number), source_,
                           count.what);
    found(std::move(one));
  }

 private:
  std::optional<Stand> stand_of(const Row& row) {
    const auto stand = row.state.empty() ? std::nullopt : states_.find(row.state);
    if (!stand) {
      ++to_.state_not_compared;
    }
    if (!stand && !row.state.empty()) {
      ++to_.unknown_words[row.state];
    }
    return stand;
  }

  static bool contradicts(const Row& row, const Ours& ours) {
    return !row.nhs_number.empty() && !ours.nhs_numbers.empty() &&
           std::ranges::find(ours.nhs_numbers, row.nhs_number) == ours.nhs_numbers.end();
  }

  static bool agrees(Stand theirs, const Ours& ours) {
    switch (theirs) {
      case Stand::open: return ours.is_open;
      case Stand::answered: return !ours.is_open || ours.is_answered;
      case Stand::closed: return !ours.is_open;
    }
    return false;
  }

  static Difference about(Kind kind, std::string_view reference, const Number& number,
                          const Ours& ours) {
    Difference one;
    one.kind = kind;
    one.type = reference.substr(0, reference.find('/'));
    one.number = number;
    one.reference = ours.reference;
    one.item = ours.item;
    one.patient = ours.patient;
    one.ours = ours.state;
    one.pathway = ours.kind;
    return one;
  }

  static void say_theirs(Difference& one, const Row& row) {
    one.type = row.type;
    one.nhs_number = row.nhs_number;
    one.theirs = row.state;
    if (!row.kind.empty()) {
      one.pathway = row.kind;
    }
    one.authored = row.authored;
  }

  [[nodiscard]] Difference missing_here(const Row& row) const {
    Difference one = about(Kind::missing_here, row.type, row.number, {});
    say_theirs(one, row);
    one.text =
        fmt::format("{} has {}{}{}, and it never came here", source_, thing(row.type, row.number),
                    row.state.empty() ? "" : ", there " + quoted(row.state),
                    row.nhs_number.empty() ? "" : ", of NHS number " + row.nhs_number);
    return one;
  }

  [[nodiscard]] Difference identity_conflict(const Row& row, const Ours& ours) const {
    Difference one = about(Kind::identity_conflict, row.type, row.number, ours);
    say_theirs(one, row);
    one.text =
        ours.is_ambiguous
            ? fmt::format("{} has {}, and that number is on records of several patients here",
                          source_, thing(row.type, row.number))
            : fmt::format(
                  "{} has {} for NHS number {}; here it belongs to {}, who has another. "
                  "Nothing was merged or changed",
                  source_, thing(row.type, row.number), row.nhs_number, ours.patient);
    return one;
  }

  [[nodiscard]] Difference state_differs(const Row& row, const Ours& ours, Stand theirs) const {
    Difference one = about(Kind::state_differs, row.type, row.number, ours);
    say_theirs(one, row);
    const std::string_view here = ours.is_open ? "open" : "closed";
    one.text =
        theirs == Stand::answered
            ? fmt::format("{} is {} at {}, and what should have come of it is not here",
                          thing(row.type, row.number), quoted(row.state), source_)
            : fmt::format("{} is {} at {}, that is {}, and {} here", thing(row.type, row.number),
                          quoted(row.state), source_, name(theirs), here);
    return one;
  }

  void found(Difference one) {
    one.id = finding_id(source_, one);
    to_.ids.insert(one.id);
    to_.differences.push_back(std::move(one));
  }

  const std::string_view source_;
  const States& states_;
  Comparison& to_;
};

/// The number of ours that the list would know it by; nothing where it has none of those systems.
const Number* number_in(const Ours& ours, const std::set<std::string>& systems) {
  const auto at = std::ranges::find_if(ours.numbers, [&](const Number& number) {
    return systems.contains(number.system) || systems.contains("");
  });
  return at == ours.numbers.end() ? nullptr : &*at;
}

bool within(const Scope& scope, std::string_view day) {
  if (scope.from.empty() && scope.to.empty()) {
    return true;
  }
  const std::string_view date = day.substr(0, 10);
  return date.size() == 10 && (scope.from.empty() || scope.from <= date) &&
         (scope.to.empty() || date <= scope.to);
}

}  // namespace

std::string_view name(Kind kind) { return names[static_cast<std::size_t>(kind)]; }

std::optional<Kind> kind_named(std::string_view name) {
  const auto at = std::ranges::find(names, name);
  return at == names.end() ? std::nullopt : std::optional(static_cast<Kind>(at - names.begin()));
}

std::string Scope::words() const {
  if (!is_stated()) {
    return "The list does not say what it covers, so nothing is said to be missing in it.";
  }
  return fmt::format("The list covers {}{}{}{}.",
                     kinds.empty() ? "all pathways" : fmt::format("{}", fmt::join(kinds, ", ")),
                     organisation.empty() ? "" : " of " + organisation,
                     from.empty() ? "" : ", from " + from, to.empty() ? "" : ", through " + to);
}

std::string finding_id(std::string_view source, const Difference& difference) {
  constexpr std::string_view zero("\0", 1);
  const bool by_reference = difference.kind == Kind::missing_there;
  const Hash hash =
      sha256({source, zero, name(difference.kind), zero, difference.type, zero,
              by_reference ? std::string_view() : std::string_view(difference.number.system), zero,
              by_reference ? difference.reference : difference.number.value});
  return "finding-" + to_hex(hash.view()).substr(0, id_hex_digits);
}

Comparison compare(std::string_view source, const List& list, const States& states,
                   const std::vector<std::optional<Ours>>& ours, const std::vector<Ours>& in_scope,
                   const std::set<std::string>& systems) {
  Comparison to;
  Comparing comparing(source, states, to);
  for (std::size_t i = 0; i < list.rows.size(); ++i) {
    comparing.row(list.rows[i], ours[i]);
    to.keys.insert(list.rows[i].key());
    if (ours[i] && !ours[i]->reference.empty()) {
      to.listed.insert(ours[i]->reference);
    }
  }
  for (const Stated& one : list.stated) {
    comparing.stated(one);
    to.keys.insert({"Bundle", {"urn:holdfast:list", one.number}});
  }
  for (const Ours& one : in_scope) {
    ++to.ours_in_scope;
    const Number* const number = number_in(one, systems);
    if (to.listed.contains(one.reference)) {
      continue;
    }
    if (number == nullptr) {
      ++to.ours_without_number;
      continue;
    }
    comparing.missing_there(one, *number);
  }
  return to;
}

Fate fate_of(const Standing& one, const Comparison& comparison, const Scope& scope) {
  if (comparison.ids.contains(one.id)) {
    return Fate::stands;
  }
  if (comparison.keys.contains({one.type, one.number}) ||
      comparison.listed.contains(one.reference)) {
    return Fate::gone;
  }
  const bool covers = scope.is_stated() &&
                      (scope.kinds.empty() || scope.kinds.contains(one.pathway)) &&
                      within(scope, one.authored) &&
                      (scope.organisation.empty() || scope.organisation == one.organisation);
  return covers ? Fate::gone : Fate::not_said;
}

}  // namespace holdfast::reconcile
