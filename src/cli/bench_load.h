// cli/bench_load.h: clients for the workloads over HTTP: each a coroutine with a connection of its
// own, all on one thread, so that the load takes one core and no more.
#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/bench.h"
#include "cli/machine.h"
#include "cli/remote.h"
#include "fhir/json.h"
#include "http/client.h"

namespace holdfast::cli {

/// What one client asks next, and what must come back.
struct Exchange {
  http::Outgoing request;
  /// Empty when the reply is right, else what is wrong with it.
  std::function<std::string(const http::Incoming& reply)> wrong;
};

class Load {
 public:
  /// Connects to `url` by plain "http://host:port". A base behind it takes the place of "/fhir" in
  /// what is asked.
  explicit Load(const std::string& url);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  /// Gives the next exchange for a client, nothing when it has done its work. On the load's thread.
  using Next = std::function<std::optional<Exchange>(unsigned client)>;
  struct Outcome {
    Duration took{};
    std::uint64_t requests = 0;
    Latencies latencies;
    /// Of each request: for what overlaps what.
    struct Span {
      unsigned client = 0;
      Instant began;
      Instant ended;
    };
    std::vector<Span> spans;
  };
  /// Runs `clients` until each has nothing to do. An error, or a wrong answer, ends it.
  [[nodiscard]] Result<Outcome> run(unsigned clients, const Next& next);

 private:
  Task<void> client(unsigned number, const Next& next, Outcome& outcome);
  Task<Result<Outcome>> run_all(unsigned clients, const Next& next);

  const Result<ServerAddress> server_;
  RealNetwork network_;
  RealExecutor executor_{"bench-load"};
  std::optional<Error> failure_;
  unsigned running_ = 0;
  std::coroutine_handle<> waiting_;
};

/// A POST or PUT of JSON, expecting `status`.
[[nodiscard]] Exchange json_exchange(std::string_view method, std::string target, Bytes body,
                                     int status);
/// What is wrong with a Bundle; empty when nothing is.
using Wrong = std::function<std::string(fhir::JsonValue bundle)>;
/// A GET whose reply must be a Bundle with which nothing is wrong.
[[nodiscard]] Exchange get_bundle(std::string target, Wrong wrong);
/// Bundle.total; UINT64_MAX where there is none.
[[nodiscard]] std::uint64_t total_of(fhir::JsonValue bundle);

}  // namespace holdfast::cli
