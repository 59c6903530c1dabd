#include "cli/pathway_files.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "cli/machine.h"

namespace holdfast::cli {
namespace {

constexpr std::uint64_t definition_bytes_max = std::uint64_t{1} << 20U;

}  // namespace

Result<std::vector<pathway::File>> read_pathway_files(const std::string& folder) {
  std::error_code failed;
  std::vector<pathway::File> files;
  for (std::filesystem::directory_iterator at(folder, failed), end; !failed && at != end;
       at.increment(failed)) {
    if (at->path().extension() == ".toml") {
      TRY(auto text, read_text_file(at->path().string(), definition_bytes_max));
      files.push_back({at->path().filename().string(), std::move(text)});
    }
  }
  if (failed || files.empty()) {
    return fail(Code::usage, fmt::format("folder of pathways {}: {}", folder,
                                         failed ? failed.message() : "no .toml file is in it"));
  }
  std::ranges::sort(files, {}, &pathway::File::name);
  return files;
}

}  // namespace holdfast::cli
