#include "world/sim/sim_link.h"

#include <algorithm>
#include <utility>

namespace holdfast {

void SimLink::send(std::size_t to, Bytes piece) {
  ++network.counts_.pieces;
  network.scheduler_.note(piece.size());
  if (network.random_.chance(network.options_.resets_per_million, 1'000'000)) {
    ++network.counts_.resets;
    break_both();
    return;
  }
  Flight& flight = flights[to];
  const Instant arrival = network.scheduler_.now() + network.delay();
  flight.last_arrival = std::max(flight.last_arrival, arrival);
  flight.bytes += piece.size();
  flight.pieces.push_back(std::move(piece));
  network.wire_.post_at(flight.last_arrival, [self = shared_from_this(), to] { self->arrive(to); });
}

void SimLink::arrive(std::size_t to) {
  SimEnd& end = ends[to];
  Flight& flight = flights[to];
  if (end.broken || flight.pieces.empty()) {
    return;
  }
  const Bytes piece = std::move(flight.pieces.front());
  flight.pieces.pop_front();
  flight.bytes -= piece.size();
  if (end.closed) {
    if (!piece.empty()) {
      break_both();  // bytes for nobody
    }
    return;
  }
  if (piece.empty()) {
    end.ended = true;
  }
  end.received += piece;
  wake(to, &SimEnd::reading);
}

void SimLink::break_both() {
  for (std::size_t end = 0; end < ends.size(); ++end) {
    ends[end].broken = true;
    flights[end] = Flight{};
    wake(end, &SimEnd::reading);
    wake(end, &SimEnd::writing);
  }
}

void SimLink::wake(std::size_t end, SimWait SimEnd::* wait) {
  if ((ends[end].*wait).waiting) {
    ends[end].on->post([self = shared_from_this(), end, wait] {
      if (const auto waiting = std::exchange((self->ends[end].*wait).waiting, {})) {
        waiting.resume();
      }
    });
  }
}

// One timer an end, set again only when it fires or something earlier is asked for.
void SimLink::watch(std::size_t end, Instant deadline) {
  if (deadline >= ends[end].watched_until) {
    return;
  }
  ends[end].watched_until = deadline;
  ends[end].on->post_at(deadline, [weak = weak_from_this(), end, deadline] {
    const std::shared_ptr<SimLink> self = weak.lock();
    if (self != nullptr && self->ends[end].watched_until == deadline) {
      self->check_deadlines(end);
    }
  });
}

void SimLink::check_deadlines(std::size_t end) {
  ends[end].watched_until = never;
  const Instant now = network.scheduler_.now();
  for (const auto wait : {&SimEnd::reading, &SimEnd::writing}) {
    SimWait& each = ends[end].*wait;
    if (!each.waiting) {
      continue;
    }
    if (each.deadline <= now) {
      each.expired = true;
      wake(end, wait);
    } else {
      watch(end, each.deadline);
    }
  }
}

// One end closes. What it sent before still arrives, unless it left something unread or crashed.
void SimLink::leave(std::size_t number) {
  SimEnd& end = ends[number];
  if (std::exchange(end.closed, true)) {
    return;
  }
  const bool crashed = end.on != nullptr && !end.on->alive();
  if (end.broken) {
    return;
  }
  if (crashed || !end.received.empty()) {
    network.counts_.resets += 1;
    break_both();
    return;
  }
  if (!std::exchange(end.shut, true)) {
    send(1 - number, {});
  }
  wake(number, &SimEnd::reading);
  wake(number, &SimEnd::writing);
}

}  // namespace holdfast
