// cli/importer.h: the work of `holdfast import`, for the benchmark too. One thread reads and
// hashes, one talks to the server; what is under way is bounded in number and bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace holdfast::cli {

inline constexpr unsigned importer_clients_max = 64;
/// Bytes of documents in memory at once; one that is larger goes alone.
inline constexpr std::uint64_t importer_bytes_max = std::uint64_t{64} << 20U;

enum class Chatter : std::uint8_t {
  refusals,  ///< names each refusal on stderr, and shows progress on a terminal
  none,
};

struct ImportOptions {
  std::string server;
  std::vector<std::string> paths;
  unsigned clients = 8;
  bool historic = false;  ///< what is sent happened before the record answers for duties
  Chatter chatter = Chatter::refusals;
};

struct ImportReport {
  std::uint64_t documents = 0;        ///< Bundles, resources, portions that were answered for good
  std::uint64_t created = 0;          ///< or updated
  std::uint64_t matched = 0;          ///< were there already, or would not change
  std::uint64_t repeated = 0;         ///< in documents that the server had taken before
  std::uint64_t refused = 0;          ///< documents, wholly or in part
  std::uint64_t refused_entries = 0;  ///< in batches, and lines that are no resource
  std::uint64_t rounds = 0;           ///< passes over the files
  Duration took{};
  std::vector<std::string> passed_over;

  [[nodiscard]] std::uint64_t resources() const { return created + matched + repeated; }
};

/// Code::usage for paths or addresses that make no sense; closed, io or timeout when the server
/// cannot be reached. What the server refuses is in the report.
[[nodiscard]] Result<ImportReport> import_documents(const ImportOptions& options);

}  // namespace holdfast::cli
