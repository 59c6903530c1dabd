#include "exchange/carrier.h"

#include <utility>

namespace holdfast::exchange {

Task<Result<Acknowledgement>> MllpCarrier::carry(const Parcel& parcel, Instant deadline) {
  // A receiver may answer twice. What is left over is noticed by the next message, since it names
  // another one; unless senders give two messages one id and they are passed on as they came.
  const bool may_be_left_over = parcel.control_id == last_id_ && planted_ == Bug::none;
  if (client_ && client_->usable() && may_be_left_over) {
    client_->close();
  }
  last_id_ = parcel.control_id;
  if (!client_ || !client_->usable()) {
    CO_TRY(client_, co_await MllpClient::connect(network_, on_, channel_.to, deadline));
    client_->plant(planted_);
  }
  co_return co_await client_->send(parcel.bytes, deadline);
}

void MllpCarrier::close() {
  if (client_) {
    client_->close();
  }
}

}  // namespace holdfast::exchange
