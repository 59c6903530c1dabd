#include "cli/machine.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <sstream>

#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "server/directory.h"

namespace holdfast::cli {

Result<std::unique_ptr<RealDisk>> open_directory(const std::string& path) {
  auto disk = RealDisk::open_root(path, RootMode::must_exist);
  if (!disk) {
    return fail(Code::usage, disk.error().what, path);
  }
  if (const auto locked = (*disk)->lock(); !locked) {
    return fail(locked.error().code,
                locked.error().code == Code::conflict
                    ? "another process has this data directory open; stop it first"
                    : locked.error().what,
                path);
  }
  if (const auto whole = server::check_directory(**disk); !whole) {
    return fail(Code::usage, whole.error().what, path);
  }
  return disk;
}

void keep_files_private() { ::umask(077); }

std::uint64_t raise_open_files() {
  ::rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return 0;
  }
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    ::getrlimit(RLIMIT_NOFILE, &limit);
  }
  return limit.rlim_cur;
}

Duration cpu_of_process(int process) {
  const auto stat = read_text_file(fmt::format("/proc/{}/stat", process), 4096);
  // Behind the name in parentheses: user and system time are the 12th and 13th (proc(5)).
  constexpr int user_at = 11;
  std::uint64_t ticks = 0;
  std::istringstream fields(stat ? stat->substr(stat->rfind(')') + 2) : std::string());
  std::string field;
  for (int i = 0; i < user_at + 2 && fields >> field; ++i) {
    std::uint64_t value = 0;
    std::from_chars(field.data(), field.data() + field.size(), value);
    ticks += i >= user_at ? value : 0;
  }
  const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  return Duration{static_cast<std::int64_t>(ticks * 1'000'000'000U / per_second)};
}

Memory memory_of_process(int process) {
  std::ifstream status(process == 0 ? std::string("/proc/self/status")
                                    : fmt::format("/proc/{}/status", process));
  Memory memory;
  std::string line;
  while (std::getline(status, line)) {
    const auto kib_after = [&](std::string_view name) -> std::uint64_t {
      std::uint64_t kib = 0;
      const std::size_t at = line.find_first_of("0123456789", name.size());
      if (at != std::string::npos) {
        std::from_chars(line.data() + at, line.data() + line.size(), kib);
      }
      return kib;
    };
    if (line.starts_with("VmRSS:")) {
      memory.resident_bytes = kib_after("VmRSS:") << 10U;
    } else if (line.starts_with("VmHWM:")) {
      memory.peak_bytes = kib_after("VmHWM:") << 10U;
    }
  }
  return memory;
}

unsigned usable_cores() {
  ::cpu_set_t cores;
  if (::sched_getaffinity(0, sizeof cores, &cores) != 0) {
    return 1;
  }
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&cores)));
}

bool is_terminal() { return ::isatty(STDERR_FILENO) == 1; }

Result<std::string> read_text_file(const std::string& path, std::uint64_t bytes_max) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return fail(Code::usage, "cannot open the file", path);
  }
  std::string text;
  char buffer[16384];
  while (file.read(buffer, sizeof buffer), file.gcount() > 0) {
    text.append(buffer, static_cast<std::size_t>(file.gcount()));
    if (text.size() > bytes_max) {
      return fail(Code::usage, fmt::format("the file has more than {} bytes", bytes_max), path);
    }
  }
  if (file.bad()) {
    return fail(Code::io, "cannot read the file", path);
  }
  return text;
}

}  // namespace holdfast::cli
