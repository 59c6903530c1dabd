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
#include "api/stored.h"
#include "api/work_list_link.h"
#include "base/text.h"
#include "fhir/json_writer.h"
#include "fhir/sites.h"
#include "pathway/definition.h"

namespace holdfast::api {
namespace {

constexpr std::string_view header_extension = "urn:holdfast:work-list";
/// Items that are looked at to say how many a filter hides, or how many an overseer has, and to
/// find those of one page.
constexpr std::size_t places_max = 100'000;
constexpr std::size_t places_at_once = 1000;
// A page ends early rather than grow past this.
constexpr std::size_t page_bytes_max = std::size_t{16} << 20U;

/// Of the whole list.
struct Tally {
  views::ListCounts counts;
  std::uint64_t matching = 0;  ///< of those that were looked at
  std::uint64_t hidden = 0;    ///< of the same
  std::uint64_t offered = 0;   ///< to the owner; not on the list until accepted
  bool counts_are_bounds = false;
  bool hidden_is_bound = false;
  bool offered_is_bound = false;
};

// ---- the list -----------------------------------------------------------------------------------

class WorkList {
 public:
  WorkList(const node::Moment& moment, const WorkListLink& asked)
      : reader_(*moment.reader), asked_(asked) {}

  /// Costs one look for an owner's whole list, and a walk over what is offered to him; else the
  /// list is walked, up to places_max.
  Result<Tally> tally() const {
    Tally tally;
    const bool owned = asked_.list == views::List::owned;
    if (owned) {
      TRY(tally.counts, views::read_list_counts(reader_, asked_.owner));
      TRY_OK(count_offers(tally));
      if (!asked_.is_narrowed()) {
        tally.matching = tally.counts.open;
        return tally;
      }
    }
    std::uint64_t looked_at = 0;
    TRY(const bool whole, walk({}, [&](const views::Place&, const views::Item& item) {
          if (looked_at == places_max) {
            return false;
          }
          ++looked_at;
          ++(matches(item) ? tally.matching : tally.hidden);
          if (!owned) {
            ++tally.counts.open;
            tally.counts.overdue += item.is_overdue() ? 1U : 0U;
            tally.counts.escalated += item.is_escalated() ? 1U : 0U;
          }
          return true;
        }));
    tally.hidden_is_bound = !whole;
    tally.counts_are_bounds = !whole && !owned;
    return tally;
  }

  struct Page {
    std::vector<views::Place> places;
    std::optional<views::Place> next;  ///< where the next page goes on behind; nothing: the end
  };
  Result<Page> page() const {
    Page page;
    std::size_t looked_at = 0;
    std::optional<views::Place> last = asked_.after;
    TRY(const bool whole,
        walk(asked_.after, [&](const views::Place& place, const views::Item& item) {
          const bool meant = matches(item);
          if ((meant && page.places.size() == asked_.count) || looked_at == places_max) {
            return false;
          }
          ++looked_at;
          last = place;
          if (meant) {
            page.places.push_back(place);
          }
          return true;
        }));
    if (!whole) {
      page.next = last;
    }
    return page;
  }

 private:
  [[nodiscard]] bool matches(const views::Item& item) const {
    return (asked_.pathway.empty() || item.pathway == asked_.pathway) &&
           (asked_.state.empty() || item.state == asked_.state);
  }

  Result<void> count_offers(Tally& tally) const {
    std::optional<views::Place> after;
    for (;;) {
      TRY(const auto places, views::read_work_list(reader_, views::List::offered, asked_.owner,
                                                   after, places_at_once));
      tally.offered += places.size();
      tally.offered_is_bound = tally.offered >= places_max;
      if (places.size() < places_at_once || tally.offered_is_bound) {
        return ok();
      }
      after = places.back();
    }
  }

