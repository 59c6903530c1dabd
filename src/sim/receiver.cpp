#include "sim/receiver.h"

#include <utility>

#include <fmt/format.h>

#include "hl7v2/frame.h"
#include "hl7v2/message.h"

namespace holdfast::sim {
namespace {

constexpr Duration answer_time_max = milliseconds(400);

std::string address_of(std::size_t number) { return fmt::format("receiver{}:2576", number); }

}  // namespace

Receiver::Receiver(SimScheduler& scheduler, SimNetwork& network, std::uint64_t seed, Ledger& ledger,
                   std::uint64_t requests_max, std::size_t number)
    : network_(network),
      executor_(scheduler),
      random_(seed),
      ledger_(ledger),
      requests_max_(requests_max),
      channel_(fmt::format("r{}", number)),
      address_(address_of(number)) {}

exchange::Channel Receiver::setting(std::size_t number) {
  exchange::Channel channel;
  channel.name = fmt::format("r{}", number);
  channel.to = address_of(number);
  channel.answer_time_max = answer_time_max;
  channel.pause_min = milliseconds(20);
  channel.pause_max = milliseconds(500);
  channel.envelope.sending_application = "HOLDFAST";
  // What cannot be made into a message is not: clients write Patients that are hardly any.
  channel.on_reject = exchange::OnRefusal::skip;
  exchange::Route route;
  if (number == 0) {
    channel.lanes = 3;
    route.type = "Patient";
  } else {
    route.message = *hl7v2::Filter::parse("MSH-9.1 = 'ADT'");
  }
  channel.routes = {route};
  return channel;
}

void Receiver::start() { executor_.spawn(come_and_go()); }

bool Receiver::behaves() const {
  return ledger_.closed || ledger_.requests >= requests_max_ || !ledger_.violations.empty();
}

void Receiver::leave() {
  if (listener_) {
    listener_->close();
    listener_.reset();
  }
  for (const auto& one : sessions_) {
    if (const auto session = one.lock()) {
      session->stream->close();
    }
  }
  sessions_.clear();
}

Task<void> Receiver::come_and_go() {
  for (;;) {
    if (!listener_) {
      auto listener = network_.listen(executor_, address_);
      if (listener) {
        listener_ = std::shared_ptr<Listener>(*std::move(listener));
        executor_.spawn(accept_all(listener_));
      }
    }
    const auto stays = static_cast<std::int64_t>(200 + random_.below(3000));
    co_await executor_.sleep(milliseconds(stays));
    if (behaves()) {
      if (listener_) {
        co_return;
      }
      continue;
    }
    if (random_.chance(1, 2)) {
      leave();
      const auto away = static_cast<std::int64_t>(10 + random_.below(1500));
      co_await executor_.sleep(milliseconds(away));
    }
  }
}

Task<void> Receiver::accept_all(std::shared_ptr<Listener> listener) {
  for (;;) {
    auto stream = co_await listener->accept(executor_);
    if (!stream) {
      co_return;
    }
    auto session = std::make_shared<Session>();
    session->stream = *std::move(stream);
    sessions_.push_back(session);
    executor_.spawn(serve(std::move(session)));
  }
}

Task<void> Receiver::serve(std::shared_ptr<Session> session) {
  hl7v2::Deframer deframer;
  for (;;) {
    if (const auto arrived = deframer.next()) {
      if (arrived->kind == hl7v2::Arrival::Kind::message) {
        co_await answer(*session, Bytes(arrived->bytes));
      }
      continue;
    }
    const auto got = co_await session->stream->read(deframer.space(), never);
    if (!got || *got == 0) {
      session->stream->close();
      co_return;
    }
    deframer.came(*got);
  }
}

Task<void> Receiver::answer(Session& session, Bytes bytes) {
  const auto message = hl7v2::Message::parse(bytes);
  if (!message) {
    ledger_.violated(fmt::format("channel {} sent what is no message", channel_));
    co_return;
  }
  const std::string id = message->header().field(10).text();
  const std::string name = name_of_received(channel_, id, bytes);
  Received& received = ledger_.received[{channel_, name}];
  if (received.arrived == 0) {
    received.arrived = ++ledger_.events;
    received.bytes = bytes;
  } else if (received.bytes != bytes) {
    ledger_.violated(
        fmt::format("message {} of channel {} came again with other content", id, channel_));
  }
  if (!session.unanswered.insert(name).second) {
    ledger_.violated(
        fmt::format("message {} of channel {} came again over the connection on which "
                    "it was not answered in time",
                    id, channel_));
  }
  std::string of = id;
  if (!behaves()) {
    switch (random_.below(24)) {
      case 0: session.stream->close(); co_return;
      case 1: co_return;  // never answered
      case 2: of = last_id_; break;
      case 3:
      case 4:
        co_await executor_.sleep(answer_time_max +
                                 milliseconds(static_cast<std::int64_t>(random_.below(300))));
        break;
      default: {
        const auto thinks = static_cast<std::int64_t>(random_.below(3000));
        co_await executor_.sleep(microseconds(thinks));
      }
    }
  }
  last_id_ = id;
  if (of == id) {
    // Written down before it is sent: whoever gets the answer may rely on it.
    Received& accepted = ledger_.received[{channel_, name}];
    if (accepted.accepted == 0) {
      accepted.accepted = ++ledger_.events;
    }
  }
  const Bytes reply =
      hl7v2::framed(fmt::format("MSH|^~\\&|R||H||20240301||ACK|A|P|2.4\rMSA|AA|{}\r", of));
  static_cast<void>(co_await session.stream->write(reply, executor_.now() + seconds(2)));
  session.unanswered.erase(name);
  if (!behaves() && random_.chance(1, 40)) {
    static_cast<void>(co_await session.stream->write(reply, executor_.now() + seconds(2)));
  }
}

}  // namespace holdfast::sim
