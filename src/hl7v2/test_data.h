// hl7v2/test_data.h: the sample messages, for tests. They are public test data beside the project.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/test_data.h"

namespace holdfast::hl7v2 {

struct Sample {
  std::string file;
  Bytes bytes;
};

/// All 129 files, in the order of their names; empty where the data is not there.
inline std::vector<Sample> samples() {
  const std::filesystem::path folder = shared_data() / "hl7v2/messages";
  std::vector<Sample> all;
  if (!std::filesystem::is_directory(folder)) {
    return all;
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    all.push_back({entry.path().filename().string(), file_bytes(entry.path())});
  }
  std::ranges::sort(all, {}, &Sample::file);
  return all;
}

}  // namespace holdfast::hl7v2

#define HOLDFAST_NEED_SAMPLES(all)                                                   \
  if ((all).empty()) {                                                               \
    GTEST_SKIP() << "the shared data (HOLDFAST_SHARED_DATA) has no HL7 v2 messages"; \
  }                                                                                  \
  ASSERT_EQ((all).size(), 129U)
