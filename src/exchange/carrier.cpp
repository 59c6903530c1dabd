#include "exchange/carrier.h"

#include <utility>

namespace holdfast::exchange {

Task<Result<Acknowledgement>> MllpCarrier::carry(const Parcel& parcel, Instant deadline) {
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
