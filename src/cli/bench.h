// cli/bench.h: what all workloads share. Each generates or reads its data, checks its answers, and
// prints one JSON line with the rate of fdatasync in the same folder in the same run. It draws no
// conclusion: machines are shared, so compare lines of one run.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "fhir/json_writer.h"

namespace holdfast::cli {

struct BenchOptions {
  std::string workload;
  std::uint64_t size = 0;           ///< 0: the workload's own
  unsigned clients = 0;             ///< 0: the workload's own
  std::string server;               ///< empty: one of our own, in a child process
  std::string folder = "/var/tmp";  ///< for temporary data directories
  std::string keep;                 ///< a record that stays; empty: none does
  std::vector<std::string> data;    ///< files to import
  std::vector<std::string> kinds;   ///< of searches; empty: all
};

/// A folder of its own, gone with it.
class TemporaryFolder {
 public:
  static Result<std::unique_ptr<TemporaryFolder>> make(const std::string& parent);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

/// This very program as `serve`, in a process of its own.
class ChildServer {
 public:
  /// Waits for the ready line. Its log goes to `directory`.log.
  static Result<std::unique_ptr<ChildServer>> start(const std::string& directory,
                                                    const std::vector<std::string>& flags = {});
  /// Kills it, if end() was not called.
  ~ChildServer();
  ChildServer(const ChildServer&) = delete;
  ChildServer& operator=(const ChildServer&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] const std::string& mllp() const { return mllp_; }  ///< empty: not asked for
  [[nodiscard]] int process() const { return process_; }
  /// From the start of the process to its ready line.
  [[nodiscard]] Duration took() const { return took_; }
  /// SIGTERM; Code::io unless it exits with 0.
  Result<void> end();
  void kill();

 private:
  ChildServer() = default;
  int process_ = 0;
  std::string url_;
  std::string mllp_;
  Duration took_{};
};

/// `holdfast ARGUMENTS…` as a child, to its end; its standard output is dropped. Code::io unless
/// it exits with 0.
Result<void> run_self(const std::vector<std::string>& arguments);

/// The server to measure: the one named, or a child on a new directory.
class Bed {
 public:
  static Result<std::unique_ptr<Bed>> make(const BenchOptions& options,
                                           const std::vector<std::string>& flags = {});
  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] ChildServer* child() { return child_.get(); }
  /// Of the child; empty when the server is somebody else's.
  [[nodiscard]] std::string directory() const;
  Result<void> end();

 private:
  std::string url_;
  std::unique_ptr<TemporaryFolder> folder_;
  std::unique_ptr<ChildServer> child_;
};

/// Named counters of /metrics.
class MetricsPage {
 public:
  static Result<MetricsPage> fetch(const std::string& url);
  /// 0 where there is none of that name; without "holdfast_".
  [[nodiscard]] std::uint64_t of(std::string_view name) const;
  /// Whether a Holdfast answered.
  [[nodiscard]] bool is_ours() const;

 private:
  std::string text_;
};

/// Waits until the server has moved what it acknowledged from memory into its store, and compressed
/// what it wrote before it had a dictionary; at once where the server is none of ours.
/// Code::timeout after ten minutes.
[[nodiscard]] Result<void> settle(const std::string& url);

/// How long things took.
struct Latencies {
  std::vector<std::uint32_t> us;
  void add(Duration took);
  /// Of those that are there, in microseconds; sorts. 0 when empty.
  [[nodiscard]] double percentile(double part);
};

/// The middle one, or the upper of two; there must be one.
[[nodiscard]] double median(std::vector<double> values);

/// One JSON object, printed as one line at the end.
class BenchLine {
 public:
  explicit BenchLine(std::string_view workload);
  void number(std::string_view key, std::uint64_t value) { json_.number(key, value); }
  void figure(std::string_view key, double value);
  void text(std::string_view key, std::string_view value) { json_.text(key, value); }
  // Figures of a part: an object or a list of objects, closed by the caller.
  void open(std::string_view key, char bracket) { json_.open(key, bracket); }
  void open(char bracket) { json_.open(bracket); }
  void close(char bracket) { json_.close(bracket); }
  /// Measures fdatasync in `folder` and adds it. The rate.
  Result<double> add_sync_probe(const std::string& folder);
  void add_latencies(std::string_view prefix, Latencies& latencies);
  /// The most memory that the child has used; nothing where the server is somebody else's.
  void add_server_peak(Bed& bed);
  void print();
  /// The end of a workload: adds the rate of fdatasync, ends the server, prints. A server that ends
  /// badly is an error, and then nothing is printed.
  Result<void> end(const BenchOptions& options, Bed* bed = nullptr);

 private:
  fhir::JsonWriter json_;
};

// The workloads. An answer that was wrong is an error, never a figure.
Result<void> bench_journal(const BenchOptions& options);
Result<void> bench_transaction(const BenchOptions& options);
Result<void> bench_read(const BenchOptions& options);
Result<void> bench_empty(const BenchOptions& options);
Result<void> bench_bundle5000(const BenchOptions& options);
Result<void> bench_import(const BenchOptions& options);
Result<void> bench_open(const BenchOptions& options);
Result<void> bench_everything(const BenchOptions& options);
Result<void> bench_disk(const BenchOptions& options);
Result<void> bench_search(const BenchOptions& options);
Result<void> bench_count(const BenchOptions& options);
Result<void> bench_crud(const BenchOptions& options);
Result<void> bench_mllp(const BenchOptions& options);
Result<void> bench_deliver(const BenchOptions& options);
Result<void> bench_worklist(const BenchOptions& options);
Result<void> bench_derby(const BenchOptions& options);
Result<void> bench_newcastle(const BenchOptions& options);

}  // namespace holdfast::cli
