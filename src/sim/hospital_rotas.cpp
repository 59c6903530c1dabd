#include "sim/hospital_rotas.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/time.h"
#include "fhir/member.h"
#include "views/item.h"
#include "views/versions.h"

namespace holdfast::sim {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t day_ms = 24 * hour_ms;
constexpr int hops_max = 4;
constexpr std::string_view by_name = "Practitioner/d";
constexpr std::string_view by_role = "PractitionerRole/d";

Operation put(std::string type, std::string id, std::string_view rest) {
  Operation operation;
  operation.verb = Verb::update;
  operation.body = fmt::format(R"({{"resourceType":"{}",{}}})", type, rest);
  operation.type = std::move(type);
  operation.id = std::move(id);
  return operation;
}

Operation role(int who, std::string_view rest) {
  return put(
      "PractitionerRole", fmt::format("d{}", who),
      fmt::format(R"("active":true,"practitioner":{{"reference":"{}{}"}}{})", by_name, who, rest));
}

/// The extension, with a comma before it; empty: nobody.
std::string deputy(Random& random, int teams) {
  std::string to;
  switch (random.below(8)) {
    case 0: return {};
    case 1:
    case 2:
      to = fmt::format(R"("reference":"CareTeam/t{}")",
                       random.below(static_cast<std::uint64_t>(teams)));
      break;
    case 3:
      to = fmt::format(R"("identifier":{{"system":"{}","value":"night"}})", views::team_system);
      break;
    default: to = fmt::format(R"("reference":"{}")", HospitalRotas::anybody(random));
  }
  return fmt::format(R"(,"extension":[{{"url":"urn:holdfast:deputy","valueReference":{{{}}}}}])",
                     to);
}

std::string deputy_in(fhir::JsonValue element) {
  const auto extensions = element.find("extension");
  if (!extensions) {
    return {};
  }
  for (const fhir::JsonValue one : extensions->children()) {
    if (const auto value = one.find("valueReference")) {
      return views::owner_of(*value);
    }
  }
  return {};
}

}  // namespace

bool is_person(std::string_view owner) {
  return owner.starts_with(by_name) || owner.starts_with(by_role);
}

std::vector<Operation> HospitalRotas::people() {
  std::vector<Operation> all;
  for (int who = 0; who < people_max; ++who) {
    all.push_back(put("Practitioner", fmt::format("d{}", who), R"("active":true)"));
    all.push_back(role(who, ""));
  }
  return all;
}

std::string HospitalRotas::anybody(Random& random) {
  const std::string_view kind = random.chance(2, 3) ? by_name : by_role;
  return fmt::format("{}{}", kind, random.below(people_max));
}

Operation HospitalRotas::change(Random& random, Time now, int teams) {
  const auto who = static_cast<int>(random.below(people_max));
  std::string rest = deputy(random, teams);
  const std::uint64_t leaves = random.chance(1, 3) ? 0 : 1 + random.below(2);
  std::string all;
  for (std::uint64_t i = 0; i < leaves; ++i) {
    // Some have begun, some are to begin, some are over by now.
    const Time from{now.ms - 20 * day_ms +
                    static_cast<std::int64_t>(random.below(40 * 24)) * hour_ms};
    const Time until{from.ms + static_cast<std::int64_t>(1 + random.below(90 * 24)) * hour_ms};
    const std::string own = random.chance(1, 4) ? deputy(random, teams) : std::string();
    all += fmt::format(R"({}{{"description":"leave","during":{{"start":"{}","end":"{}"}}{}}})",
                       all.empty() ? "" : ",", to_instant(from), to_instant(until), own);
  }
  if (!all.empty()) {
    rest += R"(,"notAvailable":[)" + all + "]";
  }
  return role(who, rest);
}

std::vector<std::string> HospitalRotas::learn(const node::Moment& moment,
                                              const views::BodyCodec& codec) {
  std::vector<std::string> changed;
  for (int who = 0; who < people_max; ++who) {
    const auto current = views::read_current(*moment.reader, *fhir::type_id("PractitionerRole"),
                                             fmt::format("d{}", who));
    check(current && *current, "people have a role from the beginning");
    const auto body = views::read_body(*moment.reader, codec, (*current)->row);
    check(body.has_value(), "a role can be read");
    Person& person = people_[static_cast<std::size_t>(who)];
    if (person.written == body->header.time) {
      continue;
    }
    const auto json = reader_.read(body->bytes);
    check(json.has_value(), "a role of the record can be read");
    person = {body->header.time, {}, deputy_in(json->root())};
    if (const auto all = json->root().find("notAvailable")) {
      for (const fhir::JsonValue one : all->children()) {
        const auto during = one.find("during");
        check(during.has_value(), "as it was written");
        person.leaves.push_back({parse_date_time(fhir::text_member(*during, "start"))->from,
                                 parse_date_time(fhir::text_member(*during, "end"))->until,
                                 deputy_in(one)});
      }
    }
    changed.push_back(fmt::format("{}{}", by_name, who));
    changed.push_back(fmt::format("{}{}", by_role, who));
  }
  return changed;
}

const HospitalRotas::Person* HospitalRotas::person(std::string_view owner) const {
  return is_person(owner) ? &people_[static_cast<std::size_t>(owner.back() - '0')] : nullptr;
}

const HospitalRotas::Leave* HospitalRotas::leave_at(std::string_view owner, Time at) const {
  const Person* const one = person(owner);
  if (one == nullptr) {
    return nullptr;
  }
  const auto found = std::ranges::find_if(
      one->leaves, [&](const Leave& leave) { return leave.from <= at && at < leave.until; });
  return found == one->leaves.end() ? nullptr : &*found;
}

bool HospitalRotas::is_away(std::string_view owner, Time at) const {
  return leave_at(owner, at) != nullptr;
}

bool HospitalRotas::is_away_through(std::string_view owner, Time from, Time until) const {
  const Person* const one = person(owner);
  return one != nullptr && one->written < from &&
         std::ranges::any_of(
             one->leaves,
             [&](const Leave& leave) { return leave.from <= from && until < leave.until; });
}

std::vector<Time> HospitalRotas::changes(Time from, Time until) const {
  std::vector<Time> all{from, until};
  for (const Person& one : people_) {
    for (const Leave& leave : one.leaves) {
      for (const Time at : {leave.from, leave.until}) {
        if (from < at && at < until) {
          all.push_back(at);
        }
      }
    }
  }
  return all;
}

std::string HospitalRotas::deputy_of(const std::string& owner, const std::string& fallback, Time at,
                                     const std::set<std::string>& teams) const {
  std::string one = owner;
  for (int hop = 0; hop < hops_max; ++hop) {
    const Leave* const leave = leave_at(one, at);
    one = leave != nullptr && !leave->deputy.empty() ? leave->deputy : person(one)->deputy;
    if (one.empty() || one == owner) {
      return fallback;
    }
    if (!is_person(one)) {
      return one.starts_with("team:") || teams.contains(one) ? one : fallback;
    }
    if (!is_away(one, at)) {
      return one;
    }
  }
  return fallback;
}

}  // namespace holdfast::sim
