// hl7v2/test_data.h: the sample messages, for tests. They are public test data beside the project.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace holdfast::hl7v2 {

inline std::filesystem::path test_data() {
  const char* set = std::getenv("HOLDFAST_SHARED_DATA");
  const std::filesystem::path all =
      set != nullptr ? std::filesystem::path(set)
                     : std::filesystem::path(HOLDFAST_SOURCE_DIR) / "../shared/data";
  return all / "hl7v2";
}

struct Sample {
  std::string file;
  Bytes bytes;
};

/// All 129 files, in the order of their names; empty where the data is not there.
inline std::vector<Sample> samples() {
  std::vector<Sample> all;
  if (!std::filesystem::is_directory(test_data() / "messages")) {
    return all;
  }
  for (const auto& entry : std::filesystem::directory_iterator(test_data() / "messages")) {
    std::ifstream file(entry.path(), std::ios::binary);
    all.push_back({entry.path().filename().string(),
                   Bytes(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>())});
  }
  std::ranges::sort(all, {}, &Sample::file);
  return all;
}

}  // namespace holdfast::hl7v2

#define HOLDFAST_NEED_SAMPLES(all)                         \
  if ((all).empty()) {                                     \
    GTEST_SKIP() << "the public test data is not there: "  \
                 << holdfast::hl7v2::test_data().string(); \
  }                                                        \
  ASSERT_EQ((all).size(), 129U)
