// world/real/real_disk.h: the files of the machine, below one folder. Calls block in place: a Task
// from here never waits.
#pragma once

#include <memory>
#include <string>

#include "world/disk.h"

namespace holdfast {

enum class RootMode : std::uint8_t {
  must_exist,
  create,  ///< creates the last folder of the path if it is not there
};

class RealDisk final : public Disk {
 public:
  /// Opens the folder at `root`, a path of the machine.
  static Result<std::unique_ptr<RealDisk>> open_root(const std::string& root, RootMode mode);
  ~RealDisk() override;

  /// Keeps other processes that call lock() out of the folder, until this object goes or the
  /// process ends. Code::conflict when another has it. Advisory (flock of the folder itself).
  Result<void> lock();
  /// The path it was opened by: for what needs files of its own (RocksDB) and for messages.
  [[nodiscard]] const std::string& root() const { return root_; }

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<bool> exists(const std::string& path) override;
  Result<void> make_directory(const std::string& path) override;
  Result<void> remove(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Task<Result<void>> sync_directory(const std::string& directory) override;
  Result<std::uint64_t> free_bytes() override;

 private:
  RealDisk(std::string root, int folder) : root_(std::move(root)), folder_(folder) {}
  [[nodiscard]] Result<int> open_folder(const std::string& directory) const;

  const std::string root_;
  const int folder_;  ///< descriptor of the root
};

}  // namespace holdfast
