// world/sim/sim_disk.h: a disk that keeps exactly what it must, and loses what it may.
//
// The model: what survives
// ------------------------
// 1. Every read sees the page cache: the newest write, synced or not.
// 2. A successful File::sync() puts on the medium every write and change of size of that file that
//    was made before the sync was called. What is made while the sync runs may or may not be there.
//    A sync takes virtual time, and other coroutines run meanwhile.
// 3. A power cut (`crash`) lets each unsynced write survive, vanish or tear between sectors of 512
//    bytes, in any order; a sector is never torn. A sector that survives holds what the page cache
//    held in it after that write. The size is one that the file had since its last sync, and what
//    no surviving write covers reads as zeros. Which fate it is, the seed decides: all lost, all
//    kept, a prefix with a torn end, each write by itself, each sector by itself.
// 4. Names are apart from contents. Creating, removing and renaming change the folder in the page
//    cache; sync_directory() puts those changes on the medium. At a power cut each unsynced change
//    of a folder survives or vanishes by itself: a new file may vanish although its contents were
//    synced, a removed one may come back. A rename within a folder is one change; from one folder
//    to another it is two, and each is durable when its folder is synced.
// 5. A sync that fails leaves the page cache as it is and counts its pages as clean, though some or
//    all of them never reached the medium. A later sync that succeeds does not bring them there.
//    forget_clean_pages() then shows what the medium has. Folders likewise.
// 6. A killed process (`restart_process`) loses nothing: the page cache is the kernel's. What was
//    unsynced still is, and a later power cut may take it.
// 7. An error of write() leaves a prefix of its bytes written. An error of read() leaves nothing to
//    rely on. Errors of the other calls change nothing.
// 8. Rot flips bits on the medium; a dirty sector hides it until it is lost, or mends it when it is
//    written.
// Not modelled: stale contents of freed blocks showing up in grown files, sectors that are written
// in the wrong place, renaming folders (refused).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "world/disk.h"
#include "world/sim/sim_executor.h"
#include "world/sim/sim_file.h"
#include "world/sim/sim_random.h"

namespace holdfast {

enum class DiskCall : std::uint8_t {
  open,
  list,
  exists,
  make_directory,
  remove,
  rename,
  sync_directory,
  free_bytes,
  read,
  write,
  sync,
  size,
  truncate,
};
constexpr std::size_t disk_call_kinds = 13;
[[nodiscard]] std::string_view name(DiskCall call);

enum class DiskFault : std::uint8_t {
  none,
  io_error,   ///< EIO
  no_space,   ///< ENOSPC; for calls that never need space, EIO
  power_cut,  ///< the call takes effect in the page cache at most; then nothing answers any more
};

/// A call as a rule sees it. Numbers count all calls of the disk, from 1.
struct DiskCallInfo {
  DiskCall call;
  std::uint64_t number;
  const std::string& path;
  std::uint64_t offset;
  std::uint64_t bytes;
};
using DiskRule = std::function<DiskFault(const DiskCallInfo&)>;

struct SimDiskOptions {
  std::uint64_t capacity_bytes = std::uint64_t{4} << 30U;
  Duration sync_min = microseconds(100);
  Duration sync_max = milliseconds(2);
  /// So many of a million syncs take sync_stall instead.
  std::uint32_t stalls_per_million = 1'000;
  Duration sync_stall = milliseconds(300);
  /// So many of a million calls fail with EIO.
  std::uint32_t read_errors_per_million = 0;
  std::uint32_t write_errors_per_million = 0;
  std::uint32_t sync_errors_per_million = 0;
};

/// What has happened, so that a test can prove that its faults fired.
struct DiskCounts {
  std::uint64_t calls = 0;
  std::array<std::uint64_t, disk_call_kinds> by_call{};
  std::uint64_t io_errors = 0;
  std::uint64_t no_space = 0;
  std::uint64_t power_cuts = 0;
  std::uint64_t failed_syncs = 0;  ///< of files and folders; counted in the above as well
  std::uint64_t rotten_bits = 0;
  std::uint64_t crashes = 0;
};

struct SimNode;

class SimDisk final : public Disk {
 public:
  using Options = SimDiskOptions;

