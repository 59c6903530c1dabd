// world/sim/sim_open_file.h: a simulated file as its user sees it, faults included. Only
// sim_disk.cpp and sim_open_file.cpp include it.
#pragma once

#include <coroutine>
#include <memory>
#include <string>

#include "world/sim/sim_disk.h"
#include "world/sim/sim_node.h"

namespace holdfast {

/// What a machine without power does with whoever waits for it.
struct Forever {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  void await_resume() const noexcept {}
};

/// The error that a call reports when it meets `fault`, which is not none.
[[nodiscard]] std::unexpected<Error> fail_with(DiskFault fault, DiskCall call,
                                               const std::string& path);

class SimFile final : public File {
 public:
  SimFile(SimDisk& disk, std::shared_ptr<SimNode> node, std::string path, OpenMode mode)
      : disk_(disk),
        node_(std::move(node)),
        path_(std::move(path)),
        mode_(mode),
        life_(disk.life_) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<char> into) override;
  Result<void> write(std::uint64_t offset, BytesView bytes) override;
  Task<Result<void>> sync() override;
  Result<std::uint64_t> size() override;
  Result<void> truncate(std::uint64_t size) override;

 private:
  [[nodiscard]] Result<void> alive(DiskCall call) const;
  [[nodiscard]] Result<void> enter(DiskCall call, std::uint64_t offset, std::uint64_t bytes);
  [[nodiscard]] Result<void> writable(std::uint64_t offset, std::uint64_t bytes) const;
  [[nodiscard]] std::size_t fitting(std::uint64_t offset, std::size_t count) const;

  SimDisk& disk_;
  const std::shared_ptr<SimNode> node_;
  const std::string path_;
  const OpenMode mode_;
  const std::uint64_t life_;  ///< of the disk, when it was opened
};

}  // namespace holdfast
