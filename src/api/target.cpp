#include "api/target.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace holdfast::api {
namespace {

// No NUL, because keys end with one; UTF-8, because JSON is.
Result<std::string> decode(std::string_view text, Plus plus) {
  auto decoded = percent_decode(text, plus);
  if (decoded && decoded->find('\0') != std::string::npos) {
    return fail(Code::syntax, "a NUL character in the address");
  }
  if (decoded && find_bad_utf8(*decoded)) {
    return fail(Code::syntax, fmt::format("'{}' does not decode to UTF-8", text));
  }
  return decoded;
}

}  // namespace

Result<std::vector<Parameter>> parse_parameters(std::string_view text) {
  std::vector<Parameter> parameters;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    if (part.empty()) {
      continue;
    }
    if (parameters.size() == parameters_max) {
      return fail(Code::too_large, fmt::format("more than {} parameters", parameters_max));
    }
    const std::size_t equals = std::min(part.find('='), part.size());
    Parameter parameter;
    TRY(parameter.name, decode(part.substr(0, equals), Plus::is_space));
    if (equals < part.size()) {
      TRY(parameter.value, decode(part.substr(equals + 1), Plus::is_space));
    }
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

Result<std::vector<std::string>> parse_path(std::string_view path) {
  std::vector<std::string> segments;
  if (path.starts_with('/')) {
    path.remove_prefix(1);
  }
  if (path.ends_with('/')) {
    path.remove_suffix(1);
  }
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), part.size() + 1));
    if (part.empty() || segments.size() == segments_max) {
      return fail(Code::not_found, "nothing is at this address");
    }
    TRY(std::string segment, decode(part, Plus::is_plus));
    segments.push_back(std::move(segment));
  }
  return segments;
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
  if (text.empty() || text.size() > 18 || (text.size() > 1 && text[0] == '0')) {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

}  // namespace holdfast::api
