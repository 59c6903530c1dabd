// api/close_many.cpp: Task/$close-many: one person proposes items to be closed together
// (docs/adr/0023). A List names each item with its version, and what is in the way of those that
// cannot be closed so; nothing closes.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/interactions.h"
#include "api/proposal.h"
#include "base/check.h"
#include "base/time.h"
#include "fhir/sites.h"
#include "views/items.h"

namespace holdfast::api {
namespace {

constexpr std::size_t places_at_once = 1000;
/// Open items that are looked at for those that a filter means.
constexpr std::size_t places_max = 100'000;

/// Which items are meant.
struct Filter {
  views::Owner owner;
  std::string pathway;
  std::string state;
  std::optional<Time> due_before;
  std::optional<Time> opened_before;
  std::vector<std::string> ids;  ///< named one by one; then nothing else is given

  [[nodiscard]] bool takes(const views::Item& item) const {
    return (pathway.empty() || item.pathway == pathway) && (state.empty() || item.state == state) &&
           (!due_before || (item.due && *item.due < *due_before)) &&
           (!opened_before || item.opened < *opened_before);
  }
};

struct Asked {
  std::string by;
  Filter filter;
  AskedChange change;
  std::uint64_t shown_max = 0;
};

// ---- what is asked for --------------------------------------------------------------------------

Result<std::optional<Time>> read_time(const OperationInput& input, std::string_view name) {
  if (!input.has(name)) {
    return std::optional<Time>();
  }
  const auto range = parse_date_time(input.text(name));
  if (!range) {
    return fail(Code::value,
                fmt::format("{} is a date or a time, not '{}'", name, input.text(name)),
                fmt::format("http.{}", name));
  }
  return std::optional(range->from);
}

Result<std::string> task_id(std::string_view reference) {
  const auto literal = fhir::parse_literal(reference);
  if (!literal || fhir::name(literal->type) != "Task") {
    return fail(Code::value, fmt::format("an item is a Task, as Task/7, not '{}'", reference),
                "http.item");
  }
  return std::string(literal->id);
}

Result<std::vector<std::string>> read_ids(const OperationInput& input) {
  std::vector<std::string> ids;
  if (input.type("item") == "Reference") {
    TRY(const auto given, input.objects("item"));
    for (const fhir::JsonValue one : given) {
      TRY(std::string id, task_id(views::owner_of(one)));
      ids.push_back(std::move(id));
    }
  } else {
    for (const std::string_view text : input.texts("item")) {
      TRY(std::string id, task_id(text));
      ids.push_back(std::move(id));
    }
  }
  std::ranges::sort(ids);
  const auto twice = std::ranges::unique(ids);
  ids.erase(twice.begin(), twice.end());
  return ids;
}

Result<Filter> read_filter(const OperationInput& input) {
  Filter filter;
  TRY(filter.ids, read_ids(input));
  const bool narrows = input.has("owner") || input.has("pathway") || input.has("state") ||
                       input.has("due-before") || input.has("opened-before");
  if (!filter.ids.empty() && narrows) {
    return fail(Code::value, "items are named one by one, or by a filter: not both", "http.item");
  }
  if (input.has("owner")) {
    TRY(filter.owner, read_reference_of(input, "owner"));
  }
  filter.pathway = input.text("pathway");
  filter.state = input.text("state");
  TRY(filter.due_before, read_time(input, "due-before"));
  TRY(filter.opened_before, read_time(input, "opened-before"));
  if (filter.ids.empty() && filter.owner.empty() && filter.pathway.empty()) {
    return fail(Code::required,
                "say which items: an `owner`, a `pathway`, or each as an `item`; `state`, "
                "`due-before` and `opened-before` narrow that",
                "http.owner");
  }
  return filter;
}

Result<Asked> read_asked(const Parts& parts, const Call& call) {
  TRY(const OperationInput input,
      OperationInput::read(parts, call,
                           OperationInput::Names{"$close-many",
                                                 {"by", "owner", "pathway", "state", "due-before",
                                                  "opened-before", "to", "act", "reason", "_count"},
                                                 {"item", "evidence"},
                                                 {},
                                                 {"output"}}));
  Asked asked;
  TRY(asked.by, read_reference_of(input, "by"));
  TRY(asked.filter, read_filter(input));
  TRY(asked.change, read_asked_close(input));
  TRY(asked.shown_max, read_shown_max(input));
  return asked;
}

// ---- the items that are meant -------------------------------------------------------------------

std::unexpected<Error> too_many() {
  return fail(Code::too_costly,
              fmt::format("these are more than {} items: a proposal is something that a person "
                          "looks through; narrow it by owner, pathway, state, `due-before` or "
                          "`opened-before`, and make several",
                          proposed_items_max));
}

/// Adds those of one owner's list that the filter takes.
Result<void> add_owned(const node::Moment& moment, const Filter& filter, const views::Owner& owner,
                       std::vector<std::string>& ids, std::size_t& looked_at) {
  std::optional<views::Place> after;
  for (;;) {
    TRY(const auto places,
        views::read_work_list(*moment.reader, views::List::owned, owner, after, places_at_once));
    looked_at += places.size();
    if (looked_at > places_max) {
      return fail(Code::too_costly, fmt::format("more than {} open items would be looked at: name "
                                                "an `owner`, or items one by one",
                                                places_max));
    }
    for (const views::Place& place : places) {
      TRY(const auto item, views::find_item(*moment.reader, place.id));
      if (item && filter.takes(*item)) {
        ids.push_back(place.id);
      }
    }
    if (ids.size() > proposed_items_max) {
      return too_many();
    }
    if (places.size() < places_at_once) {
      return ok();
    }
    after = places.back();
  }
}

Result<std::vector<std::string>> meant(const node::Moment& moment, const Filter& filter) {
  std::vector<std::string> ids = filter.ids;
  std::size_t looked_at = 0;
  if (!filter.owner.empty()) {
    TRY_OK(add_owned(moment, filter, filter.owner, ids, looked_at));
  } else if (ids.empty()) {
    TRY(const auto owners, views::read_owners(*moment.reader));
    for (const auto& [owner, counts] : owners) {
      TRY_OK(add_owned(moment, filter, owner, ids, looked_at));
    }
  }
  if (ids.size() > proposed_items_max) {
    return too_many();
  }
  if (ids.empty()) {
    return fail(Code::invariant, "no open item is meant by this: there is nothing to propose");
  }
  return ids;
}

// ---- to propose ---------------------------------------------------------------------------------

Result<std::optional<decide::Prepared>> make_proposal(const Parts& parts, const Asked& asked,
                                                      const Deed& deed, const std::string& id,
                                                      const node::Moment& moment) {
  TRY_OK(person_of(parts, moment, asked.by));
  Proposal proposal;
  proposal.by = asked.by;
  proposal.asked = asked.change;
  TRY(const auto ids, meant(moment, asked.filter));
  std::string first;
  bool any = false;
  for (const std::string& one : ids) {
    TRY(const Version version, version_of_task(moment, one));
    const auto closed = try_to_close(parts, moment, one, asked.change);
    if (!closed && (closed.error().code == Code::corrupt || closed.error().code == Code::io)) {
      return fail(closed.error());
    }
    any = any || closed.has_value();
    first = !closed && first.empty() ? closed.error().what : first;
    proposal.items.push_back({one, version, closed ? Fate::close : Fate::cannot,
                              closed ? std::string() : closed.error().what});
  }
  if (!any) {
    return fail(Code::invariant,
                fmt::format("none of these {} items can be closed so; of the first: {}", ids.size(),
                            first));
  }
  decide::Prepared prepared;
  prepared.command = deed.command;
  Operation operation;
  operation.verb = Verb::create;
  operation.id = id;
  TRY_OK(add_operation(parts, prepared, std::move(operation),
                       list_of(proposal, id, parts.clock.wall())));
  return prepared;
}

}  // namespace

Task<Reply> close_many(const Parts& parts, Call& call, Executor& on) {
  const auto asked = read_asked(parts, call);
  if (!asked) {
    co_return refusal(asked.error(), call.request.body.empty() ? Origin::request : Origin::content);
  }
  const auto deed = read_deed(parts, call);
  if (!deed) {
    co_return refusal(deed.error(), Origin::request);
  }
  if (deed->if_match) {
    co_return refusal(
        Error{Code::value, "If-Match: there is nothing yet that has a version", {}, {}},
        Origin::request);
  }
  const std::string id = new_uuid(parts.random);
  const MakeCommand make = [&](const node::Moment& moment) {
    return make_proposal(parts, *asked, *deed, id, moment);
  };
  const auto committed = co_await submit_made(parts, on, deed->command, make);
  if (!committed) {
    co_return refusal(committed.error(), Origin::content);
  }
  check(committed->has_value(), "a proposal is always a List");
  co_return show_written_proposal(parts, (*committed)->outcome.results.front().id, Version{1},
                                  **committed, asked->shown_max);
}

}  // namespace holdfast::api
