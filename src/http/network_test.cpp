// The edge over TCP on 127.0.0.1: the same sessions, a real kernel.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <future>
#include <thread>

#include "base/sanitized.h"
#include "http/client.h"
#include "http/server.h"
#include "world/real/real_clock.h"
#include "world/real/real_executor.h"
#include "world/real/real_network.h"
#include "world/real/real_random.h"

namespace holdfast::http {
namespace {

class Greeter final : public api::Handler {
 public:
  Task<api::Reply> handle(api::Request request, Executor&) override {
    api::Reply reply;
    reply.headers.add("Content-Type", "text/plain");
    reply.body = request.target + " " + std::to_string(request.body.size());
    co_return reply;
  }
};

/// A server on two threads, and whatever a test asks it from outside.
struct Town {
  explicit Town(Limits limits = {})
      : home("town home"), second("town second"), outside("town outside"), budget(128U << 20U) {
    Result<std::unique_ptr<Listener>> made = network.listen(home, "127.0.0.1:0");
    check(made.has_value(), "loopback can be listened on");
    listener = *std::move(made);
    server = std::make_unique<Server>(home, std::vector<Executor*>{&home, &second}, *listener,
                                      greeter, budget, clock, random, limits);
    home.start();
    second.start();
    outside.start();
    home.post([this] { server->start(); });
  }
  /// Ends everything; true if the server ended in time.
  bool drain() {
    home.spawn(drain_in_town());
    const bool ended = home.drain(seconds(30)) && second.drain(seconds(30));
    home.stop();
    second.stop();
    outside.stop();
    return ended;
  }
  Task<void> drain_in_town() { co_await server->drain(home.now() + seconds(20)); }
  [[nodiscard]] std::uint16_t port() const {
    const std::string address = listener->address();
    return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }
  /// Waits for `count` open connections; a minute at most.
  bool wait_for_open(std::uint64_t count) const {
    for (int i = 0; i < 6000 && server->counts().connections.open != count; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return server->counts().connections.open == count;
  }

  RealClock clock;
  RealRandom random;
  RealNetwork network;
  RealExecutor home;
  RealExecutor second;
  RealExecutor outside;
  Budget budget;
  Greeter greeter;
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Server> server;
};

Task<void> ask_often(Town& town, std::promise<std::string>& answer) {
  auto client = co_await Client::connect(town.network, town.outside, town.listener->address(),
                                         town.outside.now() + seconds(10));
  if (!client) {
    answer.set_value(client.error().what);
    co_return;
  }
  std::string said;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1000}, std::size_t{8U << 20U}}) {
    Outgoing request;
    request.method = "POST";
    request.target = "/fhir";
    request.body = Bytes(size, 'x');
    const Result<Incoming> reply =
        co_await (*client)->send(std::move(request), town.outside.now() + seconds(10));
    said += reply ? reply->body : reply.error().what;
    said += ";";
  }
  answer.set_value(said);
}

TEST(Network, CarriesRequestsOfEverySize) {
  Town town;
  std::promise<std::string> answer;
  auto future = answer.get_future();
  town.outside.spawn(ask_often(town, answer));
  EXPECT_EQ(future.get(), "/fhir 0;/fhir 1000;/fhir 8388608;");
  town.outside.drain(seconds(10));
  EXPECT_TRUE(town.drain());
}

Task<void> send_too_much(Town& town, std::promise<int>& answer) {
  auto client = co_await Client::connect(town.network, town.outside, town.listener->address(),
                                         town.outside.now() + seconds(10));
  check(client.has_value(), "loopback connects");
  Outgoing request;
  request.method = "POST";
  request.body = Bytes(40U << 20U, 'x');
  const Result<Incoming> reply =
      co_await (*client)->send(std::move(request), town.outside.now() + seconds(10));
  answer.set_value(reply ? reply->status : 0);
}

TEST(Network, DeliversARefusalToAClientThatIsStillSending) {
  Town town;
  std::promise<int> answer;
  auto future = answer.get_future();
  town.outside.spawn(send_too_much(town, answer));
  EXPECT_EQ(future.get(), 413);
  town.outside.drain(seconds(10));
  EXPECT_TRUE(town.drain());
}

