// Requests a second of an empty handler behind our edge, against the plainest asynchronous Beast
// server, on one server thread each, in turns on one machine; and the median of their ratios.
//
//   edge_bench [ROUNDS [CONNECTIONS [SECONDS]]]     one JSON line a round, then one with the median
//
// Both answer the same 1,200 bytes to the same request. The load comes from one thread of this
// process, over non-blocking sockets, one request in flight on each connection; each reply is
// checked for its status and length.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "http/bench/plain_beast.h"
#include "http/server.h"
#include "world/real/real_clock.h"
#include "world/real/real_executor.h"
#include "world/real/real_network.h"
#include "world/real/real_random.h"

namespace {

using holdfast::check;
using Steady = std::chrono::steady_clock;

constexpr std::size_t body_bytes = 1'200;
constexpr std::string_view request =
    "GET /fhir/Patient/4b0a3d5e-9f0f-4a56-8f68-2d7f3a1c9b11 HTTP/1.1\r\n"
    "Host: localhost:8080\r\n"
    "Accept: application/fhir+json\r\n"
    "User-Agent: edge_bench\r\n\r\n";

const std::string& reply_body() {
  static const std::string body(body_bytes, 'x');
  return body;
}

// --- ours ---

class Empty final : public holdfast::api::Handler {
 public:
  holdfast::Task<holdfast::api::Reply> handle(holdfast::api::Request,
                                              holdfast::Executor&) override {
    holdfast::api::Reply reply;
    reply.headers.add("Content-Type", "application/fhir+json; charset=utf-8");
    reply.headers.add("ETag", "W/\"1\"");
    reply.body = reply_body();
    co_return reply;
  }
};

struct Ours {
  Ours() : home("edge"), budget(1U << 20U) {
    auto made = network.listen(home, "127.0.0.1:0");
    check(made.has_value(), "loopback can be listened on");
    listener = *std::move(made);
    server = std::make_unique<holdfast::http::Server>(home, std::vector<holdfast::Executor*>{&home},
                                                      *listener, empty, budget, clock, random);
    home.start();
    home.post([this] { server->start(); });
  }
  ~Ours() {
    home.spawn(drain());
    check(home.drain(holdfast::seconds(30)), "the server ends");
    home.stop();
  }
  holdfast::Task<void> drain() { co_await server->drain(home.now() + holdfast::seconds(10)); }
  [[nodiscard]] std::uint16_t port() const {
    const std::string address = listener->address();
    return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }
  holdfast::RealClock clock;
  holdfast::RealRandom random;
  holdfast::RealNetwork network;
  holdfast::RealExecutor home;
  holdfast::Budget budget;
  Empty empty;
  std::unique_ptr<holdfast::Listener> listener;
  std::unique_ptr<holdfast::http::Server> server;
};

// --- load ---

struct Wire {
  int socket = -1;
  std::size_t reply_bytes = 0;  ///< of one reply, learnt from the first
  std::size_t have = 0;
  char buffer[4096];
};

void send_request(const Wire& wire) {
  check(::send(wire.socket, request.data(), request.size(), MSG_NOSIGNAL) ==
            static_cast<::ssize_t>(request.size()),
        "a request fits into the socket");
}

int connect_to(std::uint16_t port) {
  const int made = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  check(::connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
        "the server accepts");
  const int on = 1;
  ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return made;
}

// True when a whole reply has come.
bool take(Wire& wire) {
  const ::ssize_t got =
      ::recv(wire.socket, wire.buffer + wire.have, sizeof wire.buffer - wire.have, MSG_DONTWAIT);
  check(got > 0, "the server answers");
  wire.have += static_cast<std::size_t>(got);
  if (wire.reply_bytes == 0) {
    const std::string_view text(wire.buffer, wire.have);
    const std::size_t end = text.find("\r\n\r\n");
    if (end == std::string_view::npos) {
      return false;
    }
    check(text.find("Content-Length: 1200\r\n") < end, "the reply has the expected length");
    wire.reply_bytes = end + 4 + body_bytes;
  }
  // Request ids grow by a digit now and then: the length is learnt anew for each reply.
  if (wire.have < wire.reply_bytes) {
    return false;
  }
  check(std::string_view(wire.buffer, 15) == "HTTP/1.1 200 OK" && wire.have == wire.reply_bytes,
        "the reply is the expected one");
  wire.have = 0;
  wire.reply_bytes = 0;
  return true;
}

struct Load {
  double requests_per_second;
  double p50_us;
  double p99_us;
};

Load load(std::uint16_t port, std::size_t connections, double for_seconds) {
  const int poll = ::epoll_create1(0);
  std::vector<std::unique_ptr<Wire>> wires;
  std::vector<Steady::time_point> sent(connections);
  for (std::size_t i = 0; i < connections; ++i) {
    wires.push_back(std::make_unique<Wire>());
    wires.back()->socket = connect_to(port);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    ::epoll_ctl(poll, EPOLL_CTL_ADD, wires.back()->socket, &event);
  }
  std::vector<double> latencies;
  latencies.reserve(1U << 20U);
  const Steady::time_point begun = Steady::now();
  const Steady::time_point end = begun + std::chrono::duration_cast<Steady::duration>(
                                             std::chrono::duration<double>(for_seconds));
  for (std::size_t i = 0; i < connections; ++i) {
    sent[i] = Steady::now();
    send_request(*wires[i]);
  }
  std::vector<epoll_event> events(connections);
  Steady::time_point now = begun;
  while (now < end) {
    const int ready = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), 1000);
    now = Steady::now();
    for (int i = 0; i < ready; ++i) {
      const auto index = static_cast<std::size_t>(events[static_cast<std::size_t>(i)].data.u64);
      if (!take(*wires[index])) {
        continue;
      }
      const Steady::time_point at = Steady::now();
      latencies.push_back(std::chrono::duration<double, std::micro>(at - sent[index]).count());
      sent[index] = at;
      send_request(*wires[index]);
    }
  }
  const double elapsed = std::chrono::duration<double>(Steady::now() - begun).count();
  for (const auto& wire : wires) {
    ::close(wire->socket);
  }
  ::close(poll);
  std::sort(latencies.begin(), latencies.end());
  const auto count = static_cast<double>(latencies.size());
  const auto at = [&](double part) {
    return latencies.at(static_cast<std::size_t>(part * (count - 1)));
  };
  return {count / elapsed, at(0.5), at(0.99)};
}

