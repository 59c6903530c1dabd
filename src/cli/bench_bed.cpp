// cli/bench_bed.cpp: temporary folders, the server in a child process, and the JSON line.
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <filesystem>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "cli/bench.h"
#include "cli/machine.h"
#include "cli/remote.h"
#include "cli/sync_probe.h"

namespace holdfast::cli {
namespace {

constexpr std::size_t ready_line_bytes_max = 4096;

// Arguments as the system wants them: pointers into strings that stay.
std::vector<char*> pointers_of(std::vector<std::string>& arguments) {
  std::vector<char*> pointers;
  for (std::string& argument : arguments) {
    pointers.push_back(argument.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

/// Where the child's three streams go; -1: nowhere.
struct Streams {
  int out = -1;
  std::string error_file;
};

Result<int> spawn_self(std::vector<std::string> arguments, const Streams& streams) {
  arguments.insert(arguments.begin(), "holdfast");
  const std::vector<char*> pointers = pointers_of(arguments);
  ::posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (streams.out >= 0) {
    ::posix_spawn_file_actions_adddup2(&actions, streams.out, STDOUT_FILENO);
  } else {
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  }
  if (!streams.error_file.empty()) {
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, streams.error_file.c_str(),
                                       O_WRONLY | O_CREAT | O_APPEND, 0600);
  }
  int process = 0;
  const int fault =
      ::posix_spawn(&process, "/proc/self/exe", &actions, nullptr, pointers.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (fault != 0) {
    return fail_errno(fault, "start a child process");
  }
  return process;
}

Result<int> exit_code_of(int process) {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) {
      return fail_errno(errno, "wait for a child process");
    }
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Result<std::string> read_line(int from) {
  std::string line;
  char c = 0;
  while (line.size() < ready_line_bytes_max) {
    const ::ssize_t count = ::read(from, &c, 1);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0 || c == '\n') {
      break;
    }
    line.push_back(c);
  }
  return line;
}

}  // namespace

Result<std::unique_ptr<TemporaryFolder>> TemporaryFolder::make(const std::string& parent) {
  std::string path = parent + "/holdfast-bench.XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) {
    return fail(Code::usage, fail_errno(errno, "make a folder").error().what, parent);
  }
  return std::unique_ptr<TemporaryFolder>(new TemporaryFolder(std::move(path)));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;  // nothing is lost with it
  std::filesystem::remove_all(path_, ignored);
}

Result<std::unique_ptr<ChildServer>> ChildServer::start(const std::string& directory,
                                                        const std::vector<std::string>& flags) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return fail_errno(errno, "make a pipe");
  }
  std::vector<std::string> arguments{"serve",       "--data",      directory, "--http",
                                     "127.0.0.1:0", "--log-level", "warn"};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  const Instant started = boot_time();
  const auto process = spawn_self(std::move(arguments), {ends[1], directory + ".log"});
  ::close(ends[1]);
  if (!process) {
    ::close(ends[0]);
    return fail(process.error());
  }
  std::unique_ptr<ChildServer> child(new ChildServer);
  child->process_ = *process;
  const auto line = read_line(ends[0]);
  ::close(ends[0]);
  constexpr std::string_view ready = "ready http=";
  if (!line || !line->starts_with(ready)) {
    const auto log = read_text_file(directory + ".log", 1 << 20);
    return fail(Code::io, "the server did not become ready: " + log.value_or("no log"));
  }
  child->took_ = boot_time() - started;
  child->url_ = line->substr(ready.size(), line->find(' ', ready.size()) - ready.size());
  constexpr std::string_view mllp = " mllp=";
  if (const std::size_t at = line->find(mllp); at != std::string::npos) {
    child->mllp_ = line->substr(at + mllp.size());
  }
  return child;
}

ChildServer::~ChildServer() { kill(); }

void ChildServer::kill() {
  if (process_ != 0) {
    ::kill(process_, SIGKILL);
    static_cast<void>(exit_code_of(process_));  // it was killed: its code says nothing
    process_ = 0;
  }
}

Result<void> ChildServer::end() {
  ::kill(process_, SIGTERM);
  TRY(const int code, exit_code_of(std::exchange(process_, 0)));
  if (code != 0) {
    return fail(Code::io, fmt::format("the server ended with {}", code));
  }
  return ok();
}

Result<void> run_self(const std::vector<std::string>& arguments) {
  TRY(const int process, spawn_self(arguments, {}));
  TRY(const int code, exit_code_of(process));
  if (code != 0) {
    return fail(Code::io, fmt::format("holdfast {} ended with {}", arguments.front(), code));
  }
  return ok();
}

