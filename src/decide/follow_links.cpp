// decide/follow_links.cpp: what a signal refers to. A neighbour often knows an order by its number
// only (Reference.identifier): what has that number here is meant.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "decide/following.h"
#include "search/matches.h"

namespace holdfast::decide {
namespace {

/// Of what refers to one resource and came before it, so many are looked at.
constexpr std::size_t before_max = 32;

void add_once(std::vector<std::string>& to, std::string one) {
  if (std::ranges::find(to, one) == to.end()) {
    to.push_back(std::move(one));
  }
}

// What a number without a type may be that of: an order, or what else the pathway follows.
std::set<fhir::TypeId> followed_types(const pathway::Definition& definition) {
  std::set<fhir::TypeId> types{*fhir::type_id("ServiceRequest")};
  for (const pathway::Open& open : definition.opens) {
    types.insert(open.on);
  }
  return types;
}

}  // namespace

Result<std::vector<std::string>> Following::meant(std::size_t index,
                                                  const std::vector<std::uint32_t>& sites,
                                                  const std::vector<pathway::NamedLink>& named,
                                                  const pathway::Definition& definition) {
  std::vector<std::string> all;
  for (const std::uint32_t site : sites) {
    add_once(all, target(index, site));
  }
  for (const pathway::NamedLink& one : named) {
    const auto types = one.type ? std::set{*one.type} : followed_types(definition);
    for (const fhir::TypeId type : types) {
      TRY(auto known, known_as(one, type));
      if (known) {
        add_once(all, *std::move(known));
      }
    }
  }
  return all;
}

Result<std::optional<std::string>> Following::known_as(const pathway::NamedLink& named,
                                                       fhir::TypeId type) {
  const std::string condition = search::identifier_condition(named.system, named.value);
  const auto criteria = search::parse_condition(params_, type, condition, rules_.now);
  if (!criteria) {
    return std::optional<std::string>();  // the type has no numbers to be known by
  }
  std::optional<std::string> found;
  for (std::size_t i = 0; i < prepared_.operations.size(); ++i) {
    const PreparedOperation& operation = prepared_.operations[i];
    if (operation.type != type || !writes(i)) {
      continue;
    }
    TRY(const bool holds,
        search::holds_of(*criteria, outcome_.results[i].id, operation.postings.settled));
    if (holds) {
      if (found && *found != reference_to(i)) {
        return std::optional<std::string>();
      }
      found = reference_to(i);
    }
  }
  TRY(const auto there, search::matches({view_, codec_, params_}, type, condition));
  for (const std::string& id : there) {
    std::string reference = std::string(fhir::name(type)) + "/" + id;
    if (found && *found != reference) {
      return std::optional<std::string>();
    }
    found = std::move(reference);
  }
  return found;
}

// A unit of blood is the patient's for whom it was asked, and its fate is a matter of whoever has
// the request, unless it says otherwise itself.
Result<void> Following::join(views::Item& item, std::size_t index, const pathway::Signal& signal) {
  TRY(const auto wholes, meant(index, signal.whole, signal.whole_named, *signal.definition));
  for (const std::string& whole : wholes) {
    TRY(const auto ids, about(whole, views::Which::open));
    if (ids.empty()) {
      continue;
    }
    TRY(const Touched* const parent, touch(ids.front()));
    item.parent = "Task/" + parent->item.id;
    if (item.patient.empty()) {
      item.patient = parent->item.patient;
    }
    return ok();
  }
  return ok();
}

Result<std::vector<std::string>> Following::came_before(std::size_t index,
                                                        const pathway::Signal& signal) {
  std::vector<std::string> all;
  for (const pathway::CameBefore& one : signal.open->came_before) {
    std::vector<std::string> queries{one.by + "=" + reference_to(index)};
    for (const pathway::NamedLink& number : signal.numbers) {
      queries.push_back(search::condition_of(one.by + ":identifier", number.system, number.value));
    }
    for (const std::string& query : queries) {
      TRY(const auto ids, search::matches({view_, codec_, params_}, one.on, query, before_max));
      for (const std::string& id : ids) {
        add_once(all, std::string(fhir::name(one.on)) + "/" + id);
      }
    }
  }
  return all;
}

// A result that came before its order was somebody's already: the order's item goes on from there.
// One that was closed is not looked at again, but said.
Result<const pathway::State*> Following::take_over(Touched& touched, std::size_t index,
                                                   const pathway::Signal& signal) {
  const pathway::Definition& definition = *signal.definition;
  const pathway::State* state = definition.state(signal.open->state);
  TRY(const auto earlier, came_before(index, signal));
  for (const std::string& one : earlier) {
    TRY(const auto ids, about(one, views::Which::all));
    for (const std::string& id : ids) {
      TRY(Touched* const before, touch(id));
      if (before->item.pathway != definition.name) {
        continue;
      }
      touched.wording.reason = fmt::format("{} came before it (Task/{})", one, id);
      if (!before->item.is_open()) {
        continue;
      }
      state = definition.state(before->item.state);
      take_urgency(touched.item, definition, urgency_named(definition, before->item.urgency),
                   before->item.priority);
      pathway::enter(definitions_, definition, before->item,
                     *definition.state(signal.open->superseded), rules_.now, std::nullopt);
      before->why = fmt::format("Its order came and is followed: Task/{}", touched.item.id);
    }
  }
  return state;
}

}  // namespace holdfast::decide
