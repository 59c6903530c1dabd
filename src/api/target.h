// api/target.h: the address of a request taken apart: path segments and parameters, decoded once
// and checked. RFC 3986 for the path, application/x-www-form-urlencoded for query and form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace holdfast::api {

/// Parameters of one request.
constexpr std::size_t parameters_max = 1000;
/// "fhir", "Patient", "7", "_history", "2" and one to see that there are too many.
constexpr std::size_t segments_max = 8;

struct Parameter {
  std::string name;
  std::string value;
  bool operator==(const Parameter&) const = default;
};

/// The parameters in order; '+' is a space; empty parts ("a=1&&b=2") are skipped. Code::syntax
/// for a '%' without two digits, for NUL, and for what is not UTF-8; Code::too_large over
/// parameters_max.
[[nodiscard]] Result<std::vector<Parameter>> parse_parameters(std::string_view text);

/// The decoded segments of a path. One slash at the end is forgiven. Code::not_found for more than
/// segments_max, or an empty one between; Code::syntax as above.
[[nodiscard]] Result<std::vector<std::string>> parse_path(std::string_view path);

/// A decimal without sign, leading zeros or more than 18 digits; nothing for anything else.
[[nodiscard]] std::optional<std::uint64_t> parse_count(std::string_view text);

}  // namespace holdfast::api