Result<std::unique_ptr<Bed>> Bed::make(const BenchOptions& options,
                                       const std::vector<std::string>& flags) {
  auto bed = std::make_unique<Bed>();
  if (!options.server.empty()) {
    bed->url_ = options.server;
    return bed;
  }
  TRY(bed->folder_, TemporaryFolder::make(options.folder));
  TRY_OK(run_self({"init", bed->directory()}));
  TRY(bed->child_, ChildServer::start(bed->directory(), flags));
  bed->url_ = bed->child_->url();
  return bed;
}

std::string Bed::directory() const { return folder_ ? folder_->path() + "/data" : std::string(); }

Result<void> Bed::end() { return child_ ? child_->end() : ok(); }

Result<MetricsPage> MetricsPage::fetch(const std::string& url) {
  TRY(auto server, parse_any_server(url));
  RealNetwork network;
  RealExecutor executor("metrics");
  executor.start();
  Remote remote(network, executor, std::move(server));
  Remote::Question question;
  question.target = "/metrics";
  auto reply = wait_for(executor, remote.ask(std::move(question), Patience{}));
  executor.stop();
  if (!reply) {
    return fail(reply.error());
  }
  MetricsPage page;
  page.text_ = std::move(reply->body);
  return page;
}

bool MetricsPage::is_ours() const { return text_.find("\nholdfast_") != std::string::npos; }

std::uint64_t MetricsPage::of(std::string_view name) const {
  const std::string wanted = fmt::format("\nholdfast_{} ", name);
  const std::size_t at = text_.find(wanted);
  double value = 0;
  if (at != std::string::npos) {
    const char* const from = text_.data() + at + wanted.size();
    std::from_chars(from, text_.data() + text_.size(), value);
  }
  return static_cast<std::uint64_t>(value);
}

namespace {

constexpr Duration settle_pause = milliseconds(50);
constexpr unsigned settle_pauses_max = 12'000;
// A dictionary that was just trained is not journaled at once.
constexpr unsigned settled_looks = 4;

Task<int> pause(RealExecutor& on) {
  co_await on.sleep(settle_pause);
  co_return 0;
}

}  // namespace

Result<void> settle(const std::string& url) {
  RealExecutor executor("bench-wait");
  executor.start();
  unsigned settled = 0;
  for (unsigned i = 0; i < settle_pauses_max && settled < settled_looks; ++i) {
    TRY(const auto page, MetricsPage::fetch(url));
    if (!page.is_ours()) {
      return ok();  // a server of others does not tell
    }
    const bool is_settled = page.of("overlay_bytes") == 0 && page.of("rows_to_compress") == 0;
    settled = is_settled ? settled + 1 : 0;
    wait_for(executor, pause(executor));
  }
  return settled == settled_looks
             ? ok()
             : Result<void>(fail(Code::timeout,
                                 "the server does not move what it acknowledged into its store"));
}

void Latencies::add(Duration took) {
  us.push_back(static_cast<std::uint32_t>(std::clamp<std::int64_t>(took.ns / 1000, 0, UINT32_MAX)));
}

double Latencies::percentile(double part) {
  if (us.empty()) {
    return 0;
  }
  std::sort(us.begin(), us.end());
  const auto index = static_cast<std::size_t>(part * static_cast<double>(us.size()));
  return us[std::min(index, us.size() - 1)];
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

BenchLine::BenchLine(std::string_view workload) {
  json_.open('{');
  json_.text("workload", workload);
  json_.number("cores", usable_cores());
}

void BenchLine::figure(std::string_view key, double value) {
  json_.raw(key, fmt::format("{:.{}f}", value, value < 100 ? 3 : 1));
}

Result<double> BenchLine::add_sync_probe(const std::string& folder) {
  TRY(const auto probe, probe_sync(folder, milliseconds(500)));
  figure("fdatasync_per_second", probe.per_second);
  figure("fdatasync_median_us", probe.median_us);
  return probe.per_second;
}

void BenchLine::add_latencies(std::string_view prefix, Latencies& latencies) {
  figure(fmt::format("{}p50_us", prefix), latencies.percentile(0.50));
  figure(fmt::format("{}p99_us", prefix), latencies.percentile(0.99));
  figure(fmt::format("{}max_us", prefix), latencies.percentile(1.0));
}

void BenchLine::add_server_peak(Bed& bed) {
  if (bed.child() != nullptr) {
    number("server_peak_bytes", memory_of_process(bed.child()->process()).peak_bytes);
  }
}

Result<void> BenchLine::end(const BenchOptions& options, Bed* bed) {
  TRY_OK(add_sync_probe(options.folder));
  if (bed != nullptr) {
    TRY_OK(bed->end());
  }
  print();
  return ok();
}

void BenchLine::print() {
  json_.close('}');
  fmt::print("{}\n", json_.take());
  std::fflush(stdout);
}

}  // namespace holdfast::cli
