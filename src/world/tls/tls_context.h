// world/tls/tls_context.h: who we are and whom we trust: what connections of one kind have in
// common.
//
// 1. TLS 1.2 and 1.3, forward secrecy and authenticated ciphers only; no compression, renegotiation
//    or resumption: each connection proves afresh who is there.
// 2. What could not work is refused when it is made, as a sentence that names the file.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"

namespace holdfast {

/// The text of a PEM file, and its name for sentences. Whoever reads files has read it.
struct TlsPem {
  std::string file;
  Bytes text;
};

/// A certificate (followed by those that lead to its CA) and its private key.
struct TlsIdentity {
  TlsPem certificate;
  TlsPem key;
};

/// When the certificates of a file end, the first of them.
struct TlsExpiry {
  std::string file;
  Time end;
};
/// From here on people are warned.
constexpr std::int64_t tls_expiry_warning_days = 30;
/// Whole days from `now` until then; negative afterwards.
[[nodiscard]] std::int64_t days_until(Time end, Time now);

class TlsContext {
 public:
  /// For connections that come in. With `client_ca` a certificate that it vouches for is demanded.
  /// Code::usage: no PEM, expired or not yet valid, a key that is encrypted or another's, too weak.
  [[nodiscard]] static Result<std::shared_ptr<const TlsContext>> for_server(
      const TlsIdentity& identity, const std::optional<TlsPem>& client_ca, Time now);
  /// For connections that go out. The other side's certificate is always verified, by `ca`.
  [[nodiscard]] static Result<std::shared_ptr<const TlsContext>> for_client(
      const TlsPem& ca, const std::optional<TlsIdentity>& identity, Time now);

  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  /// Of our own certificate and of those that we trust. A file that is named twice is there once.
  [[nodiscard]] const std::vector<TlsExpiry>& expiries() const { return expiries_; }

 private:
  friend class TlsEngine;
  struct Native;
  TlsContext();
  Result<void> trust(const TlsPem& ca, Time now);
  Result<void> identify(const TlsIdentity& identity, Time now);
  void note_end(const TlsPem& pem, Time end);

  std::unique_ptr<Native> native_;
  std::vector<TlsExpiry> expiries_;
};

}  // namespace holdfast
