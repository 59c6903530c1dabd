// clinical/phone.h: whether a result is past a limit at which it is told by telephone (RCPath
// G158). A second net beside the laboratory's own flags: what it cannot judge it says, and never
// calls well.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "clinical/edition.h"
#include "clinical/observation.h"
#include "fhir/decimal.h"

namespace holdfast::clinical {

/// By mean corpuscular volume: which limit of haemoglobin counts.
enum class RedCells : std::uint8_t { unknown, normocytic, micro_or_macrocytic };
enum class SentBy : std::uint8_t { unknown, practice, hospital };

struct PhoneLimit {
  std::string test;
  std::string unit;
  std::optional<std::int64_t> age_from;    ///< years, inclusive
  std::optional<std::int64_t> age_below;   ///< years, exclusive
  RedCells red_cells = RedCells::unknown;  ///< unknown: whatever they are
  bool practice_only = false;
  std::optional<fhir::Decimal> low;             ///< critical at or below
  std::optional<fhir::Decimal> high;            ///< critical at or above
  std::optional<fhir::Decimal> high_times_uln;  ///< … that many times the upper limit of normal
  std::string source;                           ///< of the row, where it is not that of the table
};

struct PhoneCode {
  std::string test;
  std::string loinc;
  std::vector<std::string> units;  ///< "" is no unit at all
  std::optional<fhir::Decimal> grams_per_mole;
};

struct PhoneTable {
  Edition edition;
  std::int64_t within_minutes = 0;
  std::vector<PhoneLimit> limits;
  std::vector<PhoneCode> codes;
  std::vector<std::string> without_limit;  ///< LOINC codes
};

/// Refuses with FILE:LINE limits that overlap or cannot be compared with the units of their codes,
/// a test without code, a code twice.
[[nodiscard]] Result<PhoneTable> read_phone(std::string_view text, std::string_view file);

enum class PhoneAnswer : std::uint8_t {
  phone,         ///< at or past a limit
  no,            ///< within every limit that it has
  unjudged,      ///< no limit for this age, no reference range, no number
  needs_mapping  ///< a code or a unit that the table does not know: somebody has to say what it is
};

struct PhonePatient {
  std::optional<std::int64_t> age_years;  ///< at the time of the sample
  RedCells red_cells = RedCells::unknown;
  SentBy sent_by = SentBy::unknown;
};

struct PhoneVerdict {
  PhoneAnswer answer = PhoneAnswer::unjudged;
  std::string test;  ///< of the table; empty where the code is not known
  std::string why;   ///< a sentence
  /// Where it needs mapping: what it is about, the same for every such value: one item a key.
  std::string mapping_key;
};

/// Where age, red cells or sender are not known, the stricter limit counts.
[[nodiscard]] PhoneVerdict phone(const PhoneTable& table, const Measurement& measured,
                                 const PhonePatient& patient);

}  // namespace holdfast::clinical
