#include "views/kv.h"

namespace holdfast::views {

Bytes after_prefix(BytesView prefix) {
  Bytes after(prefix);
  while (!after.empty() && static_cast<unsigned char>(after.back()) == 0xffU) {
    after.pop_back();
  }
  if (!after.empty()) {
    after.back() = static_cast<char>(static_cast<unsigned char>(after.back()) + 1U);
  }
  return after;
}

}  // namespace holdfast::views
