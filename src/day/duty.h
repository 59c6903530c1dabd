// day/duty.h: what somebody owes a patient at some moment of the day, as the day knows it: written
// down from what happened, never read from the server.
#pragma once

#include <compare>
#include <string>
#include <variant>
#include <vector>

namespace holdfast::day {

/// One item: what it is about, by the number that its sender gave that, and its pathway.
struct DutyKey {
  std::string focus;
  std::string pathway;
  auto operator<=>(const DutyKey&) const = default;
};

struct Duty {
  DutyKey key;
  std::string about;    ///< "full blood count for Ada Byrne"
  std::string patient;  ///< record number of whose it is
  std::string state;
  std::string owner;  ///< "team:results", "Practitioner/d7-dr1"; empty: whoever is configured
  bool open = true;
  std::string priority{};  ///< "stat"; empty: not known here
};

/// What a step changes of what is owed.
struct Opens {
  Duty duty;
};
struct Becomes {
  DutyKey key;
  std::string state;
  std::string priority{};  ///< empty: as it was
};
/// Somebody else has it from now on.
struct Handed {
  DutyKey key;
  std::string owner;
};
/// Two records were of one person: what is open for the one follows to the other.
struct Merged {
  std::string from;
  std::string into;
};
/// Somebody is there no longer: what is open goes to those who watch over all.
struct Left {
  std::string who;
};
using Change = std::variant<Opens, Becomes, Handed, Merged, Left>;

}  // namespace holdfast::day
