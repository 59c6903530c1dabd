// base/test_data.h: where tests find the public test data beside the project.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace holdfast {

/// HOLDFAST_SHARED_DATA, or the folder beside the checkout.
inline std::filesystem::path shared_data() {
  const char* set = std::getenv("HOLDFAST_SHARED_DATA");
  return set != nullptr ? std::filesystem::path(set)
                        : std::filesystem::path(HOLDFAST_SOURCE_DIR) / "../shared/data";
}

/// A file that must be there.
inline Bytes file_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

}  // namespace holdfast
