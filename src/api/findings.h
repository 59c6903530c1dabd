// api/findings.h: a difference from a neighbour's list, as the record keeps it: a DetectedIssue
// with a code of urn:holdfast:finding, which the pathway `reconciliation` makes an item of.
// https://hl7.org/fhir/R4/detectedissue.html
//
// status: preliminary while it stands as it was found, amended when it came back or differs
// otherwise, final when a later list had it no longer. Never deleted, and closed by nobody here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "reconcile/compare.h"

namespace holdfast::api {

inline constexpr std::string_view finding_system = "urn:holdfast:finding";
/// Identifier of those that stand, with the name of the neighbour.
inline constexpr std::string_view differs_system = "urn:holdfast:differs";
inline constexpr std::string_view neighbour_system = "urn:holdfast:neighbour";
/// Standing differences of one neighbour that are read: those behind are not said to be gone.
inline constexpr std::size_t standing_max = 100'000;

struct Finding {
  Version version;
  bool is_deleted = false;
  bool is_gone = false;  ///< status final
  std::string text;      ///< DetectedIssue.detail
  reconcile::Standing standing;
  Bytes body;
};
[[nodiscard]] Result<std::optional<Finding>> read_finding(const Parts& parts,
                                                          const node::Moment& moment,
                                                          const std::string& id);
/// Ids of those of that neighbour that stand.
[[nodiscard]] Result<std::vector<std::string>> standing_findings(const Parts& parts,
                                                                 const node::Moment& moment,
                                                                 std::string_view source);

struct Found {
  std::string_view source;
  std::string_view status;
  std::string_view organisation;  ///< of the scope
  Time at;
};
[[nodiscard]] Bytes finding_body(const reconcile::Difference& difference, const Found& found);
/// The same, with the word that a list of that time no longer has it.
[[nodiscard]] Result<Bytes> gone_body(const Parts& parts, const Finding& finding, Time at);

}  // namespace holdfast::api
