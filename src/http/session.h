// http/session.h: one HTTP/1.1 connection from its first byte to its last, over any Stream.
//
// 1. Replies leave in the order of the requests, one request at a time.
// 2. A refused connection is answered once and closed; what follows on it is never interpreted.
// 3. A body is read only after the Budget has reserved its bytes; they go back with the Request.
// 4. Every wait has a deadline, and an idle connection holds idle_buffer_bytes.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "api/message.h"
#include "base/task.h"
#include "http/chunked.h"
#include "http/counts.h"
#include "http/head.h"
#include "http/in_buffer.h"
#include "http/limits.h"
#include "http/refusal.h"
#include "http/reply_head.h"
#include "world/acceptor.h"
#include "world/clock.h"
#include "world/queue.h"
#include "world/random.h"
#include "world/stream.h"

namespace holdfast::http {

/// What all sessions of one server share. Outlives them. The Clock and Random are used on every
/// executor that sessions run on.
struct Edge {
  api::Handler& handler;
  Budget& budget;
  Clock& clock;
  Random& random;
  Limits limits;
  Counts counts;
  /// Once true, each connection ends with the reply that it is working on.
  std::atomic<bool> draining = false;

  Edge(api::Handler& who_answers, Budget& admission, Clock& wall, Random& ids, Limits bounds = {})
      : handler(who_answers), budget(admission), clock(wall), random(ids), limits(bounds) {}
};

class Session final : public Connection {
 public:
  Session(Edge& edge, Executor& on, std::unique_ptr<Stream> stream);

  /// Until either side ends the connection; the stream is closed then. Once, on its executor.
  [[nodiscard]] Task<void> serve() override;
  /// Says that there are too many connections, instead of serve().
  [[nodiscard]] Task<void> turn_away() override;

  /// Closes it if it waits for a request; else Edge::draining ends it. On its executor.
  void stop_if_idle() override;
  /// Closes it. A request in flight still runs to its end; its reply is lost. On its executor.
  void stop_now() override;

 private:
  enum class After : std::uint8_t { next_request, end };
  enum class Arrival : std::uint8_t { whole, refused, gone };
  /// How the reply to a request leaves.
  struct Delivery {
    api::Method method = api::Method::get;
    bool gzip = false;
    api::Connection connection = api::Connection::keep;
    Bytes request_id;
  };

  Task<After> read_head();
  Task<After> answer();
  [[nodiscard]] bool begin_request(api::Request& request);
  Task<Arrival> read_body(api::Request& request);
  Task<Arrival> read_sized(api::Request& request, std::uint64_t length);
  Task<Arrival> read_chunked(api::Request& request, std::uint64_t length_max);
  [[nodiscard]] bool admit(api::Request& request, std::uint64_t bytes);
  Task<bool> tell_to_continue();
  Task<Result<std::size_t>> read(std::span<char> into, Instant deadline);
  Arrival end_of_body(const Result<std::size_t>& read);
  [[nodiscard]] Instant body_deadline(Instant started, std::uint64_t bytes) const;

  Task<After> send(api::Reply reply, Delivery how);
  Task<bool> write_all(Bytes head, const api::Body& body);
  Task<bool> write(BytesView bytes);
  Task<void> refuse();
  Task<void> linger();
  Arrival refuse_with(int status, Refused reason, std::string_view why);
  [[nodiscard]] Bytes next_request_id();

  Edge& edge_;
  Executor& on_;
  std::unique_ptr<Stream> stream_;
  InBuffer in_;
  HeadScanner scanner_{HeadKind::request};
  Refusal refusal_;              ///< set with Arrival::refused
  bool idle_ = false;            ///< waiting for the first byte of a request
  bool ended_by_reply_ = false;  ///< a reply that ends the connection has left: linger for it
  DateText date_;
  Bytes peer_;
  std::uint64_t connection_id_;
  std::uint64_t requests_ = 0;
};

/// A Session alone, for tests and for whoever needs no Server.
[[nodiscard]] Task<void> serve_connection(Edge& edge, Executor& on, std::unique_ptr<Stream> stream);

}  // namespace holdfast::http
