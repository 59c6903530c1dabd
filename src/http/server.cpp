#include "http/server.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace holdfast::http {
namespace {

// drain() looks this often whether the last session has gone.
constexpr Duration drain_step = milliseconds(5);
// After an accept that failed for no reason of one connection.
constexpr Duration accept_retry = milliseconds(100);

}  // namespace

// Enters its session into the lane and takes it out again. Order in a lane means nothing, so the
// last one takes the place of the one that leaves.
struct Server::Seat {
  Seat(Lane& its_lane, Session& who) : lane(its_lane), session(who), at(its_lane.seats.size()) {
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
  Session& session;
  std::size_t at;
};

Server::Server(Executor& home, std::vector<Executor*> io, Listener& listener, api::Handler& handler,
               Budget& budget, Clock& clock, Random& random, Limits limits)
    : home_(home), listener_(listener), edge_(handler, budget, clock, random, limits) {
  check(!io.empty(), "a server needs an executor for its sessions");
  for (Executor* on : io) {
    lanes_.push_back(std::make_unique<Lane>(Lane{on, {}}));
  }
}

void Server::start() {
  check(!accepting_, "start() is called once");
  accepting_ = true;
  home_.spawn(accept_all());
}

Task<void> Server::accept_all() {
  for (std::size_t turn = 0;; turn = (turn + 1) % lanes_.size()) {  // ends: with the listener
    Lane& lane = *lanes_[turn];
    Result<std::unique_ptr<Stream>> stream = co_await listener_.accept(*lane.on);
    if (!stream && stream.error().code == Code::closed) {
      break;
    }
    if (!stream) {  // whatever ails the system, sessions that are there go on, and new ones may
                    // come
      Counts::add(edge_.counts.accepts_failed);
      co_await home_.sleep(accept_retry);
      continue;
    }
    Counts::add(edge_.counts.connections_accepted);
    if (open_ < edge_.limits.connections_max) {
      ++open_;
      Counts::add(edge_.counts.connections_open);
      lane.on->spawn(serve(lane, *std::move(stream)));
      continue;
    }
    if (turning_away_ < refusals_open_max) {
      ++turning_away_;
      lane.on->spawn(turn_away(lane, *std::move(stream)));
      continue;
    }
    Counts::add(edge_.counts.of(Refused::connection_limit));
    Stream* unwanted = stream->release();  // it belongs to its lane's executor: ended there
    lane.on->post([unwanted] { std::unique_ptr<Stream>(unwanted)->close(); });
  }
  accepting_ = false;
}

Task<void> Server::serve(Lane& lane, std::unique_ptr<Stream> stream) {
  {
    Session session(edge_, *lane.on, std::move(stream));
    const Seat seat(lane, session);
    co_await session.serve();
  }
  Counts::take(edge_.counts.connections_open);
  home_.post([this] { --open_; });
}

Task<void> Server::turn_away(Lane& lane, std::unique_ptr<Stream> stream) {
  {
    Session session(edge_, *lane.on, std::move(stream));
    const Seat seat(lane, session);
    co_await session.turn_away();
  }
  home_.post([this] { --turning_away_; });
}

void Server::stop(Stop which) {
  for (const std::unique_ptr<Lane>& lane : lanes_) {
    lane->on->post([which, lane = lane.get()] {
      for (const Seat* seat : lane->seats) {  // closing a stream resumes nobody before it returns
        if (which == Stop::all) {
          seat->session.stop_now();
        } else {
          seat->session.stop_if_idle();
        }
      }
    });
  }
}

Task<void> Server::drain(Instant deadline) {
  edge_.draining.store(true, std::memory_order_relaxed);
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

}  // namespace holdfast::http
