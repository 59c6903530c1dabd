// api/check_tables.h: what other editions of the clinical tables would change: the lines that
// differ, and how the newest results of the record would be judged.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "api/call.h"
#include "api/operation_input.h"
#include "pathway/difference.h"
#include "views/items.h"

namespace holdfast::api {

/// Versions of Observations that are judged again, the newest.
constexpr std::size_t results_judged_max = 5000;

/// Of results that would be judged otherwise.
struct JudgedAnew {
  std::size_t count = 0;
  std::string such_as;  ///< the newest of them: "Observation/7"
};

struct TablesOutlook {
  std::vector<pathway::TableChange> changes;
  /// How many were judged by both; 0 where no table that judges results differs.
  std::size_t looked_at = 0;
  /// "normal" -> "critical".
  std::map<std::pair<std::string, std::string>, JudgedAnew> judged;
  std::size_t unmapped_now = 0;  ///< values that the tables in force cannot judge by code or unit
  std::size_t unmapped_next = 0;
};

/// Reads; writes nothing.
[[nodiscard]] Result<TablesOutlook> look_at_tables(const Parts& parts, const node::Moment& moment,
                                                   const pathway::Definitions& now,
                                                   const pathway::Definitions& next);

/// Open items whose pathway goes by that table, of those counted in `states`.
[[nodiscard]] std::uint64_t open_by_table(const pathway::Definitions& definitions,
                                          std::string_view table,
                                          const std::vector<views::StateCount>& states);

/// The parameters `table`, `results` and `judged`.
void write(ParametersWriter& to, const TablesOutlook& outlook,
           const pathway::Definitions& definitions, const std::vector<views::StateCount>& states);

}  // namespace holdfast::api
