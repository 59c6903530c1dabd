// journal/kill_disk.h: for tests: a disk that its user is cut off from, as kill -9 does at a system
// call; what had been done before stays in the page cache of the disk below.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "world/disk.h"

namespace holdfast::journal {

/// A disk whose user is killed at the n-th call: that call and all later ones do nothing.
class KillDisk final : public Disk {
 public:
  explicit KillDisk(Disk& under) : under_(under) {}
  void kill_at(std::uint64_t call) { at_ = call; }
  void revive() { at_ = UINT64_MAX; }
  [[nodiscard]] bool dead() const { return calls_ >= at_; }
  /// Counts a call; fails when dead.
  Result<void> live();

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<bool> exists(const std::string& path) override;
  Result<void> make_directory(const std::string& path) override;
  Result<void> remove(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Task<Result<void>> sync_directory(const std::string& directory) override;
  Result<std::uint64_t> free_bytes() override;

 private:
  Disk& under_;
  std::uint64_t calls_ = 0;
  std::uint64_t at_ = UINT64_MAX;
};

}  // namespace holdfast::journal
