// search/criteria.h: a query as the standard means it. Parsing knows the parameters, planning the
// indexes, paging the rows; none of them does another's work.
// https://hl7.org/fhir/R4/search.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "fhir/type.h"
#include "views/postings.h"

namespace holdfast::search {

inline constexpr std::size_t query_bytes_max = 64 << 10;
inline constexpr std::size_t criteria_max = 100;       ///< parameters of one query
inline constexpr std::size_t alternatives_max = 1000;  ///< comma-separated values, all together
inline constexpr std::uint32_t count_default = 50;
inline constexpr std::uint32_t count_max = 1000;

/// What happens to a parameter that is not known. https://hl7.org/fhir/R4/search.html#errors
enum class Handling : std::uint8_t { strict, lenient };

/// https://hl7.org/fhir/R4/search.html#prefix
enum class Prefix : std::uint8_t { eq, ne, gt, lt, ge, le, sa, eb, ap };

/// One parameter: the resource is found under any of these.
struct PostingCriterion {
  std::string name;  ///< as in the query, for messages
  std::vector<views::PostingPrefix> any;
};
struct IdCriterion {
  std::vector<std::string> any;
};
/// meta.lastUpdated stands in this relation to any of these intervals.
struct UpdatedCriterion {
  struct Bound {
    Prefix prefix = Prefix::eq;
    TimeRange range;
  };
  std::vector<Bound> any;
};

/// https://hl7.org/fhir/R4/search.html#sort
enum class Order : std::uint8_t {
  oldest_first,  ///< by lastUpdated, rising: the order of the journal, and ours when none is asked
  newest_first,
};
/// https://hl7.org/fhir/R4/search.html#total
enum class Total : std::uint8_t { unasked, none, estimate, accurate };
/// https://hl7.org/fhir/R4/search.html#summary
enum class Summary : std::uint8_t { whole, count };

/// Where to look.
struct Scope {
  std::optional<fhir::TypeId> type;  ///< nothing: every type; only within a compartment
  std::string patient;               ///< the compartment of Patient/…; empty: everywhere
};

/// All criteria must hold.
struct Criteria {
  Scope scope;
  std::vector<PostingCriterion> postings;
  std::vector<IdCriterion> ids;
  std::vector<UpdatedCriterion> updated;
  Order order = Order::oldest_first;
  Total total = Total::unasked;
  Summary summary = Summary::whole;
  std::uint32_t count = count_default;
  bool has_result_parameter = false;  ///< _count, _sort, _summary or _total was there
  /// The query as it was understood, in canonical form, for the self link: ignored and _format
  /// parameters left out.
  std::string understood;
  std::vector<std::string> ignored;  ///< lenient only: the names that were not known

  [[nodiscard]] bool has_filter() const {
    return !postings.empty() || !ids.empty() || !updated.empty();
  }
};

/// Reads "identifier=urn:x|1&_count=10", percent-encoded as a form ('+' is a space) or plain.
/// Code::unsupported names the parameter or modifier that is not known (and the nearest that is),
/// or what this server does not do; Code::value a value that is none; Code::too_large too much.
[[nodiscard]] Result<Criteria> parse(Scope scope, std::string_view query, Handling handling);

/// How a parameter's values are found.
struct SearchParameter {
  std::string_view name;
  std::string_view kind;  ///< number, date, string, token, reference …
};
/// Those that can be used on the type, in order of their names: for the CapabilityStatement.
[[nodiscard]] std::vector<SearchParameter> parameters_of(fhir::TypeId type);

}  // namespace holdfast::search
