// api/open_duties.cpp: [type]/[id]/$open-duties of whoever may own items: what would be left behind
// if they ended now: what they own, are offered and oversee, what their roles own, and drafts that
// they have not signed. To be looked at before an account is ended; nothing is blocked by it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "api/interactions.h"
#include "api/operation_input.h"
#include "api/stored.h"
#include "base/text.h"
#include "base/time.h"
#include "decide/follow.h"
#include "fhir/member.h"
#include "search/matches.h"
#include "views/items.h"

namespace holdfast::api {
namespace {

constexpr std::size_t places_max = 100'000;
constexpr std::size_t places_at_once = 1000;
constexpr std::size_t drafts_max = 1000;  ///< documents of one author that are looked at
constexpr std::size_t roles_max = 100;
constexpr std::uint64_t shown_unless_asked = 100;
constexpr std::uint64_t shown_most = 1000;

struct NamedList {
  views::List list;
  std::string_view name;
};
constexpr std::array lists{NamedList{views::List::owned, "owned"},
                           NamedList{views::List::offered, "offered"},
                           NamedList{views::List::overseen, "overseen"}};

class OpenDuties {
 public:
  OpenDuties(const Parts& parts, const Call& call, const node::Moment& moment,
             std::uint64_t shown_max)
      : parts_(parts),
        moment_(moment),
        shown_max_(shown_max),
        owner_(fmt::format("{}/{}", fhir::name(call.match.type), call.match.id)),
        base_(base_url(parts.options, call.request)) {
    base_ += base_.empty() ? "" : "/";
  }

  Result<Reply> run() {
    to_.reference("owner", owner_);
    for (const NamedList& one : lists) {
      TRY_OK(write_list(one));
    }
    for (const auto& [pathway, count] : pathways_) {
      to_.open("pathway");
      to_.text("pathway", "Code", pathway);
      to_.number("owned", count);
      to_.close();
    }
    TRY_OK(write_roles());
    TRY_OK(write_drafts());
    to_.text("text", "String", words());
    return to_.reply();
  }

 private:
  Result<void> write_list(const NamedList& list) {
    std::uint64_t count = 0;
    std::uint64_t overdue = 0;
    std::optional<views::Place> after;
    for (bool more = true; more;) {
      TRY(const auto places,
          views::read_work_list(*moment_.reader, list.list, owner_, after, places_at_once));
      for (const views::Place& place : places) {
        TRY(const auto item, views::find_item(*moment_.reader, place.id));
        if (!item) {
          return fail(Code::corrupt, fmt::format("items: Task/{} is on a work-list and is no item; "
                                                 "run `holdfast verify`",
                                                 place.id));
        }
        overdue += item->is_overdue() ? 1U : 0U;
        if (list.list == views::List::owned) {
          ++pathways_[item->pathway];
        }
        if (count++ < shown_max_) {
          write_item(list.name, *item);
        }
      }
      more = places.size() == places_at_once && count < places_max;
      if (more) {
        after = places.back();
      }
    }
    to_.open(list.name);
    to_.number("count", count);
    to_.number("overdue", overdue);
    if (count >= places_max) {
      to_.boolean("at-least", true);
    }
    const std::string_view which = list.list == views::List::offered    ? "&offered=1"
                                   : list.list == views::List::overseen ? "&overseer=1"
                                                                        : "";
    to_.text(
        "work-list", "Uri",
        fmt::format("{}Task/$work-list?owner={}{}", base_, percent_encode(owner_, "/:"), which));
    to_.close();
    counts_[static_cast<std::size_t>(list.list)] = count;
    return ok();
  }

  void write_item(std::string_view list, const views::Item& item) {
    to_.open("item");
    to_.text("list", "Code", list);
    to_.reference("task", "Task/" + item.id);
    to_.text("pathway", "Code", item.pathway);
    to_.text("state", "Code", item.state);
    if (!item.patient.empty()) {
      to_.reference("patient", item.patient);
    }
    if (item.due) {
      to_.text("due", "Instant", to_instant(*item.due));
    }
    to_.close();
  }