  /// With a scheduler, a sync called from one of its jobs takes virtual time. Without one, or
  /// outside a job, it ends at once, as on the real disk.
  explicit SimDisk(std::uint64_t seed, SimScheduler* scheduler = nullptr, Options options = {});
  ~SimDisk() override;

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<bool> exists(const std::string& path) override;
  Result<void> make_directory(const std::string& path) override;
  Result<void> remove(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Task<Result<void>> sync_directory(const std::string& directory) override;
  Result<std::uint64_t> free_bytes() override;

  // Faults. -------------------------------------------------------------------------------------

  /// The power goes and comes back: see 3 and 4. Open files are dead: their calls fail. Whoever
  /// uses the disk in coroutines kills their executors first.
  void crash(Random& random);
  /// The process dies and is started again: see 6. Open files are dead.
  void restart_process();
  /// See 5.
  void forget_clean_pages();

  /// The call with this number, counted from 1 over all calls, meets `fault`.
  void plan(std::uint64_t call_number, DiskFault fault);
  /// Asked at every call that no plan names; null for none.
  void set_rule(DiskRule rule) { rule_ = std::move(rule); }
  /// Takes back all plans, the rule and the rates of errors.
  void heal();
  void set_options(Options options) { options_ = options; }
  [[nodiscard]] const Options& options() const { return options_; }

  /// True from a power_cut until crash(): every call fails, a sync never ends, and the scheduler
  /// was told to stop.
  [[nodiscard]] bool is_dark() const { return dark_; }
  [[nodiscard]] std::uint64_t calls() const { return counts_.calls; }
  [[nodiscard]] const DiskCounts& counts() const { return counts_; }

  /// Flips a bit of a file on the medium: see 8. False if it has no such byte.
  bool flip_bit(const std::string& path, std::uint64_t offset, unsigned bit);
  struct Rot {
    std::string path;
    std::uint64_t offset;
    unsigned bit;
  };
  /// Flips one bit somewhere on the medium; nothing if it has no bytes.
  std::optional<Rot> rot(Random& random);

  // For tests: not counted as calls, never failing. ----------------------------------------------

  /// What a power cut that loses all unsynced changes would leave of the file at `path`, if it
  /// would leave a file there.
  [[nodiscard]] std::optional<Bytes> durable_bytes(const std::string& path) const;
  /// The paths of all files as the page cache has them, sorted.
  [[nodiscard]] std::vector<std::string> files() const;
  /// Of all files that can be reached, as the page cache has them.
  [[nodiscard]] std::uint64_t unsynced_bytes() const;

 private:
  friend class SimFile;
  using NodePointer = std::shared_ptr<SimNode>;

  struct Place {
    NodePointer folder;
    std::string name;
    NodePointer node;  ///< null: not there
  };
  [[nodiscard]] DiskFault meet(DiskCall call, const std::string& path, std::uint64_t offset = 0,
                               std::uint64_t bytes = 0);
  [[nodiscard]] DiskFault drawn_fault(DiskCall call);
  [[nodiscard]] Result<void> enter(DiskCall call, const std::string& path);
  [[nodiscard]] NodePointer find(const std::string& path) const;
  [[nodiscard]] Result<Place> place(const std::string& path) const;
  [[nodiscard]] std::uint64_t pages_used() const;
  [[nodiscard]] Duration sync_time();
  [[nodiscard]] SimExecutor* running() const;

  SimRandom random_;
  SimScheduler* scheduler_;
  Options options_;
  NodePointer root_;
  DiskRule rule_;
  std::map<std::uint64_t, DiskFault> plans_;
  DiskCounts counts_;
  std::uint64_t life_ = 1;  ///< open files of an earlier life are dead
  bool dark_ = false;
};

}  // namespace holdfast
