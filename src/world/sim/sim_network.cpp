#include "world/sim/sim_network.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "world/sim/sim_link.h"

namespace holdfast {

namespace {

struct AwaitWait {
  SimLink& link;
  std::size_t end;
  SimWait SimEnd::* wait;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    (link.ends[end].*wait).waiting = waiting;
    link.watch(end, (link.ends[end].*wait).deadline);
  }
  void await_resume() const noexcept {}
};

struct AwaitDoor {
  SimDoor& door;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) { door.waiting = waiting; }
  void await_resume() const noexcept {}
};

void wake_door(const std::shared_ptr<SimDoor>& door) {
  if (door->waiting) {
    door->on->post([door] {
      if (const auto waiting = std::exchange(door->waiting, {})) {
        waiting.resume();
      }
    });
  }
}

SimExecutor& simulated(Executor& executor) {
  auto* const found = dynamic_cast<SimExecutor*>(&executor);
  check(found != nullptr, "the simulated network needs simulated executors");
  return *found;
}

}  // namespace

class SimStream final : public Stream {
 public:
  SimStream(std::shared_ptr<SimLink> link, std::size_t end, std::string peer)
      : link_(std::move(link)), end_(end), peer_(std::move(peer)) {}
  ~SimStream() override {
    mine().reading.waiting = {};
    mine().writing.waiting = {};
    link_->leave(end_);
  }

  Task<Result<std::size_t>> read(std::span<char> into, Instant deadline) override {
    check(!into.empty(), "a read of nothing would look like the end");
    const std::shared_ptr<SimLink> link = link_;
    SimEnd& end = link->ends[end_];
    check(!end.reading.waiting, "one read at a time");
    end.reading.deadline = deadline;
    end.reading.expired = false;
    for (;;) {
      if (end.closed) {
        co_return fail(Code::closed, "read: closed by this side");
      }
      if (!end.received.empty()) {
        const std::size_t count = std::min(into.size(), end.received.size());
        std::memcpy(into.data(), end.received.data(), count);
        end.received.erase(0, count);
        link->wake(1 - end_, &SimEnd::writing);
        co_return count;
      }
      if (end.broken) {
        co_return fail(Code::closed, "read: the connection broke");
      }
      if (end.ended) {
        co_return std::size_t{0};
      }
      if (end.reading.expired) {
        co_return fail(Code::timeout, "read: nothing came in time");
      }
      AwaitWait more{*link, end_, &SimEnd::reading};
      co_await more;
    }
  }

  Task<Result<void>> write(BytesView bytes, Instant deadline) override {
    const std::shared_ptr<SimLink> link = link_;
    SimEnd& end = link->ends[end_];
    check(!end.writing.waiting, "one write at a time");
    end.writing.deadline = deadline;
    end.writing.expired = false;
    for (;;) {
      if (end.closed || end.broken || end.shut) {
        co_return fail(Code::closed, "write: the connection is gone");
      }
      if (bytes.empty()) {
        co_return ok();
      }
      const std::size_t room = std::min<std::uint64_t>(bytes.size(), link->room(1 - end_));
      if (room > 0) {
        const std::size_t count = link->network.piece(room);
        link->send(1 - end_, Bytes(bytes.substr(0, count)));
        bytes.remove_prefix(count);
        continue;
      }
      if (end.writing.expired) {
        co_return fail(Code::timeout, "write: the other side takes nothing");
      }
      AwaitWait space{*link, end_, &SimEnd::writing};
      co_await space;
    }
  }

  void shut_write() override {
    if (!mine().closed && !mine().broken && !std::exchange(mine().shut, true)) {
      link_->send(1 - end_, {});
    }
  }
  void close() override { link_->leave(end_); }
  [[nodiscard]] std::string peer() const override { return peer_; }

 private:
  [[nodiscard]] SimEnd& mine() { return link_->ends[end_]; }

  const std::shared_ptr<SimLink> link_;
  const std::size_t end_;
  const std::string peer_;
};

class SimListener final : public Listener {
 public:
  explicit SimListener(std::shared_ptr<SimDoor> door) : door_(std::move(door)) {}
  ~SimListener() override {
    door_->waiting = {};
    close();
  }

