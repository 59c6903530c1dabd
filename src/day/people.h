// day/people.h: who a day is about, and who works there. Nobody of them exists.
#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"
#include "world/random.h"

namespace holdfast::day {

struct Person {
  std::string number;  ///< "D7-P12"
  std::string given;
  std::string family;
  std::string birth;  ///< "1951-02-03"
  std::string gender;
  Time died{};         ///< 0: lives
  bool by_v2 = false;  ///< registered over MLLP: the record chose its id
  bool child = false;  ///< below 16: there is no early warning score
  [[nodiscard]] std::string name() const { return given + " " + family; }
};

struct Clinician {
  std::string number;  ///< "D7-DR1"
  std::string family;
  [[nodiscard]] std::string name() const { return "Dr " + family; }
  [[nodiscard]] std::string reference() const;
};

/// The id under which a number's resource goes in: "d7-p12".
[[nodiscard]] std::string id_of(std::string_view number);

/// As old as people are in `year`; nobody becomes 16 in it.
[[nodiscard]] Person draw_person(std::string number, int year, Random& random);
[[nodiscard]] Clinician make_clinician(std::string number, std::size_t which);

}  // namespace holdfast::day
