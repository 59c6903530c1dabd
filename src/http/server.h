// http/server.h: accepts connections, spreads them over the io executors, and ends them all.
//
// 1. Never more than connections_max sessions; the next one is told so, or closed.
// 2. drain() returns when the last session has ended; only then may the Server go away.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/task.h"
#include "http/session.h"
#include "world/executor.h"
#include "world/stream.h"

namespace holdfast::http {

class Server {
 public:
  /// `home` is the listener's executor: start() and drain() are called there. `io` may hold it too.
  /// Listener, executors and whatever Edge borrows outlive the Server. Once started it goes away
  /// after drain() has ended, or after its executors have been killed (a simulated crash).
  Server(Executor& home, std::vector<Executor*> io, Listener& listener, api::Handler& handler,
         Budget& budget, Clock& clock, Random& random, Limits limits = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Begins to accept. Once.
  void start();

  /// Stops accepting, ends idle connections, lets requests in flight be answered until `deadline`
  /// and then closes their connections. A handler that is still at work is waited for, since its
  /// Command may be in the journal. Once, after start().
  [[nodiscard]] Task<void> drain(Instant deadline);

  [[nodiscard]] const Counts& counts() const { return edge_.counts; }

 private:
  /// A session's place in its lane.
  struct Seat;
  /// The sessions of one executor; touched only there.
  struct Lane {
    Executor* on = nullptr;
    std::vector<Seat*> seats;
  };

  Task<void> accept_all();
  Task<void> serve(Lane& lane, std::unique_ptr<Stream> stream);
  Task<void> turn_away(Lane& lane, std::unique_ptr<Stream> stream);
  enum class Stop : std::uint8_t { idle_ones, all };
  void stop(Stop which);

  Executor& home_;
  Listener& listener_;
  Edge edge_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  // Touched on home_ only.
  std::size_t open_ = 0;
  std::size_t turning_away_ = 0;
  bool accepting_ = false;
};

}  // namespace holdfast::http
