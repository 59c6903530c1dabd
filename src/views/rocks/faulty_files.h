// views/rocks/faulty_files.h: for tests: the file system under RocksDB, which fails or loses power
// at the n-th call that changes something. Only what was synced survives a loss of power: bytes of
// files after fdatasync, names after fsync of their folder.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::views {

enum class Fault : std::uint8_t {
  none,
  io_once,     ///< the n-th call fails with EIO, later ones work
  io_from,     ///< it and all later ones fail with EIO
  no_space,    ///< from the n-th on whatever needs space fails with ENOSPC
  power_loss,  ///< from the n-th on everything fails; lose_unsynced() says what is left
};

class FaultyFiles final : public rocksdb::FileSystemWrapper {
 public:
  /// `trash` is a folder of the same file system where deleted files wait for their folder's sync.
  FaultyFiles(Fault fault, std::uint64_t at, std::filesystem::path trash);

  [[nodiscard]] const char* Name() const override { return "holdfast.faulty"; }
  /// Calls so far that change something.
  [[nodiscard]] std::uint64_t calls() const;
  /// Fails from call `at` on instead.
  void fail_from(std::uint64_t at);
  /// After the database is closed: makes the disk what a loss of power leaves. `seed` chooses how
  /// much of what was written but not synced is there all the same.
  void lose_unsynced(std::uint64_t seed);

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* result,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* result,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

  enum class Needs : std::uint8_t { nothing, space };
  /// Counts a call and says how it ends.
  rocksdb::IOStatus admit(Needs needs);
  void wrote(const std::string& path, std::uint64_t bytes);
  void synced(const std::string& path);
  void synced_directory(const std::string& path);

 private:
  struct File {
    std::uint64_t written = 0;
    std::uint64_t durable = 0;
  };
  /// A change of names that the folder's next sync makes durable. Undone backwards.
  struct NameChange {
    enum class Kind : std::uint8_t { created, renamed, deleted } kind;
    std::string from;
    std::string to;
    std::string saved;  // where what was overwritten or deleted lies, if anything was
  };

  std::string save(const std::string& path);

  const Fault fault_;
  const std::filesystem::path trash_;
  mutable std::mutex mutex_;
  std::uint64_t at_;
  std::uint64_t calls_ = 0;
  std::uint64_t saved_ = 0;
  std::map<std::string, File> files_;
  std::vector<NameChange> names_;
};

}  // namespace holdfast::views
