// world/real/real_executor.h: an executor with a thread of its own, which also waits for sockets.
#pragma once

#include <memory>
#include <string>

#include "world/executor.h"

namespace holdfast {

/// Life: made, start(), stop(), discard(), gone. Jobs may be posted from the beginning; they run
/// after start(). Signals are blocked in the thread.
class RealExecutor final : public Executor {
 public:
  /// `name` is seen in `top -H`; at most 15 characters of it.
  explicit RealExecutor(std::string name);
  /// stop() and discard(), if that was not done. Where executors work with each other, all are
  /// stopped before the first is discarded.
  ~RealExecutor() override;

  void post(Job job) override;
  void post_at(Instant when, Job job) override;
  [[nodiscard]] Instant now() const override;

  void start();
  /// Waits until every spawned task has ended; false if some are left after `longest`. Not from an
  /// executor's thread.
  bool drain(Duration longest);
  /// Ends and joins the thread after the job that runs now. Not from the thread itself.
  void stop();
  /// Drops the jobs that are left, and destroys the frames of spawned tasks that have not ended.
  void discard();

  struct Loop;  ///< Asio; only world/real looks inside
  [[nodiscard]] Loop& loop() { return *loop_; }

 private:
  std::unique_ptr<Loop> loop_;
};

}  // namespace holdfast
