// exchange/folder_intake.h: a folder into which a neighbour puts messages as files.
//
// 1. A file is moved away only when what is in it is durable. A crash in between takes it again,
// and
//    finds that it is there: nothing counts twice.
// 2. Nothing is ever deleted: taken/ has what was applied, faulty/ what became an item, refused/
// what
//    is no message.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "exchange/intake.h"
#include "exchange/neighbour.h"
#include "world/bell.h"
#include "world/disk.h"

namespace holdfast::exchange {

/// A file that is longer is refused: beyond what a frame may have.
constexpr std::uint64_t file_bytes_max = std::uint64_t{64} << 20U;
constexpr Duration folder_interval = seconds(1);
/// Looks at which a file has the same size before it is taken for whole.
constexpr unsigned same_size_looks = 4;

class FolderIntake {
 public:
  /// Borrows all but the folder.
  FolderIntake(Executor& on, Intake& intake, const Neighbour& neighbour,
               std::unique_ptr<Disk> folder);
  /// On its executor, once.
  void start();
  [[nodiscard]] Task<void> drain();
  /// Why the folder cannot be read, or a file not be taken; empty: all is well. From any thread.
  [[nodiscard]] std::string trouble() const;

 private:
  /// A file that still grows is not whole: how large it was at the look before, and how often it
  /// has been so.
  struct Seen {
    std::uint64_t size = 0;
    unsigned times = 0;
  };
  Task<void> run();
  Task<Result<void>> look();
  /// One name in the folder; into `seen` where it is not whole yet.
  Task<Result<void>> look_at(const std::string& name, std::map<std::string, Seen>& seen);
  Task<Result<void>> take(const std::string& name, Bytes bytes);
  Task<Result<void>> move(const std::string& name, const std::string& folder);
  [[nodiscard]] static Result<Bytes> read(File& file, std::uint64_t size);

  Executor& on_;
  Intake& intake_;
  const Neighbour& neighbour_;
  std::unique_ptr<Disk> folder_;
  std::map<std::string, Seen> seen_;
  Bell bell_;
  bool running_ = false;
  bool stopping_ = false;
  mutable std::mutex mutex_;
  std::string trouble_;
};

}  // namespace holdfast::exchange
