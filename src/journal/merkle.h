// journal/merkle.h: the RFC 6962 tree over entry hashes: leaf i is SHA-256(0x00, hash of entry
// i + 1). Pure; nodes are kept by the caller. https://www.rfc-editor.org/rfc/rfc6962#section-2.1
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/result.h"

namespace holdfast::journal {

/// A complete subtree: of 2^level leaves, the index-th of its level, from 0. Level 0 are leaves.
struct NodeId {
  std::uint8_t level = 0;
  std::uint64_t index = 0;
  auto operator<=>(const NodeId&) const = default;
};
struct Node {
  NodeId id;
  Hash hash;
};

[[nodiscard]] Hash leaf_hash(const Hash& entry_hash);
[[nodiscard]] Hash node_hash(const Hash& left, const Hash& right);
/// The root of the tree without leaves: SHA-256 of nothing.
[[nodiscard]] Hash empty_root();

/// The right edge of a growing tree: enough to append, and to know the root. At most 64 hashes.
class Frontier {
 public:
  Frontier() = default;
  /// Of `size` leaves, with one peak for each bit that is set in `size`, the largest first (check).
  Frontier(std::uint64_t size, std::vector<Hash> peaks);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Adds a leaf; appends to `completed` the nodes that are complete by it, leaf first. A caller
  /// that stores them all can prove everything.
  void append(const Hash& entry_hash, std::vector<Node>& completed);
  void append(const Hash& entry_hash);
  [[nodiscard]] Hash root() const;

  /// For a view: size and hashes, and back. Code::corrupt when the bytes are not such.
  [[nodiscard]] Bytes encode() const;
  [[nodiscard]] static Result<Frontier> decode(BytesView bytes);

 private:
  std::uint64_t size_ = 0;
  std::vector<Hash> peaks_;  ///< of the complete subtrees, the largest first
};

/// Gives a stored complete node; any error of it ends the proof.
using GetNode = std::function<Result<Hash>(NodeId)>;
using Proof = std::vector<Hash>;

/// Root of the first `size` leaves, from stored nodes.
[[nodiscard]] Result<Hash> root_of(std::uint64_t size, const GetNode& get);
/// PATH(leaf, D[size]), section 2.1.1. leaf < size, else Code::value.
[[nodiscard]] Result<Proof> inclusion_proof(std::uint64_t leaf, std::uint64_t size,
                                            const GetNode& get);
/// PROOF(from, D[to]), section 2.1.2. 1 ≤ from ≤ to, else Code::value.
[[nodiscard]] Result<Proof> consistency_proof(std::uint64_t from, std::uint64_t to,
                                              const GetNode& get);

/// Whether `proof` shows that `entry_hash` is leaf number `leaf` of the tree with that root.
/// https://www.rfc-editor.org/rfc/rfc9162#section-2.1.3.2
[[nodiscard]] bool verify_inclusion(const Hash& entry_hash, std::uint64_t leaf, std::uint64_t size,
                                    const Proof& proof, const Hash& root);
/// Whether `proof` shows that the tree `to` begins with the tree `from`.
/// https://www.rfc-editor.org/rfc/rfc9162#section-2.1.4.2
[[nodiscard]] bool verify_consistency(std::uint64_t from, const Hash& from_root, std::uint64_t to,
                                      const Hash& to_root, const Proof& proof);

}  // namespace holdfast::journal