std::size_t argument(int count, char** values, int index, std::size_t otherwise) {
  return count > index ? static_cast<std::size_t>(std::strtoul(values[index], nullptr, 10))
                       : otherwise;
}

}  // namespace

int main(int count, char** values) {
  const std::size_t rounds = argument(count, values, 1, 7);
  const std::size_t connections = argument(count, values, 2, 16);
  const auto for_seconds = static_cast<double>(argument(count, values, 3, 2));
  std::vector<double> ratios;
  for (std::size_t round = 0; round < rounds; ++round) {
    Load ours{};
    Load theirs{};
    {
      const holdfast::http::PlainBeast server(reply_body());
      theirs = load(server.port(), connections, for_seconds);
    }
    {
      const Ours server;
      ours = load(server.port(), connections, for_seconds);
    }
    ratios.push_back(ours.requests_per_second / theirs.requests_per_second);
    std::printf(
        "{\"connections\":%zu,\"edge_per_s\":%.0f,\"edge_p50_us\":%.0f,"
        "\"edge_p99_us\":%.0f,\"beast_per_s\":%.0f,\"beast_p50_us\":%.0f,"
        "\"beast_p99_us\":%.0f,\"ratio\":%.3f}\n",
        connections, ours.requests_per_second, ours.p50_us, ours.p99_us, theirs.requests_per_second,
        theirs.p50_us, theirs.p99_us, ratios.back());
    std::fflush(stdout);
  }
  std::sort(ratios.begin(), ratios.end());
  std::printf("{\"rounds\":%zu,\"median_ratio\":%.3f}\n", rounds, ratios[ratios.size() / 2]);
}
