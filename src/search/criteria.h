// search/criteria.h: a query as the standard means it. Parsing knows the parameters, terms the
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
#include "fhir/search_params.h"
#include "fhir/subset.h"
#include "fhir/type.h"
#include "search/criterion.h"

namespace holdfast::search {

inline constexpr std::size_t query_bytes_max = 64 << 10;
inline constexpr std::size_t criteria_max = 100;       ///< parameters of one query
inline constexpr std::size_t alternatives_max = 1000;  ///< comma-separated values, all together
inline constexpr std::size_t code_sets_max = 16;       ///< values with :in, :above and the like
inline constexpr std::size_t chain_links_max = 8;
inline constexpr std::size_t sort_keys_max = 8;
inline constexpr std::size_t includes_max = 32;
inline constexpr std::uint32_t count_default = 50;
inline constexpr std::uint32_t count_max = 1000;

/// What happens to a parameter that is not known. https://hl7.org/fhir/R4/search.html#errors
enum class Handling : std::uint8_t { strict, lenient };

/// https://hl7.org/fhir/R4/search.html#total
enum class Total : std::uint8_t { unasked, none, estimate, accurate };

/// Where to look.
struct Scope {
  std::optional<fhir::TypeId> type;  ///< nothing: every type
  std::string patient;               ///< the compartment of Patient/…; empty: everywhere
  bool operator==(const Scope&) const = default;
};

/// https://hl7.org/fhir/R4/search.html#sort
struct SortKey {
  enum class By : std::uint8_t { parameter, updated, id };
  By by = By::parameter;
  const fhir::SearchParam* param = nullptr;  ///< of a parameter
  bool descending = false;
};

/// https://hl7.org/fhir/R4/search.html#include
struct Include {
  bool reverse = false;  ///< _revinclude
  bool iterate = false;
  fhir::TypeId source;                       ///< the type that refers
  const fhir::SearchParam* param = nullptr;  ///< null: every reference parameter (*)
  std::optional<fhir::TypeId> target;
};

/// What must hold of the resources of one type.
struct TypeCriteria {
  fhir::TypeId type;
  std::vector<Criterion> all;
  std::vector<SortKey> sort = {};  ///< as Criteria::sort, with the parameters of this type
};

struct Criteria {
  Scope scope;
  std::vector<TypeCriteria> types;
  std::vector<SortKey> sort;  ///< of the first type; the others differ in `param` only
  std::vector<Include> includes;
  Total total = Total::unasked;
  fhir::Subset subset;  ///< _summary and _elements
  std::uint32_t count = count_default;
  bool has_filter = false;
  bool has_result_parameter = false;  ///< _count, _sort, _summary, _total, _include or the like
  /// The query as it was understood, in canonical form, for the self link: ignored and _format
  /// parameters left out.
  std::string understood;
  std::vector<std::string> ignored;  ///< lenient only: the names that were not known

  [[nodiscard]] bool counts_only() const { return subset.summary == fhir::SummaryKind::count; }
};

/// Reads "identifier=urn:x|1&_count=10", percent-encoded as a form ('+' is a space) or plain. `now`
/// is the moment of the search: "approximately" depends on it. Borrows `params`. Code::unsupported
/// names the parameter or modifier that is not known (and the nearest that is), or what this server
/// does not do; Code::value a value that is none; Code::too_large too much.
[[nodiscard]] Result<Criteria> parse(const fhir::SearchParams& params, Scope scope,
                                     std::string_view query, Handling handling, Time now);

/// How a parameter's values are found.
struct SearchParameter {
  std::string_view name;
  std::string_view kind;  ///< number, date, string, token, reference …
  std::string_view url;   ///< of its definition
};
/// Those that can be used on the type, in order of their names: for the CapabilityStatement.
[[nodiscard]] std::vector<SearchParameter> parameters_of(const fhir::SearchParams& params,
                                                         fhir::TypeId type);

}  // namespace holdfast::search
