// world/tls/tls_handshake_test.cpp: who is let in and who is not, over the simulated network,
// whatever the network and the other side do.
#include "world/tls/tls_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world/tls/tls_testing.h"

namespace holdfast {
namespace {

using testing::accept_one;
using testing::call;
using testing::CertificateSpec;
using ::testing::HasSubstr;
using testing::place;
using testing::Scene;
using testing::send_plain;
using testing::Served;
using testing::TestCa;

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

TEST(TlsHandshake, BothSidesKnowWhoIsThere) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Scene scene(seed);
    const Outcome outcome = meet(scene);
    EXPECT_EQ(outcome.client, "answer to hello");
    EXPECT_EQ(outcome.server.subject, "CN=lab.example");
    EXPECT_EQ(scene.counts->established, 1U);
    EXPECT_EQ(scene.counts->failed, 0U);
  }
}

TEST(TlsHandshake, AClientWithoutACertificateIsRefusedAndIsTold) {
  Scene scene;
  scene.connect_as({});
  const Outcome outcome = meet(scene);
  EXPECT_THAT(outcome.client, HasSubstr("certificate required"));
  EXPECT_EQ(outcome.server.text, "<closed>");
  EXPECT_EQ(scene.counts->failed, 1U);
  EXPECT_EQ(scene.counts->last_failure(),
            "127.0.0.1: TLS handshake: peer did not return a certificate");
}

TEST(TlsHandshake, WhereNoneIsAskedForAClientNeedsNoCertificate) {
  Scene scene;
  scene.serve({});
  scene.connect_as({});
  const Outcome outcome = meet(scene);
  EXPECT_EQ(outcome.client, "answer to hello");
  EXPECT_EQ(outcome.server.subject, "nobody");
}

TEST(TlsHandshake, ACertificateOfAnotherCaIsRefused) {
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

TEST(TlsHandshake, AServerOfAnotherNameIsRefused) {
  Scene scene;
  EXPECT_EQ(meet(scene, "server.example").client, "answer to hello");
  for (const char* name : {"other.example", "server.example.org", "127.0.0.2", "example", "*"}) {
    Scene other;
    const Outcome outcome = meet(other, name);
    EXPECT_THAT(outcome.client, HasSubstr(std::string("it is not for '") + name + "'")) << name;
    EXPECT_EQ(outcome.server.text, "<closed>");
  }
}

TEST(TlsHandshake, ACertificateThatExpiredSinceIsRefused) {
  Scene scene;
  scene.clock.now.ms += 400 * testing::ms_a_day;
  const Outcome outcome = meet(scene);
  EXPECT_THAT(outcome.client, HasSubstr("is not accepted: certificate has expired"));
}

TEST(TlsHandshake, AServersCertificateIsNoClients) {
  Scene scene;
  CertificateSpec spec;
  spec.usage = "serverAuth";
  scene.connect_as(scene.ca.issue(spec));
  EXPECT_THAT(meet(scene).client, HasSubstr("unsupported certificate"));
  EXPECT_THAT(scene.counts->last_failure(), HasSubstr("unsuitable certificate purpose"));
}

TEST(TlsHandshake, ACertificateMayBeTrustedAsItStands) {
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

TEST(TlsHandshake, BrokenConnectionsEndBothSides) {
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

TEST(TlsHandshake, GarbageInsteadOfAHandshakeIsRefused) {
  const Bytes message = "\x0bMSH|^~\\&|LAB|QE2|\x1c\r";
  EXPECT_THAT(failure_after(message, true), HasSubstr("TLS handshake: wrong version number"));
  EXPECT_THAT(failure_after("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true), HasSubstr("http request"));
  EXPECT_THAT(failure_after(Bytes(100'000, '\xff'), true), HasSubstr("TLS handshake: "));
  EXPECT_THAT(
      failure_after(Bytes("\x16\x03\x01\x40\x00\x01\x00\x3f\xfc", 9) + Bytes(20'000, '\x03'), true),
      HasSubstr("TLS handshake: "));
}

TEST(TlsHandshake, AHandshakeThatStallsEndsAtItsDeadline) {
  EXPECT_THAT(failure_after("", true), HasSubstr("TLS handshake: not over within 10 s"));
  EXPECT_THAT(failure_after(Bytes("\x16\x03\x01\x01\x00\x01", 6), true),
              HasSubstr("TLS handshake: not over within 10 s"));
  EXPECT_THAT(failure_after(Bytes("\x16\x03\x01\x01\x00\x01", 6), false),
              HasSubstr("TLS handshake: the other side ended the connection"));
}

/// As many records of one byte of a hello that never ends as it takes.
TEST(TlsHandshake, AHandshakeHasASize) {
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

TEST(TlsHandshake, AReadersOwnDeadlineEndsItsReadAndNotTheHandshake) {
  Scene scene;
  std::vector<std::string> said;
  const auto listener = scene.network.listen(scene.server, place).value();
  scene.server.spawn(read_in_steps(scene, *listener, said));
  ASSERT_TRUE(run_task(scene.client, send_plain(scene, "", true)));
  EXPECT_THAT(said, ::testing::ElementsAre("timeout", "timeout", "closed"));
}

}  // namespace
}  // namespace holdfast
