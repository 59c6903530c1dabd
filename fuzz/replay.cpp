// fuzz/replay.cpp: runs a fuzz target once over each file of the folders named, in any build, with
// no fuzzer around it. Ends well only if there was something to run and nothing stopped it.
//
//   json_replay corpus/json found/json
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

// Names in order, so that two runs say the same. Nothing if a folder cannot be read.
std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (at->is_regular_file() && !name.starts_with('.')) {
      files.push_back(at->path());
    }
  }
  std::ranges::sort(files);
  return files;
}

bool replay(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  if (!file) {
    std::fprintf(stderr, "replay: %s cannot be read\n", path.c_str());
    return false;
  }
  // Said before and not after: what stops the process is then the last line.
  std::printf("%s, %zu bytes\n", path.c_str(), bytes.size());
  std::fflush(stdout);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  std::size_t ran = 0;
  for (int i = 1; i < count; ++i) {
    for (const fs::path& path : files_in(arguments[i])) {
      if (!replay(path)) {
        return 1;
      }
      ++ran;
    }
  }
  std::printf("%zu inputs, each ran to its end\n", ran);
  if (ran == 0) {
    std::fprintf(stderr, "replay: nothing to run. Usage: NAME_replay FOLDER...\n");
    return 1;
  }
  return 0;
}
