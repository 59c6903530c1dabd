// api/work_list.cpp: Task/$work-list of an owner, of whoever was made overseer, or of whoever items
// are offered to: the open items in the order in which they want doing, as a searchset. Its first
// entry is an OperationOutcome
// (https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.entry.search.mode) that says of the whole
// list how many items are open, overdue and escalated, and how many of them a filter hides: in
// words, and for programs in the extension urn:holdfast:work-list. What narrows the list never
// changes those counts.
//
// Each page shows the record as it is then. `next` goes on behind the last place that was shown;
// an item that goes to another place meanwhile may come twice, or in front of what was shown.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/interactions.h"
#include "api/item_bundle.h"
#include "api/item_page.h"
#include "api/person_lists.h"
#include "api/stored.h"
#include "api/work_list_link.h"
#include "api/work_lists.h"
#include "base/text.h"
#include "fhir/json_writer.h"
#include "fhir/sites.h"
#include "pathway/definition.h"

namespace holdfast::api {
namespace {

constexpr std::string_view header_extension = "urn:holdfast:work-list";
// ---- the reply ----------------------------------------------------------------------------------

std::string counted(std::uint64_t count, bool is_bound) {
  return fmt::format("{}{}", is_bound ? "at least " : "", count);
}

std::string_view verb_of(views::List list) {
  switch (list) {
    case views::List::owned: return "owns";
    case views::List::overseen: return "oversees";
    case views::List::offered: break;
  }
  return "is offered";
}

std::string in_words(const WorkListLink& asked, const std::vector<views::Owner>& owners,
                     const Tally& tally) {
  const bool bounds = tally.counts_are_bounds;
  const std::string whose = owners.size() == 1
                                ? asked.owner
                                : fmt::format("{}, with {} more list{},", asked.owner,
                                              owners.size() - 1, owners.size() == 2 ? "" : "s");
  std::string text =
      fmt::format("{} {} {} open item{}: {} overdue, {} escalated.", whose, verb_of(asked.list),
                  counted(tally.counts.open, bounds), tally.counts.open == 1 ? "" : "s",
                  counted(tally.counts.overdue, bounds), counted(tally.counts.escalated, bounds));
  if (asked.is_narrowed()) {
    text +=
        fmt::format(" The filter hides {} of them.", counted(tally.hidden, tally.hidden_is_bound));
  }
  if (tally.offered > 0) {
    text +=
        fmt::format(" {} more {} offered to them.", counted(tally.offered, tally.offered_is_bound),
                    tally.offered == 1 ? "is" : "are");
  }
  return text;
}

void write_lists(fhir::JsonWriter& json, const std::vector<views::Owner>& owners,
                 const Tally& tally) {
  const auto number = [&](std::string_view url, std::uint64_t value) {
    json.open('{');
    json.text("url", url);
    json.number("valueUnsignedInt", value);
    json.close('}');
  };
  for (std::size_t i = 0; i < owners.size(); ++i) {
    json.open('{');
    json.text("url", "list");
    json.open("extension", '[');
    json.open('{');
    json.text("url", "owner");
    json.text("valueString", owners[i]);
    json.close('}');
    number("open", tally.by_list[i].open);
    number("overdue", tally.by_list[i].overdue);
    number("escalated", tally.by_list[i].escalated);
    json.close(']');
    json.close('}');
  }
}

void write_extension(fhir::JsonWriter& json, const WorkListLink& asked,
                     const std::vector<views::Owner>& owners, const Tally& tally) {
  json.open("extension", '[');
  json.open('{');
  json.text("url", header_extension);
  json.open("extension", '[');
  const auto write = [&](std::string_view url, std::uint64_t value, bool is_bound) {
    json.open('{');
    json.text("url", url);
    json.number("valueUnsignedInt", value);
    json.close('}');
    if (is_bound) {
      json.open('{');
      json.text("url", "at-least");
      json.text("valueCode", url);
      json.close('}');
    }
  };
  write("open", tally.counts.open, tally.counts_are_bounds);
  write("overdue", tally.counts.overdue, tally.counts_are_bounds);
  write("escalated", tally.counts.escalated, tally.counts_are_bounds);
  write("hidden", tally.hidden, tally.hidden_is_bound);
  if (asked.list == views::List::owned) {
    write("offered", tally.offered, tally.offered_is_bound);
  }
  if (asked.teams) {
    write_lists(json, owners, tally);
  }
  json.close(']');
  json.close('}');
  json.close(']');
}

void write_header(fhir::JsonWriter& json, const WorkListLink& asked,
                  const std::vector<views::Owner>& owners, const Tally& tally,
                  std::string_view warning) {
  json.open('{');
  json.open("resource", '{');
  json.text("resourceType", "OperationOutcome");
  write_extension(json, asked, owners, tally);
  json.open("issue", '[');
  write_issue(json, "information", "informational", in_words(asked, owners, tally));
  if (!warning.empty()) {
    write_issue(json, "warning", "not-found", warning);
  }
  json.close(']');
  json.close('}');
  json.open("search", '{');
  json.text("mode", "outcome");
  json.close('}');
  json.close('}');
}

/// Whether a definition gives anything to that team.
bool is_named(const pathway::Definitions* definitions, const views::Owner& team) {
  if (definitions == nullptr) {
    return false;
  }
  const auto is_step = [&](const pathway::Step& step) { return step.to == team; };
  return std::ranges::any_of(definitions->all(), [&](const pathway::Definition& one) {
    return one.fallback == team ||
           std::ranges::any_of(one.opens,
                               [&](const pathway::Open& open) {
                                 return std::ranges::find(open.owner, team) != open.owner.end();
                               }) ||
           std::ranges::any_of(one.states, [&](const pathway::State& state) {
             return state.owner == team || std::ranges::any_of(state.steps, is_step);
           });
  });
}

/// A list of nobody is empty, too: what looks like nothing to do may be a name that is misspelt.
Result<std::string> warn_of_nobody(const Parts& parts, const node::Moment& moment,
                                   const WorkListLink& asked, const Tally& tally) {
  if (tally.counts.open + tally.offered > 0) {
    return std::string();
  }
  const auto literal = fhir::parse_literal(asked.owner);
  if (!literal) {
    return is_named(parts.node.pathways(), asked.owner)
               ? std::string()
               : fmt::format(
                     "No pathway gives anything to {}, and nobody else has: is that its "
                     "name?",
                     asked.owner);
  }
  TRY(const auto current, views::read_current(*moment.reader, literal->type, literal->id));
  return current && current->presence == views::Presence::present
             ? std::string()
             : fmt::format("There is no {}.", asked.owner);
}

}  // namespace

Result<Reply> work_list(const Parts& parts, const Call& call, const node::Moment& moment) {
  TRY(const WorkListLink asked, read_work_list_link(parts, call, moment));
  std::vector<views::Owner> owners{asked.owner};
  if (asked.teams) {
    TRY(owners, lists_of_person(parts, moment, asked.owner));
  }
  WorkLists lists(parts, moment, asked, std::move(owners));
  TRY(const Tally tally, lists.tally());
  TRY(WorkLists::Page page,
      asked.count == 0 ? Result<WorkLists::Page>(WorkLists::Page{}) : lists.page());
  TRY(const std::string warning, warn_of_nobody(parts, moment, asked, tally));
  fhir::JsonWriter entries(page.places.size() * 1536 + 1024);
  entries.open('[');
  write_header(entries, asked, lists.owners(), tally, warning);
  TRY(const std::size_t shown, write_tasks(parts, call, moment, page.places, entries));
  entries.close(']');
  if (shown < page.places.size()) {
    page.next = page.places[shown - 1];
  }

  fhir::JsonWriter json(entries.size() + 1024);
  json.open('{');
  json.text("resourceType", "Bundle");
  json.text("type", "searchset");
  if (!tally.counts_are_bounds && !tally.hidden_is_bound) {
    json.number("total", tally.matching);
  }
  const std::string base = base_url(parts.options, call.request);
  const std::string address = fmt::format("{}{}Task/$work-list", base, base.empty() ? "" : "/");
  json.open("link", '[');
  write_link(json, "self", address + self_query(call));
  if (page.next) {
    WorkListLink next = asked;
    next.after = page.next;
    const bool asks_for_xml = call.format == Format::xml && parameter(call, "_format");
    write_link(json, "next",
               fmt::format("{}?{}={}{}", address, item_page, seal(next, parts.node.link_secret()),
                           asks_for_xml ? "&_format=xml" : ""));
  }
  json.close(']');
  json.raw("entry", entries.take());
  json.close('}');
  Reply reply;
  reply.headers.add("Content-Type", fhir_json);
  reply.body = json.take();
  return reply;
}

}  // namespace holdfast::api
