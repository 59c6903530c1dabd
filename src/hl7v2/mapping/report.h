// hl7v2/mapping/report.h: what a mapping did not take over. Each non-empty subcomponent of the
// message is counted exactly once: mapped, set aside for a reason that a table names, or unmapped.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "hl7v2/message.h"

namespace holdfast::hl7v2 {

/// A value by its place. A number that is 0 means all of it. All from 1.
struct Place {
  std::string segment;       ///< "OBX"
  std::uint32_t number = 0;  ///< the how-manieth of that name
  std::uint32_t field = 0;
  std::uint32_t repetition = 0;
  std::uint32_t component = 0;
  std::uint32_t subcomponent = 0;
  /// "OBX[2]-5[1].3.1"
  [[nodiscard]] std::string text() const;
  bool operator==(const Place&) const = default;
};

struct Finding {
  enum class Kind : std::uint8_t {
    unmapped,            ///< a value that no rule takes over
    unmapped_code,       ///< a code without a map; kept as it came
    unmapped_unit,       ///< a unit that is not known as UCUM; kept as text
    unmapped_system,     ///< a coding system without a URI; kept as urn:holdfast:coding-system:…
    unconverted,         ///< a value that is not of its type; kept as text where FHIR allows
    bad_identifier,      ///< an NHS number that is none
    local_segment,       ///< a Z segment
    unexpected_segment,  ///< one that has no place in this message
    unknown_segment,     ///< one that no table describes
    merged,              ///< the same thing twice with other content: the first was taken
    doubt,               ///< taken, with an assumption that is named
  };
  Kind kind{};
  Place place;
  std::string raw;   ///< as it stands in the message; at most finding_bytes_max of it
  std::string what;  ///< a sentence
  bool operator==(const Finding&) const = default;
};
constexpr std::size_t finding_bytes_max = 200;
[[nodiscard]] std::string_view name(Finding::Kind kind);

struct Report {
  std::string structure;  ///< "ORU_R01": which tables were used
  std::uint32_t leaves = 0;
  std::uint32_t mapped = 0;
  std::uint32_t set_aside = 0;  ///< a table says why this is not mapped
  std::uint32_t unmapped() const { return leaves - mapped - set_aside; }
  /// Of all leaves, in hundredths of a percent: mapped; and mapped or set aside.
  [[nodiscard]] std::uint32_t mapped_share() const;
  [[nodiscard]] std::uint32_t accounted_share() const;
  std::vector<Finding> findings;
  bool operator==(const Report&) const = default;
};

/// A few bytes a finding; decode() reads only what encode() wrote (Code::corrupt).
[[nodiscard]] Bytes encode(const Report& report);
[[nodiscard]] Result<Report> decode_report(BytesView bytes);

/// An OperationOutcome: one issue a finding (severity information or warning, code and expression
/// `OBX[2]-5[1]`), and one with the shares.
[[nodiscard]] Bytes operation_outcome(const Report& report);

}  // namespace holdfast::hl7v2
