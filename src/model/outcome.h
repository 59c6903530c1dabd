// model/outcome.h: what became of a Command. Small: ids, versions and resolved references; the
// bodies are the Command's bytes with the Outcome's substitutions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "model/command.h"
#include "model/delivery.h"

namespace holdfast {

/// What happened to one Operation. Numbers are on disk: never renumber, only add.
enum class Status : std::uint8_t {
  created = 1,
  updated = 2,
  removed = 3,
  matched = 4,  ///< ifNoneExist found exactly one: that one is meant, nothing was written
  absent = 5,   ///< remove of what is not there: nothing was written
};

/// The reference at `site` (index among fhir::Sites of the operation's body) now reads `target`.
struct Substitution {
  std::uint32_t site = 0;
  std::uint32_t target = 0;  ///< index into Outcome::targets
  bool operator==(const Substitution&) const = default;
};

struct OperationResult {
  Status status{};
  std::string id;   ///< the resource that is meant now
  Version version;  ///< its version after this Command
  std::vector<Substitution> substitutions;
  bool operator==(const OperationResult&) const = default;
};

/// A delivery that is a duty now.
struct Owed {
  std::uint32_t delivery = 0;  ///< index into Command::deliveries
  RowId row;  ///< of one that names a resource: its current version; 0: what the operation writes
  bool operator==(const Owed&) const = default;
};

/// What a delivery with a provision comes to.
struct Provider {
  std::uint32_t delivery = 0;  ///< index into Command::deliveries
  Provided what{};
  std::string channel;  ///< empty of Provided::nobody
  RowId row;            ///< as of Owed
  bool operator==(const Provider&) const = default;
};

/// A version that the Command brings about beside what it asks for (docs/adr/0020).
struct Made {
  /// The operation whose body this one takes the place of: id and version are those of its result,
  /// and its substitutions are in it already. Nothing: a version of its own, behind all of them.
  std::optional<std::uint32_t> operation;
  std::string type;  ///< empty of one that takes a place
  std::string id;    ///< the same
  Version version;   ///< 1: the resource is new. Of one that takes a place: 0
  Bytes body;        ///< minified JSON, every reference resolved
  bool operator==(const Made&) const = default;
};

/// Duties that were not taken up because what makes them due lies before the time that the record
/// answers for: counted, never silent.
struct Before {
  std::string pathway;
  std::string organisation;
  std::uint64_t count = 0;
  bool operator==(const Before&) const = default;
};

struct Outcome {
  std::vector<OperationResult> results;  ///< one per Operation, in the same order
  std::vector<std::string> targets;      ///< distinct resolved references: "Patient/7"
  std::vector<Owed> owed;                ///< in the order of deliveries, without provisions
  std::vector<Provider> providers;       ///< in the order of deliveries with provisions
  bool settles = false;        ///< whether the Command has settlements: all of them happen
  std::vector<Made> made;      ///< those that take a place first, in the order of operations
  std::vector<Before> before;  ///< each pathway and organisation once, sorted
  bool operator==(const Outcome&) const = default;

  /// Whether anything was written: an Outcome that changes nothing needs no journal entry.
  [[nodiscard]] bool changes() const;
};

/// A duty that a Command has made.
struct MadeDuty {
  std::uint32_t index = 0;             ///< within its entry: DutyName::index
  const Delivery* delivery = nullptr;  ///< of the Command
  std::string_view channel;
  std::optional<Provided> provided;  ///< of an order's provider
  RowId row;                         ///< as of Owed
};
/// All of them, in the order of their index: what is owed, then what providers are sent. Both
/// outlive it.
[[nodiscard]] std::vector<MadeDuty> duties_of(const Command& command, const Outcome& outcome);

[[nodiscard]] Bytes encode(const Outcome& outcome);
/// Code::corrupt unless the bytes are exactly what encode() gives for some Outcome.
[[nodiscard]] Result<Outcome> decode_outcome(BytesView bytes);

}  // namespace holdfast
