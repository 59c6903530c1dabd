#include "world/real/real_network.h"

#include <charconv>
#include <utility>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <fcntl.h>
#include <fmt/format.h>

#include "base/check.h"
#include "world/real/real_connection.h"

namespace holdfast {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr Duration descriptors_wait = milliseconds(100);

RealExecutor& real(Executor& executor) {
  auto* const found = dynamic_cast<RealExecutor*>(&executor);
  check(found != nullptr, "the real network needs real executors");
  return *found;
}

struct Address {
  std::string host;
  std::string port;
};

Result<Address> split_address(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) {
    return fail(Code::usage, "an address is host:port", address);
  }
  Address parts{address.substr(0, colon), address.substr(colon + 1)};
  if (parts.host.starts_with('[') && parts.host.ends_with(']')) {
    parts.host = parts.host.substr(1, parts.host.size() - 2);
  } else if (parts.host.find(':') != std::string::npos) {
    return fail(Code::usage, "an IPv6 address stands in brackets", address);
  }
  std::uint16_t number = 0;
  const char* const end = parts.port.data() + parts.port.size();
  const auto [stop, error] = std::from_chars(parts.port.data(), end, number);
  if (parts.host.empty() || error != std::errc() || stop != end) {
    return fail(Code::usage, "an address is host:port", address);
  }
  return parts;
}

// What a listener's pending accept shares with it; like RealConnection.
struct Door : std::enable_shared_from_this<Door> {
  explicit Door(RealExecutor& on) : executor(on), acceptor(on.loop().io) {}

  struct Accepted {
    Door& door;
    RealExecutor& on;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> frame) {
      door.waiting = frame;
      door.acceptor.async_accept(
          on.loop().io,
          [kept = door.shared_from_this()](const error_code& outcome, tcp::socket accepted) {
            kept->error = outcome;
            kept->socket.emplace(std::move(accepted));
            if (const auto resumed = std::exchange(kept->waiting, {})) {
              resumed.resume();
            }
          });
    }
    void await_resume() const noexcept {}
  };

  RealExecutor& executor;
  tcp::acceptor acceptor;
  std::coroutine_handle<> waiting;
  error_code error;
  std::optional<tcp::socket> socket;
  bool closed = false;
};

bool out_of_descriptors(const error_code& error) {
  return error == asio::error::no_descriptors || error == asio::error::no_buffer_space ||
         error == asio::error::no_memory ||
         error == boost::system::errc::too_many_files_open_in_system;
}

class RealListener final : public Listener {
 public:
  RealListener(std::shared_ptr<Door> door, std::string address)
      : door_(std::move(door)), address_(std::move(address)) {}
  ~RealListener() override {
    door_->waiting = {};
    close();
  }

  Task<Result<std::unique_ptr<Stream>>> accept(Executor& on) override {
    const std::shared_ptr<Door> door = door_;
    RealExecutor& owner = real(on);
    while (!door->closed) {
      check(!door->waiting, "one accept at a time");
      Door::Accepted accepted{*door, owner};
      co_await accepted;
      if (!door->error) {
        auto connection = std::make_shared<RealConnection>(owner, std::move(*door->socket));
        door->socket.reset();
        co_return make_stream(std::move(connection));
      }
      if (door->closed) {
        break;
      }
      if (out_of_descriptors(door->error)) {
        co_await door->executor.sleep(descriptors_wait);
      } else if (!is_passing(door->error)) {
        co_return fail(Code::io, fmt::format("accept: {}", door->error.message()), address_);
      }
    }
    co_return fail(Code::closed, "accept: the listener is closed");
  }

  void close() override {
    door_->closed = true;
    error_code ignored;
    door_->acceptor.close(ignored);
  }
  [[nodiscard]] std::string address() const override { return address_; }

 private:
  // accept(2): errors of the new connection are reported here, and are no reason to stop.
  static bool is_passing(const error_code& error) {
    return error == asio::error::connection_aborted || error == asio::error::connection_reset ||
           error == asio::error::network_down || error == asio::error::network_unreachable ||
           error == asio::error::host_unreachable || error == asio::error::timed_out ||
           error == boost::system::errc::protocol_error || error == asio::error::interrupted;
  }

  const std::shared_ptr<Door> door_;
  const std::string address_;
};

// A name being looked up; like RealConnection.
struct Lookup : std::enable_shared_from_this<Lookup> {
  explicit Lookup(RealExecutor& on) : resolver(on.loop().io) {}

