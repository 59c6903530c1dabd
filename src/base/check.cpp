#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace holdfast {

void check_failed(const char* what, std::source_location at) {
  std::fprintf(stderr, "holdfast: internal check failed: %s (%s:%u, %s)\n", what, at.file_name(),
               static_cast<unsigned>(at.line()), at.function_name());
  std::abort();
}

}  // namespace holdfast
