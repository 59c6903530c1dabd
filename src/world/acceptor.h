// world/acceptor.h: accepts connections, spreads them over executors, and ends them all.
//
// 1. Never more than connections_max sessions; the next one is told so, or closed.
// 2. drain() returns when the last session has ended; only then may the Acceptor go away.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/task.h"
#include "world/executor.h"
#include "world/stream.h"

namespace holdfast {

/// One connection from its first byte to its last. On the executor of its stream.
class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;

  /// Until either side ends it; the stream is closed then. Once.
  virtual Task<void> serve() = 0;
  /// Says that there are too many connections, instead of serve(); in bounded time.
  virtual Task<void> turn_away() = 0;
  /// Closes it if it waits for a request; else it has to end by itself, soon.
  virtual void stop_if_idle() = 0;
  /// Closes it. A request in flight still runs to its end; its reply is lost.
  virtual void stop_now() = 0;
};

/// Makes the Connection of a stream. Used on every executor that connections run on.
class Protocol {
 public:
  Protocol() = default;
  Protocol(const Protocol&) = delete;
  Protocol& operator=(const Protocol&) = delete;
  virtual ~Protocol() = default;
  virtual std::unique_ptr<Connection> connection(Executor& on, std::unique_ptr<Stream> stream) = 0;
};

/// What an Acceptor has done, for metrics: any time, any thread.
struct AcceptCounts {
  std::atomic<std::uint64_t> accepted = 0;
  std::atomic<std::uint64_t> open = 0;         ///< now
  std::atomic<std::uint64_t> failed = 0;       ///< the system gave no connection; tried again
  std::atomic<std::uint64_t> turned_away = 0;  ///< closed without a word: too many even to be told
};

struct AcceptLimits {
  std::size_t connections_max = 0;
  std::size_t turning_away_max = 0;  ///< so many at once are told that there are too many
};

class Acceptor {
 public:
  /// `home` is the listener's executor: start() and drain() are called there. `io` may hold it too.
  /// Everything borrowed outlives the Acceptor. Once started it goes away after drain() has ended,
  /// or after its executors have been killed (a simulated crash).
  Acceptor(Executor& home, std::vector<Executor*> io, Listener& listener, Protocol& protocol,
           AcceptLimits limits, AcceptCounts& counts);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  /// Begins to accept. Once.
  void start();

  /// Stops accepting, ends idle connections, lets requests in flight be answered until `deadline`
  /// and then closes their connections. What is still at work is waited for, since its Command may
  /// be in the journal. Once, after start(). Whoever calls it has told the connections to end.
  [[nodiscard]] Task<void> drain(Instant deadline);

 private:
  /// A connection's place in its lane.
  struct Seat;
  /// The connections of one executor; touched only there.
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
  Protocol& protocol_;
  const AcceptLimits limits_;
  AcceptCounts& counts_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  // Touched on home_ only.
  std::size_t open_ = 0;
  std::size_t turning_away_ = 0;
  bool accepting_ = false;
};

}  // namespace holdfast
