// hl7v2/path.h: names a value in a message: "PID-5.1", "OBX[2]-5[1].1.2", "PID-3[*].4.1".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "hl7v2/message.h"

namespace holdfast::hl7v2 {

/// SEG[n]-F[n].C.S, all counted from 1. Without [n] the first is meant, with [*] each. Without C
/// the whole repetition, without S the whole component, without F the whole segment.
struct Path {
  static constexpr std::uint32_t each = 0;

  std::string segment;
  std::uint32_t segment_number = 1;
  std::uint32_t field = 0;  ///< 0: the segment
  std::uint32_t repetition = 1;
  std::uint32_t component = 0;     ///< 0: all of them
  std::uint32_t subcomponent = 0;  ///< 0: all of them

  /// Code::syntax says what is wrong, and where. Numbers are at most 65,535.
  [[nodiscard]] static Result<Path> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  bool operator==(const Path&) const = default;
};

/// The raw bytes that a path names, in their order; those that are empty or absent are left out.
[[nodiscard]] std::vector<BytesView> select(const Message& message, const Path& path);
/// The first of them as text; empty where there is none. Of a whole repetition or component the
/// first subcomponent.
[[nodiscard]] std::string first_text(const Message& message, const Path& path);

/// `message` with that value instead, written in its delimiters; fields, components and repetitions
/// before it that are not there are put in. `value` is text; empty takes the value away.
/// Code::not_found where the segment is not there; Code::value where the path means [*], or MSH-1
/// or MSH-2.
[[nodiscard]] Result<Bytes> replaced(const Message& message, const Path& path,
                                     std::string_view value);

}  // namespace holdfast::hl7v2
