// cli/bench_messages.h: results over MLLP as a laboratory sends them, for the workloads mllp and
// deliver.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cli/bench.h"
#include "world/real/real_executor.h"
#include "world/real/real_network.h"

namespace holdfast::cli {

/// A blood count: one order, one report, five results of one of a thousand patients.
[[nodiscard]] Bytes result_message(std::string_view application, std::uint64_t number);

/// Sessions that send one message after the other, all on one thread.
class Sessions {
 public:
  explicit Sessions(std::string address);
  ~Sessions();
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;

  struct Outcome {
    Duration took{};
    Latencies latencies;
  };
  /// Messages `first` … of that application over so many sessions. An answer that is not AA is an
  /// error.
  Result<Outcome> run(unsigned sessions, std::string_view application, std::uint64_t first,
                      std::uint64_t count);

 private:
  Task<Result<Outcome>> run_all(unsigned sessions);
  Task<void> session(Outcome& outcome);

  const std::string address_;
  std::string_view application_;
  RealNetwork network_;
  RealExecutor on_{"bench-mllp"};
  std::uint64_t next_ = 0;
  std::uint64_t end_ = 0;
  unsigned running_ = 0;
  std::optional<Error> failure_;
};

[[nodiscard]] double rate_of(const Sessions::Outcome& outcome);

/// A text file for a server's configuration.
Result<void> write_text(const std::string& path, std::string_view text);

}  // namespace holdfast::cli