  struct Resolved {
    Lookup& lookup;
    const Address& address;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> frame) {
      lookup.waiting = frame;
      lookup.resolver.async_resolve(
          address.host, address.port,
          [kept = lookup.shared_from_this()](const error_code& outcome,
                                             const tcp::resolver::results_type& results) {
            kept->error = outcome;
            for (const auto& result : results) {
              kept->endpoints.push_back(result.endpoint());
            }
            if (const auto resumed = std::exchange(kept->waiting, {})) {
              resumed.resume();
            }
          });
    }
    void await_resume() const noexcept {}
  };

  tcp::resolver resolver;
  std::coroutine_handle<> waiting;
  error_code error;
  std::vector<tcp::endpoint> endpoints;
};

// Whoever waits may be destroyed while the look-up goes on: then nobody is resumed.
struct LeaveLookup {
  Lookup& lookup;
  ~LeaveLookup() {
    lookup.waiting = {};
    lookup.resolver.cancel();
  }
};
struct LeaveConnection {
  RealConnection* connection;
  ~LeaveConnection() {
    if (connection != nullptr) {
      connection->abandon();
    }
  }
};

Task<Result<std::vector<tcp::endpoint>>> resolve(RealExecutor& on, const Address& address,
                                                 Instant deadline) {
  error_code not_numeric;
  const asio::ip::address numeric = asio::ip::make_address(address.host, not_numeric);
  if (!not_numeric) {
    const auto port = static_cast<std::uint16_t>(std::stoi(address.port));
    std::vector<tcp::endpoint> one{tcp::endpoint(numeric, port)};
    co_return one;
  }
  const auto lookup = std::make_shared<Lookup>(on);
  const LeaveLookup leave{*lookup};
  if (deadline != never) {
    on.post_at(deadline, [weak = std::weak_ptr(lookup)] {
      if (const auto late = weak.lock()) {
        late->resolver.cancel();
        late->error = asio::error::operation_aborted;
        if (const auto resumed = std::exchange(late->waiting, {})) {
          resumed.resume();  // the resolver's thread may still be busy: it is not waited for
        }
      }
    });
  }
  Lookup::Resolved resolved{*lookup, address};
  co_await resolved;
  if (lookup->error == asio::error::operation_aborted) {
    co_return fail(Code::timeout, "the name was not found in time", address.host);
  }
  if (lookup->error) {
    co_return fail(Code::closed, "look-up: " + lookup->error.message(), address.host);
  }
  co_return std::move(lookup->endpoints);
}

}  // namespace

Result<std::unique_ptr<Listener>> RealNetwork::listen(Executor& on, const std::string& address) {
  TRY(const Address parts, split_address(address));
  RealExecutor& executor = real(on);
  error_code error;
  tcp::resolver resolver(executor.loop().io);
  const auto found = resolver.resolve(parts.host, parts.port, tcp::resolver::passive, error);
  if (error || found.empty()) {
    return fail(Code::usage, fmt::format("listen: {}", error.message()), address);
  }
  const tcp::endpoint endpoint = found.begin()->endpoint();
  auto door = std::make_shared<Door>(executor);
  door->acceptor.open(endpoint.protocol(), error);
  if (!error) {
    static_cast<void>(::fcntl(door->acceptor.native_handle(), F_SETFD, FD_CLOEXEC));
    door->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  }
  if (!error) {
    door->acceptor.bind(endpoint, error);
  }
  if (!error) {
    door->acceptor.listen(asio::socket_base::max_listen_connections, error);
  }
  tcp::endpoint bound;
  if (!error) {
    bound = door->acceptor.local_endpoint(error);
  }
  if (error) {
    return fail(Code::io, fmt::format("listen: {}", error.message()), address);
  }
  return std::make_unique<RealListener>(std::move(door), show(bound));
}

Task<Result<std::unique_ptr<Stream>>> RealNetwork::connect(Executor& on, std::string address,
                                                           Instant deadline) {
  RealExecutor& executor = real(on);
  CO_TRY(const Address parts, split_address(address));
  CO_TRY(const std::vector<tcp::endpoint> endpoints, co_await resolve(executor, parts, deadline));
  std::string why = "no address";
  for (const tcp::endpoint& endpoint : endpoints) {
    auto connection = std::make_shared<RealConnection>(executor, tcp::socket(executor.loop().io));
    LeaveConnection leave{connection.get()};
    connection->begin(connection->writing, deadline);
    RealConnection::Connected connected{*connection, endpoint};
    co_await connected;
    if (!connection->writing.error) {
      leave.connection = nullptr;
      co_return make_stream(std::move(connection));
    }
    if (connection->writing.expired) {
      co_return fail(Code::timeout, "connect: no answer in time", address);
    }
    why = connection->writing.error.message();
  }
  co_return fail(Code::closed, "connect: " + why, address);
}

}  // namespace holdfast
