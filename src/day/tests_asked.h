// day/tests_asked.h: the tests that are ordered, and results that are normal, abnormal or critical
// by any table: far inside, a little outside, far outside.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace holdfast::day {

struct LabTest {
  std::string_view code;
  std::string_view name;
  std::string_view section;  ///< HL7 table 0074
  std::string_view loinc;
  std::string_view analyte;
  std::string_view unit;
  std::string_view range;
  std::array<std::string_view, 3> values;  ///< by Judgement
  std::array<std::string_view, 3> flags;
};

enum class Judgement : std::uint8_t { normal, abnormal, critical };

inline constexpr auto lab_tests = std::to_array<LabTest>({
    {"FBC",
     "Full blood count",
     "HM",
     "718-7",
     "Haemoglobin",
     "g/L",
     "120-160",
     {"141", "112", "52"},
     {"N", "L", "LL"}},
    {"K",
     "Potassium",
     "CH",
     "2823-3",
     "Potassium",
     "mmol/L",
     "3.5-5.3",
     {"4.2", "5.5", "7.4"},
     {"N", "H", "HH"}},
    {"NA",
     "Sodium",
     "CH",
     "2951-2",
     "Sodium",
     "mmol/L",
     "133-146",
     {"139", "131", "109"},
     {"N", "L", "LL"}},
});

struct Examination {
  std::string_view code;
  std::string_view name;
};
inline constexpr auto examinations =
    std::to_array<Examination>({{"CXR", "Chest X-ray"},
                                {"CTH", "CT of the head"},
                                {"USA", "Ultrasound of the abdomen"},
                                {"MRK", "MRI of the knee"}});
inline constexpr auto operations = std::to_array<std::string_view>(
    {"Hip replacement", "Cataract extraction", "Hernia repair", "Tonsillectomy"});
inline constexpr auto clinics = std::to_array<std::string_view>(
    {"Cardiology", "Eye clinic", "Dermatology", "Orthopaedics", "Neurology"});

}  // namespace holdfast::day
