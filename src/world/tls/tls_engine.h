// world/tls/tls_engine.h: TLS of one connection without a network: bytes of the wire in, bytes of
// the wire out. Waits for nothing and asks no clock. Inside this folder.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "world/stream.h"
#include "world/tls/tls_context.h"

namespace holdfast {

class TlsEngine {
 public:
  /// `server_name`: of a client, whom it wants to reach, a DNS name or an IP address; else empty.
  /// Certificates are looked at as of `now`.
  TlsEngine(const TlsContext& context, std::string server_name, Time now);
  ~TlsEngine();
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;

  /// What came over the wire. Only after handshake() or read() have asked for more.
  void feed(BytesView wire);
  /// What has to go over the wire, in order; empty: nothing. After each of the calls below.
  [[nodiscard]] Bytes take();
  [[nodiscard]] bool has_output() const;

  /// Whether it is over; false: it needs more bytes. Code::closed: it failed, for good.
  [[nodiscard]] Result<bool> handshake();

  struct Got {
    std::size_t bytes = 0;  ///< 0 and no end: more has to be fed
    bool end = false;       ///< the other side said close_notify
  };
  [[nodiscard]] Result<Got> read(std::span<char> into);
  /// Makes records of all of it.
  [[nodiscard]] Result<void> write(BytesView plain);
  /// Whether something came that read() has not given yet.
  [[nodiscard]] bool has_unread() const;
  /// Makes a close_notify, once. Nothing after a failure, or before the handshake is over.
  void say_end();

  /// After the handshake; null: none was shown.
  [[nodiscard]] const std::shared_ptr<const PeerCertificate>& peer() const { return peer_; }

 private:
  friend struct TlsVerdict;
  struct Native;
  Error failure(std::string_view doing);
  [[nodiscard]] std::string why() const;

  std::unique_ptr<Native> native_;
  const std::string server_name_;
  std::shared_ptr<const PeerCertificate> peer_;
  std::string rejected_;  ///< subject of a certificate that was shown and is not accepted
  bool over_ = false;     ///< the handshake is
  bool failed_ = false;   ///< OpenSSL must not be asked again
  bool ended_ = false;
};

}  // namespace holdfast
