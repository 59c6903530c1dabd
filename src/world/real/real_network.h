// world/real/real_network.h: TCP. It listens and connects where it is told; who may is decided
// elsewhere. Executors given to it are RealExecutors.
#pragma once

#include "world/stream.h"

namespace holdfast {

class RealNetwork final : public Network {
 public:
  /// "127.0.0.1:8080", "[::1]:8080" or a name, which is looked up in place.
  Result<std::unique_ptr<Listener>> listen(Executor& on, const std::string& address) override;
  /// A name is looked up without blocking the executor; each of its addresses is tried in turn.
  Task<Result<std::unique_ptr<Stream>>> connect(Executor& on, std::string address,
                                                Instant deadline) override;
};

}  // namespace holdfast
