// api/bundle_plan.h: a batch or transaction read and checked, entry by entry, before anything
// happens. https://hl7.org/fhir/R4/http.html#transaction, https://hl7.org/fhir/R4/bundle.html
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/call.h"
#include "api/patching.h"
#include "decide/prepared.h"
#include "model/command.h"

namespace holdfast::api {

enum class BundleKind : std::uint8_t { batch, transaction };

/// Each entry costs about a kilobyte of plan and outcome besides its bytes, and the smallest has
/// only fifty of those: without a bound, one Bundle of 32 MiB would take gigabytes.
constexpr std::size_t bundle_entries_max = 20'000;
/// GETs of one Bundle, each of which may be a search, and $validates.
constexpr std::size_t bundle_reads_max = 1000;

/// Patches of one Bundle: the smallest may read and write the largest resource.
constexpr std::size_t bundle_patches_max = 1000;

/// One entry, ready to be done; or, in a batch, why it cannot be.
struct BundleEntry {
  enum class Kind : std::uint8_t { refused, write, reading };
  Kind kind = Kind::refused;
  Error error;                         ///< refused
  Match match;                         ///< write, reading
  Operation operation;                 ///< write, but of a patch: still to be made
  decide::PreparedOperation prepared;  ///< write, the same
  std::optional<Patch> patch;          ///< write: what makes it
  Hash hash;                           ///< write, of a batch: of the entry's bytes
  Request request;                     ///< reading
  std::vector<Parameter> parameters;   ///< reading
  Issues issues;                       ///< write: what validation found, where it is to be told
};

struct BundlePlan {
  BundleKind kind{};
  std::vector<BundleEntry> entries;
};

/// Reads `body`, of that form. A transaction with a fault in any entry fails as a whole, with all
/// that was found; of a batch only what is no Bundle of ours. Every `where` begins at the Bundle.
/// Ids are drawn for creates. `base` is cut off urls that begin with it.
/// What is written is judged, each entry for itself.
[[nodiscard]] Result<BundlePlan> plan_bundle(const Parts& parts, std::string_view base,
                                             Format format, Bytes body, Telling telling);

/// decide counts operations; the sender counts entries: they differ where there are GETs. Names the
/// entries in every `where`. `entry_of`: operation -> entry.
[[nodiscard]] Error by_entry(Error error, const std::vector<std::size_t>& entry_of);

}  // namespace holdfast::api
