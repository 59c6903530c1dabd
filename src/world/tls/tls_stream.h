// world/tls/tls_stream.h: TLS as a Stream over a Stream.
//
// 1. Nothing is read or written before the handshake is over and the other side is who it has to
// be.
// 2. The end of the stream is the other side's close_notify. A connection that ends without one was
//    cut off: Code::closed.
// 3. A handshake has a time and a size; a record that is larger than TLS allows, and anything else
//    that is not TLS, ends the connection.
// 4. close() with everything read says close_notify; with bytes unread it cuts off, as TCP does.
// 5. A write that failed has left part of a record behind: nothing works afterwards.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "world/bell.h"
#include "world/executor.h"
#include "world/stream.h"
#include "world/tls/tls_context.h"
#include "world/tls/tls_counts.h"
#include "world/tls/tls_engine.h"

namespace holdfast {

struct TlsLimits {
  Duration handshake_time_max = seconds(10);
  /// A hello and a chain of certificates are a few KiB.
  std::size_t handshake_bytes_max = std::size_t{256} << 10U;
};

class TlsStream final : public Stream {
 public:
  struct Parts {
    Executor& on;  ///< that of `below`
    std::unique_ptr<Stream> below;
    std::shared_ptr<const TlsContext> context;
    std::string server_name;  ///< of a client, whom it wants to reach; empty: this is the server
    Time now;                 ///< certificates are looked at as of then
    TlsLimits limits{};
    std::shared_ptr<TlsCounts> counts{};  ///< null: nobody counts
  };
  explicit TlsStream(Parts parts);
  ~TlsStream() override { TlsStream::close(); }

  /// Whoever reads or writes first does it; a client does it before anything else.
  /// Code::timeout at `deadline`: it may go on. Code::closed, for good: it failed, or took too
  /// long.
  [[nodiscard]] Task<Result<void>> handshake(Instant deadline);

  Task<Result<std::size_t>> read(std::span<char> into, Instant deadline) override;
  Task<Result<void>> write(BytesView bytes, Instant deadline) override;
  void shut_write() override;
  void close() override;
  [[nodiscard]] std::string peer() const override { return below_->peer(); }
  [[nodiscard]] std::shared_ptr<const PeerCertificate> certificate() const override {
    return engine_.peer();
  }

 private:
  class Busy;
  [[nodiscard]] Task<Result<void>> shake(Instant until);
  /// Everything that the engine wants sent; after what another coroutine is sending.
  [[nodiscard]] Task<Result<void>> flush(Instant deadline);
  /// The other side may read why: a socket that is closed with bytes unread takes it back.
  [[nodiscard]] Task<void> linger();
  std::unexpected<Error> break_off(Error why);
  void begin_goodbye();

  Executor& on_;
  Bell bell_;  ///< rings when somebody has ended a handshake or a flush
  const std::shared_ptr<const TlsContext> context_;
  const TlsLimits limits_;
  const std::shared_ptr<TlsCounts> counts_;
  TlsEngine engine_;
  std::optional<Error> broken_;
  std::optional<Instant> handshake_until_;
  std::size_t handshake_bytes_ = 0;
  bool established_ = false;
  bool shaking_ = false;
  bool flushing_ = false;
  bool shut_ = false;
  bool closed_ = false;
  std::array<char, 1024> small_{};  ///< for the wire, where a reader's own space is smaller
  Task<Result<void>> goodbye_;      ///< goes before what it refers to, and after below_
  std::unique_ptr<Stream> below_;
};

}  // namespace holdfast
