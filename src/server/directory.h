// server/directory.h: how a data directory is laid out, and how an empty one comes to be.
//
//   keys/checkpoint.pem   Ed25519 key that signs checkpoints; its name is their origin
//   keys/link.secret      32 secret bytes that sign page links
//   segments/             the journal: the truth
//   views/                RocksDB: everything derived; may be thrown away and rebuilt
//   unfinished            only while `init` is at work: a crash in between is repeated, not
//   repaired
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/task.h"
#include "journal/options.h"
#include "world/world.h"

namespace holdfast::server {

inline constexpr std::string_view keys_folder = "keys";
inline constexpr std::string_view checkpoint_key_path = "keys/checkpoint.pem";
inline constexpr std::string_view link_secret_path = "keys/link.secret";
inline constexpr std::string_view views_folder = "views";
inline constexpr std::string_view unfinished_path = "unfinished";
inline constexpr std::size_t link_secret_bytes = 32;

struct DirectoryOptions {
  /// Names the community in the origin of its checkpoints: "holdfast/NAME". Letters, digits, '.',
  /// '-' and '_', at most 64.
  std::string community = "community";
  std::uint64_t segment_bytes = journal::segment_bytes_default;
};

/// Makes a data directory of the empty folder that `world.disk` is rooted at, durably. The
/// community's id and both keys are drawn from world.random. On the sequencer's executor.
/// Code::conflict when something is there already; Code::usage for a name that will not do.
Task<Result<void>> create_directory(World& world, DirectoryOptions options);

/// Code::not_found, with what to do, where create_directory() has not ended.
[[nodiscard]] Result<void> check_directory(Disk& disk);

}  // namespace holdfast::server
