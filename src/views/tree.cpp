#include "views/tree.h"

namespace holdfast::views {
namespace {

Bytes node_key(TreeNode node) {
  Bytes key;
  key.push_back(static_cast<char>(node.level));
  append_big(key, node.index);
  return key;
}

}  // namespace

void write_tree_node(WorkLayer& layer, TreeNode node, const Hash& hash) {
  layer.put(Table::tree, node_key(node), hash.view());
}

Result<std::optional<Hash>> read_tree_node(const Reader& reader, TreeNode node) {
  TRY(const auto value, reader.get(Table::tree, node_key(node)));
  if (!value) {
    return std::nullopt;
  }
  if (value->size() != sizeof(Hash::bytes)) {
    return fail(Code::corrupt, "tree: a node that is no hash");
  }
  return Hash::from(*value);
}

}  // namespace holdfast::views
