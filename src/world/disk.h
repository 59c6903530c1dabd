// world/disk.h: files and folders as the journal needs them, and what each call promises.
// Reading and writing go to the page cache at once; only sync() says what a power loss leaves.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/task.h"

namespace holdfast {

/// An open file. Reads may come from any thread; writes and sync from one at a time.
class File {
 public:
  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  virtual ~File() = default;

  /// Reads into `into` from byte `offset`; fewer bytes only at the end of the file.
  virtual Result<std::size_t> read(std::uint64_t offset, std::span<char> into) = 0;
  /// Writes all of `bytes` at `offset`, growing the file where needed. Not durable before sync().
  /// After an error the bytes in [offset, offset+size) are unknown.
  virtual Result<void> write(std::uint64_t offset, BytesView bytes) = 0;
  /// fdatasync: what was written, and the size, survive power loss. After a failure nothing is
  /// known about what was written since the last success, and calling again proves nothing.
  virtual Task<Result<void>> sync() = 0;
  virtual Result<std::uint64_t> size() = 0;
  virtual Result<void> truncate(std::uint64_t size) = 0;
};

enum class OpenMode : std::uint8_t {
  read,            ///< must exist
  write,           ///< must exist; read and write
  create_new,      ///< must not exist; read and write
  create_private,  ///< the same, and nobody but the owner may read it (mode 0600): for keys
};

/// Refuses (Code::usage) what is not a relative path of plain names; "" is the root.
[[nodiscard]] Result<void> check_path(const std::string& path);

/// A folder tree. Paths are relative to its root, with '/', and may not leave it. What is not
/// there is Code::not_found, what is there and must not be is Code::conflict.
class Disk {
 public:
  Disk() = default;
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  virtual ~Disk() = default;

  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  /// File and folder names in `directory`, sorted. "" is the root.
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  virtual Result<bool> exists(const std::string& path) = 0;
  /// Creates one folder; fine if it is there.
  virtual Result<void> make_directory(const std::string& path) = 0;
  /// Removes a file (open ones stay readable) or an empty folder.
  virtual Result<void> remove(const std::string& path) = 0;
  /// Replaces `to` if it exists, atomically. Durable after sync_directory of both folders.
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  /// fsync of the folder: the names in it survive power loss.
  virtual Task<Result<void>> sync_directory(const std::string& directory) = 0;
  /// Bytes that may still be written before ENOSPC, as far as the system tells.
  virtual Result<std::uint64_t> free_bytes() = 0;
};

}  // namespace holdfast
