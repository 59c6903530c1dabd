// world/tls/tls_engine_test.cpp: two engines, or an engine and OpenSSL itself, whose bytes the test
// carries.
#include "world/tls/tls_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>

#include "world/tls/test_certificates.h"

namespace holdfast {
namespace {

using testing::certificates_now;
using testing::CertificateSpec;
using ::testing::HasSubstr;
using testing::TestCa;

struct Sides {
  explicit Sides(const std::string& name = "server.example") {
    CertificateSpec client;
    client.name = "lab.example";
    client.alternative = "DNS:lab.example,DNS:lab2.example";
    server_context = TlsContext::for_server(ca.issue(), ca.pem(), certificates_now).value();
    client_context = TlsContext::for_client(ca.pem(), ca.issue(client), certificates_now).value();
    server.emplace(*server_context, "", certificates_now);
    client_engine.emplace(*client_context, name, certificates_now);
  }
  TestCa ca;
  std::shared_ptr<const TlsContext> server_context;
  std::shared_ptr<const TlsContext> client_context;
  std::optional<TlsEngine> server;
  std::optional<TlsEngine> client_engine;
};

/// What is under way, fed in pieces that end at `boundary` and at each multiple of `piece` behind.
void deliver(TlsEngine& to, const Bytes& wire, std::size_t boundary, std::size_t piece,
             std::string& failed) {
  for (std::size_t at = 0; at < wire.size() && failed.empty();) {
    const std::size_t count = at < boundary ? boundary - at : piece;
    const BytesView part = BytesView(wire).substr(at, count);
    to.feed(part);
    at += part.size();
    if (const auto done = to.handshake(); !done) {
      failed = done.error().what;
    }
  }
}

/// Until both are over, or one failed: its sentence.
std::string shake(TlsEngine& client, TlsEngine& server, std::size_t boundary, std::size_t piece,
                  std::size_t* longest = nullptr) {
  std::string failed;
  for (int flight = 0; flight < 6 && failed.empty(); ++flight) {
    TlsEngine& from = flight % 2 == 0 ? client : server;
    TlsEngine& to = flight % 2 == 0 ? server : client;
    if (const auto done = from.handshake(); !done) {
      return done.error().what;
    }
    const Bytes wire = from.take();
    if (longest != nullptr) {
      *longest = std::max(*longest, wire.size());
    }
    deliver(to, wire, boundary, piece, failed);
  }
  return failed;
}

std::string read_all(TlsEngine& from) {
  std::string text;
  std::array<char, 100> some{};
  for (;;) {
    const auto got = from.read(some);
    if (!got) {
      return text + "<" + got.error().what + ">";
    }
    if (got->bytes == 0) {
      return text + (got->end ? "<end>" : "");
    }
    text.append(some.data(), got->bytes);
  }
}

TEST(TlsEngine, AHandshakeMayBeCutAtEveryByte) {
  Sides whole;
  std::size_t longest = 0;
  EXPECT_EQ(shake(*whole.client_engine, *whole.server, 0, 1 << 20, &longest), "");
  ASSERT_GT(longest, 500U);
  for (std::size_t boundary = 1; boundary < longest; boundary += boundary < 64 ? 1 : 13) {
    TlsEngine server(*whole.server_context, "", certificates_now);
    TlsEngine client(*whole.client_context, "server.example", certificates_now);
    ASSERT_EQ(shake(client, server, boundary, 1 << 20), "") << boundary;
    ASSERT_TRUE(server.handshake().value() && client.handshake().value()) << boundary;
  }
  for (const std::size_t piece : {1U, 2U, 3U, 5U, 7U}) {
    TlsEngine server(*whole.server_context, "", certificates_now);
    TlsEngine client(*whole.client_context, "server.example", certificates_now);
    ASSERT_EQ(shake(client, server, 0, piece), "") << piece;
  }
}

TEST(TlsEngine, RecordsMayBeCutAtEveryByte) {
  Sides sides;
  ASSERT_EQ(shake(*sides.client_engine, *sides.server, 0, 1 << 20), "");
  std::size_t size = 100;
  for (std::size_t boundary = 1; boundary < size; ++boundary) {
    ASSERT_TRUE(sides.client_engine->write("one"));
    ASSERT_TRUE(sides.client_engine->write("two"));
    const Bytes wire = sides.client_engine->take();
    size = wire.size();
    sides.server->feed(BytesView(wire).substr(0, boundary));
    std::string text = read_all(*sides.server);
    sides.server->feed(BytesView(wire).substr(boundary));
    text += read_all(*sides.server);
    ASSERT_EQ(text, "onetwo") << boundary;
  }
  sides.client_engine->say_end();
  sides.server->feed(sides.client_engine->take());
  EXPECT_EQ(read_all(*sides.server), "<end>");
}

TEST(TlsEngine, TheClientIsDescribed) {
  Sides sides;
  ASSERT_EQ(shake(*sides.client_engine, *sides.server, 0, 1 << 20), "");
  const auto peer = sides.server->peer();
  ASSERT_NE(peer, nullptr);
  EXPECT_EQ(peer->subject, "CN=lab.example");
  EXPECT_EQ(peer->common_name, "lab.example");
  EXPECT_THAT(peer->dns_names, ::testing::ElementsAre("lab.example", "lab2.example"));
  EXPECT_EQ(peer->sha256.size(), 64U);
  EXPECT_EQ(peer->sha256.find_first_not_of("0123456789abcdef"), std::string::npos);
}

TEST(TlsEngine, ARecordThatWasChangedEndsTheConnection) {
  Sides sides;
  ASSERT_EQ(shake(*sides.client_engine, *sides.server, 0, 1 << 20), "");
  ASSERT_TRUE(sides.client_engine->write("the truth"));
  Bytes wire = sides.client_engine->take();
  wire.back() ^= 1;
  sides.server->feed(wire);
  EXPECT_THAT(read_all(*sides.server), HasSubstr("<TLS: decryption failed or bad record mac>"));
  EXPECT_TRUE(sides.server->has_output()) << "an alert says so";
}

/// OpenSSL as a client that does what ours never would.
struct RawClient {
  RawClient(int version, std::string_view ciphers = {})
      : context(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_security_level(context.get(), 0);
    SSL_CTX_set_min_proto_version(context.get(), version);
    SSL_CTX_set_max_proto_version(context.get(), version);
    if (!ciphers.empty()) {
      SSL_CTX_set_cipher_list(context.get(), std::string(ciphers).c_str());
    }
    ssl.reset(SSL_new(context.get()));
    in = BIO_new(BIO_s_mem());
    out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(in, -1);
    BIO_set_mem_eof_return(out, -1);
    SSL_set_bio(ssl.get(), in, out);
    SSL_set_connect_state(ssl.get());
  }
  Bytes take() const {
    Bytes wire(BIO_ctrl_pending(out), '\0');
    BIO_read(out, wire.data(), static_cast<int>(wire.size()));
    return wire;
  }
  void feed(const Bytes& wire) const { BIO_write(in, wire.data(), static_cast<int>(wire.size())); }
  /// With a server; its failure.
  std::string shake(TlsEngine& server) const {
    for (int i = 0; i < 4; ++i) {
      SSL_do_handshake(ssl.get());
      server.feed(take());
      const auto done = server.handshake();
      feed(server.take());
      if (!done) {
        return done.error().what;
      }
    }
    return {};
  }
  SslContextPtr context;
  SslPtr ssl;
  BIO* in = nullptr;
  BIO* out = nullptr;
};

struct OpenServer {  // asks for no certificate
  OpenServer() : context(TlsContext::for_server(ca.issue(), {}, certificates_now).value()) {}
  TestCa ca;
  std::shared_ptr<const TlsContext> context;
  TlsEngine server{*context, "", certificates_now};
};

TEST(TlsEngine, OldVersionsAndWeakCiphersAreRefused) {
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    OpenServer open;
    EXPECT_THAT(RawClient(version).shake(open.server), HasSubstr("unsupported protocol"));
  }
  for (const char* ciphers : {"AES128-SHA", "AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA256",
                              "NULL-SHA256", "ECDHE-ECDSA-AES256-SHA"}) {
    OpenServer open;
    EXPECT_THAT(RawClient(TLS1_2_VERSION, ciphers).shake(open.server),
                HasSubstr("no shared cipher"))
        << ciphers;
  }
  OpenServer open;
  EXPECT_EQ(RawClient(TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256").shake(open.server), "");
  EXPECT_TRUE(open.server.handshake().value());
}

TEST(TlsEngine, NobodyNegotiatesAnew) {
  OpenServer open;
  const RawClient client(TLS1_2_VERSION);
  ASSERT_EQ(client.shake(open.server), "");
  ASSERT_EQ(SSL_renegotiate(client.ssl.get()), 1);
  SSL_do_handshake(client.ssl.get());
  open.server.feed(client.take());
  read_all(open.server);
  client.feed(open.server.take());
  std::array<char, 10> some{};
  std::size_t count = 0;
  EXPECT_EQ(SSL_read_ex(client.ssl.get(), some.data(), some.size(), &count), 0);
  EXPECT_EQ(ERR_GET_REASON(ERR_peek_error()), SSL_R_NO_RENEGOTIATION);
  ERR_clear_error();
}

TEST(TlsEngine, NoSessionIsResumed) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    OpenServer open;
    const RawClient first(version);
    ASSERT_EQ(first.shake(open.server), "");
    ASSERT_TRUE(open.server.write("x"));
    first.feed(open.server.take());
    char one = 0;
    ASSERT_EQ(SSL_read(first.ssl.get(), &one, 1), 1);
    SSL_SESSION* const session = SSL_get1_session(first.ssl.get());
    TlsEngine again(*open.context, "", certificates_now);
    const RawClient second(version);
    SSL_set_session(second.ssl.get(), session);
    ASSERT_EQ(second.shake(again), "");
    EXPECT_EQ(SSL_session_reused(second.ssl.get()), 0);
    SSL_SESSION_free(session);
    ERR_clear_error();
  }
}

}  // namespace
}  // namespace holdfast
