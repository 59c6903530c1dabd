// exchange/map_diff.h: what a changed overlay makes of a message, beside what the one in use makes
// of it: before it goes live. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "exchange/neighbour.h"
#include "fhir/json.h"

namespace holdfast::exchange {

/// One value that differs. Paths are as FHIRPath writes them, with the number of the resource among
/// those of its type in the message: "Observation#2.code.coding[0].system".
struct MapChange {
  std::string path;
  std::string before;  ///< JSON; empty: it was not there
  std::string after;   ///< JSON; empty: it is not there any more
  bool operator==(const MapChange&) const = default;
  /// Without numbers: what the same change in other messages is called.
  [[nodiscard]] std::string kind() const;
};

struct MapDiff {
  std::string type;             ///< "ORU^R01"
  std::string control_id;       ///< MSH-10
  std::optional<Error> before;  ///< why it could not be mapped
  std::optional<Error> after;
  std::vector<MapChange> changes;
  /// Values that no rule took, before and after.
  std::uint32_t unmapped_before = 0;
  std::uint32_t unmapped_after = 0;
  [[nodiscard]] bool differs() const {
    return !changes.empty() || before.has_value() != after.has_value();
  }
};

/// The bytes as they came. Code::syntax where they are no message.
[[nodiscard]] Result<MapDiff> diff_maps(const Bytes& message, const Neighbour& before,
                                        const Neighbour& after, fhir::JsonReader& reader);

}  // namespace holdfast::exchange
