#include "world/acceptor.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace holdfast {
namespace {

// drain() looks this often whether the last session has gone.
constexpr Duration drain_step = milliseconds(5);
// After an accept that failed for no reason of one connection.
constexpr Duration accept_retry = milliseconds(100);

void add(std::atomic<std::uint64_t>& count) { count.fetch_add(1, std::memory_order_relaxed); }

}  // namespace

// Enters its connection into the lane and takes it out again. Order in a lane means nothing, so the
// last one takes the place of the one that leaves.
struct Acceptor::Seat {
  Seat(Lane& its_lane, Connection& who)
      : lane(its_lane), connection(who), at(its_lane.seats.size()) {
    lane.seats.push_back(this);
  }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;
  ~Seat() {
    Seat* last = lane.seats.back();
    lane.seats[at] = last;
    last->at = at;
    lane.seats.pop_back();
  }
  Lane& lane;
  Connection& connection;
  std::size_t at;
};

Acceptor::Acceptor(Executor& home, std::vector<Executor*> io, Listener& listener,
                   Protocol& protocol, AcceptLimits limits, AcceptCounts& counts)
    : home_(home), listener_(listener), protocol_(protocol), limits_(limits), counts_(counts) {
  check(!io.empty(), "connections need an executor");
  for (Executor* on : io) {
    lanes_.push_back(std::make_unique<Lane>(Lane{on, {}}));
  }
}

void Acceptor::start() {
  check(!accepting_, "start() is called once");
  accepting_ = true;
  home_.spawn(accept_all());
}

Task<void> Acceptor::accept_all() {
  for (std::size_t turn = 0;; turn = (turn + 1) % lanes_.size()) {  // ends: with the listener
    Lane& lane = *lanes_[turn];
    Result<std::unique_ptr<Stream>> stream = co_await listener_.accept(*lane.on);
    if (!stream && stream.error().code == Code::closed) {
      break;
    }
    if (!stream) {  // whatever ails the system, sessions that are there go on, and new ones may
                    // come
      add(counts_.failed);
      co_await home_.sleep(accept_retry);
      continue;
    }
    add(counts_.accepted);
    if (open_ < limits_.connections_max) {
      ++open_;
      add(counts_.open);
      lane.on->spawn(serve(lane, *std::move(stream)));
      continue;
    }
    if (turning_away_ < limits_.turning_away_max) {
      ++turning_away_;
      lane.on->spawn(turn_away(lane, *std::move(stream)));
      continue;
    }
    add(counts_.turned_away);
    Stream* unwanted = stream->release();  // it belongs to its lane's executor: ended there
    lane.on->post([unwanted] { std::unique_ptr<Stream>(unwanted)->close(); });
  }
  accepting_ = false;
}

Task<void> Acceptor::serve(Lane& lane, std::unique_ptr<Stream> stream) {
  {
    const auto connection = protocol_.connection(*lane.on, std::move(stream));
    const Seat seat(lane, *connection);
    co_await connection->serve();
  }
  counts_.open.fetch_sub(1, std::memory_order_relaxed);
  home_.post([this] { --open_; });
}

Task<void> Acceptor::turn_away(Lane& lane, std::unique_ptr<Stream> stream) {
  {
    const auto connection = protocol_.connection(*lane.on, std::move(stream));
    const Seat seat(lane, *connection);
    co_await connection->turn_away();
  }
  home_.post([this] { --turning_away_; });
}

void Acceptor::stop(Stop which) {
  for (const std::unique_ptr<Lane>& lane : lanes_) {
    lane->on->post([which, lane = lane.get()] {
      for (const Seat* seat : lane->seats) {  // closing a stream resumes nobody before it returns
        if (which == Stop::all) {
          seat->connection.stop_now();
        } else {
          seat->connection.stop_if_idle();
        }
      }
    });
  }
}

Task<void> Acceptor::drain(Instant deadline) {
  listener_.close();
  stop(Stop::idle_ones);
  bool stopped_all = false;
  while (accepting_ || open_ > 0 || turning_away_ > 0) {  // ends: handlers end in bounded time
    if (!stopped_all && home_.now() >= deadline) {
      stopped_all = true;
      stop(Stop::all);
    }
    co_await home_.sleep(drain_step);
  }
}

}  // namespace holdfast
