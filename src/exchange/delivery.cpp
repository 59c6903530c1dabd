#include "exchange/delivery.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "exchange/ourselves.h"
#include "hl7v2/mapping/map.h"
#include "hl7v2/message.h"

namespace holdfast::exchange {
namespace {

/// Duties read ahead of those that are sent. Enough to find work for all lanes among busy ones.
constexpr std::size_t window_max = 256;
/// Answered, and not settled durably: beyond, nothing more is sent.
constexpr std::size_t endings_max = 1024;

std::string said(const Acknowledgement& answer) {
  return fmt::format("it answers {}{}{}", answer.code, answer.text.empty() ? "" : ": ",
                     answer.text);
}

}  // namespace

ChannelSender::ChannelSender(const Parts& parts)
    : world_(parts.world),
      on_(parts.on),
      node_(parts.node),
      channel_(parts.channel),
      carriers_(parts.carriers),
      counts_(parts.counts),
      planted_(parts.planted),
      neighbour_(parts.neighbour),
      take_answer_(parts.take_answer),
      bell_(on_),
      circuit_({.pause_min = channel_.pause_min, .pause_max = channel_.pause_max}) {}

ChannelSender::~ChannelSender() = default;

void ChannelSender::start() {
  running_ = channel_.lanes + 2;
  lanes_running_ = channel_.lanes;
  on_.spawn(keep_record());
  on_.spawn(settle_all());
  for (std::uint32_t i = 0; i < channel_.lanes; ++i) {
    on_.spawn(run_lane());
  }
}

void ChannelSender::wake() {
  if (woken_.exchange(true)) {
    return;  // it is on its way
  }
  on_.post([this] {
    woken_ = false;
    more_ = true;
    bell_.ring();
  });
}

void ChannelSender::note(std::string why) {
  noted_ = !why.empty();
  counts_.note_failure(std::move(why));
}

Task<void> ChannelSender::drain(Instant deadline) {
  stopping_ = true;
  bell_.ring();
  while (trying_ > 0 && on_.now() < deadline) {
    co_await bell_.wait(deadline);
  }
  for (Carrier* const carrier : open_) {
    carrier->close();
  }
  while (running_ > 0) {
    co_await bell_.wait(never);
  }
}

Task<void> ChannelSender::run_lane() {
  const std::unique_ptr<Carrier> carrier = carriers_.make(channel_, on_);
  open_.push_back(carrier.get());
  while (!stopping_) {
    const auto next = take();
    if (next == window_.end()) {
      co_await bell_.wait(look_until());
      continue;
    }
    co_await send(*carrier, next);
  }
  std::erase(open_, carrier.get());
  carrier->close();
  --lanes_running_;
  --running_;
  bell_.ring();
}

Instant ChannelSender::look_until() const {
  const Instant soon = on_.now() + look_interval;
  const Instant retry = circuit_.retry_at();
  return circuit_.state() != CircuitState::up && retry > on_.now() ? std::min(soon, retry) : soon;
}

ChannelSender::Window::iterator ChannelSender::take() {
  if (!record_known_ || stuck_ || !record_.may_send() || endings_.size() >= endings_max) {
    return window_.end();
  }
  // The next number is known when the one before is settled.
  if (channel_.sequence && endings_.size() + settling_ > 0) {
    return window_.end();
  }
  // While it is not known whether anybody is there, one message asks.
  if (circuit_.state() != CircuitState::up && (trying_ > 0 || on_.now() < circuit_.retry_at())) {
    return window_.end();
  }
  auto found = window_.end();
  if (window_.size() >= window_max / 2) {
    found = next_free();
  }
  if (found == window_.end()) {
    if (more_ && window_.size() < window_max) {
      refill(node_.view());
    }
    found = next_free();
  }
  if (found != window_.end()) {
    found->taken = true;
    busy_.insert(found->lane);
    ++trying_;
  }
  return found;
}

ChannelSender::Window::iterator ChannelSender::next_free() {
  return std::ranges::find_if(window_, [&](const InHand& one) {
    return !one.taken && !busy_.contains(one.lane) && !held_.contains(one.lane);
  });
}

void ChannelSender::refill(const node::Moment& moment) {
  while (window_.size() < window_max) {
    const std::size_t wanted = window_max - window_.size();
    const auto duties = views::read_duties(*moment.reader, channel_.name, read_up_to_, wanted);
    if (!duties) {
      note(duties.error().what);
      return;
    }
    more_ = duties->size() == wanted;
    for (const views::NamedDuty& one : *duties) {
      read_up_to_ = one.name;
      const std::string lane = lane_of(one.duty);
      if (one.duty.held) {
        held_.insert(lane);
      } else if (!held_.contains(lane) && in_hand_.insert(one.name).second) {
        window_.push_back({one.name, lane, false, one.duty.lane});
      }
    }
    if (!more_) {
      return;
    }
  }
}

void ChannelSender::look_again() {
  for (auto one = window_.begin(); one != window_.end();) {
    if (one->taken) {
      ++one;
      continue;
    }
    in_hand_.erase(one->name);
    one = window_.erase(one);
  }
  held_.clear();
  for (const auto& [name, lane] : holding_) {
    held_.insert(lane);
  }
  read_up_to_.reset();
  more_ = true;
}

Task<void> ChannelSender::send(Carrier& carrier, Window::iterator one) {
  const node::Moment moment = node_.view();
  const auto duty = views::read_duty(*moment.reader, channel_.name, one->name);
  if (!duty) {
    failed(one, duty.error());
    co_return;
  }
  if (!*duty || (*duty)->held) {  // somebody has settled it meanwhile
    if (*duty) {
      held_.insert(one->lane);
    }
    in_hand_.erase(one->name);
    let_go(one);
    co_return;
  }
  auto reader = readers_.take();
  auto parcel = make_parcel(channel_, node_, moment, {one->name, **duty}, *reader);
  if (parcel && channel_.sequence) {
    if (const auto numbered = put_number(*parcel, moment); !numbered) {
      parcel = fail(numbered.error());
    }
  }
  if (!parcel) {
    const Error& why = parcel.error();
    if (why.code == Code::corrupt || why.code == Code::io) {
      failed(one, why);
    } else if (why.code == Code::unsupported) {
      DeliveryCounts::add(counts_.needless);
      Settlement nothing;
      nothing.settled = Settled::needless;
      nothing.answer = why.what;
      end(one, std::move(nothing));
    } else {
      DeliveryCounts::add(counts_.unmade);
      Settlement unmade;
      unmade.answer = why.what;
      refused(one, channel_.on_reject, std::move(unmade), Parcel{},
              fmt::format("it cannot be made into a message: {}", why.what));
    }
    co_return;
  }
  if (planted_ == Bug::settle_before_sent) {
    Settlement early;
    early.channel = channel_.name;
    early.duty = one->name;
    early.settled = Settled::delivered;
    endings_.push_back({one->name, one->lane, std::move(early), {}, {}});
    bell_.ring();
  }
  const Instant deadline = on_.now() + channel_.answer_time_max;
  if (parcel->is_first) {
    auto noted = co_await carrier.reach(*parcel, deadline);
    if (noted) {
      noted = co_await note_try(one->name);
    }
    if (!noted) {
      failed(one, noted.error());
      co_return;
    }
  }
  auto answer = co_await carrier.carry(*parcel, deadline);
  if (answer) {
    if (const auto taken = co_await take_over(*answer); !taken) {
      answer = fail(taken.error());
    }
  }
  if (answer) {
    answered(one, *parcel, *std::move(answer));
  } else {
    failed(one, answer.error());
  }
}

Task<Result<void>> ChannelSender::note_try(DutyName name) {
  decide::Prepared prepared;
  Settlement tried;
  tried.channel = channel_.name;
  tried.duty = name;
  tried.settled = Settled::tried;
  prepared.command.settlements.push_back(std::move(tried));
  co_return co_await submit_as_ourselves(world_, on_, node_, std::move(prepared));
}

Task<Result<void>> ChannelSender::take_over(const Acknowledgement& answer) {
  if (neighbour_ == nullptr || !take_answer_) {
    co_return ok();
  }
  const auto message = hl7v2::Message::parse(answer.message);
  if (!message || !hl7v2::structure_for(*message)) {
    co_return ok();  // an acknowledgement and no more
  }
  co_return co_await take_answer_(on_, *neighbour_, answer.message);
}

Result<void> ChannelSender::put_number(Parcel& parcel, const node::Moment& moment) {
  const Opening opening = record_.begins_anew && !numbered_anew_ ? Opening::anew : Opening::ask;
  TRY(parcel.numbers,
      next_numbers(*moment.reader, channel_, world_.random.next(), world_.clock.wall(), opening));
  TRY(parcel.bytes, with_number(parcel.bytes, parcel.numbers->number));
  parcel.as_it_came = false;
  return ok();
}

void ChannelSender::answered(Window::iterator one, const Parcel& parcel, Acknowledgement answer) {
  const OnRefusal policy = answer.code.ends_with('R') ? channel_.on_reject : channel_.on_error;
  if (!answer.accepted() && policy == OnRefusal::retry) {
    // As if nobody had answered: it is told once an episode, and not forgotten by each try.
    DeliveryCounts::add(counts_.refused);
    failed(one, Error{Code::unavailable, said(answer), {}, {}});
    return;
  }
  circuit_.succeeded();
  if (parcel.numbers && parcel.numbers->opening == Opening::anew) {
    numbered_anew_ = true;
  }
  tried_ = true;
  counts_.state = circuit_.state();
  if (noted_) {
    note({});
  }
  Settlement settlement;
  settlement.sent = sha256(parcel.bytes);
  if (!parcel.as_it_came) {
    settlement.bytes = parcel.bytes;
  }
  answer.message.resize(std::min(answer.message.size(), answer_bytes_max));
  settlement.answer = std::move(answer.message);
  if (answer.accepted()) {
    DeliveryCounts::add(counts_.accepted);
    DeliveryCounts::add(counts_.left, parcel.left);
    settlement.settled = Settled::delivered;
    end(one, std::move(settlement));
    return;
  }
  DeliveryCounts::add(counts_.refused);
  refused(one, policy, std::move(settlement), parcel, said(answer));
}

void ChannelSender::refused(Window::iterator one, OnRefusal policy, Settlement settlement,
                            const Parcel& parcel, const std::string& what) {
  const bool hold = policy != OnRefusal::skip;
  settlement.settled = hold ? Settled::held : Settled::dead;
  const std::string named =
      parcel.message_type.empty()
          ? fmt::format("number {} of entry {}", one->name.index, one->name.position.value)
          : fmt::format("{} {} ({}/{} version {})", parcel.message_type, parcel.control_id,
                        parcel.type, parcel.id, parcel.version.value);
  Item item;
  item.kind = hold ? ItemKind::undelivered : ItemKind::not_sent;
  item.what = fmt::format(
      "{} for {}: {}. {}", named, channel_.title, what,
      hold
          ? "It waits, and what comes after it of the same patient waits with it: mend it there or "
            "here and $retry, $resend it changed, or $skip it."
          : "It was not sent, and is not tried again: $resend it if it must arrive.");
  const std::string& patient = one->patient;
  if (!patient.empty() && patient.find(' ') == std::string::npos) {  // a patient's id
    item.patient = fmt::format("Patient/{}", patient);
  }
  std::string focus = parcel.id.empty() ? fmt::format("Endpoint/{}", endpoint_id(channel_.name))
                                        : fmt::format("{}/{}", parcel.type, parcel.id);
  if (hold) {
    held_.insert(one->lane);
    holding_.emplace(one->name, one->lane);
  }
  end(one, std::move(settlement), std::move(item), std::move(focus));
}

void ChannelSender::failed(Window::iterator one, const Error& why) {
  DeliveryCounts::add(counts_.failed);
  circuit_.failed(on_.now(), world_.random.next());
  tried_ = true;
  counts_.state = circuit_.state();
  why_ = why.what;
  note(why_);
  one->taken = false;
  busy_.erase(one->lane);
  --trying_;
  if (planted_ == Bug::retry_behind_the_rest) {
    window_.splice(window_.end(), window_, one);
  }
  bell_.ring();
}

void ChannelSender::end(Window::iterator one, Settlement settlement, std::optional<Item> item,
                        std::string focus) {
  settlement.channel = channel_.name;
  settlement.duty = one->name;
  endings_.push_back(
      {one->name, one->lane, std::move(settlement), std::move(item), std::move(focus)});
  let_go(one);
}

void ChannelSender::let_go(Window::iterator one) {
  busy_.erase(one->lane);
  window_.erase(one);
  --trying_;
  bell_.ring();
}

}  // namespace holdfast::exchange
