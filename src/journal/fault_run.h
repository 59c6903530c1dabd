// journal/fault_run.h: for tests: a workload on a simulated disk that meets one fault at one call,
// while a ledger beside it remembers what was promised. What the journal shows after each opening
// must keep every promise: nothing acknowledged or served is lost or changed, nothing is there
// twice, nothing out of order.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "journal/kill_disk.h"
#include "journal/open.h"
#include "world/sim/sim_clock.h"
#include "world/sim/sim_disk.h"
#include "world/sim/sim_executor.h"
#include "world/sim/sim_random.h"

namespace holdfast::journal {

enum class Fault : std::uint8_t {
  kill,              ///< kill -9: the page cache stays; the power goes later
  crash,             ///< power cut that happens to keep everything
  torn_write,        ///< what was written first is kept, the last write in part
  reordered_writes,  ///< each unsynced write is kept, lost or torn by itself
  reordered_pages,   ///< each sector of each unsynced write by itself
  lost_bytes,        ///< nothing unsynced is kept
  io_error,          ///< EIO
  no_space,          ///< ENOSPC
};
inline constexpr std::array all_faults{Fault::kill,
                                       Fault::crash,
                                       Fault::torn_write,
                                       Fault::reordered_writes,
                                       Fault::reordered_pages,
                                       Fault::lost_bytes,
                                       Fault::io_error,
                                       Fault::no_space};
[[nodiscard]] const char* name(Fault fault);

/// Random numbers under which every fate that a power cut draws is the same one.
class FateRandom final : public Random {
 public:
  FateRandom(std::uint64_t seed, Fate fate) : random_(seed), fate_(fate) {}
  void fill(std::span<char> into) override;

 private:
  SimRandom random_;
  const Fate fate_;
};

struct FaultPlan {
  std::uint64_t seed = 1;
  Bug bug = Bug::none;
  std::optional<Fault> fault;
  std::uint64_t call = 0;  ///< at which it strikes, from 1
  /// Besides, so many of a thousand calls meet a power cut, EIO or ENOSPC.
  std::uint64_t faults_per_mille = 0;
};

struct FaultResult {
  std::optional<std::string> violation;
  std::uint64_t calls = 0;  ///< of the workload
  bool struck = false;      ///< whether the fault was met
  std::uint64_t acknowledged = 0;
  std::uint64_t refused = 0;  ///< for want of space
  std::uint64_t openings = 0;
  std::uint64_t torn = 0;
  std::uint64_t rewritten = 0;
  std::uint64_t segments = 0;
};

class FaultRun {
 public:
  explicit FaultRun(FaultPlan plan);
  FaultResult run();

 private:
  /// What an entry holds: its command and its outcome.
  using Content = std::pair<Bytes, Bytes>;
  enum class Next : std::uint8_t { go_on, recover, stop };

  void set_storm();
  void work();
  void end();
  void step(std::uint64_t number);
  Next create_journal();
  void open_journal();
  Next try_open();
  Next append_batch(std::uint64_t entries);
  Next commit_staged();
  Next report_torn();
  Next after(const Result<void>& result);
  Next observe();
  Next compare(const Record& record);
  void recover();
  void cut_power();
  void violate(std::string what);
  Content make_content();

  const FaultPlan plan_;
  SimScheduler scheduler_;
  SimExecutor executor_;
  SimClock clock_;
  SimDisk sim_;
  KillDisk disk_;
  SimRandom random_;
  SimRandom storm_;
  Options options_;
  FaultResult result_;
  bool created_ = false;
  Opened journal_;
  std::vector<Content> promised_;  ///< acknowledged or served; of position i + 1
  std::map<std::uint64_t, std::vector<Content>> attempted_;
  std::vector<std::pair<Position, Content>> staged_;
  std::uint64_t attempts_ = 0;
  std::uint64_t cuts_ = 0;
};

}  // namespace holdfast::journal
