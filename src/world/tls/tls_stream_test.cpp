// world/tls/tls_stream_test.cpp: established TLS connections over the simulated network.
#include "world/tls/tls_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world/tls/tls_testing.h"

namespace holdfast {
namespace {

using testing::accept_one;
using testing::call;
using ::testing::HasSubstr;
using testing::place;
using testing::Scene;
using testing::send_plain;
using testing::serve_one;
using testing::Served;

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
