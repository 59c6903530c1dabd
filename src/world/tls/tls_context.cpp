#include "world/tls/tls_context.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/check.h"
#include "base/time.h"
#include "world/tls/tls_handles.h"

namespace holdfast {
namespace {

constexpr std::int64_t ms_a_day = 86'400'000;
/// Certificates between a leaf and its root; real chains have one or two.
constexpr int chain_depth_max = 8;
/// Of the other side's chain.
constexpr long chain_bytes_max = 64L << 10U;

/// RFC 9325, section 4: forward secrecy and AEAD. Those of TLS 1.3 are all so.
constexpr const char* ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

std::unexpected<Error> wrong(const TlsPem& pem, std::string_view what) {
  ERR_clear_error();
  return fail(Code::usage, fmt::format("{} {}", pem.file, what));
}

// Asked for a passphrase: there is nobody at a terminal.
// https://docs.openssl.org/3.0/man3/pem_password_cb
int no_passphrase(char* /*into*/, int /*size*/, int /*for_writing*/, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

/// All certificates of a PEM text, in order; at least one.
Result<std::vector<X509Ptr>> read_certificates(const TlsPem& pem) {
  std::vector<X509Ptr> all;
  const BioPtr bio = bio_over(pem.text);
  bool asked = false;
  for (;;) {  // ends: with the text
    X509Ptr one(PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, &asked));
    if (one == nullptr) {
      break;
    }
    all.push_back(std::move(one));
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (all.empty() || !at_end) {
    return wrong(pem, all.empty() ? "holds no certificate in PEM form"
                                  : "holds something that is no certificate in PEM form");
  }
  return all;
}

Result<KeyPtr> read_key(const TlsPem& pem) {
  const BioPtr bio = bio_over(pem.text);
  bool asked = false;
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, &asked));
  if (asked) {
    return wrong(pem,
                 "holds an encrypted key; nobody is there to type a passphrase: decrypt it "
                 "(openssl pkey -in … -out …) and keep it for this user only");
  }
  if (key == nullptr) {
    return wrong(pem, "holds no private key in PEM form");
  }
  return key;
}

std::string day_of(Time time) { return to_instant(time).substr(0, 10); }

/// Why it does not count at that time; empty: it does.
std::string out_of_date(const X509* certificate, Time now) {
  if (not_after(certificate) < now) {
    return fmt::format("holds a certificate that expired on {} ({})",
                       day_of(not_after(certificate)), subject_of(certificate));
  }
  if (not_before(certificate) > now) {
    return fmt::format("holds a certificate that is valid from {} on only ({})",
                       day_of(not_before(certificate)), subject_of(certificate));
  }
  return {};
}

SslContextPtr new_context(const SSL_METHOD* method) {
  SslContextPtr made(SSL_CTX_new(method));
  check(made != nullptr, "memory for a TLS context");
  SSL_CTX* const context = made.get();
  check(SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1, "TLS 1.2 is there");
  check(SSL_CTX_set_cipher_list(context, ciphers) == 1, "the ciphers are there");
  SSL_CTX_set_security_level(context, 2);  // 112 bits: RSA from 2048, no SHA-1
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  check(SSL_CTX_set_num_tickets(context, 0) == 1, "no tickets");
  // An idle connection of days holds no buffers. Of our own chain is sent what its file holds, not
  // what happens to be among those that we trust.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_max_cert_list(context, chain_bytes_max);
  SSL_CTX_set_verify_depth(context, chain_depth_max);
  return made;
}

}  // namespace

std::int64_t days_until(Time end, Time now) {
  const std::int64_t span = end.ms - now.ms;
  return span / ms_a_day - (span % ms_a_day < 0 ? 1 : 0);
}

TlsContext::TlsContext() : native_(std::make_unique<Native>()) {}
TlsContext::~TlsContext() = default;

Result<void> TlsContext::trust(const TlsPem& ca, Time now) {
  TRY(const auto all, read_certificates(ca));
  SSL_CTX* const context = native_->context.get();
  Time end{};
  for (const X509Ptr& one : all) {
    check(X509_STORE_add_cert(SSL_CTX_get_cert_store(context), one.get()) == 1, "a store grows");
    if (native_->serves) {  // who is asked for: a client may choose its certificate by it
      check(SSL_CTX_add_client_CA(context, one.get()) == 1, "a list grows");
    }
    end = std::max(end, not_after(one.get()));
  }
  // A file of several may hold old ones: one that counts is enough.
  const auto counts = [&](const X509Ptr& one) { return out_of_date(one.get(), now).empty(); };
  if (std::ranges::none_of(all, counts)) {
    return wrong(ca, out_of_date(all.front().get(), now));
  }
  // A certificate in the file is trusted as it stands, be it a root, an intermediate or a leaf.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
  const int demanded = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  SSL_CTX_set_verify(context, demanded, nullptr);
  note_end(ca, end);
  return ok();
}

Result<void> TlsContext::identify(const TlsIdentity& identity, Time now) {
  TRY(const auto chain, read_certificates(identity.certificate));
  TRY(const auto key, read_key(identity.key));
  SSL_CTX* const context = native_->context.get();
  Time end = not_after(chain.front().get());
  for (const X509Ptr& one : chain) {
    if (const std::string why = out_of_date(one.get(), now); !why.empty()) {
      return wrong(identity.certificate, why);
    }
    end = std::min(end, not_after(one.get()));
  }
  if (SSL_CTX_use_certificate(context, chain.front().get()) != 1) {
    return wrong(identity.certificate,
                 fmt::format("holds a certificate that cannot be used: {}", openssl_says()));
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    return wrong(identity.key, fmt::format("holds the key of another certificate than {} does",
                                           identity.certificate.file));
  }
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, chain[i].get()) != 1) {
      return wrong(identity.certificate,
                   fmt::format("holds a chain that cannot be used: {}", openssl_says()));
    }
  }
  note_end(identity.certificate, end);
  return ok();
}

void TlsContext::note_end(const TlsPem& pem, Time end) {
  const auto same = [&](const TlsExpiry& known) { return known.file == pem.file; };
  if (std::ranges::none_of(expiries_, same)) {
    expiries_.push_back({pem.file, end});
  }
}

Result<std::shared_ptr<const TlsContext>> TlsContext::for_server(
    const TlsIdentity& identity, const std::optional<TlsPem>& client_ca, Time now) {
  std::shared_ptr<TlsContext> made(new TlsContext());
  made->native_->context = new_context(TLS_server_method());
  made->native_->serves = true;
  TRY_OK(made->identify(identity, now));
  if (client_ca) {
    TRY_OK(made->trust(*client_ca, now));
  }
  return made;
}

Result<std::shared_ptr<const TlsContext>> TlsContext::for_client(
    const TlsPem& ca, const std::optional<TlsIdentity>& identity, Time now) {
  std::shared_ptr<TlsContext> made(new TlsContext());
  made->native_->context = new_context(TLS_client_method());
  TRY_OK(made->trust(ca, now));
  if (identity) {
    TRY_OK(made->identify(*identity, now));
  }
  return made;
}

}  // namespace holdfast
