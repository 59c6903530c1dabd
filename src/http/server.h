// http/server.h: accepts connections, spreads them over the io executors, and ends them all.
//
// 1. Never more than connections_max sessions; the next one is told so, or closed.
// 2. drain() returns when the last session has ended; only then may the Server go away.
#pragma once

#include <memory>
#include <vector>

#include "base/task.h"
#include "http/session.h"
#include "world/acceptor.h"
#include "world/executor.h"
#include "world/stream.h"

namespace holdfast::http {

class Server final : private Protocol {
 public:
  /// `home` is the listener's executor: start() and drain() are called there. `io` may hold it too.
  /// Listener, executors and whatever Edge borrows outlive the Server. Once started it goes away
  /// after drain() has ended, or after its executors have been killed (a simulated crash).
  Server(Executor& home, std::vector<Executor*> io, Listener& listener, api::Handler& handler,
         Budget& budget, Clock& clock, Random& random, Limits limits = {});
  /// Begins to accept. Once.
  void start() { acceptor_.start(); }

  /// Stops accepting, ends idle connections, lets requests in flight be answered until `deadline`
  /// and then closes their connections. A handler that is still at work is waited for, since its
  /// Command may be in the journal. Once, after start().
  [[nodiscard]] Task<void> drain(Instant deadline);

  [[nodiscard]] const Counts& counts() const { return edge_.counts; }

 private:
  std::unique_ptr<Connection> connection(Executor& on, std::unique_ptr<Stream> stream) override;

  Edge edge_;
  Acceptor acceptor_;
};

}  // namespace holdfast::http
