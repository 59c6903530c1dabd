// journal/options.h: what a journal is told when it is created or opened. Plain data.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/planted.h"

namespace holdfast::journal {

/// The 16 bytes that name a community; they enter every hash, so that no entry of one journal
/// can be taken for an entry of another.
struct Community {
  std::array<char, 16> bytes{};
  auto operator<=>(const Community&) const = default;
  [[nodiscard]] BytesView view() const { return {bytes.data(), bytes.size()}; }
};

inline constexpr std::uint64_t segment_bytes_default = 64ULL << 20U;
inline constexpr std::uint64_t segment_bytes_min = 8ULL << 10U;
inline constexpr std::uint64_t segment_bytes_max = 1ULL << 30U;
/// Segments that stand ready behind the one that is written: the next, and a reserve.
inline constexpr std::uint32_t segments_ahead = 2;

enum class Access : std::uint8_t {
  read_write,  ///< recover as the opening rules say, and write
  inspect,     ///< change nothing on the disk; report what an opening would do
};

struct Options {
  std::string directory = "segments";
  /// Size of new segments: a multiple of 4,096 in [segment_bytes_min, segment_bytes_max].
  std::uint64_t segment_bytes = segment_bytes_default;
  Access access = Access::read_write;
  Bug bug = Bug::none;
};

}  // namespace holdfast::journal