  Task<Result<std::unique_ptr<Stream>>> accept(Executor& on) override {
    const std::shared_ptr<SimDoor> door = door_;
    SimExecutor& owner = simulated(on);
    check(!door->waiting, "one accept at a time");
    while (!door->closed && door->backlog.empty()) {
      AwaitDoor knock{*door};
      co_await knock;
    }
    if (door->closed) {
      co_return fail(Code::closed, "accept: the listener is closed");
    }
    std::shared_ptr<SimLink> link = std::move(door->backlog.front());
    door->backlog.pop_front();
    link->ends[0].on = &owner;
    co_return std::make_unique<SimStream>(std::move(link), 0, "127.0.0.1:1");
  }

  void close() override {
    if (std::exchange(door_->closed, true)) {
      return;
    }
    for (const std::shared_ptr<SimLink>& link : std::exchange(door_->backlog, {})) {
      link->break_both();
    }
    wake_door(door_);
  }
  [[nodiscard]] std::string address() const override { return door_->address; }

 private:
  const std::shared_ptr<SimDoor> door_;
};

SimNetwork::SimNetwork(SimScheduler& scheduler, std::uint64_t seed, SimNetworkOptions options)
    : scheduler_(scheduler), random_(seed), options_(options), wire_(scheduler) {}

SimNetwork::~SimNetwork() = default;

Duration SimNetwork::delay() {
  if (random_.chance(options_.late_per_million, 1'000'000)) {
    return options_.late_by;
  }
  const std::int64_t span = (options_.delay_max - options_.delay_min).ns;
  check(span >= 0, "a delay is at least its minimum");
  const std::uint64_t drawn = random_.below(static_cast<std::uint64_t>(span) + 1);
  return options_.delay_min + nanoseconds(static_cast<std::int64_t>(drawn));
}

std::size_t SimNetwork::piece(std::size_t bytes) {
  const bool small = random_.chance(1, 4);
  return 1 + random_.below(std::min<std::size_t>(bytes, small ? 16 : 16'384));
}

void SimNetwork::remember(const std::shared_ptr<SimLink>& link) {
  std::erase_if(links_, [](const std::weak_ptr<SimLink>& each) { return each.expired(); });
  links_.push_back(link);
}

Result<std::unique_ptr<Listener>> SimNetwork::listen(Executor& on, const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) {
    return fail(Code::usage, "an address is host:port", address);
  }
  std::string full = address;
  if (address.substr(colon) == ":0") {
    full = fmt::format("{}:{}", address.substr(0, colon), next_port_++);
  }
  const std::shared_ptr<SimDoor> before = doors_[full].lock();
  if (before != nullptr && !before->closed) {
    return fail(Code::io, "listen: the address is in use", address);
  }
  auto door = std::make_shared<SimDoor>();
  door->address = full;
  door->on = &simulated(on);
  doors_[full] = door;
  return std::make_unique<SimListener>(std::move(door));
}

Task<Result<std::unique_ptr<Stream>>> SimNetwork::connect(Executor& on, std::string address,
                                                          Instant deadline) {
  SimExecutor& owner = simulated(on);
  const Duration there = delay();
  const Duration back = delay();
  const Instant answered = owner.now() + there + back;
  if (answered > deadline) {
    co_await owner.sleep(deadline - owner.now());
    co_return fail(Code::timeout, "connect: no answer in time", address);
  }
  co_await owner.sleep(there + back);
  const auto found = doors_.find(address);
  const std::shared_ptr<SimDoor> door = found == doors_.end() ? nullptr : found->second.lock();
  if (door == nullptr || door->closed || door->backlog.size() >= options_.backlog_max ||
      !door->on->alive()) {
    ++counts_.refused;
    co_return fail(Code::closed, "connect: refused", address);
  }
  ++counts_.connections;
  auto link = std::make_shared<SimLink>(*this);
  link->ends[1].on = &owner;
  remember(link);
  door->backlog.push_back(link);
  wake_door(door);
  co_return std::make_unique<SimStream>(std::move(link), 1, address);
}

void SimNetwork::reset_all() {
  for (const std::weak_ptr<SimLink>& each : links_) {
    if (const std::shared_ptr<SimLink> link = each.lock()) {
      ++counts_.resets;
      link->break_both();
    }
  }
}

}  // namespace holdfast
