#include "world/tls/tls_engine.h"

#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/check.h"
#include "world/tls/tls_handles.h"

namespace holdfast {

struct TlsEngine::Native {
  SslPtr ssl;
  BIO* in = nullptr;   ///< of the SSL
  BIO* out = nullptr;  ///< of the SSL
};

/// OpenSSL asks it of each certificate of a chain: it changes nothing and keeps the name.
struct TlsVerdict {
  static int of(int accepted, X509_STORE_CTX* chain) {
    if (accepted == 0) {
      const int index = SSL_get_ex_data_X509_STORE_CTX_idx();
      const auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, index));
      auto* const engine = static_cast<TlsEngine*>(SSL_get_ex_data(ssl, 0));
      engine->rejected_ = subject_of(X509_STORE_CTX_get0_cert(chain));
    }
    return accepted;
  }
};

namespace {

bool is_ip_address(const std::string& host) {
  struct FreeOctets {
    void operator()(ASN1_OCTET_STRING* made) const { ASN1_OCTET_STRING_free(made); }
  };
  const std::unique_ptr<ASN1_OCTET_STRING, FreeOctets> octets(a2i_IPADDRESS(host.c_str()));
  ERR_clear_error();
  return octets != nullptr;
}

BIO* new_pipe() {
  BIO* const pipe = BIO_new(BIO_s_mem());
  check(pipe != nullptr, "memory for a BIO");
  BIO_set_mem_eof_return(pipe, -1);  // empty means: wait
  return pipe;
}

// RFC 6125: the name must be one of the certificate's; "*" stands for one whole label.
void expect_name(SSL* ssl, const std::string& name) {
  X509_VERIFY_PARAM* const param = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (is_ip_address(name)) {
    check(X509_VERIFY_PARAM_set1_ip_asc(param, name.c_str()) == 1, "an address was parsed before");
    return;
  }
  check(X509_VERIFY_PARAM_set1_host(param, name.data(), name.size()) == 1, "a name fits");
  // RFC 6066, section 3: a DNS name, never an address. One that cannot be one matches nothing
  // either.
  SSL_ctrl(
      ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
      const_cast<char*>(name.c_str()));  // copied; SSL_set_tlsext_host_name() casts the same way
  ERR_clear_error();
}

}  // namespace

TlsEngine::TlsEngine(const TlsContext& context, std::string server_name, Time now)
    : native_(std::make_unique<Native>()), server_name_(std::move(server_name)) {
  ERR_clear_error();
  native_->ssl.reset(SSL_new(context.native_->context.get()));
  SSL* const ssl = native_->ssl.get();
  check(ssl != nullptr, "memory for a TLS connection");
  native_->in = new_pipe();
  native_->out = new_pipe();
  SSL_set_bio(ssl, native_->in, native_->out);
  check(SSL_set_ex_data(ssl, 0, this) == 1, "a pointer is kept");
  SSL_set_verify(ssl, SSL_get_verify_mode(ssl), TlsVerdict::of);
  X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl), now.ms / 1000);
  if (context.native_->serves) {
    SSL_set_accept_state(ssl);
  } else {
    check(!server_name_.empty(), "a client knows whom it wants to reach");
    expect_name(ssl, server_name_);
    SSL_set_connect_state(ssl);
  }
}

TlsEngine::~TlsEngine() = default;

void TlsEngine::feed(BytesView wire) {
  const int written = BIO_write(native_->in, wire.data(), static_cast<int>(wire.size()));
  check(written == static_cast<int>(wire.size()), "a memory BIO takes all");
}

bool TlsEngine::has_output() const { return BIO_ctrl_pending(native_->out) > 0; }

Bytes TlsEngine::take() {
  Bytes wire(BIO_ctrl_pending(native_->out), '\0');
  if (!wire.empty()) {
    const int read = BIO_read(native_->out, wire.data(), static_cast<int>(wire.size()));
    check(read == static_cast<int>(wire.size()), "a memory BIO gives all");
  }
  return wire;
}

// Why the certificate of the other side was not accepted, if that was it.
std::string TlsEngine::why() const {
  const long verdict = SSL_get_verify_result(native_->ssl.get());
  const unsigned long error = ERR_peek_last_error();
  if (ERR_GET_REASON(error) != SSL_R_CERTIFICATE_VERIFY_FAILED || verdict == X509_V_OK) {
    return openssl_says();
  }
  ERR_clear_error();
  std::string text = fmt::format("the other side's certificate is not accepted: {}",
                                 X509_verify_cert_error_string(verdict));
  if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    text += fmt::format(", it is not for '{}'", server_name_);
  }
  return rejected_.empty() ? text : fmt::format("{} ({})", text, rejected_);
}

Error TlsEngine::failure(std::string_view doing) {
  failed_ = true;
  return {Code::closed, fmt::format("{}: {}", doing, why()), {}, {}};
}

Result<bool> TlsEngine::handshake() {
  if (over_) {
    return true;
  }
  check(!failed_, "a handshake that failed is not tried again");
  SSL* const ssl = native_->ssl.get();
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl);
  if (done == 1) {
    over_ = true;
    if (X509* const shown = SSL_get0_peer_certificate(ssl)) {
      peer_ = std::make_shared<const PeerCertificate>(describe(shown));
    }
    return true;
  }
  if (SSL_get_error(ssl, done) == SSL_ERROR_WANT_READ) {
    return false;
  }
  return fail(failure("TLS handshake"));
}

Result<TlsEngine::Got> TlsEngine::read(std::span<char> into) {
  check(over_ && !failed_, "only an established connection is read from");
  SSL* const ssl = native_->ssl.get();
  ERR_clear_error();
  std::size_t count = 0;
  const int done = SSL_read_ex(ssl, into.data(), into.size(), &count);
  if (done == 1) {
    return Got{count, false};
  }
  const int error = SSL_get_error(ssl, done);
  if (error == SSL_ERROR_WANT_READ) {
    return Got{};
  }
  if (error == SSL_ERROR_ZERO_RETURN) {
    return Got{0, true};
  }
  return fail(failure("TLS"));
}

Result<void> TlsEngine::write(BytesView plain) {
  check(over_ && !failed_ && !ended_, "only an established connection is written to");
  SSL* const ssl = native_->ssl.get();
  ERR_clear_error();
  std::size_t count = 0;
  if (!plain.empty() && SSL_write_ex(ssl, plain.data(), plain.size(), &count) != 1) {
    return fail(failure("TLS"));
  }
  check(count == plain.size(), "a memory BIO takes all");
  return ok();
}

bool TlsEngine::has_unread() const {
  return SSL_has_pending(native_->ssl.get()) == 1 || BIO_ctrl_pending(native_->in) > 0;
}

void TlsEngine::say_end() {
  if (over_ && !failed_ && !ended_) {
    ended_ = true;
    ERR_clear_error();
    static_cast<void>(SSL_shutdown(native_->ssl.get()));  // 0: theirs has not come; no matter
    ERR_clear_error();
  }
}

}  // namespace holdfast
