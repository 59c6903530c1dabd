// sim/hospital_rotas.h: the people of the simulated hospital: when each of them is away, and who
// has to see meanwhile what is theirs. Learnt from their PractitionerRoles as they are stored;
// what follows from them (docs/adr/0024) is said here once more, and shares no code with decide.
#pragma once

#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "fhir/json.h"
#include "model/command.h"
#include "node/node.h"
#include "world/random.h"

namespace holdfast::sim {

/// People are Practitioner/d0 with PractitionerRole/d0, and so on. They are always there to own
/// something: nobody of them ends.
inline constexpr int people_max = 4;
[[nodiscard]] bool is_person(std::string_view owner);

class HospitalRotas {
 public:
  /// Those whom the record begins with; nobody is away.
  [[nodiscard]] static std::vector<Operation> people();
  /// Somebody goes away, comes back, or has another deputy. Deputies are people, teams that may
  /// have ended, names of teams, or nobody.
  [[nodiscard]] static Operation change(Random& random, Time now, int teams);
  /// One of the people, by name or by role.
  [[nodiscard]] static std::string anybody(Random& random);

  /// What the record says of each of them now. Those whose role is another version than before.
  std::vector<std::string> learn(const node::Moment& moment, const views::BodyCodec& codec);

  [[nodiscard]] bool is_away(std::string_view owner, Time at) const;
  /// Whether the owner is away all the time from `from` to `until`, by an absence that time has
  /// passed over since it was said.
  [[nodiscard]] bool is_away_through(std::string_view owner, Time from, Time until) const;
  /// `from`, `until`, and whenever between them somebody goes away or comes back: at no other time
  /// does anything change that is asked here.
  [[nodiscard]] std::vector<Time> changes(Time from, Time until) const;
  /// Who sees to what is theirs: the deputy, or the deputy of one who is away, too, up to four
  /// times; else `fallback`. `teams`: those that are active.
  [[nodiscard]] std::string deputy_of(const std::string& owner, const std::string& fallback,
                                      Time at, const std::set<std::string>& teams) const;

 private:
  struct Leave {
    Time from;
    Time until;          ///< the moment behind its last
    std::string deputy;  ///< for this time alone; may be empty
  };
  struct Person {
    Time written;  ///< the version of the role
    std::vector<Leave> leaves;
    std::string deputy;  ///< may be empty
  };
  [[nodiscard]] const Leave* leave_at(std::string_view owner, Time at) const;
  /// Null for whoever is none of these people.
  [[nodiscard]] const Person* person(std::string_view owner) const;

  std::array<Person, people_max> people_;
  fhir::JsonReader reader_;
};

}  // namespace holdfast::sim
