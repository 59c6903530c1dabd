#include "exchange/feed_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/time.h"
#include "exchange/evidence.h"
#include "exchange/ourselves.h"
#include "exchange/resolve.h"
#include "fhir/task_status.h"
#include "search/matches.h"
#include "views/versions.h"

namespace holdfast::exchange {
namespace {

constexpr Duration look_interval = seconds(60);
constexpr std::int64_t week_ms = 168 * views::hour_ms;
/// A feed that has been quiet for so long has been somebody's item for long.
constexpr std::int64_t hours_looked_at = 14 * 24;
constexpr std::string_view episode_system = "urn:holdfast:feed-episode";

/// Of local time ahead of UTC. The zone knows local times: within an hour of a change it may be one
/// off, which moves one hour of two weeks a year.
std::int64_t offset_ms(const hl7v2::Zone& zone, Time time) {
  const std::string at = to_instant(time);
  const auto number = [&](std::size_t from, std::size_t size) {
    int value = 0;
    std::from_chars(at.data() + from, at.data() + from + size, value);
    return value;
  };
  const std::string offset = zone.offset(number(0, 4), number(5, 2), number(8, 2), number(11, 2));
  if (offset.size() != 6) {
    return 0;  // Z
  }
  const int hours = (offset[1] - '0') * 10 + (offset[2] - '0');
  const int minutes = (offset[4] - '0') * 10 + (offset[5] - '0');
  const std::int64_t ms = (hours * 60 + minutes) * std::int64_t{60'000};
  return offset[0] == '-' ? -ms : ms;
}

class Usual {
 public:
  Usual(const views::Reader& reader, const Neighbour& neighbour, views::Hour first)
      : reader_(reader), neighbour_(neighbour), first_(first) {}

  /// Messages in the hour that this time lies in; nothing where too little is known.
  Result<std::optional<double>> at(Time time) const {
    std::array<double, weeks_looked_at> counts{};
    std::size_t weeks = 0;
    const std::int64_t offset = offset_ms(neighbour_.overlay.zone, time);
    for (std::size_t i = 1; i <= weeks_looked_at; ++i) {
      Time then{time.ms - static_cast<std::int64_t>(i) * week_ms};
      then.ms += offset - offset_ms(neighbour_.overlay.zone, then);
      const views::Hour hour = views::hour_of(then);
      if (hour < first_) {
        break;
      }
      TRY(const auto feed, views::read_feed_hour(reader_, neighbour_.name, hour));
      counts[weeks++] = static_cast<double>(feed.count);
    }
    if (weeks < weeks_needed) {
      return std::nullopt;
    }
    const auto middle = counts.begin() + static_cast<std::ptrdiff_t>((weeks - 1) / 2);
    std::nth_element(counts.begin(), middle, counts.begin() + static_cast<std::ptrdiff_t>(weeks));
    return *middle;
  }

 private:
  const views::Reader& reader_;
  const Neighbour& neighbour_;
  const views::Hour first_;
};

}  // namespace

Result<std::optional<FeedState>> look_at_feed(const views::Reader& reader,
                                              const Neighbour& neighbour, Time now, Time since) {
  TRY(const auto newest, views::read_newest_feed(reader, neighbour.name, views::hour_of(now)));
  TRY(const auto first, views::read_first_feed(reader, neighbour.name));
  if (newest.count == 0 || !first) {
    return std::nullopt;
  }
  const Usual usual(reader, neighbour, *first);
  TRY(const auto known, usual.at(now));
  if (!known) {
    return std::nullopt;
  }
  FeedState state;
  state.last = newest.last;
  const Time from{std::max({newest.last.ms, since.ms, now.ms - hours_looked_at * views::hour_ms})};
  for (Time at = from; at < now && state.missing < missing_max;) {
    const Time next{(views::hour_of(at).value + 1) * views::hour_ms};
    const Time until = std::min(next, now);
    TRY(const auto expected, usual.at(at));
    state.missing += expected.value_or(0) * static_cast<double>(until.ms - at.ms) /
                     static_cast<double>(views::hour_ms);
    at = until;
  }
  state.quiet = state.missing >= missing_max && now.ms - from.ms >= quiet_ms_min;
  return state;
}

FeedWatch::FeedWatch(World& world, node::Node& node, const Neighbours& neighbours)
    : world_(world), home_(*world.io.front()), node_(node), neighbours_(neighbours), bell_(home_) {}

void FeedWatch::start() {
  started_ = world_.clock.wall();
  started_boot_ = world_.clock.boot();
  running_ = true;
  home_.spawn(run());
}

Task<void> FeedWatch::drain() {
  stopping_ = true;
  bell_.ring();
  while (running_) {
    co_await bell_.wait(never);
  }
}

Time FeedWatch::now() const {
  const std::int64_t passed = (world_.clock.boot() - started_boot_).ms();
  return std::min(world_.clock.wall(), Time{started_.ms + passed + node::clock_lead_max.ms()});
}

std::string FeedWatch::trouble() const {
  const std::scoped_lock lock(mutex_);
  return trouble_;
}

Task<void> FeedWatch::run() {
  while (!stopping_) {
    std::string trouble;
    for (const Neighbour& neighbour : neighbours_.all()) {
      const auto looked = co_await look(neighbour);
      if (!looked) {  // in a minute again
        trouble = fmt::format("the feed of {}: {}", neighbour.name, looked.error().what);
      }
    }
    {
      const std::scoped_lock lock(mutex_);
      trouble_ = std::move(trouble);
    }
    if (!stopping_) {
      co_await bell_.wait(home_.now() + look_interval);
    }
  }
  running_ = false;
  bell_.ring();
}

Task<Result<void>> FeedWatch::look(const Neighbour& neighbour) {
  const node::Moment moment = node_.view();
  if (!moment.behind.empty()) {
    co_return ok();
  }
  CO_TRY(const auto state,
         look_at_feed(*moment.reader, neighbour, std::max(now(), moment.state.time), started_));
  if (!state) {
    co_return ok();
  }
  const search::Source source{*moment.reader, node_.codec(), *moment.params};
  CO_TRY(const auto open_items,
         search::matches(source, *fhir::type_id("Task"),
                         fmt::format("identifier={}%7C{}&status=requested,received,accepted,"
                                     "in-progress,on-hold",
                                     episode_system, neighbour.name)));
  if (state->quiet && open_items.empty()) {
    co_return co_await open(neighbour, *state);
  }
  if (!state->quiet && !open_items.empty()) {
    co_return co_await close(open_items.front(), state->last);
  }
  co_return ok();
}

Task<Result<void>> FeedWatch::open(const Neighbour& neighbour, const FeedState& state) {
  const ItemFacts facts{episode_system, neighbour.name,  {},
                        neighbour.name, neighbour.owner, world_.clock.wall()};
  Item item;
  item.kind = ItemKind::feed_quiet;
  item.what = fmt::format(
      "{} has sent nothing since {}; usually {:.0f} messages or more would have come. Ask there "
      "whether it works. This item closes by itself when it sends again.",
      neighbour.title, to_instant(state.last), state.missing);
  decide::Prepared prepared;
  {
    auto reader = readers_.take();
    CO_TRY_OK(add_new(prepared, new_uuid(world_.random), task_body(facts, item), *reader,
                      node_.extracting()));
  }
  co_return co_await submit_as_ourselves(world_, home_, node_, std::move(prepared));
}

Task<Result<void>> FeedWatch::close(const std::string& task, Time last) {
  const node::Moment moment = node_.view();
  const fhir::TypeId type = *fhir::type_id("Task");
  CO_TRY(const auto current, views::read_current(*moment.reader, type, task));
  if (!current || current->presence == views::Presence::deleted) {
    co_return ok();
  }
  CO_TRY(const auto body, views::read_body(*moment.reader, node_.codec(), current->row));
  if (last <= body.header.time) {
    co_return ok();  // quiet as before: it is only not late yet since we came back
  }
  decide::Prepared prepared;
  {
    auto reader = readers_.take();
    CO_TRY(Bytes closed,
           fhir::with_task_status(*reader, body.bytes, "completed", "closed", "It sends again."));
    Operation operation;
    operation.verb = Verb::update;
    operation.id = task;
    operation.if_match = current->version;
    CO_TRY_OK(add_operation(prepared, std::move(operation), std::move(closed), *reader,
                            node_.extracting()));
  }
  co_return co_await submit_as_ourselves(world_, home_, node_, std::move(prepared));
}

}  // namespace holdfast::exchange
