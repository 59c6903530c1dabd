// world/tls/tls_network.h: a network on which every connection is TLS, over another network.
// Whoever listens or connects on it needs to know nothing of TLS.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "world/clock.h"
#include "world/stream.h"
#include "world/tls/tls_context.h"
#include "world/tls/tls_counts.h"
#include "world/tls/tls_stream.h"

namespace holdfast {

/// Its streams shake hands when they are first read or written: accept() waits for nobody.
class TlsListener final : public Listener {
 public:
  /// Borrows the listener and the clock. `counts` may be null.
  TlsListener(Listener& below, const Clock& clock, std::shared_ptr<const TlsContext> context,
              std::shared_ptr<TlsCounts> counts, TlsLimits limits = {})
      : below_(below),
        clock_(clock),
        context_(std::move(context)),
        counts_(std::move(counts)),
        limits_(limits) {}

  Task<Result<std::unique_ptr<Stream>>> accept(Executor& on) override;
  void close() override { below_.close(); }
  [[nodiscard]] std::string address() const override { return below_.address(); }
  /// Connections that are accepted from now on are made with that one; others last as they are.
  /// From any thread.
  void renew(std::shared_ptr<const TlsContext> context) { context_.store(std::move(context)); }

 private:
  Listener& below_;
  const Clock& clock_;
  std::atomic<std::shared_ptr<const TlsContext>> context_;
  const std::shared_ptr<TlsCounts> counts_;
  const TlsLimits limits_;
};

/// Connects as a client of one context.
class TlsNetwork final : public Network {
 public:
  /// Borrows network and clock. `server_name`: whose certificate is expected; empty: that of the
  /// host that is connected to.
  TlsNetwork(Network& below, const Clock& clock, std::shared_ptr<const TlsContext> context,
             std::string server_name, TlsLimits limits = {})
      : below_(below),
        clock_(clock),
        context_(std::move(context)),
        server_name_(std::move(server_name)),
        limits_(limits) {}

  /// Code::unsupported: a client's context has nothing to show. TlsListener is for that.
  Result<std::unique_ptr<Listener>> listen(Executor& on, const std::string& address) override;
  /// After the handshake. Code::closed says why it failed.
  Task<Result<std::unique_ptr<Stream>>> connect(Executor& on, std::string address,
                                                Instant deadline) override;
  /// As TlsListener::renew().
  void renew(std::shared_ptr<const TlsContext> context) { context_.store(std::move(context)); }

 private:
  Network& below_;
  const Clock& clock_;
  std::atomic<std::shared_ptr<const TlsContext>> context_;
  const std::string server_name_;
  const TlsLimits limits_;
};

}  // namespace holdfast