  /// take(place, item) of each item behind `after` until it says that it is enough. Whether the
  /// list was walked to its end. Without a filter nothing is looked at but the place.
  template <class Take>
  Result<bool> walk(std::optional<views::Place> after, Take&& take) const {
    const bool looks = asked_.is_narrowed() || asked_.list != views::List::owned;
    for (;;) {
      const std::size_t wanted =
          looks ? places_at_once : std::min<std::size_t>(asked_.count + 1, places_at_once);
      TRY(const auto places,
          views::read_work_list(reader_, asked_.list, asked_.owner, after, wanted));
      for (const views::Place& place : places) {
        views::Item item;
        if (looks) {
          TRY(auto found, views::find_item(reader_, place.id));
          if (!found) {
            return fail(Code::corrupt,
                        fmt::format("items: Task/{} is on a work-list and is no item; run "
                                    "`holdfast verify`, then `holdfast rebuild`",
                                    place.id));
          }
          item = *std::move(found);
        }
        if (!take(place, item)) {
          return false;
        }
      }
      if (places.size() < wanted) {
        return true;
      }
      after = places.back();
    }
  }

  const views::Reader& reader_;
  const WorkListLink& asked_;
};

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

std::string in_words(const WorkListLink& asked, const Tally& tally) {
  const bool bounds = tally.counts_are_bounds;
  std::string text = fmt::format(
      "{} {} {} open item{}: {} overdue, {} escalated.", asked.owner, verb_of(asked.list),
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

void write_extension(fhir::JsonWriter& json, views::List list, const Tally& tally) {
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
  if (list == views::List::owned) {
    write("offered", tally.offered, tally.offered_is_bound);
  }
  json.close(']');
  json.close('}');
  json.close(']');
}

void write_issue(fhir::JsonWriter& json, std::string_view severity, std::string_view code,
                 std::string_view text) {
  json.open('{');
  json.text("severity", severity);
  json.text("code", code);
  json.open("details", '{');
  json.text("text", text);
  json.close('}');
  json.close('}');
}

void write_header(fhir::JsonWriter& json, const WorkListLink& asked, const Tally& tally,
                  std::string_view warning) {
  json.open('{');
  json.open("resource", '{');
  json.text("resourceType", "OperationOutcome");
  write_extension(json, asked.list, tally);
  json.open("issue", '[');
  write_issue(json, "information", "informational", in_words(asked, tally));
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

/// Writes the Task of each place; the places that found room.
Result<std::size_t> write_tasks(const Parts& parts, const Call& call, const node::Moment& moment,
                                const std::vector<views::Place>& places, fhir::JsonWriter& json) {
  static const fhir::TypeId task = *fhir::type_id("Task");
  const std::string base = base_url(parts.options, call.request);
  std::size_t shown = 0;
  for (const views::Place& place : places) {
    TRY(const auto current, views::read_current(*moment.reader, task, place.id));
    if (!current) {
      return fail(Code::corrupt, fmt::format("Task/{} is on a work-list and is not there; run "
                                             "`holdfast verify`, then `holdfast rebuild`",
                                             place.id));
    }
    TRY(const views::Body body, stored_row(parts, moment, current->row));
    if (shown > 0 && json.size() + body.bytes.size() > page_bytes_max) {
      break;
    }
    json.open('{');
    if (!base.empty()) {
      json.text("fullUrl", fmt::format("{}/Task/{}", base, place.id));
    }
    json.raw("resource", body.bytes);
    json.open("search", '{');
    json.text("mode", "match");
    json.close('}');
    json.close('}');
    ++shown;
  }
  return shown;
}

std::string self_query(const Call& call) {
  std::string query;
  for (const Parameter& one : call.parameters) {
    query += fmt::format("{}{}={}", query.empty() ? "?" : "&", one.name,
                         percent_encode(one.value, "/:"));
  }
  return query;
}

void write_link(fhir::JsonWriter& json, std::string_view relation, std::string_view url) {
  json.open('{');
  json.text("relation", relation);
  json.text("url", url);
  json.close('}');
}

}  // namespace

Result<Reply> work_list(const Parts& parts, const Call& call, const node::Moment& moment) {
  TRY(const WorkListLink asked, read_work_list_link(parts, call, moment));
  const WorkList list(moment, asked);
  TRY(const Tally tally, list.tally());
  TRY(WorkList::Page page,
      asked.count == 0 ? Result<WorkList::Page>(WorkList::Page{}) : list.page());
  TRY(const std::string warning, warn_of_nobody(parts, moment, asked, tally));
  fhir::JsonWriter entries(page.places.size() * 1536 + 1024);
  entries.open('[');
  write_header(entries, asked, tally, warning);
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
    write_link(
        json, "next",
        fmt::format("{}?{}={}{}", address, work_list_page, seal(next, parts.node.link_secret()),
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
