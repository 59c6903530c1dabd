// exchange/settling.cpp: what a channel's sender writes: how duties ended, and how its neighbour
// is.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "exchange/delivery.h"
#include "exchange/ourselves.h"
#include "exchange/resolve.h"
#include "fhir/task_status.h"
#include "views/versions.h"

namespace holdfast::exchange {
namespace {

/// Endings in one Command, and bytes of what was sent.
constexpr std::size_t batch_max = 256;
constexpr std::size_t batch_bytes_max = std::size_t{1} << 20U;
/// After the node could not write.
constexpr Duration write_pause = seconds(1);
/// Down again so soon after it was up: the same episode, the same alert.
constexpr std::int64_t same_episode_ms = 5 * 60'000;

}  // namespace

Task<void> ChannelSender::settle_all() {
  for (;;) {
    if (endings_.empty()) {
      if (stopping_ && lanes_running_ == 0) {
        break;
      }
      co_await bell_.wait(never);
      continue;
    }
    std::size_t count = 0;
    for (std::size_t bytes = 0; count < std::min(endings_.size(), batch_max); ++count) {
      bytes += endings_[count].settlement.bytes.size();
      if (count > 0 && bytes > batch_bytes_max) {
        break;
      }
    }
    const auto behind = endings_.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<Ending> batch(std::make_move_iterator(endings_.begin()),
                              std::make_move_iterator(behind));
    endings_.erase(endings_.begin(), behind);
    settling_ = batch.size();
    const auto done = co_await commit(batch);
    settling_ = 0;
    std::vector<Ending> rest;
    if (!done) {
      note(done.error().what);
      DeliveryCounts::add(counts_.unsettled);
      rest = still_owed(batch);
    }
    for (const Ending& one : batch) {
      const bool stays = std::ranges::find(rest, one.name, &Ending::name) != rest.end();
      if (!stays) {
        in_hand_.erase(one.name);
        holding_.erase(one.name);
      }
    }
    stuck_ = rest.size() == batch.size();
    endings_.insert(endings_.begin(), std::make_move_iterator(rest.begin()),
                    std::make_move_iterator(rest.end()));
    if (stuck_) {
      if (stopping_ && lanes_running_ == 0) {
        break;  // it cannot be written: the next process sends it again
      }
      co_await on_.sleep(write_pause);
    }
    bell_.ring();
  }
  --running_;
  bell_.ring();
}

std::vector<ChannelSender::Ending> ChannelSender::still_owed(std::vector<Ending> endings) const {
  const node::Moment moment = node_.view();
  std::erase_if(endings, [&](const Ending& one) {
    const auto duty = views::read_duty(*moment.reader, channel_.name, one.name);
    return duty && (!*duty || ((*duty)->held && one.settlement.settled == Settled::held));
  });
  return endings;
}

Result<decide::Prepared> ChannelSender::command_of(const std::vector<Ending>& endings) {
  decide::Prepared prepared;
  auto reader = readers_.take();
  const std::string system = fmt::format("{}{}", duty_system_prefix, channel_.name);
  for (const Ending& one : endings) {
    prepared.command.settlements.push_back(one.settlement);
    if (!one.item) {
      continue;
    }
    const std::string name = text_of(one.name);
    const ItemFacts facts{
        system, name, one.focus, channel_.neighbour, channel_.owner, world_.clock.wall()};
    TRY_OK(add_new(prepared, new_uuid(world_.random), task_body(facts, *one.item), *reader,
                   node_.extracting()));
  }
  return prepared;
}

Task<Result<void>> ChannelSender::commit(const std::vector<Ending>& endings) {
  CO_TRY(auto prepared, command_of(endings));
  co_return co_await submit_as_ourselves(world_, on_, node_, std::move(prepared));
}

Task<void> ChannelSender::keep_record() {
  while (!stopping_) {
    const auto wrote = co_await look_at_record();
    if (!wrote) {
      note(wrote.error().what);
    } else if (*wrote) {
      continue;
    }
    co_await bell_.wait(on_.now() + look_interval);
  }
  --running_;
  bell_.ring();
}

Task<Result<bool>> ChannelSender::look_at_record() {
  const node::Moment moment = node_.view();
  ChannelRecord record;
  bool described = false;
  {
    auto reader = readers_.take();
    CO_TRY(record, read_channel_record(moment, node_.codec(), channel_.name, *reader));
    CO_TRY(described, is_described(channel_, record, *reader));
  }
  if (!record_known_ || record.version != record_.version) {
    record_ = record;
    record_known_ = moment.behind.empty() && record.version.value > 0;
    bell_.ring();
  }
  counts_.status = record.status;
  CO_TRY(const auto counts, views::read_outbox_counts(*moment.reader, channel_.name));
  if (counts.released + counts.dead != freed_seen_) {
    freed_seen_ = counts.released + counts.dead;
    look_again();
    bell_.ring();
  }
  ChannelStatus status = record.status;
  if (record.may_send() && tried_) {
    status = circuit_.state() == CircuitState::down ? ChannelStatus::error : ChannelStatus::active;
  }
  // What has no numbers has begun them anew, too: nobody goes on asking for it.
  numbered_anew_ = record.begins_anew && (numbered_anew_ || !channel_.sequence);
  const bool changed =
      tried_ && record.may_send() &&
      (record.state != circuit_.state() || record.status != status || numbered_anew_);
  if (!moment.behind.empty() || (described && !changed)) {
    co_return false;
  }
  CO_TRY_OK(co_await write_record(record, status));
  co_return true;
}

Result<void> ChannelSender::add_episode(decide::Prepared& prepared, const ChannelRecord& record,
                                        std::string& episode, fhir::JsonReader& reader) {
  const bool down = circuit_.state() == CircuitState::down;
  const bool was_down = record.state == CircuitState::down;
  if (!tried_ || down == was_down) {
    return ok();
  }
  std::optional<Stored> task;
  const node::Moment moment = node_.view();
  if (!record.episode.empty()) {
    TRY(const auto current,
        views::read_current(*moment.reader, *fhir::type_id("Task"), record.episode));
    if (current && current->presence == views::Presence::present) {
      TRY(views::Body body, views::read_body(*moment.reader, node_.codec(), current->row));
      const bool lately = world_.clock.wall().ms - body.header.time.ms < same_episode_ms;
      if (!down || lately) {
        task = Stored{record.episode, current->version, std::move(body.bytes)};
      }
    }
  }
  if (task) {
    const std::string again = fmt::format("It does not answer again: {}", why_);
    TRY(Bytes body, down ? fhir::with_task_status(reader, task->body, "requested", "open", again)
                         : fhir::with_task_status(reader, task->body, "completed", "closed",
                                                  "It answers again."));
    Operation operation;
    operation.verb = Verb::update;
    operation.id = task->id;
    operation.if_match = task->version;
    return add_operation(prepared, std::move(operation), std::move(body), reader,
                         node_.extracting());
  }
  if (!down) {
    return ok();
  }
  episode = new_uuid(world_.random);
  const std::string focus = fmt::format("Endpoint/{}", endpoint_id(channel_.name));
  const ItemFacts facts{"urn:holdfast:channel-episode",
                        channel_.name,
                        focus,
                        channel_.neighbour,
                        channel_.owner,
                        world_.clock.wall()};
  Item item;
  item.kind = ItemKind::channel_down;
  item.what = fmt::format(
      "{} ({}) does not answer, or takes nothing: {}. What is owed to it is safe and waits; it is "
      "tried again until it does, and this item closes by itself then.",
      channel_.title, channel_.to, why_);
  return add_new(prepared, episode, task_body(facts, item), reader, node_.extracting());
}

Task<Result<void>> ChannelSender::write_record(const ChannelRecord& record, ChannelStatus status) {
  decide::Prepared prepared;
  {
    auto reader = readers_.take();
    std::string episode = record.episode;
    CO_TRY_OK(add_episode(prepared, record, episode, *reader));
    const CircuitState state = tried_ ? circuit_.state() : record.state;
    const ChannelSays says{status, state, state == CircuitState::up ? std::string_view() : why_,
                           episode, numbered_anew_};
    CO_TRY(Bytes body, endpoint_body(channel_, says, record.body, *reader));
    Operation operation;
    operation.verb = Verb::update;
    operation.id = endpoint_id(channel_.name);
    if (!record.body.empty()) {
      operation.if_match = record.version;
    }
    CO_TRY_OK(add_operation(prepared, std::move(operation), std::move(body), *reader,
                            node_.extracting()));
  }
  co_return co_await submit_as_ourselves(world_, on_, node_, std::move(prepared));
}

}  // namespace holdfast::exchange
