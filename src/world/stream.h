// world/stream.h: bytes to and from another program. TCP, TLS over it, or the simulated network.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/task.h"

namespace holdfast {

class Executor;

/// A certificate that the other side showed, that was verified, and whose key it has.
struct PeerCertificate {
  std::string subject;      ///< "CN=lab.example,O=RXH", for people
  std::string common_name;  ///< empty: none
  std::vector<std::string> dns_names;
  std::string sha256;  ///< of its DER form: 64 lower-case hexadecimal digits
};

/// One connection, used from the executor it was accepted or connected on. At most one read and
/// one write wait at a time.
class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;

  /// Waits for at least one byte, or 0 at the orderly end. Code::timeout at `deadline`,
  /// Code::closed when the connection broke or close() was called.
  virtual Task<Result<std::size_t>> read(std::span<char> into, Instant deadline) = 0;
  /// Hands all of `bytes` to the network, or fails. `bytes` must live until then.
  virtual Task<Result<void>> write(BytesView bytes, Instant deadline) = 0;
  /// Sends the orderly end after what was written; reading may go on.
  virtual void shut_write() = 0;
  /// Ends both directions at once; what waits fails with Code::closed.
  virtual void close() = 0;
  /// "127.0.0.1:51312", for logs.
  [[nodiscard]] virtual std::string peer() const = 0;
  /// Who the other side proved to be, known once a read or write has succeeded. Null: the
  /// connection is plain, or nothing was shown.
  [[nodiscard]] virtual std::shared_ptr<const PeerCertificate> certificate() const { return {}; }
};

/// Waits for connections on one address.
class Listener {
 public:
  Listener() = default;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  virtual ~Listener() = default;

  /// The next connection; its Stream belongs to `on`. Called from the listener's executor.
  /// Out of file descriptors: waits and tries again. Code::closed after close().
  virtual Task<Result<std::unique_ptr<Stream>>> accept(Executor& on) = 0;
  virtual void close() = 0;
  /// "127.0.0.1:8080", the port as it really is.
  [[nodiscard]] virtual std::string address() const = 0;
};

class Network {
 public:
  Network() = default;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
  virtual ~Network() = default;

  /// Listens on "host:port" (port 0 picks one); accepted on `on`.
  virtual Result<std::unique_ptr<Listener>> listen(Executor& on, const std::string& address) = 0;
  virtual Task<Result<std::unique_ptr<Stream>>> connect(Executor& on, std::string address,
                                                        Instant deadline) = 0;
};

}  // namespace holdfast
