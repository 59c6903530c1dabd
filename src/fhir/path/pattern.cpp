#include "fhir/path/pattern.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <re2/re2.h>

#include "fhir/path/compile.h"

namespace holdfast::fhir::path {
namespace {

constexpr int groups_max = 10;  // the whole match and $1 to $9

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

void append_expanded(std::string& to, std::string_view by,
                     const std::array<re2::StringPiece, groups_max>& groups) {
  for (std::size_t i = 0; i < by.size(); ++i) {
    if (by[i] != '$' || i + 1 == by.size()) {
      to.push_back(by[i]);
      continue;
    }
    const char next = by[i + 1];
    if (next == '$') {
      to.push_back('$');
      ++i;
    } else if (next >= '0' && next <= '9') {
      const re2::StringPiece& group = groups[static_cast<std::size_t>(next - '0')];
      to.append(group.data() == nullptr ? "" : group.data(), group.size());
      ++i;
    } else {
      to.push_back('$');
    }
  }
}

}  // namespace

Result<std::shared_ptr<const re2::RE2>> make_pattern(std::string_view pattern) {
  constexpr std::int64_t memory_bytes_max = std::int64_t{512} << 10U;
  if (pattern.size() > pattern_bytes_max) {
    return fail(Code::too_large,
                fmt::format("a regular expression has at most {} bytes", pattern_bytes_max));
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  options.set_max_mem(memory_bytes_max);
  auto made = std::make_shared<re2::RE2>(piece(pattern), options);
  if (made->ok()) {
    return std::shared_ptr<const re2::RE2>(std::move(made));
  }
  if (made->error_code() == re2::RE2::ErrorPatternTooLarge) {
    return fail(Code::too_large, "the regular expression repeats too much");
  }
  return fail(Code::unsupported,
              fmt::format("the regular expression is not one that RE2 takes: {}", made->error()));
}

bool is_found(const re2::RE2& pattern, std::string_view text) {
  return re2::RE2::PartialMatch(piece(text), pattern);
}

bool is_match(const re2::RE2& pattern, std::string_view text) {
  return re2::RE2::FullMatch(piece(text), pattern);
}

Result<std::string> replaced(const re2::RE2& pattern, std::string_view text, std::string_view by,
                             std::size_t bytes_max) {
  std::string result;
  std::array<re2::StringPiece, groups_max> groups;
  const int wanted = std::min(groups_max, pattern.NumberOfCapturingGroups() + 1);
  std::size_t at = 0;
  while (at <= text.size() &&
         pattern.Match(piece(text), at, text.size(), re2::RE2::UNANCHORED, groups.data(), wanted)) {
    const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
    result.append(text.substr(at, begin - at));
    append_expanded(result, by, groups);
    at = begin + groups[0].size();
    if (groups[0].empty()) {  // go on behind the next character
      if (at == text.size()) {
        at = text.size() + 1;
        break;
      }
      do {
        result.push_back(text[at++]);
      } while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U);
    }
    if (result.size() > bytes_max) {
      return fail(Code::too_costly, fmt::format("a text may grow to {} bytes", bytes_max));
    }
  }
  if (at < text.size()) {
    result.append(text.substr(at));
  }
  return result;
}

}  // namespace holdfast::fhir::path
