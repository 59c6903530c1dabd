// http/test_wire.h: for tests of this folder: a connection in memory whose bytes arrive in exactly
// the pieces that a test wants, and an edge around it in virtual time.
#pragma once

#include <algorithm>
#include <coroutine>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/session.h"
#include "world/sim/sim_executor.h"
#include "world/sim/sim_random.h"

namespace holdfast::http::test {

inline constexpr std::string_view get = "GET /fhir/Patient/1 HTTP/1.1\r\nHost: localhost\r\n\r\n";
/// A GET with one more line in its head.
inline std::string get_with(std::string_view line) {
  return "GET /fhir HTTP/1.1\r\nHost: h\r\n" + std::string(line) + "\r\n\r\n";
}
/// A POST whose body is these bytes: chunks with their framing.
inline std::string post_chunked(std::string_view body) {
  return "POST /fhir HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(body);
}

/// One direction of a connection. Only one side waits on it at a time: the reader when it is
/// empty, the writer when it is full.
struct Pipe {
  Bytes data;
  std::size_t taken = 0;  ///< of data, by the stream's reader
  bool ended = false;
  bool broken = false;
  std::size_t read_max = SIZE_MAX;   ///< the most that one read gives
  Bytes read_sizes;                  ///< and, taken in turn and one added, the most of each read
  std::size_t capacity = 1U << 30U;  ///< a writer waits beyond this
  std::size_t reads = 0;
  std::coroutine_handle<> waiting;
  std::uint64_t wait_number = 0;
};

class WireStream final : public Stream {
 public:
  WireStream(Executor& on, std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out)
      : on_(on), in_(std::move(in)), out_(std::move(out)) {}
  ~WireStream() override { close(); }

  Task<Result<std::size_t>> read(std::span<char> into, Instant deadline) override {
    check(!into.empty(), "nobody reads nothing");
    for (;;) {
      if (closed_ || in_->broken) {
        co_return fail(Code::closed, "closed");
      }
      if (in_->data.size() > in_->taken) {
        std::size_t size = std::min({into.size(), in_->data.size() - in_->taken, in_->read_max});
        if (!in_->read_sizes.empty()) {
          const char turn = in_->read_sizes[in_->reads % in_->read_sizes.size()];
          size = std::min<std::size_t>(size, static_cast<unsigned char>(turn) + 1U);
        }
        std::copy_n(in_->data.data() + in_->taken, size, into.data());
        in_->taken += size;
        if (in_->taken == in_->data.size()) {
          in_->data.clear();
          in_->taken = 0;
        }
        ++in_->reads;
        wake(in_);
        co_return size;
      }
      if (in_->ended) {
        co_return std::size_t{0};
      }
      if (on_.now() >= deadline) {
        co_return fail(Code::timeout, "timeout");
      }
      Wait wait{*this, in_, deadline};
      co_await wait;
    }
  }

  Task<Result<void>> write(BytesView bytes, Instant deadline) override {
    while (!bytes.empty()) {
      if (closed_ || out_->broken || out_->ended) {
        co_return fail(Code::closed, "closed");
      }
      const std::size_t room =
          out_->capacity - std::min(out_->capacity, out_->data.size() - out_->taken);
      const std::size_t size = std::min(room, bytes.size());
      out_->data.append(bytes.substr(0, size));
      bytes.remove_prefix(size);
      wake(out_);
      if (bytes.empty()) {
        break;
      }
      if (on_.now() >= deadline) {
        co_return fail(Code::timeout, "timeout");
      }
      Wait wait{*this, out_, deadline};
      co_await wait;
    }
    co_return ok();
  }

  void shut_write() override {
    out_->ended = true;
    wake(out_);
  }
  void close() override {
    if (std::exchange(closed_, true)) {
      return;
    }
    out_->ended = true;
    in_->broken = true;
    wake(in_);
    wake(out_);
  }
  [[nodiscard]] std::string peer() const override { return "192.0.2.7:40000"; }

  void wake(const std::shared_ptr<Pipe>& pipe) {
    if (auto waiting = std::exchange(pipe->waiting, {})) {
      ++pipe->wait_number;
      on_.post([waiting] { waiting.resume(); });
    }
  }

 private:
  struct Wait {
    WireStream& stream;
    std::shared_ptr<Pipe> pipe;
    Instant deadline;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) const {
      check(!pipe->waiting, "one waits on a pipe at a time");
      pipe->waiting = handle;
      const std::uint64_t number = ++pipe->wait_number;
      stream.on_.post_at(deadline, [pipe = pipe, number] {
        if (pipe->wait_number == number && pipe->waiting) {
          std::exchange(pipe->waiting, {}).resume();
        }
      });
    }
    void await_resume() const noexcept {}
  };

  Executor& on_;
  std::shared_ptr<Pipe> in_;
  std::shared_ptr<Pipe> out_;
  bool closed_ = false;
};

