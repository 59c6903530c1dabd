// search/filter.h: the text of a `_filter` taken apart. What its tests mean is for condition.h:
// each is a condition that could stand in the query, or is refused by name. Inside search/ only.
// https://hl7.org/fhir/R4/search_filter.html
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "fhir/definitions.h"

namespace holdfast::search {

inline constexpr std::size_t filter_tests_max = 100;
inline constexpr std::size_t filter_depth_max = 16;  ///< parentheses in each other

enum class FilterOp : std::uint8_t {
  eq,
  ne,
  co,
  sw,
  ew,
  gt,
  lt,
  ge,
  le,
  ap,
  sa,
  eb,
  pr,
  po,
  ss,
  sb,
  in,
  ni,
  re,
};
/// "eq"
[[nodiscard]] std::string_view name(FilterOp op);

struct FilterTest {
  std::string path;  ///< "birthdate", "subject.name", "subject:Patient.name"
  FilterOp op{};
  std::string value;
};

struct FilterNode {
  enum class Kind : std::uint8_t { test, all_of, one_of, negation };
  Kind kind = Kind::test;
  FilterTest test;
  std::vector<FilterNode> inner;  ///< of the others; of a negation one
};

/// Code::value says where the text is no filter; Code::unsupported names `path[filter]`;
/// Code::too_large over the limits. `and` and `or` beside each other want parentheses: the standard
/// does not say which of them is first.
[[nodiscard]] Result<FilterNode> parse_filter(std::string_view text);

/// The condition that a test stands for.
struct PlainCondition {
  std::string modifier;
  std::string value;  ///< escaped as in a query
  bool negated = false;
};
/// Of a parameter of that kind. Code::unsupported for an operation that it does not have here.
[[nodiscard]] Result<PlainCondition> plain_condition(const FilterTest& test, fhir::ParamKind kind);
/// Of `_lastUpdated`, whose values have prefixes; of `_id`, which has `eq` only.
[[nodiscard]] Result<std::string> prefixed_value(const FilterTest& test);
[[nodiscard]] Result<std::string> equal_value(const FilterTest& test);

/// Modifiers that only filters lead to: a whole text, or its end, whatever its case and accents.
inline constexpr std::string_view whole_modifier = "=eq";
inline constexpr std::string_view ends_modifier = "=ew";

}  // namespace holdfast::search
