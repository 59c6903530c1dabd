#include "sim/neighbour.h"

#include <utility>

#include <fmt/format.h>

namespace holdfast::sim {
namespace {

constexpr std::uint64_t patients_each = 4;
constexpr Duration answer_time_max = seconds(15);
constexpr Duration pause_max = milliseconds(20);

}  // namespace

Neighbour::Neighbour(SimScheduler& scheduler, SimNetwork& network, std::uint64_t seed,
                     Ledger& ledger, std::uint64_t requests_max, std::size_t number)
    : network_(network),
      executor_(scheduler),
      random_(seed),
      ledger_(ledger),
      requests_max_(requests_max),
      name_(fmt::format("n{}", number)) {}

server::NeighbourSetting Neighbour::setting(std::size_t number) {
  server::NeighbourSetting setting;
  setting.neighbour.name = fmt::format("n{}", number);
  setting.neighbour.senders = {{setting.neighbour.name, ""}};
  return setting;
}

bool Neighbour::goes_on() const {
  return ledger_.requests < requests_max_ && !ledger_.closed && ledger_.violations.empty();
}

Task<void> Neighbour::run() {
  while (goes_on()) {
    const auto pause = random_.below(static_cast<std::uint64_t>(pause_max.ns));
    co_await executor_.sleep(nanoseconds(static_cast<std::int64_t>(pause)));
    SentMessage message = draw();
    const bool twice = random_.chance(1, 6);
    co_await deliver(message);
    if (twice) {
      co_await deliver(std::move(message));
    }
  }
  done_ = true;
}

SentMessage Neighbour::draw() {
  SentMessage sent;
  sent.neighbour = name_;
  sent.number = ++messages_;
  // Some senders begin to count anew.
  const bool used_before = sent.number > 3 && random_.chance(1, 12);
  sent.control_id =
      fmt::format("M{}", used_before ? 1 + random_.below(sent.number - 1) : sent.number);
  sent.patient = fmt::format("{}-{}", name_, random_.below(patients_each));
  sent.family = fmt::format("Family{}", sent.number);
  sent.mapped = !random_.chance(1, 10);
  sent.bytes = fmt::format(
      "MSH|^~\\&|{}||HOLDFAST||20240301101500||{}|{}|P|2.4\rEVN||20240301101500\r"
      "PID|1||{}^^^SIM^MR||{}^Ann||19800102|F\r",
      name_, sent.mapped ? "ADT^A31" : "ZZZ^Z01", sent.control_id, sent.patient, sent.family);
  return sent;
}

Task<bool> Neighbour::connect() {
  if (connection_ && connection_->usable() && !random_.chance(1, 20)) {
    co_return true;
  }
  connection_.reset();
  auto made = co_await exchange::MllpClient::connect(network_, executor_, mllp_address,
                                                     executor_.now() + seconds(2));
  if (made) {
    connection_ = *std::move(made);
  }
  co_return connection_ != nullptr;
}

Task<void> Neighbour::send_half(const Bytes& message) {
  const Bytes frame = hl7v2::framed(message);
  const auto cut = 1 + random_.below(frame.size() - 2);
  const Bytes half = frame.substr(0, cut);
  static_cast<void>(co_await connection_->send_raw(half, executor_.now() + seconds(2)));
  if (random_.chance(1, 2)) {
    connection_->close();  // else the whole one follows in the same connection
  }
}

Task<void> Neighbour::deliver(SentMessage message) {
  ledger_.sent.push_back(message);
  while (goes_on()) {
    const bool connected = co_await connect();
    if (!connected) {
      co_await executor_.sleep(milliseconds(5));
      continue;
    }
    if (random_.chance(1, 15)) {
      co_await send_half(message.bytes);
      if (!connection_->usable()) {
        continue;
      }
    }
    const auto answer =
        co_await connection_->send(message.bytes, executor_.now() + answer_time_max);
    if (!answer) {
      if (answer.error().code == Code::mismatch || answer.error().code == Code::syntax) {
        ledger_.violated(fmt::format("{} was told nonsense of message {}: {}", name_,
                                     message.control_id, answer.error().what));
      }
      continue;
    }
    const std::string_view expected = message.mapped ? "AA" : "AE";
    if (answer->code != expected) {
      ledger_.violated(fmt::format("{} was told {} and not {} of message {}: {}", name_,
                                   answer->code, expected, message.control_id, answer->text));
    }
    ledger_.acknowledged_messages.push_back(std::move(message));
    co_return;
  }
}

}  // namespace holdfast::sim
