#include "cli/hl7.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "cli/machine.h"
#include "hl7v2/batch.h"
#include "hl7v2/text.h"

namespace holdfast::cli {
namespace {

namespace files = std::filesystem;

constexpr std::uint64_t file_bytes_max = std::uint64_t{256} << 20U;

Result<std::vector<std::string>> files_at(const std::string& path) {
  std::error_code failed;
  if (!files::is_directory(path, failed)) {
    return std::vector{path};
  }
  std::vector<std::string> all;
  for (files::recursive_directory_iterator at(path, failed), end; !failed && at != end;
       at.increment(failed)) {
    if (at->is_regular_file(failed)) {
      all.push_back(at->path().string());
    }
  }
  if (failed) {
    return fail(Code::usage, failed.message(), path);
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

Result<FileMessages> read_messages(const std::vector<std::string>& paths) {
  FileMessages found;
  for (const std::string& path : paths) {
    TRY(const auto all, files_at(path));
    for (const std::string& file : all) {
      TRY(const std::string text, read_text_file(file, file_bytes_max));
      const auto batch = hl7v2::split_batch(text);
      if (!batch) {
        return fail(batch.error().code, batch.error().what, file);
      }
      for (const Error& fault : batch->faults) {
        found.faults.push_back(fmt::format("{}: {}", file, fault.what));
      }
      for (std::size_t i = 0; i < batch->messages.size(); ++i) {
        found.messages.push_back(
            {batch->messages.size() == 1 ? file : fmt::format("{}: message {}", file, i + 1),
             hl7v2::with_returns(batch->messages[i])});
      }
    }
  }
  return found;
}

}  // namespace holdfast::cli
