// journal/damage.h: what is wrong in a journal, so that a person can find the place.
#pragma once

#include <cstdint>
#include <string>

#include "base/ids.h"
#include "journal/segment.h"

namespace holdfast::journal {

enum class DamageKind : std::uint8_t {
  record,   ///< entries are bad or missing
  header,   ///< a segment's header is not what was written
  link,     ///< a segment does not continue the one before
  missing,  ///< a segment's file is not there
  slack,    ///< bytes that must be zero are not; no entry is lost by it
};
[[nodiscard]] std::string_view name(DamageKind kind);

/// Entries first..last (none if last < first) cannot be read from [offset, end) of a segment.
struct Damage {
  DamageKind kind{};
  SegmentNumber segment;
  std::uint64_t offset = 0;
  std::uint64_t end = 0;
  Position first;
  Position last;
  std::string what;
};

/// "segments/00000003.seg bytes 4096..5120: positions 17 to 18: header checksum differs"
[[nodiscard]] std::string describe(const Damage& damage, const Options& options);

}  // namespace holdfast::journal
