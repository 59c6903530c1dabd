// cli/remote.h: a running server as the commands talk to it: connections that are kept, and the
// patience to ask again where asking again is right. Everything on one executor.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/message.h"
#include "base/result.h"
#include "base/task.h"
#include "http/client.h"
#include "world/executor.h"
#include "world/stream.h"

namespace holdfast::cli {

struct ServerAddress {
  std::string authority;       ///< "127.0.0.1:8080"
  std::string base = "/fhir";  ///< the path before "/Patient"
};
/// Anybody's: "http://127.0.0.1:8080/any/base"; without a path the base is /fhir. Code::usage.
[[nodiscard]] Result<ServerAddress> parse_any_server(std::string_view url);
/// One of ours: "http://127.0.0.1:8080", with or without "/fhir" behind it. Code::usage.
[[nodiscard]] Result<ServerAddress> parse_server(std::string_view url);

/// How long to go on asking.
struct Patience {
  Duration reply_time_max = seconds(300);  ///< for one reply
  Duration total = seconds(300);           ///< over all attempts, waits included
};

class Remote {
 public:
  Remote(Network& network, Executor& on, ServerAddress server)
      : network_(network), on_(on), server_(std::move(server)) {}

  struct Question {
    Bytes method = "GET";
    Bytes target = "/";
    api::Headers headers;
    std::shared_ptr<const Bytes> body;  ///< null: none
  };

  /// One attempt. Errors of http::Client.
  Task<Result<http::Incoming>> ask_once(const Question& question, Duration reply_time_max);

  /// The reply, whatever its status but 503 and 429: those, and broken connections, are asked again
  /// after a pause (Retry-After, or longer from time to time) until the patience ends; then the
  /// last reply or error. Only for questions that may be asked twice: reads, and writes with an
  /// Idempotency-Key.
  Task<Result<http::Incoming>> ask(Question question, Patience patience);

  /// Times that something had to be asked again.
  [[nodiscard]] std::uint64_t repeats() const { return repeats_; }

 private:
  Network& network_;
  Executor& on_;
  const ServerAddress server_;
  std::vector<std::unique_ptr<http::Client>> idle_;
  std::uint64_t repeats_ = 0;
};

/// What an OperationOutcome says, for a person: "diagnostics (expression)", its first issues, or
/// the beginning of the body where it is none.
[[nodiscard]] std::string diagnostics_of(BytesView body);

}  // namespace holdfast::cli
