#include "exchange/mllp_client.h"

#include <fmt/format.h>

#include <utility>

#include "exchange/numbering.h"
#include "hl7v2/answer_text.h"
#include "hl7v2/message.h"

namespace holdfast::exchange {
Task<Result<std::unique_ptr<MllpClient>>> MllpClient::connect(Network& network, Executor& on,
                                                              std::string address,
                                                              Instant deadline) {
  CO_TRY(auto stream, co_await network.connect(on, std::move(address), deadline));
  co_return std::unique_ptr<MllpClient>(new MllpClient(std::move(stream)));
}

void MllpClient::close() {
  usable_ = false;
  stream_->close();
}

void MllpClient::give_up(const Error& why) {
  const bool kept = planted_ == Bug::keep_after_timeout || planted_ == Bug::take_late_answer;
  if (!kept || why.code != Code::timeout) {
    close();
  }
}

Task<Result<void>> MllpClient::send_raw(BytesView bytes, Instant deadline) {
  auto written = co_await stream_->write(bytes, deadline);
  if (!written) {
    close();
  }
  co_return written;
}

Task<Result<Bytes>> MllpClient::receive(Instant deadline) {
  for (;;) {  // ends: by the deadline, or with the connection
    if (const auto arrived = deframer_.next()) {
      if (arrived->kind == hl7v2::Arrival::Kind::message) {
        co_return Bytes(arrived->bytes);
      }
      if (arrived->kind == hl7v2::Arrival::Kind::too_long) {
        close();
        co_return fail(Code::too_large, "the answer is longer than any message may be");
      }
      continue;
    }
    const auto space = deframer_.space();
    const auto got = co_await stream_->read(space, deadline);
    if (!got) {
      give_up(got.error());
      co_return fail(got.error());
    }
    if (*got == 0) {
      close();
      co_return fail(Code::closed, "the receiver closed the connection without an answer");
    }
    deframer_.came(*got);
  }
}

Result<Acknowledgement> read_acknowledgement(Bytes frame, std::string_view control_id) {
  Acknowledgement answer;
  answer.message = std::move(frame);
  TRY(const auto message, hl7v2::Message::parse(answer.message));
  const auto msa = message.find("MSA");
  if (!msa) {
    return fail(Code::syntax, "the answer has no segment MSA");
  }
  answer.code = msa->field(1).text();
  const std::string meant = msa->field(2).text();
  if (meant != control_id) {
    return fail(Code::mismatch, fmt::format("the answer acknowledges message '{}', not '{}'",
                                            meant.substr(0, 64), control_id.substr(0, 64)));
  }
  answer.text = hl7v2::answer_text(message);
  if (const auto expected = read_sequence_number(msa->field(4).text())) {
    answer.expected = *expected;
  }
  return answer;
}

Task<Result<Acknowledgement>> MllpClient::next_for(std::string_view control_id, Instant deadline) {
  CO_TRY(Bytes frame, co_await receive(deadline));
  if (planted_ == Bug::take_late_answer) {
    const auto late = hl7v2::Message::parse(frame);
    const auto msa = late ? late->find("MSA") : std::nullopt;
    if (msa) {
      const std::string meant = msa->field(2).text();
      co_return read_acknowledgement(std::move(frame), meant);
    }
  }
  co_return read_acknowledgement(std::move(frame), control_id);
}

Task<Result<Acknowledgement>> MllpClient::acknowledged(BytesView message, Instant deadline) {
  CO_TRY(const auto sent, hl7v2::Message::parse(message));
  const std::string control_id = sent.header().field(10).text();
  const std::string condition = sent.header().field(16).text();
  const Bytes wire = hl7v2::framed(message);
  CO_TRY_OK(co_await stream_->write(wire, deadline));
  CO_TRY(Acknowledgement answer, co_await next_for(control_id, deadline));
  if (!answer.code.starts_with('C') || condition.empty() || condition == "NE") {
    co_return answer;
  }
  if (answer.code != "CA" || condition != "AL") {
    close();
    co_return answer;
  }
  auto behind = co_await next_for(control_id, deadline);
  if (!behind) {
    close();
    answer.text = "the application's acknowledgement did not come: " + behind.error().what;
    co_return answer;
  }
  co_return *std::move(behind);
}

Task<Result<Acknowledgement>> MllpClient::send(BytesView message, Instant deadline) {
  auto answer = co_await acknowledged(message, deadline);
  if (!answer) {
    give_up(answer.error());
  }
  co_return answer;
}

}  // namespace holdfast::exchange
