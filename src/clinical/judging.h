// clinical/judging.h: whether a result is normal, abnormal, critical, or was judged by nobody. By
// the laboratory's flag, else by its reference range; the worst of all that is said counts. What is
// not judged is handled as abnormal: normal is only what somebody has called normal.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "clinical/edition.h"
#include "clinical/observation.h"
#include "clinical/phone.h"

namespace holdfast::clinical {

enum class Judgement : std::uint8_t { normal, unjudged, abnormal, critical };  // worse and worse
/// "abnormal"
[[nodiscard]] std::string_view name(Judgement judgement);

struct FlagTable {
  Edition edition;
  std::vector<std::string> systems;  ///< of flags; a flag of another system says nothing
  std::vector<std::string> critical;
  std::vector<std::string> abnormal;
  std::vector<std::string> normal;
  bool text_may_be_normal = false;  ///< whether a flag makes words normal
};

/// Refuses with FILE:LINE a flag that means two things.
[[nodiscard]] Result<FlagTable> read_flags(std::string_view text, std::string_view file);

struct Judged {
  Judgement judgement = Judgement::unjudged;
  std::string why;  ///< a sentence
};

/// One value by itself.
[[nodiscard]] Judged judge(const FlagTable& table, const Measurement& measured);
/// A value and its components: the worst. A panel that only names its members is unjudged here:
/// they are judged one by one.
[[nodiscard]] Judged judge(const FlagTable& table, const Observation& observation);
/// Of a report: the worst; of nothing at all: unjudged.
[[nodiscard]] Judgement worst(std::span<const Judgement> all);

/// A code or a unit that a value could not be judged by, because the tables lack it.
struct Unmapped {
  std::vector<Coding> codes;  ///< of the value; none where it has none
  std::string test;           ///< of the table, where only the unit is not taken; else empty
  std::string unit;           ///< as it was sent, where it is the unit; else empty
  std::string key;            ///< the same for every such value (PhoneVerdict::mapping_key)
  std::string why;            ///< a sentence
};

/// Flags, ranges and limits together.
struct Assessment {
  Judged judged;  ///< critical also where a value is past a limit for telephoning
  /// Of each number: a code that no table knows, where neither a flag nor a range judged the value;
  /// and a unit that a test with limits is not taken in, whatever the flag: those limits watched
  /// over nothing. Words and answers have none: no table could judge them.
  std::vector<Unmapped> unmapped;
  /// Of each value that has a number: the observation's own, then its components'.
  std::vector<PhoneVerdict> phone;

  [[nodiscard]] bool is_to_phone() const { return judged.judgement == Judgement::critical; }
};
[[nodiscard]] Assessment assess(const FlagTable& flags, const PhoneTable& limits,
                                const Observation& observation, const PhonePatient& patient);

}  // namespace holdfast::clinical
