// fhir/terminology/pattern.h: the regular expressions of value set filters, in time linear in the
// text. What they need is pieces in a row: characters, classes and their repetition.
#pragma once

#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace holdfast::fhir::terminology {

/// Pieces of one pattern, and repetitions of one piece: {0,1000} costs a thousand steps a byte.
constexpr std::size_t pattern_pieces_max = 256;
constexpr std::uint32_t pattern_repeats_max = 1000;

/// A pattern that the whole text must fit. https://hl7.org/fhir/R4/valueset-filter-operator.html
class Pattern {
 public:
  /// Takes characters, `.`, `[a-z]`, `[^…]`, `\d \w \s` and escaped characters, each with `?`, `*`,
  /// `+`, `{n}`, `{n,}` or `{n,m}`; `^` in front and `$` behind mean nothing new. Code::unsupported
  /// for groups, alternatives and all else; Code::syntax for what is no expression.
  [[nodiscard]] static Result<Pattern> read(std::string_view text);
  /// Bytes are compared, so `.` is one byte.
  [[nodiscard]] bool fits(std::string_view text) const;

 private:
  using Set = std::bitset<256>;
  struct Piece {
    Set bytes;
    std::uint32_t least = 1;
    std::uint32_t most = 1;
  };
  [[nodiscard]] static Result<Set> read_set(std::string_view& rest);
  [[nodiscard]] static Result<Set> read_class(std::string_view& rest);
  [[nodiscard]] static Result<void> read_repeats(std::string_view& rest, Piece& piece);

  std::vector<Piece> pieces_;
};

}  // namespace holdfast::fhir::terminology