  /// Ending a person does not end what their roles have.
  Result<void> write_roles() {
    if (!owner_.starts_with("Practitioner/")) {
      return ok();
    }
    TRY(const auto ids, found("PractitionerRole", "practitioner=" + owner_, roles_max));
    for (const std::string& id : ids) {
      const std::string role = "PractitionerRole/" + id;
      TRY(const auto counts, views::read_list_counts(*moment_.reader, role));
      by_roles_ += counts.open;
      to_.open("role");
      to_.reference("role", role);
      to_.number("owned", counts.open);
      to_.number("overdue", counts.overdue);
      to_.close();
    }
    return ok();
  }

  Result<void> write_drafts() {
    TRY(auto compositions,
        found("Composition", fmt::format("author={}&status=preliminary", owner_), drafts_max));
    for (const std::string& id : compositions) {
      write_draft("Composition/" + id);
    }
    TRY(const auto documents,
        found("DocumentReference", fmt::format("author={}&status=current", owner_), drafts_max));
    for (const std::string& id : documents) {
      // R4 has no search parameter for docStatus.
      TRY(const auto current,
          views::read_current(*moment_.reader, *fhir::type_id("DocumentReference"), id));
      if (!current) {
        continue;
      }
      TRY(const views::Body body, stored_row(parts_, moment_, current->row));
      fhir::ReaderPool::Lease reader = parts_.readers.take();
      TRY(const fhir::Json json, reader->read(body.bytes));
      if (fhir::text_member(json.root(), "docStatus") == "preliminary") {
        write_draft("DocumentReference/" + id);
      }
    }
    to_.open("drafts");
    to_.number("count", drafts_);
    if (compositions.size() == drafts_max || documents.size() == drafts_max) {
      to_.boolean("at-least", true);
    }
    to_.close();
    return ok();
  }

  void write_draft(const std::string& reference) {
    if (drafts_++ < shown_max_) {
      to_.reference("draft", reference);
    }
  }

  Result<std::vector<std::string>> found(std::string_view type, const std::string& query,
                                         std::size_t limit) {
    return search::matches({*moment_.reader, parts_.node.codec(), *moment_.params},
                           *fhir::type_id(type), query, limit);
  }

  [[nodiscard]] std::string words() const {
    const std::uint64_t owned = counts_[0];
    std::string text = fmt::format(
        "{} owns {} open item{}, oversees {}, is offered {}, and has {} "
        "draft{} unsigned.",
        owner_, owned, owned == 1 ? "" : "s", counts_[1], counts_[2], drafts_,
        drafts_ == 1 ? "" : "s");
    if (by_roles_ > 0) {
      text += fmt::format(" Their roles own {} more, which stay theirs until the roles end.",
                          by_roles_);
    }
    if (owned > decide::items_of_owner_max) {
      text += fmt::format(" These are more than {}: they have to be handed over before {} ends.",
                          decide::items_of_owner_max, owner_);
    } else if (owned > 0) {
      text += " If they ended now, what they own would go to the fallback of its pathway.";
    }
    return text;
  }

  const Parts& parts_;
  const node::Moment& moment_;
  const std::uint64_t shown_max_;
  const std::string owner_;
  std::string base_;
  std::array<std::uint64_t, lists.size()> counts_{};  ///< owned, overseen, offered
  std::map<std::string, std::uint64_t> pathways_;
  std::uint64_t by_roles_ = 0;
  std::uint64_t drafts_ = 0;
  ParametersWriter to_;
};

}  // namespace

Result<Reply> open_duties(const Parts& parts, const Call& call, const node::Moment& moment) {
  TRY_OK(check_parameters(call, {"_count"}));
  std::uint64_t shown_max = shown_unless_asked;
  if (const auto text = parameter(call, "_count")) {
    const auto count = parse_count(*text);
    if (!count) {
      return fail(Code::value, fmt::format("_count is a number from 0, not '{}'", *text),
                  "http._count");
    }
    shown_max = std::min(*count, shown_most);
  }
  TRY(const auto current, views::read_current(*moment.reader, call.match.type, call.match.id));
  if (!current) {
    return fail(Code::not_found,
                fmt::format("there is no {}/{}", fhir::name(call.match.type), call.match.id));
  }
  return OpenDuties(parts, call, moment, shown_max).run();
}

}  // namespace holdfast::api
