#include "api/person_lists.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/stored.h"
#include "base/time.h"
#include "fhir/member.h"
#include "search/matches.h"

namespace holdfast::api {
namespace {

bool covers(fhir::JsonValue holder, Time now) {
  const auto period = holder.find("period");
  if (!period) {
    return true;
  }
  const auto start = parse_date_time(fhir::text_member(*period, "start"));
  const auto end = parse_date_time(fhir::text_member(*period, "end"));
  return (!start || start->from <= now) && (!end || now < end->until);
}

std::string reference_in(fhir::JsonValue object, std::string_view key) {
  const auto value = object.find(key);
  return value ? fhir::text_member(*value, "reference") : std::string();
}

class Lists {
 public:
  Lists(const Parts& parts, const node::Moment& moment)
      : parts_(parts), moment_(moment), now_(std::max(parts.clock.wall(), moment.state.time)) {}

  Result<std::vector<views::Owner>> of(const views::Owner& person) {
    add(person);
    if (person.starts_with("Practitioner/")) {
      TRY(const auto roles, found("PractitionerRole", "practitioner=" + person));
      for (const std::string& id : roles) {
        TRY_OK(add_role("PractitionerRole/" + id, person));
      }
    } else {
      TRY_OK(add_role(person, {}));
    }
    const std::vector<views::Owner> people = all_;
    for (const views::Owner& one : people) {
      if (one.starts_with("Practitioner")) {
        TRY_OK(add_teams(one));
      }
    }
    if (all_.size() > person_lists_max) {
      return too_many();
    }
    return std::move(all_);
  }

 private:
  static std::unexpected<Error> too_many() {
    return fail(
        Code::too_costly,
        fmt::format("these are more than {} lists: ask for each by its `owner`", person_lists_max));
  }

  void add(views::Owner one) {
    if (!one.empty() && std::ranges::find(all_, one) == all_.end()) {
      all_.push_back(std::move(one));
    }
  }

  Result<std::vector<std::string>> found(std::string_view type, const std::string& query) {
    TRY(auto ids, search::matches({*moment_.reader, parts_.node.codec(), *moment_.params},
                                  *fhir::type_id(type), query, person_lists_max + 1));
    if (ids.size() > person_lists_max) {
      return too_many();
    }
    return ids;
  }

  Result<fhir::Json> read(std::string_view type, const std::string& id) {
    TRY(const auto current, views::read_current(*moment_.reader, *fhir::type_id(type), id));
    if (!current) {
      return fail(Code::not_found, fmt::format("there is no {}/{}", type, id));
    }
    TRY(views::Body body, stored_row(parts_, moment_, current->row));
    fhir::ReaderPool::Lease reader = parts_.readers.take();
    return reader->read(std::move(body.bytes));
  }

  /// `of`: whose role it has to be; empty: anybody's.
  Result<void> add_role(const std::string& role, const views::Owner& of) {
    TRY(const fhir::Json json, read("PractitionerRole", role.substr(role.find('/') + 1)));
    const auto active = json.root().find("active");
    if ((active && active->raw() == "false") || !covers(json.root(), now_) ||
        (!of.empty() && reference_in(json.root(), "practitioner") != of)) {
      return ok();
    }
    add(role);
    if (std::string trust = reference_in(json.root(), "organization");
        trust.starts_with("Organization/")) {
      add(std::move(trust));
    }
    return ok();
  }

  Result<void> add_teams(const views::Owner& member) {
    TRY(const auto ids, found("CareTeam", "participant=" + member));
    for (const std::string& id : ids) {
      TRY(const fhir::Json json, read("CareTeam", id));
      const std::string status = fhir::text_member(json.root(), "status");
      if ((status.empty() || status == "active") && covers(json.root(), now_) &&
          is_in(json.root(), member)) {
        add("CareTeam/" + id);
        add_names(json.root());
      }
    }
    return ok();
  }

  [[nodiscard]] bool is_in(fhir::JsonValue team, const views::Owner& member) const {
    const auto participants = team.find("participant");
    bool is_one = false;
    if (participants) {
      for (const fhir::JsonValue one : participants->children()) {
        is_one = is_one || (reference_in(one, "member") == member && covers(one, now_));
      }
    }
    return is_one;
  }

  void add_names(fhir::JsonValue team) {
    const auto identifiers = team.find("identifier");
    if (!identifiers) {
      return;
    }
    for (const fhir::JsonValue one : identifiers->children()) {
      if (fhir::text_member(one, "system") == views::team_system) {
        add("team:" + fhir::text_member(one, "value"));
      }
    }
  }

  const Parts& parts_;
  const node::Moment& moment_;
  const Time now_;
  std::vector<views::Owner> all_;
};

}  // namespace

Result<std::vector<views::Owner>> lists_of_person(const Parts& parts, const node::Moment& moment,
                                                  const views::Owner& person) {
  if (!person.starts_with("Practitioner/") && !person.starts_with("PractitionerRole/")) {
    return fail(Code::value,
                fmt::format("`teams` is for a person: a Practitioner or a PractitionerRole, not {}",
                            person),
                "http.teams");
  }
  return Lists(parts, moment).of(person);
}

}  // namespace holdfast::api
