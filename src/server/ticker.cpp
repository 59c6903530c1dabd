#include "server/ticker.h"

#include <utility>

#include "views/absences.h"
#include "views/items.h"

namespace holdfast::server {
namespace {

constexpr std::string_view principal_name = "holdfast:time";

}  // namespace

Ticker::Ticker(World& world, node::Node& node)
    : world_(world), home_(*world.io.front()), node_(node), bell_(home_) {}

void Ticker::start() {
  running_ = true;
  home_.spawn(run());
}

Task<void> Ticker::drain() {
  stopping_ = true;
  bell_.ring();
  while (running_) {
    co_await bell_.wait(never);
  }
}

std::string Ticker::trouble() const {
  const std::scoped_lock lock(mutex_);  // tidy: held for a copy, never over an await
  return trouble_;
}

Task<void> Ticker::run() {
  while (!stopping_) {
    auto passed = co_await pass();
    {
      const std::scoped_lock lock(mutex_);  // tidy: held for a copy, never over an await
      trouble_ = passed ? std::string() : std::move(passed.error().what);
    }
    if (!stopping_) {
      co_await bell_.wait(home_.now() + tick_interval);
    }
  }
  running_ = false;
  bell_.ring();
}

Task<Result<void>> Ticker::pass() {
  while (!stopping_) {
    const node::Moment moment = node_.view();
    if (node_.pathways() == nullptr || !moment.behind.empty()) {
      co_return ok();
    }
    const Time now = std::max(world_.clock.wall(), moment.state.time);
    CO_TRY(const auto wake, views::first_wake(*moment.reader));
    CO_TRY(const auto absence, views::first_absence(*moment.reader));
    if ((!wake || *wake > now) && (!absence || *absence > now)) {
      co_return ok();
    }
    decide::Prepared prepared;
    Command& command = prepared.command;
    world_.random.fill({command.key.bytes.data(), command.key.bytes.size()});
    command.principal.name = principal_name;
    command.channel = "time";
    command.tick = Tick{now, tick_items_max};
    CO_TRY(const auto committed, co_await node_.submit(home_, std::move(prepared)));
    if (committed.outcome.made.empty()) {
      co_return ok();  // its entry's time is not there yet: entries follow the clock at its pace
    }
  }
  co_return ok();
}

}  // namespace holdfast::server
