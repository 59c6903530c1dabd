// exchange/receiver_testing.h: for tests: a neighbour that receives messages over MLLP and answers
// as a script says.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "hl7v2/frame.h"
#include "hl7v2/message.h"
#include "world/executor.h"
#include "world/stream.h"

namespace holdfast::exchange {

/// What the receiver does with a message.
struct Treatment {
  std::string code = "AA";      ///< MSA-1; empty: no answer
  std::string of;               ///< MSA-2; empty: the message's id
  Duration after = Duration{};  ///< so long it thinks
  bool close = false;           ///< and closes the connection then
  bool twice = false;           ///< it answers twice
  std::string expected{};       ///< MSA-4
  Bytes reply{};                ///< instead of all that: a whole message
};

class TestReceiver {
 public:
  using Script = std::function<Treatment(const std::string& control_id, const Bytes& message)>;

  /// Borrows the executor and the network. Nobody is there before listen().
  TestReceiver(Network& network, Executor& on, std::string address)
      : network_(network), on_(on), address_(std::move(address)) {}

  void listen(Script script) {
    script_ = std::move(script);
    auto listener = network_.listen(on_, address_);
    if (listener) {
      listener_ = std::shared_ptr<Listener>(*std::move(listener));
      on_.spawn(accept_all(listener_));
    }
  }
  void leave() {
    if (listener_) {
      listener_->close();
      listener_.reset();
    }
    for (const auto& stream : streams_) {
      stream->close();
    }
    streams_.clear();
  }

  std::vector<Bytes> received;            ///< in the order in which they came
  std::vector<std::string> received_ids;  ///< MSH-10
  std::size_t connections = 0;

 private:
  Task<void> accept_all(std::shared_ptr<Listener> listener) {
    for (;;) {
      auto stream = co_await listener->accept(on_);
      if (!stream) {
        co_return;
      }
      ++connections;
      streams_.push_back(std::shared_ptr<Stream>(*std::move(stream)));
      on_.spawn(serve(streams_.back()));
    }
  }

  Task<void> serve(std::shared_ptr<Stream> stream) {
    hl7v2::Deframer deframer;
    for (;;) {
      if (const auto arrived = deframer.next()) {
        if (arrived->kind == hl7v2::Arrival::Kind::message) {
          const Bytes bytes(arrived->bytes);
          co_await answer(*stream, bytes);
        }
        continue;
      }
      const auto got = co_await stream->read(deframer.space(), never);
      if (!got || *got == 0) {
        stream->close();
        co_return;
      }
      deframer.came(*got);
    }
  }

  Task<void> answer(Stream& stream, Bytes bytes) {
    const auto message = hl7v2::Message::parse(bytes);
    const std::string id = message ? message->header().field(10).text() : "";
    received.push_back(bytes);
    received_ids.push_back(id);
    const Treatment treatment = script_(id, bytes);
    if (treatment.after > Duration{}) {
      co_await on_.sleep(treatment.after);
    }
    if (!treatment.code.empty()) {
      const Bytes reply = hl7v2::framed(
          !treatment.reply.empty()
              ? treatment.reply
              : fmt::format("MSH|^~\\&|R|R|H|H|20240301||ACK|A{}|P|2.4\rMSA|{}|{}{}{}\r",
                            received.size(), treatment.code,
                            treatment.of.empty() ? id : treatment.of,
                            treatment.expected.empty() ? "" : "||", treatment.expected));
      for (int times = treatment.twice ? 2 : 1; times > 0; --times) {
        static_cast<void>(co_await stream.write(reply, on_.now() + seconds(5)));
      }
    }
    if (treatment.close) {
      stream.close();
    }
  }

  Network& network_;
  Executor& on_;
  const std::string address_;
  Script script_;
  std::shared_ptr<Listener> listener_;
  std::vector<std::shared_ptr<Stream>> streams_;
};

}  // namespace holdfast::exchange
