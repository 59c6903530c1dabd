#include "world/real/real_connection.h"

#include <cerrno>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include "base/check.h"

namespace holdfast {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

std::unexpected<Error> fail_closed(std::string_view doing, std::string_view why) {
  return fail(Code::closed, fmt::format("{}: {}", doing, why));
}

}  // namespace

void RealConnection::begin(SocketWait& wait, Instant deadline) {
  check(!wait.waiting, "one read and one write at a time");
  wait.deadline = deadline;
  wait.expired = false;
}

void RealConnection::ReadSome::await_suspend(std::coroutine_handle<> waiting) {
  RealConnection& self = connection;
  self.reading.waiting = waiting;
  self.watch(self.reading.deadline);
  self.socket_.async_read_some(
      asio::buffer(into.data(), into.size()),
      [kept = self.shared_from_this()](const error_code& error, std::size_t count) {
        kept->finish(kept->reading, error, count);
      });
}

void RealConnection::Writable::await_suspend(std::coroutine_handle<> waiting) {
  RealConnection& self = connection;
  self.writing.waiting = waiting;
  self.watch(self.writing.deadline);
  self.socket_.async_wait(tcp::socket::wait_write,
                          [kept = self.shared_from_this()](const error_code& error) {
                            kept->finish(kept->writing, error, 0);
                          });
}

void RealConnection::Connected::await_suspend(std::coroutine_handle<> waiting) {
  RealConnection& self = connection;
  self.writing.waiting = waiting;
  self.watch(self.writing.deadline);
  self.socket_.async_connect(endpoint, [kept = self.shared_from_this()](const error_code& error) {
    kept->finish(kept->writing, error, 0);
  });
}

void RealConnection::finish(SocketWait& wait, const error_code& error, std::size_t count) {
  wait.error = error;
  wait.count = count;
  if (const auto waiting = std::exchange(wait.waiting, {})) {
    waiting.resume();
  }
}

// One timer a connection, set again only when it fires or something earlier is asked for: on a
// connection that is kept alive, deadlines move later with every request.
void RealConnection::watch(Instant deadline) {
  if (deadline >= watched_until_) {
    return;
  }
  watched_until_ = deadline;
  executor_.post_at(deadline, [weak = weak_from_this(), deadline] {
    const std::shared_ptr<RealConnection> self = weak.lock();
    if (self != nullptr && self->watched_until_ == deadline) {
      self->check_deadlines();
    }
  });
}

void RealConnection::check_deadlines() {
  watched_until_ = never;
  const Instant now = executor_.now();
  bool cancel = false;
  for (SocketWait* wait : {&reading, &writing}) {
    if (!wait->waiting) {
      continue;
    }
    if (wait->deadline <= now) {
      wait->expired = true;
      cancel = true;
    } else {
      watch(wait->deadline);
    }
  }
  if (cancel) {  // both; the one that has not expired tries again
    error_code ignored;
    socket_.cancel(ignored);
  }
}

void RealConnection::close() {
  closed_ = true;
  error_code ignored;  // it is closed whatever this says
  socket_.close(ignored);
}

void RealConnection::abandon() {
  reading.waiting = {};
  writing.waiting = {};
  close();
}

Task<Result<std::size_t>> RealStream::read(std::span<char> into, Instant deadline) {
  check(!into.empty(), "a read of nothing would look like the end");
  RealConnection& connection = *connection_;
  if (connection.closed()) {
    co_return fail_closed("read", "closed before");
  }
  SocketWait& wait = connection.reading;
  connection.begin(wait, deadline);
  for (;;) {  // as often as another wait of this connection expires
    RealConnection::ReadSome some{connection, into};
    co_await some;
    if (!wait.error) {
      co_return wait.count;
    }
    if (connection.closed()) {
      co_return fail_closed("read", "closed while it waited");
    }
    if (wait.error == asio::error::eof) {
      co_return std::size_t{0};
    }
    if (wait.error != asio::error::operation_aborted) {
      co_return fail_closed("read", wait.error.message());
    }
    if (wait.expired) {
      co_return fail(Code::timeout, "read: nothing came in time");
    }
  }
}

Task<Result<void>> RealStream::write(BytesView bytes, Instant deadline) {
  RealConnection& connection = *connection_;
  if (connection.closed()) {
    co_return fail_closed("write", "closed before");
  }
  SocketWait& wait = connection.writing;
  connection.begin(wait, deadline);
  while (!bytes.empty()) {
    // Mostly the kernel takes all of it at once, and Asio is not asked.
    const ::ssize_t sent = ::send(connection.socket().native_handle(), bytes.data(), bytes.size(),
                                  MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) {
      continue;
    }
    if (errno != EAGAIN && errno != EWOULDBLOCK) {
      co_return fail_closed("write", std::generic_category().message(errno));
    }
    RealConnection::Writable writable{connection};
    co_await writable;
    if (connection.closed()) {
      co_return fail_closed("write", "closed while it waited");
    }
    if (wait.expired) {
      co_return fail(Code::timeout, "write: the other side takes nothing");
    }
    if (wait.error && wait.error != asio::error::operation_aborted) {
      co_return fail_closed("write", wait.error.message());
    }
  }
  co_return ok();
}

void RealStream::shut_write() {
  error_code ignored;  // a connection that is broken says so at the next read
  connection_->socket().shutdown(tcp::socket::shutdown_send, ignored);
}

std::string show(const tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  return endpoint.address().is_v6() ? fmt::format("[{}]:{}", host, endpoint.port())
                                    : fmt::format("{}:{}", host, endpoint.port());
}

std::unique_ptr<Stream> make_stream(std::shared_ptr<RealConnection> connection) {
  tcp::socket& socket = connection->socket();
  error_code ignored;  // slower without, but works
  socket.set_option(tcp::no_delay(true), ignored);
  static_cast<void>(::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC));
  error_code gone;
  const tcp::endpoint endpoint = socket.remote_endpoint(gone);
  std::string peer = gone ? "unknown" : show(endpoint);
  return std::make_unique<RealStream>(std::move(connection), std::move(peer));
}

}  // namespace holdfast
