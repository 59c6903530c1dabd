// world/tls/tls_stream_test.cpp: TLS over the simulated network, whatever the network and the other
// side do.
#include "world/tls/tls_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world/network_contract_testing.h"
#include "world/sim/sim_network.h"
#include "world/tls/test_certificates.h"
#include "world/tls/tls_network.h"

namespace holdfast {
namespace {

using testing::certificates_now;
using testing::CertificateSpec;
using ::testing::HasSubstr;
using testing::TestCa;

constexpr const char* place = "127.0.0.1:2576";

/// A stream whose owner can be told to do what a broken network does.
class Tap final : public Stream {
 public:
  explicit Tap(std::unique_ptr<Stream> below) : below_(std::move(below)) {}
  Task<Result<std::size_t>> read(std::span<char> into, Instant deadline) override {
    return below_->read(into, deadline);
  }
  Task<Result<void>> write(BytesView bytes, Instant deadline) override {
    return below_->write(silent ? BytesView() : bytes, deadline);
  }
  void shut_write() override { below_->shut_write(); }
  void close() override { below_->close(); }
  [[nodiscard]] std::string peer() const override { return below_->peer(); }

  bool silent = false;

 private:
  std::unique_ptr<Stream> below_;
};

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

  testing::SetClock clock;
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

Task<void> serve_one(Scene& scene, std::unique_ptr<Stream> stream, Served& served) {
  served.text = co_await testing::read_to_end(*stream, scene.server.now() + seconds(60));
  served.subject = stream->certificate() ? stream->certificate()->subject : "nobody";
  const auto answered =
      co_await stream->write("answer to " + served.text, scene.server.now() + seconds(60));
  served.ended = true;
  static_cast<void>(answered);
}

Task<void> accept_one(Scene& scene, Listener& listener, Served& served) {
  auto plain = co_await listener.accept(scene.server);
  if (plain) {
    scene.server.spawn(serve_one(scene, scene.server_over(*std::move(plain)), served));
  }
}

/// Says "hello", ends, and returns what was answered or what went wrong.
Task<std::string> call(Scene& scene, Network& network) {
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

struct Outcome {
  std::string client;
  Served server;
};

Outcome meet(Scene& scene, const std::string& server_name = {}) {
  Outcome outcome;
  const auto listener = scene.network.listen(scene.server, place).value();
  scene.server.spawn(accept_one(scene, *listener, outcome.server));
  TlsNetwork network(scene.network, scene.clock, scene.client_context, server_name);
  outcome.client = run_task(scene.client, call(scene, network)).value_or("never ended");
  scene.scheduler.run_for(seconds(100));
  return outcome;
}

TEST(TlsStream, BothSidesKnowWhoIsThere) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Scene scene(seed);
    const Outcome outcome = meet(scene);
    EXPECT_EQ(outcome.client, "answer to hello");
    EXPECT_EQ(outcome.server.subject, "CN=lab.example");
    EXPECT_EQ(scene.counts->established, 1U);
    EXPECT_EQ(scene.counts->failed, 0U);
  }
}

TEST(TlsStream, AClientWithoutACertificateIsRefusedAndIsTold) {
  Scene scene;
  scene.connect_as({});
  const Outcome outcome = meet(scene);
  EXPECT_THAT(outcome.client, HasSubstr("certificate required"));
  EXPECT_EQ(outcome.server.text, "<closed>");
  EXPECT_EQ(scene.counts->failed, 1U);
  EXPECT_EQ(scene.counts->last_failure(),
            "127.0.0.1: TLS handshake: peer did not return a certificate");
}

TEST(TlsStream, WhereNoneIsAskedForAClientNeedsNoCertificate) {
  Scene scene;
  scene.serve({});
  scene.connect_as({});
  const Outcome outcome = meet(scene);
  EXPECT_EQ(outcome.client, "answer to hello");
  EXPECT_EQ(outcome.server.subject, "nobody");
}

TEST(TlsStream, ACertificateOfAnotherCaIsRefused) {
  Scene theirs;
  theirs.connect_as(TestCa("Other CA").issue());
  EXPECT_THAT(meet(theirs).client, HasSubstr("unknown ca"));
  EXPECT_THAT(
      theirs.counts->last_failure(),
      HasSubstr("the other side's certificate is not accepted: unable to get local issuer"));
  Scene ours;
  ours.identity = TestCa("Other CA").issue();
  ours.serve({});
  EXPECT_THAT(meet(ours, "server.example").client,
              HasSubstr("the other side's certificate is not accepted: unable to get local issuer "
                        "certificate (CN=server.example)"));
  EXPECT_THAT(ours.counts->last_failure(), HasSubstr("unknown ca"));
  Scene forged;
  forged.connect_as(TestCa().issue());  // calls itself the same
  EXPECT_THAT(meet(forged).client, HasSubstr("decrypt error"));
  EXPECT_THAT(forged.counts->last_failure(), HasSubstr("certificate signature failure"));
}

TEST(TlsStream, AServerOfAnotherNameIsRefused) {
  Scene scene;
  EXPECT_EQ(meet(scene, "server.example").client, "answer to hello");
  for (const char* name : {"other.example", "server.example.org", "127.0.0.2", "example", "*"}) {
    Scene other;
    const Outcome outcome = meet(other, name);
    EXPECT_THAT(outcome.client, HasSubstr(std::string("it is not for '") + name + "'")) << name;
    EXPECT_EQ(outcome.server.text, "<closed>");
  }
}

TEST(TlsStream, ACertificateThatExpiredSinceIsRefused) {
  Scene scene;
  scene.clock.now.ms += 400 * testing::ms_a_day;
  const Outcome outcome = meet(scene);
  EXPECT_THAT(outcome.client, HasSubstr("is not accepted: certificate has expired"));
}

TEST(TlsStream, AServersCertificateIsNoClients) {
  Scene scene;
  CertificateSpec spec;
  spec.usage = "serverAuth";
  scene.connect_as(scene.ca.issue(spec));
  EXPECT_THAT(meet(scene).client, HasSubstr("unsupported certificate"));
  EXPECT_THAT(scene.counts->last_failure(), HasSubstr("unsuitable certificate purpose"));
}

TEST(TlsStream, ACertificateMayBeTrustedAsItStands) {
  Scene scene;
  scene.serve(scene.client_identity.certificate);  // of no CA: the leaf
  EXPECT_EQ(meet(scene).client, "answer to hello");
  Scene other;
  CertificateSpec spec;
  spec.name = "lab.example";
  other.serve(other.client_identity.certificate);
  other.connect_as(other.ca.issue(spec));
  EXPECT_THAT(meet(other).client, HasSubstr("unknown ca"));
}

TEST(TlsStream, BrokenConnectionsEndBothSides) {
  int whole = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Scene scene(seed, {.resets_per_million = 60'000});
    const Outcome outcome = meet(scene);
    EXPECT_NE(outcome.client, "never ended") << seed;
    EXPECT_TRUE(outcome.server.ended || outcome.client == "connect: refused") << seed;
    if (outcome.client == "answer to hello") {
      ++whole;
    } else {
      EXPECT_THAT(outcome.client, ::testing::AnyOf(HasSubstr("closed"), HasSubstr("broke"),
                                                   HasSubstr("gone"), HasSubstr("answer to <")))
          << seed;
    }
  }
  EXPECT_GT(whole, 10);
  EXPECT_LT(whole, 290);
}

// ---- a client that does not speak TLS, or stops in the middle of it

Task<std::string> send_plain(Scene& scene, Bytes bytes, bool stay) {
  auto stream = co_await scene.network.connect(scene.client, place, never);
  const auto said = co_await (*stream)->write(bytes, never);
  if (!stay) {
    (*stream)->shut_write();
  }
  co_return co_await testing::read_to_end(**stream, scene.client.now() + seconds(200));
}

std::string failure_after(Bytes bytes, bool stay) {
  Scene scene;
  Served served;
  const auto listener = scene.network.listen(scene.server, place).value();
  scene.server.spawn(accept_one(scene, *listener, served));
  const Instant began = scene.client.now();
  EXPECT_TRUE(run_task(scene.client, send_plain(scene, std::move(bytes), stay)));
  EXPECT_LT((scene.client.now() - began).ms(), 12'000);
  scene.scheduler.run_for(seconds(1));
  EXPECT_TRUE(served.ended);
  EXPECT_EQ(served.text, "<closed>");
  EXPECT_EQ(scene.counts->failed, 1U);
  return scene.counts->last_failure();
}

TEST(TlsStream, GarbageInsteadOfAHandshakeIsRefused) {
  const Bytes message = "\x0bMSH|^~\\&|LAB|QE2|\x1c\r";
  EXPECT_THAT(failure_after(message, true), HasSubstr("TLS handshake: wrong version number"));
  EXPECT_THAT(failure_after("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true), HasSubstr("http request"));
  EXPECT_THAT(failure_after(Bytes(100'000, '\xff'), true), HasSubstr("TLS handshake: "));
  EXPECT_THAT(
      failure_after(Bytes("\x16\x03\x01\x40\x00\x01\x00\x3f\xfc", 9) + Bytes(20'000, '\x03'), true),
      HasSubstr("TLS handshake: "));
}

TEST(TlsStream, AHandshakeThatStallsEndsAtItsDeadline) {
  EXPECT_THAT(failure_after("", true), HasSubstr("TLS handshake: not over within 10 s"));
  EXPECT_THAT(failure_after(Bytes("\x16\x03\x01\x01\x00\x01", 6), true),
              HasSubstr("TLS handshake: not over within 10 s"));
  EXPECT_THAT(failure_after(Bytes("\x16\x03\x01\x01\x00\x01", 6), false),
              HasSubstr("TLS handshake: the other side ended the connection"));
}

/// As many records of one byte of a hello that never ends as it takes.
TEST(TlsStream, AHandshakeHasASize) {
  Bytes endless;
  for (int i = 0; i < 100'000; ++i) {
    endless += Bytes("\x16\x03\x01\x00\x01", 5) + (i == 0 ? '\x01' : '\0');
  }
  EXPECT_THAT(failure_after(std::move(endless), true), HasSubstr("TLS handshake: "));
}

Task<void> read_in_steps(Scene& scene, Listener& listener, std::vector<std::string>& said) {
  auto plain = co_await listener.accept(scene.server);
  const auto stream = scene.server_over(*std::move(plain));
  std::array<char, 10> some{};
  for (int i = 0; i < 3; ++i) {
    const auto got = co_await stream->read(some, scene.server.now() + seconds(4));
    said.emplace_back(got ? std::string(some.data(), *got) : std::string(name(got.error().code)));
  }
}

TEST(TlsStream, AReadersOwnDeadlineEndsItsReadAndNotTheHandshake) {
  Scene scene;
  std::vector<std::string> said;
  const auto listener = scene.network.listen(scene.server, place).value();
  scene.server.spawn(read_in_steps(scene, *listener, said));
  ASSERT_TRUE(run_task(scene.client, send_plain(scene, "", true)));
  EXPECT_THAT(said, ::testing::ElementsAre("timeout", "timeout", "closed"));
}

// ---- established connections

struct Connected {
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Stream> server;
  std::unique_ptr<Stream> client;
  Tap* wire = nullptr;  ///< the client's
};

Task<void> shake_of(Stream& stream) {
  static_cast<void>(co_await static_cast<TlsStream&>(stream).handshake(never));
}

Task<void> accept_for(Scene& scene, Connected& both) {
  auto plain = co_await both.listener->accept(scene.server);
  both.server = scene.server_over(*std::move(plain));
  co_await shake_of(*both.server);
}

Task<bool> establish(Scene& scene, Connected& both) {
  both.listener = scene.network.listen(scene.server, place).value();
  scene.server.spawn(accept_for(scene, both));
  auto plain = co_await scene.network.connect(scene.client, place, never);
  auto tap = std::make_unique<Tap>(*std::move(plain));
  both.wire = tap.get();
  auto client = scene.client_over(std::move(tap));
  const auto shaken = co_await client->handshake(never);
  both.client = std::move(client);
  while (scene.counts->established == 0) {
    co_await scene.client.sleep(milliseconds(1));
  }
  co_return shaken.has_value();
}

Task<std::string> read_server(Connected& both) {
  std::array<char, 100> some{};
  std::string text;
  for (;;) {
    const auto got = co_await both.server->read(some, never);
    if (!got) {
      co_return text + "<" + got.error().what + ">";
    }
    if (*got == 0) {
      co_return text + "<end>";
    }
    text.append(some.data(), *got);
  }
}

enum class Then { close, cut, shut };
Task<std::string> say_and(Scene& scene, Connected& both, Then then) {
  co_await establish(scene, both);
  EXPECT_TRUE((co_await both.client->write("half a mess", never)).has_value());
  both.wire->silent = then == Then::cut;
  if (then == Then::shut) {
    both.client->shut_write();
  } else {
    both.client->close();
  }
  co_return co_await read_server(both);
}

TEST(TlsStream, AnOrderlyEndIsToldFromACut) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (const Then then : {Then::close, Then::shut, Then::cut}) {
      Scene scene(seed);
      Connected both;
      EXPECT_EQ(run_task(scene.client, say_and(scene, both, then)),
                then == Then::cut
                    ? "half a mess<read: cut off, the connection ended without a close_notify>"
                    : "half a mess<end>");
    }
  }
}

Task<std::string> send_record(Scene& scene, Connected& both, Bytes record) {
  co_await establish(scene, both);
  EXPECT_TRUE((co_await both.wire->write(record, never)).has_value());
  std::string said = co_await read_server(both);
  const auto after = co_await both.server->write("x", never);
  EXPECT_EQ(after.error().code, Code::closed);
  co_return said;
}

TEST(TlsStream, WhatIsNoRecordEndsTheConnection) {
  const auto after = [](Bytes record) {
    Scene scene;
    Connected both;
    return run_task(scene.client, send_record(scene, both, std::move(record))).value_or("never");
  };
  EXPECT_EQ(after(Bytes("\x17\x03\x03\xff\xff", 5) + Bytes(30'000, 'x')),
            "<TLS: packet length too long>");
  EXPECT_EQ(after(Bytes("\x17\x03\x03\x42\x00", 5) + Bytes(0x4200, 'x')),
            "<TLS: packet length too long>");
  EXPECT_EQ(after(Bytes("\x17\x03\x03\x00\x20", 5) + Bytes(0x20, 'x')),
            "<TLS: decryption failed or bad record mac>");
  EXPECT_THAT(after("\x0bMSH|^~\\&|LAB|QE2|"), HasSubstr("<TLS: "));
}

Task<void> read_much(Stream& stream, std::size_t& total) {
  std::array<char, 3000> some{};
  for (;;) {
    const auto got = co_await stream.read(some, never);
    if (!got || *got == 0) {
      break;
    }
    total += *got;
  }
}

Task<bool> both_ways(Scene& scene, Connected& both, std::size_t& to_client,
                     std::size_t& to_server) {
  co_await establish(scene, both);
  scene.server.spawn(read_much(*both.server, to_server));
  scene.client.spawn(read_much(*both.client, to_client));
  const Bytes much(1'000'000, 'm');
  const auto there = co_await both.client->write(much, never);
  const auto back = co_await both.server->write(much, never);
  while (to_client < much.size() || to_server < much.size()) {
    co_await scene.client.sleep(milliseconds(10));
  }
  co_return there&& back;
}

TEST(TlsStream, AReadAndAWriteMayWaitAtOnce) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    Scene scene(seed);
    Connected both;
    std::size_t to_client = 0;
    std::size_t to_server = 0;
    EXPECT_TRUE(run_task(scene.client, both_ways(scene, both, to_client, to_server)));
    EXPECT_EQ(to_client, 1'000'000U);
    EXPECT_EQ(to_server, 1'000'000U);
  }
}

Task<std::string> write_to_nobody(Scene& scene, Connected& both) {
  co_await establish(scene, both);
  const Bytes much(1'000'000, 'm');
  const auto first = co_await both.client->write(much, scene.client.now() + seconds(1));
  const auto second = co_await both.client->write("x", scene.client.now() + seconds(1));
  co_return std::string(name(first.error().code)) + " " + std::string(name(second.error().code));
}

TEST(TlsStream, AWriteThatFailedIsTheLast) {
  Scene scene;
  Connected both;
  EXPECT_EQ(run_task(scene.client, write_to_nobody(scene, both)), "timeout closed");
}

Task<void> shake_and_count(Scene& scene, TlsStream& stream, int& done) {
  const auto shaken = co_await stream.handshake(scene.client.now() + seconds(5));
  done += shaken ? 1 : 0;
}

Task<int> two_at_once(Scene& scene) {
  Served served;
  const auto listener = scene.network.listen(scene.server, place).value();
  scene.server.spawn(accept_one(scene, *listener, served));
  auto plain = co_await scene.network.connect(scene.client, place, never);
  const auto stream = scene.client_over(*std::move(plain));
  int done = 0;
  scene.client.spawn(shake_and_count(scene, *stream, done));
  scene.client.spawn(shake_and_count(scene, *stream, done));
  co_await scene.client.sleep(seconds(2));
  stream->close();
  co_await scene.client.sleep(seconds(1));
  co_return done;
}

TEST(TlsStream, ReaderAndWriterShareOneHandshake) {
  Scene scene;
  EXPECT_EQ(run_task(scene.client, two_at_once(scene)), 2);
  EXPECT_EQ(scene.counts->established, 1U);
}

Task<void> accept_many(Scene& scene, Listener& listener, std::vector<Served>& all) {
  for (Served& served : all) {
    auto stream = co_await listener.accept(scene.server);
    EXPECT_TRUE(stream.has_value());
    scene.server.spawn(serve_one(scene, *std::move(stream), served));
  }
}

Task<void> call_into(Scene& scene, Network& network, std::string& said) {
  said = co_await call(scene, network);
}

TEST(TlsStream, ManyShakeHandsAtOnceAndNobodyWaitsForAnother) {
  Scene scene(3, {.backlog_max = 1000});
  std::vector<Served> served(100);
  std::vector<std::string> said(99);
  const auto plain = scene.network.listen(scene.server, place).value();
  TlsListener listener(*plain, scene.clock, scene.server_context, scene.counts);
  scene.server.spawn(accept_many(scene, listener, served));
  TlsNetwork network(scene.network, scene.clock, scene.client_context, "");
  scene.client.spawn(detail::keep(send_plain(scene, "", true),  // stalls, before all others
                                  std::make_shared<std::optional<std::string>>()));
  scene.scheduler.run_for(seconds(1));
  for (std::string& one : said) {
    scene.client.spawn(call_into(scene, network, one));
  }
  scene.scheduler.run_for(seconds(5));
  EXPECT_EQ(scene.counts->established, 99U);
  EXPECT_THAT(said, ::testing::Each("answer to hello"));
}

// ---- the contract of every network, as far as TLS can keep it

/// Listens and connects; what it accepted shakes hands by itself, since the contract's other side
/// waits for that before anybody reads.
class WholeNetwork final : public Network {
 public:
  explicit WholeNetwork(Scene& scene)
      : scene_(scene), client_(scene.network, scene.clock, scene.client_context, "") {}

  Result<std::unique_ptr<Listener>> listen(Executor& on, const std::string& address) override {
    TRY(auto below, scene_.network.listen(on, address));
    return std::make_unique<Eager>(scene_, std::move(below));
  }
  Task<Result<std::unique_ptr<Stream>>> connect(Executor& on, std::string address,
                                                Instant deadline) override {
    return client_.connect(on, std::move(address), deadline);
  }

 private:
  class Eager final : public Listener {
   public:
    Eager(Scene& scene, std::unique_ptr<Listener> below)
        : below_(std::move(below)),
          tls_(*below_, scene.clock, scene.server_context, scene.counts) {}
    Task<Result<std::unique_ptr<Stream>>> accept(Executor& on) override {
      auto stream = co_await tls_.accept(on);
      if (stream) {
        on.spawn(shake_of(**stream));
      }
      co_return stream;
    }
    void close() override { tls_.close(); }
    [[nodiscard]] std::string address() const override { return tls_.address(); }

   private:
    std::unique_ptr<Listener> below_;
    TlsListener tls_;
  };

  Scene& scene_;
  TlsNetwork client_;
};

TEST(TlsStream, KeepsTheContractOfEveryNetwork) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (const testing::NetworkCheck check : testing::network_checks) {
      if (check == testing::check_back_pressure) {
        continue;  // goes on after a write that failed: AWriteThatFailedIsTheLast
      }
      Scene scene(seed);
      WholeNetwork network(scene);
      testing::NetworkUnderTest under{network, scene.server, scene.client};
      ASSERT_TRUE(run_task(scene.client, check(under))) << seed;
    }
  }
}

}  // namespace
}  // namespace holdfast
