#include "world/real/real_executor.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.h"
#include "world/real/real_loop.h"

namespace holdfast {

RealExecutor::Loop::Loop(std::string thread_name) : name(std::move(thread_name)) {
  const int descriptor = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  check(descriptor >= 0,
        "an executor needs one file descriptor more than there may be (ulimit -n)");
  bell.assign(descriptor);
  await_wake();
}

void RealExecutor::Loop::run() {
  owner = std::this_thread::get_id();
  static_cast<void>(::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str()));
  io.run();
}

void RealExecutor::Loop::wake() {
  const std::uint64_t once = 1;
  check(::write(bell.native_handle(), &once, sizeof once) == sizeof once || errno == EAGAIN,
        "an eventfd can be written");
}

void RealExecutor::Loop::await_wake() {
  bell.async_read_some(boost::asio::buffer(&rung, sizeof rung),
                       [this](const boost::system::error_code& error, std::size_t) {
                         check(!error, "an eventfd can be read");
                         run_arrived();
                         await_wake();
                       });
}

// One wake-up runs all that has arrived by then. What arrives meanwhile waits for the next one, so
// that sockets get their turn in between.
void RealExecutor::Loop::run_arrived() {
  {
    const std::scoped_lock lock(mutex);
    running.swap(arrived);
    woken = false;
  }
  for (Job& job : running) {
    job();
    job = nullptr;
    if (io.stopped()) {
      break;
    }
  }
  running.clear();
}

void RealExecutor::Loop::run_due() {
  armed_for = never;
  const Instant now = boot_time();
  while (!timers.empty() && timers.front().when <= now && !io.stopped()) {
    std::pop_heap(timers.begin(), timers.end());
    Job job = std::move(timers.back().job);
    timers.pop_back();
    job();
  }
  arm();
}

// The alarm is moved only when something earlier comes: deadlines mostly move later.
void RealExecutor::Loop::arm() {
  if (timers.empty() || timers.front().when >= armed_for) {
    return;
  }
  armed_for = timers.front().when;
  alarm.expires_at(BootClock::time_point(BootClock::duration(armed_for.ns)));
  alarm.async_wait([this](const boost::system::error_code& error) {
    if (!error) {
      run_due();
    }
  });
}

RealExecutor::RealExecutor(std::string name) : loop_(std::make_unique<Loop>(std::move(name))) {}

RealExecutor::~RealExecutor() {
  stop();
  discard();
}

void RealExecutor::post(Job job) {
  {
    const std::scoped_lock lock(loop_->mutex);
    loop_->arrived.push_back(std::move(job));
    if (std::exchange(loop_->woken, true)) {
      return;
    }
  }
  loop_->wake();
}

void RealExecutor::post_at(Instant when, Job job) {
  const std::thread::id owner = loop_->owner;
  check(owner == std::thread::id() || owner == std::this_thread::get_id(),
        "timers are set on their own executor");
  if (when == never) {
    when.ns -= 1;  // so that `armed_for` can say that nothing is armed
  }
  loop_->timers.push_back({when, loop_->timers_made++, std::move(job)});
  std::push_heap(loop_->timers.begin(), loop_->timers.end());
  loop_->arm();
}

Instant RealExecutor::now() const { return boot_time(); }

void RealExecutor::start() {
  check(!loop_->thread.joinable() && !loop_->io.stopped(), "an executor is started once");
  // Signals are for the thread that waits for them: here they would only interrupt system calls.
  ::sigset_t all{};
  ::sigset_t before{};
  ::sigfillset(&all);
  check(::pthread_sigmask(SIG_BLOCK, &all, &before) == 0, "signals can be blocked");
  loop_->thread = std::thread([loop = loop_.get()]() noexcept { loop->run(); });
  check(::pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0, "signals can be let in again");
}

bool RealExecutor::drain(Duration longest) {
  check(loop_->owner.load() != std::this_thread::get_id(), "an executor cannot wait for itself");
  // Asked again and again, since it happens once in a process: a counter would cost every spawn.
  const Instant until = now() + longest;
  while (has_spawned()) {
    if (now() >= until) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

void RealExecutor::stop() {
  check(loop_->owner.load() != std::this_thread::get_id(), "an executor cannot join itself");
  loop_->io.stop();
  if (loop_->thread.joinable()) {
    loop_->thread.join();
  }
  loop_->owner = std::thread::id();
}

void RealExecutor::discard() {
  check(loop_->io.stopped(), "an executor is stopped before it is discarded");
  std::vector<Job> jobs;
  {
    const std::scoped_lock lock(loop_->mutex);
    jobs.swap(loop_->arrived);
  }
  jobs.clear();
  std::vector<Loop::Timer> timers = std::exchange(loop_->timers, {});
  timers.clear();
  destroy_spawned();
}

}  // namespace holdfast
