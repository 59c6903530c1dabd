#include "journal/merkle.h"

#include <bit>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"

namespace holdfast::journal {
namespace {

// The largest power of two below `size`; size > 1. RFC 6962 calls it k.
std::uint64_t split(std::uint64_t size) { return std::bit_floor(size - 1); }

// Root of the leaves [start, start + size). `start` is a multiple of the power of two that `size`
// fits in, as it is in every recursion of section 2.1: so complete subtrees are stored nodes.
Result<Hash> root_of_range(std::uint64_t start, std::uint64_t size, const GetNode& get) {
  if (std::has_single_bit(size)) {
    const auto level = static_cast<std::uint8_t>(std::countr_zero(size));
    return get({level, start >> level});
  }
  const std::uint64_t k = split(size);
  TRY(const Hash left, root_of_range(start, k, get));
  TRY(const Hash right, root_of_range(start + k, size - k, get));
  return node_hash(left, right);
}

}  // namespace

Hash leaf_hash(const Hash& entry_hash) { return sha256({BytesView("\0", 1), entry_hash.view()}); }

Hash node_hash(const Hash& left, const Hash& right) {
  return sha256({BytesView("\1", 1), left.view(), right.view()});
}

Hash empty_root() { return sha256(BytesView()); }

Frontier::Frontier(std::uint64_t size, std::vector<Hash> peaks)
    : size_(size), peaks_(std::move(peaks)) {
  check(peaks_.size() == static_cast<std::size_t>(std::popcount(size_)), "one peak for each bit");
}

void Frontier::append(const Hash& entry_hash, std::vector<Node>& completed) {
  Node node{{0, size_}, leaf_hash(entry_hash)};
  completed.push_back(node);
  // Each one-bit at the end of the old size is a complete subtree that this leaf fills up.
  for (std::uint64_t bits = size_; (bits & 1U) != 0; bits >>= 1U) {
    node.hash = node_hash(peaks_.back(), node.hash);
    peaks_.pop_back();
    node.id = {static_cast<std::uint8_t>(node.id.level + 1), node.id.index >> 1U};
    completed.push_back(node);
  }
  peaks_.push_back(node.hash);
  ++size_;
}

void Frontier::append(const Hash& entry_hash) {
  std::vector<Node> ignored;
  append(entry_hash, ignored);
}

Hash Frontier::root() const {
  if (size_ == 0) {
    return empty_root();
  }
  Hash root = peaks_.back();
  for (std::size_t i = peaks_.size() - 1; i-- > 0;) {
    root = node_hash(peaks_[i], root);
  }
  return root;
}

Bytes Frontier::encode() const {
  Bytes bytes;
  append_little(bytes, size_);
  for (const Hash& peak : peaks_) {
    bytes.append(peak.view());
  }
  return bytes;
}

Result<Frontier> Frontier::decode(BytesView bytes) {
  ByteReader reader(bytes);
  Frontier frontier;
  frontier.size_ = reader.little<std::uint64_t>();
  const auto peaks = static_cast<std::size_t>(std::popcount(frontier.size_));
  if (reader.failed() || reader.rest().size() != peaks * 32) {
    return fail(Code::corrupt, "not the right edge of a Merkle tree");
  }
  for (std::size_t i = 0; i < peaks; ++i) {
    frontier.peaks_.push_back(Hash::from(reader.bytes(32)));
  }
  return frontier;
}

Result<Hash> root_of(std::uint64_t size, const GetNode& get) {
  return size == 0 ? Result<Hash>(empty_root()) : root_of_range(0, size, get);
}

Result<Proof> inclusion_proof(std::uint64_t leaf, std::uint64_t size, const GetNode& get) {
  if (leaf >= size) {
    return fail(Code::value, fmt::format("leaf {} is not in a tree of {}", leaf, size));
  }
  // RFC 6962 2.1.1: PATH goes from the leaf up; this goes down, so the proof is turned round.
  Proof proof;
  std::uint64_t start = 0;
  while (size > 1) {
    const std::uint64_t k = split(size);
    const bool left = leaf - start < k;
    TRY(const Hash other,
        left ? root_of_range(start + k, size - k, get) : root_of_range(start, k, get));
    proof.push_back(other);
    start += left ? 0 : k;
    size = left ? k : size - k;
  }
  return Proof(proof.rbegin(), proof.rend());
}

Result<Proof> consistency_proof(std::uint64_t from, std::uint64_t to, const GetNode& get) {
  if (from == 0 || from > to) {
    return fail(Code::value, fmt::format("no proof leads from size {} to size {}", from, to));
  }
  // RFC 6962 2.1.2: SUBPROOF(m, D[n], b), with b true while the subtree is one that the old tree
  // had as a whole from its very beginning.
  Proof proof;
  std::uint64_t start = 0;
  std::uint64_t m = from;
  std::uint64_t n = to;
  bool known = true;
  while (m != n) {
    const std::uint64_t k = split(n);
    if (m <= k) {
      TRY(const Hash right, root_of_range(start + k, n - k, get));
      proof.push_back(right);
      n = k;
    } else {
      TRY(const Hash left, root_of_range(start, k, get));
      proof.push_back(left);
      start += k;
      m -= k;
      n -= k;
      known = false;
    }
  }
  if (!known) {
    TRY(const Hash old, root_of_range(start, n, get));
    proof.push_back(old);
  }
  return Proof(proof.rbegin(), proof.rend());
}

// RFC 9162 section 2.1.3.2.
bool verify_inclusion(const Hash& entry_hash, std::uint64_t leaf, std::uint64_t size,
                      const Proof& proof, const Hash& root) {
  if (leaf >= size) {
    return false;  // step 1
  }
  std::uint64_t fn = leaf;  // step 2
  std::uint64_t sn = size - 1;
  Hash r = leaf_hash(entry_hash);  // step 3
  for (const Hash& p : proof) {    // step 4
    if (sn == 0) {
      return false;
    }
    if ((fn & 1U) != 0 || fn == sn) {
      r = node_hash(p, r);
      while ((fn & 1U) == 0 && fn != 0) {
        fn >>= 1U;
        sn >>= 1U;
      }
    } else {
      r = node_hash(r, p);
    }
    fn >>= 1U;
    sn >>= 1U;
  }
  return sn == 0 && r == root;  // step 5
}

// RFC 9162 section 2.1.4.2.
bool verify_consistency(std::uint64_t from, const Hash& from_root, std::uint64_t to,
                        const Hash& to_root, const Proof& proof) {
  if (from == 0 || from > to) {
    return false;
  }
  if (from == to) {
    return proof.empty() && from_root == to_root;
  }
  Proof path = proof;
  if (path.empty()) {
    return false;  // step 1
  }
  if (std::has_single_bit(from)) {
    path.insert(path.begin(), from_root);  // step 2
  }
  std::uint64_t fn = from - 1;  // step 3
  std::uint64_t sn = to - 1;
  while ((fn & 1U) != 0) {  // step 4
    fn >>= 1U;
    sn >>= 1U;
  }
  Hash fr = path[0];  // step 5
  Hash sr = path[0];
  for (std::size_t i = 1; i < path.size(); ++i) {  // step 6
    if (sn == 0) {
      return false;
    }
    if ((fn & 1U) != 0 || fn == sn) {
      fr = node_hash(path[i], fr);
      sr = node_hash(path[i], sr);
      while ((fn & 1U) == 0 && fn != 0) {
        fn >>= 1U;
        sn >>= 1U;
      }
    } else {
      sr = node_hash(sr, path[i]);
    }
    fn >>= 1U;
    sn >>= 1U;
  }
  return sn == 0 && fr == from_root && sr == to_root;  // step 7
}

}  // namespace holdfast::journal
