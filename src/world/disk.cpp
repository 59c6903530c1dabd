#include "world/disk.h"

#include <algorithm>

namespace holdfast {

Result<void> check_path(const std::string& path) {
  if (path.empty()) {
    return ok();
  }
  if (path.find('\0') != std::string::npos) {
    return fail(Code::usage, "a path with a zero byte", path);
  }
  const std::string_view whole = path;
  for (std::size_t from = 0; from <= whole.size();) {
    const std::size_t slash = std::min(whole.find('/', from), whole.size());
    const std::string_view name = whole.substr(from, slash - from);
    if (name.empty() || name == "." || name == "..") {
      return fail(Code::usage, "a path must be relative and of plain names", path);
    }
    from = slash + 1;
  }
  return ok();
}

}  // namespace holdfast
