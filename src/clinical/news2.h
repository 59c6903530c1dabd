// clinical/news2.h: the National Early Warning Score of the Royal College of Physicians (2017). A
// score is given for a whole set of a patient of 16 and over who is not pregnant, and for nothing
// else; what is missing is named, and a value that cannot be taken is missing. It proposes when to
// look again: it decides nothing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "clinical/edition.h"
#include "clinical/observation.h"
#include "fhir/decimal.h"

namespace holdfast::clinical {

enum class Vital : std::uint8_t {
  respiration,
  saturation,
  oxygen,
  systolic,
  pulse,
  consciousness,
  temperature
};
constexpr std::size_t vital_count = 7;
/// "respiration"
[[nodiscard]] std::string_view name(Vital vital);

enum class Air : std::uint8_t { air, oxygen };
enum class Consciousness : std::uint8_t { alert, confusion, voice, pain, unresponsive };
/// Scale two (88 to 92%) only where a prescriber set it: the caller knows.
enum class SaturationScale : std::uint8_t { one, two };
enum class Pregnancy : std::uint8_t { no, yes, unknown };
enum class Risk : std::uint8_t { low, low_medium, medium, high };
/// "low-medium"
[[nodiscard]] std::string_view name(Risk risk);

// ---- the table ----

struct Band {
  std::optional<fhir::Decimal> from;  ///< nothing: from below
  std::optional<fhir::Decimal> to;    ///< nothing: upward
  std::uint8_t points = 0;
};

/// One row of the chart: bands that follow each other without gap or overlap.
struct Chart {
  std::string unit;
  std::uint32_t places = 0;  ///< behind the point; values are rounded to them, halves up
  fhir::Decimal least;       ///< below and above these nothing is believed
  fhir::Decimal most;
  std::vector<Band> bands;
};

struct Response {
  std::int64_t from = 0;  ///< of the sum, inclusive
  std::int64_t to = 0;
  Risk risk = Risk::low;
  std::int64_t due_minutes = 0;
  bool continuous = false;
};

struct VitalCode {
  Vital vital{};
  Coding code;
  std::vector<std::string> units;    ///< none for consciousness
  std::optional<fhir::Decimal> air;  ///< of oxygen: at most so much is air
};

struct ConsciousnessCode {
  Consciousness state{};
  Coding code;
};

/// A unit as it is written where no UCUM is said.
struct UnitSynonym {
  std::string unit;               ///< of UCUM
  std::vector<std::string> said;  ///< in lower case
};

struct News2Table {
  Edition edition;
  std::int64_t age_from = 0;
  std::int64_t set_minutes = 0;          ///< observations of one set lie within
  std::vector<Coding> scale_two;         ///< that a prescriber asks for
  std::vector<Coding> pregnancy_status;  ///< Observation.code
  std::vector<Coding> pregnant;          ///< its answer, or Condition.code
  std::int64_t pregnancy_days = 0;       ///< what is older says nothing
  std::vector<Coding> beside;            ///< belongs to a set, and has no points
  std::vector<UnitSynonym> synonyms;
  std::uint8_t oxygen_points = 0;
  std::uint8_t not_alert_points = 0;
  Chart respiration, saturation_1, saturation_2_air, saturation_2_oxygen, systolic, pulse,
      temperature;
  std::vector<Response> responses;  ///< by the sum, ascending, from 0 on
  Response single_three;
  std::vector<VitalCode> codes;
  std::vector<ConsciousnessCode> answers;
};

/// The unit of UCUM that the text is written for; null for none.
[[nodiscard]] const std::string* unit_said(std::span<const UnitSynonym> synonyms,
                                           std::string_view text);

/// Refuses with FILE:LINE a gap, an overlap, an unknown key, a unit that is no UCUM, a code twice.
[[nodiscard]] Result<News2Table> read_news2(std::string_view text, std::string_view file);

// ---- the score ----

/// One set, in the units of the table. What is not there is missing.
struct Vitals {
  std::optional<fhir::Decimal> respiration;  ///< a minute
  std::optional<fhir::Decimal> saturation;   ///< %
  std::optional<Air> air;
  std::optional<fhir::Decimal> systolic;  ///< mm[Hg]
  std::optional<fhir::Decimal> pulse;     ///< a minute
  std::optional<Consciousness> consciousness;
  std::optional<fhir::Decimal> temperature;  ///< degrees Celsius
  std::vector<std::string> doubts;           ///< what was there and could not be taken, and why
};

/// The set that these observations are, oldest first: the last one counts, of oxygen any that says
/// it is given. The caller chooses which observations are one set, and leaves out what was
/// retracted.
[[nodiscard]] Vitals read_vitals(const News2Table& table,
                                 std::span<const Observation> observations);

struct News2Patient {
  std::optional<std::int64_t> age_years;  ///< may be estimated
  Pregnancy pregnancy = Pregnancy::unknown;
  SaturationScale scale = SaturationScale::one;
};

enum class News2Became : std::uint8_t { scored, partial, not_for_this_patient };

struct News2 {
  News2Became became = News2Became::partial;
  // Of what was scored:
  std::array<std::uint8_t, vital_count> points{};  ///< by Vital
  std::int64_t total = 0;
  bool single_three = false;
  Risk risk = Risk::low;
  std::int64_t due_minutes = 0;  ///< the next set is due that long after this one
  bool continuous = false;       ///< to be monitored without a pause
  // Of what was not:
  std::vector<Vital> missing;
  std::string why;  ///< a sentence
  // Of both:
  std::vector<std::string> doubts;  ///< for people: what was not believed, not known, or a draft
};

[[nodiscard]] News2 news2(const News2Table& table, const Vitals& vitals,
                          const News2Patient& patient);

}  // namespace holdfast::clinical
