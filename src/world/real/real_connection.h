// world/real/real_connection.h: one TCP connection as a Stream. Only real_*.cpp include it.
#pragma once

#include <coroutine>
#include <memory>
#include <string>

#include <boost/asio/ip/tcp.hpp>

#include "world/real/real_loop.h"
#include "world/stream.h"

namespace holdfast {

/// Somebody who waits for a socket, at most until a deadline.
struct SocketWait {
  std::coroutine_handle<> waiting;
  Instant deadline = never;
  bool expired = false;
  boost::system::error_code error;
  std::size_t count = 0;
};

/// What a connection's pending operations share with its Stream. They keep it alive; the Stream
/// may go first, and then nobody is resumed.
class RealConnection : public std::enable_shared_from_this<RealConnection> {
 public:
  RealConnection(RealExecutor& executor, boost::asio::ip::tcp::socket connected)
      : executor_(executor), socket_(std::move(connected)) {}

  /// Awaits: some bytes are in `into`, or wait.error says why not.
  struct ReadSome {
    RealConnection& connection;
    std::span<char> into;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting);
    void await_resume() const noexcept {}
  };
  /// Awaits: the socket takes bytes again.
  struct Writable {
    RealConnection& connection;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting);
    void await_resume() const noexcept {}
  };
  /// Awaits: connected to `endpoint`, or not.
  struct Connected {
    RealConnection& connection;
    boost::asio::ip::tcp::endpoint endpoint;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting);
    void await_resume() const noexcept {}
  };

  /// Before the first of these, each operation states its deadline.
  void begin(SocketWait& wait, Instant deadline);
  void close();
  /// Its Stream goes: whatever completes from here on resumes nobody.
  void abandon();

  [[nodiscard]] boost::asio::ip::tcp::socket& socket() { return socket_; }
  [[nodiscard]] bool closed() const { return closed_; }

  SocketWait reading;
  SocketWait writing;

 private:
  void finish(SocketWait& wait, const boost::system::error_code& error, std::size_t count);
  void watch(Instant deadline);
  void check_deadlines();

  RealExecutor& executor_;
  boost::asio::ip::tcp::socket socket_;
  Instant watched_until_ = never;  ///< when check_deadlines() comes next
  bool closed_ = false;
};

class RealStream final : public Stream {
 public:
  RealStream(std::shared_ptr<RealConnection> connection, std::string peer)
      : connection_(std::move(connection)), peer_(std::move(peer)) {}
  ~RealStream() override { connection_->abandon(); }

  Task<Result<std::size_t>> read(std::span<char> into, Instant deadline) override;
  Task<Result<void>> write(BytesView bytes, Instant deadline) override;
  void shut_write() override;
  void close() override { connection_->close(); }
  [[nodiscard]] std::string peer() const override { return peer_; }

 private:
  const std::shared_ptr<RealConnection> connection_;
  const std::string peer_;
};

/// "127.0.0.1:80", "[::1]:80".
[[nodiscard]] std::string show(const boost::asio::ip::tcp::endpoint& endpoint);
/// A Stream over a connected socket: no delay for small writes, not inherited by other programs.
[[nodiscard]] std::unique_ptr<Stream> make_stream(std::shared_ptr<RealConnection> connection);

}  // namespace holdfast
