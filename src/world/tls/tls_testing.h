// world/tls/tls_testing.h: for tests: two sides with certificates on a simulated network.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "world/network_contract_testing.h"
#include "world/sim/sim_network.h"
#include "world/tls/test_certificates.h"
#include "world/tls/tls_network.h"
#include "world/tls/tls_stream.h"

namespace holdfast::testing {

inline constexpr const char* place = "127.0.0.1:2576";

struct Scene {
  explicit Scene(std::uint64_t seed = 1, SimNetworkOptions options = {})
      : scheduler(seed), network(scheduler, seed, options), server(scheduler), client(scheduler) {
    CertificateSpec of_server;
    of_server.alternative = "DNS:server.example,IP:127.0.0.1";
    CertificateSpec of_client;
    of_client.name = "lab.example";
    of_client.alternative.clear();
    identity = ca.issue(of_server);
    client_identity = ca.issue(of_client);
    serve(ca.pem());
    connect_as(client_identity);
  }
  void serve(const std::optional<TlsPem>& client_ca) {
    server_context = TlsContext::for_server(identity, client_ca, certificates_now).value();
  }
  void connect_as(const std::optional<TlsIdentity>& who) {
    client_context = TlsContext::for_client(ca.pem(), who, certificates_now).value();
  }
  std::unique_ptr<Stream> server_over(std::unique_ptr<Stream> plain, TlsLimits limits = {}) {
    TlsStream::Parts parts{server, std::move(plain), server_context, {}, clock.now, limits, counts};
    return std::make_unique<TlsStream>(std::move(parts));
  }
  std::unique_ptr<TlsStream> client_over(std::unique_ptr<Stream> plain) {
    TlsStream::Parts parts{client, std::move(plain), client_context, "server.example", clock.now};
    return std::make_unique<TlsStream>(std::move(parts));
  }

  SetClock clock;
  TestCa ca;
  TlsIdentity identity;
  TlsIdentity client_identity;
  std::shared_ptr<const TlsContext> server_context;
  std::shared_ptr<const TlsContext> client_context;
  std::shared_ptr<TlsCounts> counts = std::make_shared<TlsCounts>();
  SimScheduler scheduler;
  SimNetwork network;
  SimExecutor server;
  SimExecutor client;
};

/// What the server's side of one connection came to.
struct Served {
  std::string text;  ///< all that came, then "<closed>" or nothing
  std::string subject;
  bool ended = false;
};

inline Task<void> serve_one(Scene& scene, std::unique_ptr<Stream> stream, Served& served) {
  served.text = co_await read_to_end(*stream, scene.server.now() + seconds(60));
  served.subject = stream->certificate() ? stream->certificate()->subject : "nobody";
  const auto answered =
      co_await stream->write("answer to " + served.text, scene.server.now() + seconds(60));
  served.ended = true;
  static_cast<void>(answered);
}

inline Task<void> accept_one(Scene& scene, Listener& listener, Served& served) {
  auto plain = co_await listener.accept(scene.server);
  if (plain) {
    scene.server.spawn(serve_one(scene, scene.server_over(*std::move(plain)), served));
  }
}

/// Says "hello", ends, and returns what was answered or what went wrong.
inline Task<std::string> call(Scene& scene, Network& network) {
  auto stream = co_await network.connect(scene.client, place, scene.client.now() + seconds(30));
  if (!stream) {
    co_return stream.error().what;
  }
  const auto said = co_await (*stream)->write("hello", scene.client.now() + seconds(30));
  (*stream)->shut_write();
  std::string back;
  std::array<char, 1000> some{};
  for (;;) {
    const auto got = co_await (*stream)->read(some, scene.client.now() + seconds(30));
    if (!got) {
      co_return got.error().what;
    }
    if (*got == 0) {
      co_return back;
    }
    back.append(some.data(), *got);
  }
}

inline Task<std::string> send_plain(Scene& scene, Bytes bytes, bool stay) {
  auto stream = co_await scene.network.connect(scene.client, place, never);
  const auto said = co_await (*stream)->write(bytes, never);
  if (!stay) {
    (*stream)->shut_write();
  }
  co_return co_await read_to_end(**stream, scene.client.now() + seconds(200));
}

}  // namespace holdfast::testing
