// cli/machine.h: the machine as the commands need it: a world with threads, a task awaited by the
// main thread, a locked data directory, what the operating system says about the process.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/task.h"
#include "views/kv.h"
#include "world/executor.h"
#include "world/real/real_disk.h"
#include "world/real/real_world.h"

namespace holdfast::cli {

namespace detail {
template <class T>
Task<void> carry(Task<T> task, std::optional<T>& into, std::atomic<bool>& done) {
  into.emplace(co_await task);
  done.store(true);
  done.notify_one();
}
}  // namespace detail

/// Runs `task` on a started executor and blocks this thread, which is none of its own, until then.
template <class T>
T wait_for(Executor& on, Task<T> task) {
  std::optional<T> result;
  std::atomic<bool> done = false;
  on.spawn(detail::carry<T>(std::move(task), result, done));
  done.wait(false);
  return *std::move(result);
}

/// The data directory at `path`, complete and locked until the disk goes.
[[nodiscard]] Result<std::unique_ptr<RealDisk>> open_directory(const std::string& path);

/// Files made from now on are for this user only.
void keep_files_private();
/// Raises the soft limit of open files to the hard one; the limit then.
std::uint64_t raise_open_files();

/// VmRSS and VmHWM of this process, or of `process`, in bytes; 0 where the system does not say.
struct Memory {
  std::uint64_t resident_bytes = 0;
  std::uint64_t peak_bytes = 0;
};
[[nodiscard]] Memory memory_of_process(int process = 0);

/// Processor time that a process has used so far, its threads and the system's work for it
/// together. In steps of 10 ms. 0 where it cannot be told.
[[nodiscard]] Duration cpu_of_process(int process);

/// Cores that this process may use, at least 1.
[[nodiscard]] unsigned usable_cores();

/// Whether stderr is a person's terminal.
[[nodiscard]] bool is_terminal();

/// A text file of at most `bytes_max`.
[[nodiscard]] Result<std::string> read_text_file(const std::string& path, std::uint64_t bytes_max);

}  // namespace holdfast::cli
