// world/tls/tls_handles.h: OpenSSL's objects with owners, and what it has to say. Inside this
// folder.
#pragma once

#include <memory>
#include <string>

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/bytes.h"
#include "base/ids.h"
#include "world/stream.h"
#include "world/tls/tls_context.h"

namespace holdfast {

template <auto release>
struct Release {
  template <class T>
  void operator()(T* held) const {
    release(held);
  }
};
using SslContextPtr = std::unique_ptr<SSL_CTX, Release<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Release<SSL_free>>;
using BioPtr = std::unique_ptr<BIO, Release<BIO_free>>;
using X509Ptr = std::unique_ptr<X509, Release<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;

/// What a TlsContext is to OpenSSL.
struct TlsContext::Native {
  SslContextPtr context;
  bool serves = false;
};

/// A BIO that reads `text`, which outlives it.
[[nodiscard]] BioPtr bio_over(BytesView text);

/// What OpenSSL said last on this thread, "no certificate was shown", and forgets it.
[[nodiscard]] std::string openssl_says();

[[nodiscard]] std::string subject_of(const X509* certificate);
[[nodiscard]] PeerCertificate describe(X509* certificate);
/// Its notAfter, notBefore.
[[nodiscard]] Time not_after(const X509* certificate);
[[nodiscard]] Time not_before(const X509* certificate);

}  // namespace holdfast
