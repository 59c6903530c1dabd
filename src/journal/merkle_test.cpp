#include "journal/merkle.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

namespace holdfast::journal {
namespace {

// The eight leaves, and roots of the trees over the first 0 to 8 of them, that Certificate
// Transparency implementations share as reference data for RFC 6962. They are leaves of bytes, so
// they are hashed here as the RFC says; our leaves are entry hashes.
const std::string reference_leaves[] = {
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
};
const std::string reference_roots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

// MTH of section 2.1, word for word.
Hash naive_root(const std::vector<Hash>& leaves, std::size_t from, std::size_t count) {
  if (count == 0) {
    return sha256("");
  }
  if (count == 1) {
    return leaves[from];
  }
  std::size_t k = 1;
  while (k * 2 < count) {
    k *= 2;
  }
  return node_hash(naive_root(leaves, from, k), naive_root(leaves, from + k, count - k));
}

TEST(MerkleTree, HasTheReferenceRoots) {
  std::vector<Hash> leaves;
  EXPECT_EQ(to_hex(empty_root().view()), reference_roots[0]);
  for (std::size_t i = 0; i < 8; ++i) {
    const Bytes data = *from_hex(reference_leaves[i]);
    leaves.push_back(sha256({BytesView("\0", 1), data}));
    EXPECT_EQ(to_hex(naive_root(leaves, 0, i + 1).view()), reference_roots[i + 1]) << i;
  }
}

class Tree {
 public:
  void grow(std::uint64_t size) {
    while (frontier.size() < size) {
      const Hash entry = sha256("entry " + std::to_string(frontier.size()));
      entries.push_back(entry);
      leaves.push_back(leaf_hash(entry));
      std::vector<Node> completed;
      frontier.append(entry, completed);
      for (const Node& node : completed) {
        EXPECT_TRUE(nodes.emplace(node.id, node.hash).second) << "a node is complete once";
      }
      frontier = *Frontier::decode(frontier.encode());
      roots.push_back(frontier.root());
    }
  }
  [[nodiscard]] GetNode get() const {
    return [this](NodeId id) -> Result<Hash> {
      const auto found = nodes.find(id);
      if (found == nodes.end()) {
        return fail(Code::not_found, "no such node");
      }
      return found->second;
    };
  }
  Frontier frontier;
  std::vector<Hash> entries;
  std::vector<Hash> leaves;
  std::vector<Hash> roots{empty_root()};
  std::map<NodeId, Hash> nodes;
};

constexpr std::uint64_t size_max = 130;

TEST(MerkleTree, FrontierAndStoredNodesGiveTheNaiveRoot) {
  Tree tree;
  tree.grow(size_max);
  for (std::uint64_t size = 0; size <= size_max; ++size) {
    const Hash naive = naive_root(tree.leaves, 0, size);
    EXPECT_EQ(tree.roots[size], naive) << size;
    EXPECT_EQ(root_of(size, tree.get()).value(), naive) << size;
  }
}

TEST(MerkleTree, ProvesEveryLeafOfEverySize) {
  Tree tree;
  tree.grow(size_max);
  for (std::uint64_t size = 1; size <= size_max; ++size) {
    for (std::uint64_t leaf = 0; leaf < size; ++leaf) {
      const Proof proof = inclusion_proof(leaf, size, tree.get()).value();
      const Hash& entry = tree.entries[leaf];
      ASSERT_TRUE(verify_inclusion(entry, leaf, size, proof, tree.roots[size]));
      ASSERT_FALSE(verify_inclusion(tree.entries[(leaf + 1) % size_max], leaf, size, proof,
                                    tree.roots[size]));
      if (size > 1) {
        ASSERT_FALSE(verify_inclusion(entry, (leaf + 1) % size, size, proof, tree.roots[size]));
        Proof longer = proof;
        longer.push_back(entry);
        ASSERT_FALSE(verify_inclusion(entry, leaf, size, longer, tree.roots[size]));
        Proof shorter = proof;
        shorter.pop_back();
        ASSERT_FALSE(verify_inclusion(entry, leaf, size, shorter, tree.roots[size]));
      }
    }
  }
  EXPECT_EQ(inclusion_proof(5, 5, tree.get()).error().code, Code::value);
}

TEST(MerkleTree, ProvesThatEverySizeBeginsWithEverySmallerOne) {
  Tree tree;
  tree.grow(size_max);
  for (std::uint64_t to = 1; to <= size_max; ++to) {
    for (std::uint64_t from = 1; from <= to; ++from) {
      const Proof proof = consistency_proof(from, to, tree.get()).value();
      ASSERT_TRUE(verify_consistency(from, tree.roots[from], to, tree.roots[to], proof))
          << from << " " << to;
      // A fork: another root at either end.
      ASSERT_FALSE(verify_consistency(from, sha256("fork"), to, tree.roots[to], proof));
      ASSERT_FALSE(verify_consistency(from, tree.roots[from], to, sha256("fork"), proof));
      if (from < to) {
        Proof edited = proof;
        edited[0] = sha256("edited");
        ASSERT_FALSE(verify_consistency(from, tree.roots[from], to, tree.roots[to], edited));
      }
    }
  }
  EXPECT_EQ(consistency_proof(0, 5, tree.get()).error().code, Code::value);
  EXPECT_EQ(consistency_proof(6, 5, tree.get()).error().code, Code::value);
}

TEST(MerkleTree, AFrontierThatIsNoneIsRefused) {
  Tree tree;
  tree.grow(7);
  const Bytes bytes = tree.frontier.encode();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(Frontier::decode(BytesView(bytes).substr(0, size))) << size;
  }
}

}  // namespace
}  // namespace holdfast::journal
