#include "day/people.h"

#include <array>

#include <fmt/format.h>

namespace holdfast::day {
namespace {

constexpr auto women = std::to_array<std::string_view>(
    {"Ada", "Beryl", "Ceri", "Dilys", "Edith", "Farah", "Grace", "Hetty", "Isla", "Joan"});
constexpr auto men = std::to_array<std::string_view>(
    {"Alan", "Bilal", "Colin", "Dewi", "Ernest", "Femi", "Gwyn", "Harold", "Ivor", "Jack"});
constexpr auto families = std::to_array<std::string_view>(
    {"Ashby",  "Barrow", "Cole", "Denholm", "Eccles", "Farrant", "Gill",  "Hallam",
     "Iqbal",  "Jessop", "Kerr", "Lomax",   "Mistry", "Nairn",   "Okoro", "Pryce",
     "Quayle", "Rigby",  "Shah", "Tranter", "Unwin",  "Varley",  "Wragg", "Yates"});
constexpr auto doctors = std::to_array<std::string_view>(
    {"Hill", "Moss", "Rowe", "Singh", "Tate", "Vale", "West", "Young"});

}  // namespace

std::string id_of(std::string_view number) {
  std::string id(number);
  for (char& c : id) {
    if (c >= 'A' && c <= 'Z') {
      c = static_cast<char>(c - 'A' + 'a');
    }
  }
  return id;
}

std::string Clinician::reference() const { return "Practitioner/" + id_of(number); }

Person draw_person(std::string number, int year, Random& random) {
  Person person;
  person.number = std::move(number);
  const bool woman = random.chance(1, 2);
  const std::size_t given = random.below(women.size());
  person.given = woman ? women[given] : men[given];
  person.gender = woman ? "female" : "male";
  person.family = families[random.below(families.size())];
  person.child = random.chance(1, 12);
  const int age = static_cast<int>(person.child ? 1 + random.below(14) : 17 + random.below(78));
  const std::uint64_t month = 1 + random.below(12);
  const std::uint64_t day = 1 + random.below(28);
  person.birth = fmt::format("{}-{:02}-{:02}", year - age, month, day);
  return person;
}

Clinician make_clinician(std::string number, std::size_t which) {
  return {std::move(number), std::string(doctors[which % doctors.size()])};
}

}  // namespace holdfast::day
