// views/state.h: what a view contains, in one row that is written with the last rows of an entry.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "base/hash.h"
#include "base/ids.h"
#include "base/result.h"
#include "views/kv.h"

namespace holdfast::views {

/// State digest: a multiset hash over logical facts, each SHA-256(fact), summed modulo 2^256 as
/// four little-endian lanes with carry. Order does not matter, so every node agrees. It finds
/// divergence; against forgery there is the chain.
struct Digest {
  std::array<std::uint64_t, 4> lanes{};
  bool operator==(const Digest&) const = default;
  void add(const Hash& fact);
  /// All facts of `other`.
  void add(const Digest& other);
  /// One that was added and is no longer so.
  void remove(const Hash& fact);
  [[nodiscard]] std::string hex() const;
};

/// One fact: this version of this resource has this content (zero hash: it is a deletion).
[[nodiscard]] Hash version_fact(std::string_view type, std::string_view id, Version version,
                                const Hash& body_hash);

struct State {
  Position position;            ///< the last entry folded in
  Hash chain;                   ///< that entry's hash
  Time time;                    ///< that entry's time
  RowId last_row;               ///< the last row given out
  std::uint64_t resources = 0;  ///< current and not deleted
  Digest digest;
  std::uint64_t undo_pruned = 0;  ///< position up to which undo rows are gone
  /// No undo row that is left is of an earlier time; the end of time when none is left.
  Time undo_oldest{std::numeric_limits<std::int64_t>::max()};
  Position definitions;  ///< of the epoch that is extracted under; 0: what is built in
  Position active;       ///< of the epoch that searches go by
  Position pathways;     ///< of the definitions of pathways in force; 0: none
  bool operator==(const State&) const = default;
};

[[nodiscard]] Bytes encode(const State& state);
[[nodiscard]] Result<State> decode_state(BytesView bytes);
/// The state of a view; of an empty store, the state before the first entry.
[[nodiscard]] Result<State> read_state(const Reader& reader);
inline constexpr BytesView state_key = "state";
class WorkLayer;
/// With the last rows of an entry.
void write_state(WorkLayer& layer, const State& state);

}  // namespace holdfast::views