/// What the crowd's process is told to do.
struct Order {
  enum class What : std::uint8_t { join, ask_each } what = What::join;
  std::uint16_t port = 0;
  std::uint32_t count = 0;
};

/// Clients that connect and mostly wait, in a process of their own: a process may not have enough
/// descriptors for both ends. Made before any thread is.
class Crowd {
 public:
  Crowd() {
    int ends[2];
    check(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "a socket pair");
    child_ = ::fork();
    check(child_ >= 0, "a process for the crowd");
    if (child_ == 0) {
      ::close(ends[0]);
      live(ends[1]);
    }
    ::close(ends[1]);
    orders_ = ends[0];
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  ~Crowd() {
    ::close(orders_);  // it reads the end, and goes
    int status = 0;
    ::waitpid(child_, &status, 0);
  }
  bool join(std::uint16_t port, std::size_t count) {
    return obey(Order{Order::What::join, port, static_cast<std::uint32_t>(count)});
  }
  /// Each asks once and reads what comes.
  bool ask_each() { return obey(Order{Order::What::ask_each, 0, 0}); }

 private:
  bool obey(Order order) const {
    char done = 0;
    return ::write(orders_, &order, sizeof order) == sizeof order &&
           ::read(orders_, &done, 1) == 1 && done == 'y';
  }
  [[noreturn]] static void live(int orders) {
    std::vector<int> sockets;
    Order order;
    while (::read(orders, &order, sizeof order) == sizeof order) {
      const bool fine = order.what == Order::What::join ? join_some(sockets, order)
                                                        : std::ranges::all_of(sockets, ask);
      const char done = fine ? 'y' : 'n';
      if (::write(orders, &done, 1) != 1) {
        break;
      }
    }
    ::_exit(0);
  }
  static bool join_some(std::vector<int>& sockets, const Order& order) {
    for (std::uint32_t i = 0; i < order.count; ++i) {
      const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_port = htons(order.port);
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      if (made < 0 ||
          ::connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return false;
      }
      sockets.push_back(made);
    }
    return true;
  }
  static bool ask(int socket) {
    constexpr std::string_view request = "GET /fhir/Patient/1 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    char buffer[1024];
    return ::send(socket, request.data(), request.size(), MSG_NOSIGNAL) ==
               static_cast<::ssize_t>(request.size()) &&
           ::recv(socket, buffer, sizeof buffer, 0) > 0;
  }

  ::pid_t child_ = 0;
  int orders_ = -1;
};

std::uint64_t resident_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) {
    return 0;
  }
  unsigned long total = 0;
  unsigned long resident = 0;
  const int read = std::fscanf(file, "%lu %lu", &total, &resident);
  std::fclose(file);
  return read == 2 ? resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

TEST(Network, HoldsTenThousandIdleConnectionsCheaply) {
  constexpr std::size_t connections = 10'000;
  constexpr rlim_t descriptors = connections + 200;
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_cur < descriptors) {
    limit.rlim_cur = descriptors;
    limit.rlim_max = std::max(limit.rlim_max, descriptors);
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
      GTEST_SKIP() << "10,000 connections need " << descriptors
                   << " file descriptors, and RLIMIT_NOFILE cannot be raised to that";
    }
  }
  Crowd crowd;
  Town town;
  constexpr std::size_t warm = 100;  // thread caches, the first pages of everything
  ASSERT_TRUE(crowd.join(town.port(), warm));
  ASSERT_TRUE(town.wait_for_open(warm));
  const std::uint64_t before = resident_bytes();
  ASSERT_TRUE(crowd.join(town.port(), connections - warm));
  ASSERT_TRUE(town.wait_for_open(connections));
  const std::uint64_t silent = (resident_bytes() - before) / (connections - warm);
  ASSERT_TRUE(crowd.ask_each());
  const std::uint64_t idle = (resident_bytes() - before) / (connections - warm);
  std::printf("resident bytes a connection: %lu before its first request, %lu idle after one\n",
              static_cast<unsigned long>(silent), static_cast<unsigned long>(idle));
  EXPECT_EQ(town.server->counts().requests, connections);
  if (!sanitized) {
    EXPECT_LT(idle, 8U << 10U);
  }
  EXPECT_TRUE(town.drain());
  EXPECT_EQ(town.server->counts().connections.open, 0U);
}

}  // namespace
}  // namespace holdfast::http
