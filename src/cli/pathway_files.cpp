#include "cli/pathway_files.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "cli/machine.h"

namespace holdfast::cli {
namespace {

constexpr std::uint64_t definition_bytes_max = std::uint64_t{1} << 20U;

/// Each with `prefix` before its name.
Result<void> read_folder(const std::string& folder, const std::string& prefix,
                         std::vector<pathway::File>& to) {
  std::error_code failed;
  for (std::filesystem::directory_iterator at(folder, failed), end; !failed && at != end;
       at.increment(failed)) {
    if (at->path().extension() == ".toml") {
      TRY(auto text, read_text_file(at->path().string(), definition_bytes_max));
      to.push_back({prefix + at->path().filename().string(), std::move(text)});
    }
  }
  return failed
             ? fail(Code::usage, fmt::format("folder of pathways {}: {}", folder, failed.message()))
             : ok();
}

}  // namespace

Result<std::vector<pathway::File>> read_pathway_files(const std::string& folder) {
  std::vector<pathway::File> files;
  TRY_OK(read_folder(folder, "", files));
  if (files.empty()) {
    return fail(Code::usage, fmt::format("folder of pathways {}: no .toml file is in it", folder));
  }
  const std::string tables = folder + "/clinical";
  if (std::filesystem::exists(tables)) {
    TRY_OK(read_folder(tables, "clinical/", files));
  }
  std::ranges::sort(files, {}, &pathway::File::name);
  return files;
}

}  // namespace holdfast::cli
