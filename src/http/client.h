// http/client.h: asks an HTTP/1.1 server over a Stream, one request at a time on a connection that
// is kept. For our own import, bench and tests; as strict with replies as the server with requests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "api/message.h"
#include "base/result.h"
#include "base/task.h"
#include "http/chunked.h"
#include "http/head.h"
#include "http/in_buffer.h"
#include "world/stream.h"

namespace holdfast::http {

/// Interim replies (1xx) before the one that counts.
constexpr int interim_replies_max = 8;

/// What to ask. Host, Content-Length and X-… framing are the client's; method and target go as
/// they are and must be a token and visible characters.
struct Outgoing {
  Bytes method = "GET";
  Bytes target = "/";
  api::Headers headers;
  api::Body body;  ///< large pieces are not copied
};

struct Incoming {
  int status = 0;
  api::Headers headers;
  Bytes body;
};

class Client {
 public:
  /// Used on the executor that the stream belongs to. `host` goes into the Host field:
  /// "localhost:8080". A longer reply body fails with too_large.
  Client(std::unique_ptr<Stream> stream, Bytes host, std::uint64_t reply_bytes_max = 256ULL << 20U);
  ~Client();

  /// Connects to "host:port". Errors of Network::connect.
  [[nodiscard]] static Task<Result<std::unique_ptr<Client>>> connect(Network& network, Executor& on,
                                                                     Bytes address,
                                                                     Instant deadline);

  /// The reply, whatever its status. Code::timeout, closed, syntax (no HTTP), too_large, and usage
  /// for a request that cannot be written. After a failure the connection is of no more use, and
  /// whether the request took effect is not known.
  [[nodiscard]] Task<Result<Incoming>> send(Outgoing request, Instant deadline);

  /// Whether send() may be called again on this connection.
  [[nodiscard]] bool reusable() const { return reusable_; }
  void close();

 private:
  Task<Result<void>> write_request(Bytes head, const api::Body& body, Instant deadline);
  Task<Result<Incoming>> read_reply(bool bodiless_method, Instant deadline);
  Task<Result<HeadFacts>> read_head(Incoming& reply, Instant deadline);
  Task<Result<void>> read_sized(Bytes& body, std::uint64_t length, Instant deadline);
  Task<Result<void>> read_chunked(Bytes& body, Instant deadline);
  Task<Result<void>> read_to_end(Bytes& body, Instant deadline);
  /// At least one more byte in in_; Code::closed at the end.
  Task<Result<void>> read_more(Instant deadline);

  std::unique_ptr<Stream> stream_;
  Bytes host_;
  std::uint64_t reply_bytes_max_;
  InBuffer in_;
  bool reusable_ = true;
};

}  // namespace holdfast::http