class FixedClock final : public Clock {
 public:
  explicit FixedClock(SimScheduler& scheduler) : scheduler_(scheduler) {}
  [[nodiscard]] Time wall() const override { return Time{1'764'000'000'500}; }
  [[nodiscard]] Instant boot() const override { return scheduler_.now(); }
  [[nodiscard]] bool synchronised() const override { return true; }

 private:
  SimScheduler& scheduler_;
};

/// Answers "METHOD target body"; remembers what it was asked; waits while `held`.
class Echo final : public api::Handler {
 public:
  [[nodiscard]] std::uint64_t body_bytes_max(const api::Request&) const override {
    return bytes_max;
  }
  Task<api::Reply> handle(api::Request request, Executor& on) override {
    asked.push_back(request.method_text + " " + request.target);
    ids.push_back(request.request_id);
    while (held) {
      co_await on.sleep(milliseconds(10));
    }
    api::Reply reply;
    if (next) {
      reply = std::move(*std::exchange(next, std::nullopt));
    } else {
      reply.headers.add("Content-Type", "text/plain");
      reply.body = request.method_text + " " + request.target + " " + request.body;
    }
    if (keep) {
      kept.push_back(std::move(request));
    }
    co_return reply;
  }
  std::uint64_t bytes_max = api::request_body_bytes_max;
  bool held = false;
  bool keep = false;  ///< holds on to requests, and so to what they reserved
  std::optional<api::Reply> next;
  std::vector<Bytes> asked;
  std::vector<Bytes> ids;
  std::vector<api::Request> kept;
};

/// One reply as a client sees it.
struct Seen {
  int status = 0;
  Bytes head;
  Bytes body;
  [[nodiscard]] bool says(std::string_view text) const {
    return head.find(text) != Bytes::npos || body.find(text) != Bytes::npos;
  }
};

/// Takes bytes apart by Content-Length; the last Seen has status -1 if they are no replies.
/// `heads_only`: replies to HEAD.
inline std::vector<Seen> see(BytesView bytes, bool heads_only = false) {
  std::vector<Seen> seen;
  while (!bytes.empty()) {
    Seen reply;
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == BytesView::npos || !bytes.starts_with("HTTP/1.1 ")) {
      reply.status = -1;
      reply.head = bytes;
      seen.push_back(reply);
      break;
    }
    reply.head = bytes.substr(0, end + 4);
    reply.status = std::stoi(reply.head.substr(9, 3));
    bytes.remove_prefix(end + 4);
    const std::size_t length_at = reply.head.find("Content-Length: ");
    if (length_at != Bytes::npos && !heads_only) {
      const std::size_t length = std::stoul(reply.head.substr(length_at + 16));
      reply.body = bytes.substr(0, length);
      bytes.remove_prefix(reply.body.size());
    }
    seen.push_back(std::move(reply));
  }
  return seen;
}

/// An edge with one executor, and connections to it that the test plays the client of.
struct Bench {
  explicit Bench(Limits limits = {}, std::uint64_t budget_bytes = 128ULL << 20U,
                 std::uint64_t seed = 1)
      : scheduler(seed),
        on(scheduler),
        clock(scheduler),
        random(seed),
        budget(budget_bytes),
        edge(handler, budget, clock, random, limits) {}

  struct Connection {
    std::shared_ptr<Pipe> up = std::make_shared<Pipe>();    ///< client to server
    std::shared_ptr<Pipe> down = std::make_shared<Pipe>();  ///< server to client
    WireStream client;
    explicit Connection(Executor& on) : client(on, down, up) {}
    void send(BytesView bytes) {
      up->data.append(bytes);
      client.wake(up);
    }
    void end() { client.shut_write(); }
    [[nodiscard]] bool closed() const { return down->ended; }
    Bytes take() { return std::exchange(down->data, {}); }
  };

  std::unique_ptr<Connection> connect() {
    auto connection = std::make_unique<Connection>(on);
    on.spawn(serve_connection(edge, on,
                              std::make_unique<WireStream>(on, connection->up, connection->down)));
    settle();
    return connection;
  }
  /// Lets everything happen that needs no time to pass (well, two milliseconds).
  void settle() { static_cast<void>(scheduler.run_for(milliseconds(2))); }
  void pass(Duration time) { static_cast<void>(scheduler.run_for(time)); }

  /// All of `bytes` at once, then the client's end: everything that comes back.
  Bytes ask(BytesView bytes, std::size_t read_max = SIZE_MAX, Bytes read_sizes = {}) {
    auto connection = connect();
    connection->up->read_max = read_max;
    connection->up->read_sizes = std::move(read_sizes);
    connection->send(bytes);
    connection->end();
    pass(seconds(100));
    check(connection->closed(), "a session whose client has ended ends");
    return connection->take();
  }

  SimScheduler scheduler;
  SimExecutor on;
  FixedClock clock;
  SimRandom random;
  Budget budget;
  Echo handler;
  Edge edge;
};

}  // namespace holdfast::http::test
