// views/tree.h: the stored nodes of the Merkle tree over the journal's entry hashes.
#pragma once

#include <cstdint>
#include <optional>

#include "base/hash.h"
#include "base/result.h"
#include "views/kv.h"
#include "views/overlay.h"

namespace holdfast::views {

/// Level 0 has the leaves; node `index` of level n covers 2^n leaves.
struct TreeNode {
  std::uint8_t level = 0;
  std::uint64_t index = 0;
};

void write_tree_node(WorkLayer& layer, TreeNode node, const Hash& hash);
[[nodiscard]] Result<std::optional<Hash>> read_tree_node(const Reader& reader, TreeNode node);

}  // namespace holdfast::views
