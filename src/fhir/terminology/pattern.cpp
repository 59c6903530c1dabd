#include "fhir/terminology/pattern.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace holdfast::fhir::terminology {
namespace {

using Set = std::bitset<256>;

Set one(char c) {
  Set set;
  set.set(static_cast<unsigned char>(c));
  return set;
}
Set range(char from, char to) {
  Set set;
  for (int c = static_cast<unsigned char>(from); c <= static_cast<unsigned char>(to); ++c) {
    set.set(static_cast<std::size_t>(c));
  }
  return set;
}

char take(std::string_view& rest) {
  const char c = rest.front();
  rest.remove_prefix(1);
  return c;
}

// Behind a backslash.
Result<Set> escaped(char c) {
  const Set word = range('a', 'z') | range('A', 'Z') | range('0', '9') | one('_');
  const Set space = one(' ') | range('\t', '\r');
  switch (c) {
    case 'd': return range('0', '9');
    case 'D': return ~range('0', '9');
    case 'w': return word;
    case 'W': return ~word;
    case 's': return space;
    case 'S': return ~space;
    case 't': return one('\t');
    case 'n': return one('\n');
    case 'r': return one('\r');
    default: break;
  }
  if (word.test(static_cast<unsigned char>(c))) {
    return fail(Code::unsupported, fmt::format("'\\{}' is not read in a filter", c));
  }
  return one(c);
}

std::optional<std::uint32_t> take_number(std::string_view& rest) {
  std::optional<std::uint32_t> number;
  while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
    number = std::min<std::uint32_t>(
        number.value_or(0) * 10 + static_cast<std::uint32_t>(take(rest) - '0'),
        pattern_repeats_max + 1);
  }
  return number;
}

}  // namespace

Result<Pattern> Pattern::read(std::string_view text) {
  Pattern pattern;
  if (text.starts_with('^')) {
    text.remove_prefix(1);
  }
  if (text.ends_with('$') && !text.ends_with("\\$")) {
    text.remove_suffix(1);
  }
  std::uint64_t steps = 0;
  while (!text.empty()) {
    Piece piece;
    TRY(piece.bytes, read_set(text));
    TRY_OK(read_repeats(text, piece));
    steps += piece.most == UINT32_MAX ? piece.least + 1 : piece.most;
    pattern.pieces_.push_back(piece);
    if (pattern.pieces_.size() > pattern_pieces_max || steps > 2 * pattern_repeats_max) {
      return fail(Code::too_large, "the regular expression of a filter is too long");
    }
  }
  return pattern;
}

Result<Pattern::Set> Pattern::read_set(std::string_view& rest) {
  const char c = take(rest);
  switch (c) {
    case '.': return ~one('\n');
    case '[': return read_class(rest);
    case '\\':
      if (rest.empty()) {
        return fail(Code::syntax, "a regular expression ends in '\\'");
      }
      return escaped(take(rest));
    case '(':
    case ')':
    case '|':
    case '^':
    case '$':
      return fail(Code::unsupported, fmt::format("'{}' is not read in the regular expression of a "
                                                 "filter: only pieces in a row are",
                                                 c));
    case '*':
    case '+':
    case '?':
    case '{':
      return fail(Code::syntax, fmt::format("'{}' repeats nothing in a regular expression", c));
    default: return one(c);
  }
}

Result<Pattern::Set> Pattern::read_class(std::string_view& rest) {
  const bool inverted = rest.starts_with('^');
  if (inverted) {
    rest.remove_prefix(1);
  }
  Set set;
  for (bool first = true; !rest.empty(); first = false) {
    const char c = take(rest);
    if (c == ']' && !first) {
      return inverted ? ~set : set;
    }
    if (c == '[' || (c == '\\' && rest.empty())) {
      return fail(Code::unsupported, "a class inside a class of a regular expression");
    }
    if (c == '\\') {
      TRY(const Set inside, escaped(take(rest)));
      set |= inside;
    } else if (rest.size() >= 2 && rest[0] == '-' && rest[1] != ']') {
      if (rest[1] == '\\' || rest[1] < c) {
        return fail(Code::syntax, "a range of a regular expression ends before it begins");
      }
      set |= range(c, rest[1]);
      rest.remove_prefix(2);
    } else {
      set |= one(c);
    }
  }
  return fail(Code::syntax, "a class of a regular expression has no ']'");
}

Result<void> Pattern::read_repeats(std::string_view& rest, Piece& piece) {
  if (rest.empty()) {
    return ok();
  }
  const char c = rest.front();
  if (c == '?' || c == '*' || c == '+') {
    piece.least = c == '+' ? 1 : 0;
    piece.most = c == '?' ? 1 : UINT32_MAX;
    rest.remove_prefix(1);
  } else if (c == '{') {
    rest.remove_prefix(1);
    const auto least = take_number(rest);
    piece.least = least.value_or(0);
    piece.most = piece.least;
    if (rest.starts_with(',')) {
      rest.remove_prefix(1);
      piece.most = take_number(rest).value_or(UINT32_MAX);
    }
    const bool good = least && rest.starts_with('}') && piece.least <= piece.most &&
                      piece.least <= pattern_repeats_max &&
                      (piece.most <= pattern_repeats_max || piece.most == UINT32_MAX);
    if (!good) {
      return fail(Code::syntax, "a repetition of a regular expression is none");
    }
    rest.remove_prefix(1);
  }
  if (!rest.empty() && (rest[0] == '?' || rest[0] == '*' || rest[0] == '+' || rest[0] == '{')) {
    return fail(Code::unsupported, "lazy and possessive repetitions are not read in a filter");
  }
  return ok();
}

// All ways at once: ends[i] counts the bytes before i at which the pieces so far can end.
bool Pattern::fits(std::string_view text) const {
  const std::size_t size = text.size();
  std::vector<std::size_t> ends(size + 2, 1);
  ends[0] = 0;
  for (const Piece& piece : pieces_) {
    std::vector<std::size_t> next(size + 2, 0);
    std::size_t row_begin = 0;  // of the bytes in a row that fit this piece
    for (std::size_t end = 0; end <= size; ++end) {
      if (end > 0 && !piece.bytes.test(static_cast<unsigned char>(text[end - 1]))) {
        row_begin = end;
      }
      const std::size_t most = std::min<std::size_t>(end - row_begin, piece.most);
      const bool reached = piece.least <= most && ends[end - piece.least + 1] > ends[end - most];
      next[end + 1] = next[end] + (reached ? 1 : 0);
    }
    ends = std::move(next);
  }
  return ends[size + 1] > ends[size];
}

}  // namespace holdfast::fhir::terminology
