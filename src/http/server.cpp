#include "http/server.h"

#include <utility>

namespace holdfast::http {

Server::Server(Executor& home, std::vector<Executor*> io, Listener& listener, api::Handler& handler,
               Budget& budget, Clock& clock, Random& random, Limits limits)
    : edge_(handler, budget, clock, random, limits),
      acceptor_(home, std::move(io), listener, *this,
                AcceptLimits{limits.connections_max, refusals_open_max}, edge_.counts.connections) {
}

std::unique_ptr<Connection> Server::connection(Executor& on, std::unique_ptr<Stream> stream) {
  return std::make_unique<Session>(edge_, on, std::move(stream));
}

Task<void> Server::drain(Instant deadline) {
  edge_.draining.store(true, std::memory_order_relaxed);
  co_await acceptor_.drain(deadline);
}

}  // namespace holdfast::http
