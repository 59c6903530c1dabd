#include "exchange/carrier.h"

#include <fmt/format.h>

#include <utility>

#include "model/message.h"

namespace holdfast::exchange {

Task<Result<void>> MllpCarrier::reach(const Parcel& parcel, Instant deadline) {
  if (reached_for_ == parcel.control_id && client_ && client_->usable()) {
    co_return ok();
  }
  reached_for_.clear();
  // A receiver may answer twice. What is left over is noticed by the next message, since it names
  // another one; unless senders give two messages one id and they are passed on as they came.
  const bool may_be_left_over = parcel.control_id == last_id_ && planted_ == Bug::none;
  const bool begins_anew = parcel.numbers && parcel.numbers->opening == Opening::anew;
  if (client_ && client_->usable() && (may_be_left_over || begins_anew)) {
    client_->close();
  }
  if (!client_ || !client_->usable()) {
    CO_TRY_OK(co_await connect(parcel, deadline));
  }
  reached_for_ = parcel.control_id;
  co_return ok();
}

Task<Result<Acknowledgement>> MllpCarrier::carry(const Parcel& parcel, Instant deadline) {
  CO_TRY_OK(co_await reach(parcel, deadline));
  reached_for_.clear();
  last_id_ = parcel.control_id;
  if (parcel.numbers) {
    co_return co_await send_numbered(parcel, deadline);
  }
  co_return co_await client_->send(parcel.bytes, deadline);
}

Task<Result<void>> MllpCarrier::connect(const Parcel& parcel, Instant deadline) {
  CO_TRY(client_, co_await MllpClient::connect(network_, on_, channel_.to, deadline));
  client_->plant(planted_);
  if (parcel.numbers) {
    auto opened = co_await open_link(*parcel.numbers, deadline);
    if (!opened) {
      client_->close();
    }
    co_return opened;
  }
  co_return ok();
}

// HL7 v2.5.1, section 2.10.1 b.
Task<Result<void>> MllpCarrier::open_link(const LinkNumbers& numbers, Instant deadline) {
  if (numbers.opening == Opening::anew) {
    co_return co_await begin_anew(numbers, deadline);
  }
  CO_TRY(const auto answer, co_await client_->send(numbers.start, deadline));
  if (!answer.accepted()) {
    co_return fail(Code::unavailable, fmt::format("it does not start the link (MSH-13 0): {} {}",
                                                  answer.code, answer.text));
  }
  CO_TRY(const Agreed agreed, agree(answer.expected, numbers));
  if (agreed == Agreed::begin_anew) {
    co_return co_await begin_anew(numbers, deadline);
  }
  co_return ok();
}

// Section 2.10.1 e.
Task<Result<void>> MllpCarrier::begin_anew(const LinkNumbers& numbers, Instant deadline) {
  CO_TRY(const auto answer, co_await client_->send(numbers.anew, deadline));
  if (!answer.accepted() || answer.expected != sequence_anew) {
    co_return fail(Code::unavailable,
                   fmt::format("it does not let numbers begin anew (MSH-13 -1): {} {}", answer.code,
                               answer.text));
  }
  co_return ok();
}

// Section 2.10.1 d. Whatever is not the plain course ends the connection: the next begins by
// asking.
Task<Result<Acknowledgement>> MllpCarrier::send_numbered(const Parcel& parcel, Instant deadline) {
  const std::int64_t number = parcel.numbers->number;
  const bool sent_before = unanswered_id_ == parcel.control_id && unanswered_number_ == number;
  unanswered_id_ = parcel.control_id;
  unanswered_number_ = number;
  CO_TRY(auto answer, co_await client_->send(parcel.bytes, deadline));
  const bool plain = answer.accepted() && (!answer.expected || answer.expected == number ||
                                           answer.expected == number + 1);
  if (!plain) {
    client_->close();
  }
  if (!answer.accepted() && answer.code.ends_with('R') && answer.expected) {
    if (*answer.expected == number + 1) {
      // d 1: the acknowledgement was lost. Known only of what this process has sent.
      answer.taken_before = sent_before;
    } else if (*answer.expected != number && *answer.expected != sequence_anew) {
      co_return fail(Code::unavailable, fmt::format("number {} is refused, it expects {}: {}",
                                                    number, *answer.expected, answer.text));
    }
  }
  unanswered_id_.clear();
  co_return answer;
}

void MllpCarrier::close() {
  if (client_) {
    client_->close();
  }
}

}  // namespace holdfast::exchange
