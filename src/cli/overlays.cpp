#include "cli/overlays.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "cli/machine.h"
#include "hl7v2/mapping/overlay.h"

namespace holdfast::cli {
namespace {

constexpr std::uint64_t overlay_bytes_max = std::uint64_t{16} << 20U;
constexpr std::array<std::string_view, 5> kinds{"authorities", "coding-systems", "codes", "units",
                                                "defaults"};

Result<std::vector<std::filesystem::path>> files_in(const std::string& folder) {
  std::error_code failed;
  std::vector<std::filesystem::path> files;
  for (std::filesystem::directory_iterator at(folder, failed), end; !failed && at != end;
       at.increment(failed)) {
    if (at->path().extension() == ".csv") {
      files.push_back(at->path());
    }
  }
  if (failed) {
    return fail(Code::usage, fmt::format("overlay {}: {}", folder, failed.message()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

Result<void> read_overlay(server::NeighbourSetting& setting) {
  TRY(const auto files, files_in(setting.overlay_folder));
  for (const std::filesystem::path& file : files) {
    const std::string kind = file.stem().string();
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
      return fail(Code::usage,
                  fmt::format("{} is none of authorities.csv, coding-systems.csv, codes.csv, "
                              "units.csv and defaults.csv",
                              file.string()));
    }
    TRY(const std::string text, read_text_file(file.string(), overlay_bytes_max));
    if (const auto added = hl7v2::add_overlay(setting.neighbour.overlay, kind, text); !added) {
      return fail(Code::usage, fmt::format("{}: {}", file.string(), added.error().what));
    }
  }
  return ok();
}

}  // namespace

Result<void> read_overlays(server::Config& config) {
  for (server::NeighbourSetting& setting : config.neighbours) {
    if (setting.overlay_folder.empty()) {
      continue;
    }
    if (const auto read = read_overlay(setting); !read) {
      return fail(Code::usage,
                  fmt::format("neighbour {}: {}", setting.neighbour.name, read.error().what));
    }
  }
  return ok();
}

}  // namespace holdfast::cli
