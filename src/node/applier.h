// node/applier.h: moves published layers into the Kv, off the path of any reply, and flushes, so
// that the tail which a restart replays stays short. Runs on the background executor.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "base/task.h"
#include "node/counts.h"
#include "node/index_build.h"
#include "views/body.h"
#include "views/kv.h"
#include "views/view.h"
#include "world/executor.h"
#include "world/queue.h"

namespace holdfast::node {

class Applier {
 public:
  struct Parts {
    Executor& background;
    Executor& sequencer;
    views::Kv& kv;
    views::Published& published;
    Counts& counts;
    const views::BodyCodec& codec;
    /// Called on the background executor, once, with a dictionary for bodies like those written.
    std::function<void(Bytes)> trained;
    const Epochs& epochs;
    /// Called on the background executor: searches may go by that epoch. Whether it was taken.
    std::function<bool(const Activation&)> built;
  };
  Applier(Parts parts, std::uint64_t unflushed_bytes_max);

  void start();
  /// A dictionary is known since the entry that follows `newest`: rows up to there were written
  /// without it, and are written again when nothing else is to do. From any thread, once.
  void compress_up_to(RowId newest);
  /// How many of those are left.
  [[nodiscard]] std::uint64_t rows_to_compress() const {
    const std::uint64_t done = compressed_up_to_.load();
    const std::uint64_t all = compress_up_to_.load();
    return all > done ? all - done : 0;
  }
  /// Something was published. From any thread.
  void wake() { dirty_.try_push(Wake{}); }
  /// `co_await`: returns after the next time that layers left memory (or the applier ended).
  /// On the sequencer's executor; one waiter.
  Task<void> drained();
  /// Moves and flushes what is there, then ends. On the sequencer's executor.
  Task<Result<void>> stop();
  /// The fault that stopped it: the Kv could not be written. Empty while there is none.
  [[nodiscard]] std::string failure() const;
  /// The disk is full: it tries again each second. Empty while it is not.
  [[nodiscard]] std::string stalled() const;
  /// An activation that was taken could not be journaled: it is offered again, after the next
  /// wake().
  void offer_again() { offered_.store(0); }
  /// What is wrong with the indexes that new definitions need. Empty while nothing is.
  [[nodiscard]] std::string build_failure() const;
  [[nodiscard]] const BuildCounts& build_counts() const { return build_counts_; }

 private:
  struct Wake {};
  Task<void> run();
  Result<void> drain_once();
  /// What came of a drain: whether to go on.
  bool note(const Result<void>& drained);
  /// Some rows more of those; false when there are none left.
  Result<bool> compress_some();
  /// A step of what new definitions need; whether there is more.
  Result<bool> build_some();
  /// Bodies that go into the Kv are what a dictionary is trained on, until there is one.
  Result<void> train();

  Parts parts_;
  std::unique_ptr<views::DictionaryTrainer> trainer_;
  const std::uint64_t unflushed_bytes_max_;
  std::atomic<std::uint64_t> compress_up_to_{0};    ///< row
  std::atomic<std::uint64_t> compressed_up_to_{0};  ///< row; written by the background
  Queue<Wake> dirty_;
  Queue<Wake> drained_;
  Answer<Result<void>> ended_;
  mutable std::mutex mutex_;
  std::string failure_;
  std::string stalled_;
  std::string build_failure_;
  BuildCounts build_counts_;
  IndexBuild build_;                        ///< the background's
  std::atomic<std::uint64_t> offered_ = 0;  ///< position of the epoch whose activation was taken
  std::shared_ptr<char> alive_ = std::make_shared<char>();  ///< timers look before they touch us
};

}  // namespace holdfast::node
