// exchange/carrier.h: takes one parcel to a neighbour and says what the neighbour answered.
#pragma once

#include <memory>
#include <string>

#include "base/planted.h"
#include "base/task.h"
#include "exchange/channel.h"
#include "exchange/mllp_client.h"
#include "exchange/parcel.h"
#include "world/executor.h"

namespace holdfast::exchange {

/// One lane's connection. One carry() at a time, on the executor it was made for.
class Carrier {
 public:
  virtual ~Carrier() = default;
  /// Makes the connection that carry() needs, if it is not there. Nothing of the parcel is sent.
  virtual Task<Result<void>> reach(const Parcel& parcel, Instant deadline) = 0;
  /// The answer, whatever it says. Any error: it is not known whether it arrived, so it is to be
  /// sent again; nothing that comes later may be taken for its answer.
  virtual Task<Result<Acknowledgement>> carry(const Parcel& parcel, Instant deadline) = 0;
  /// What waits fails; the next carry() begins anew.
  virtual void close() = 0;
};

class Carriers {
 public:
  virtual ~Carriers() = default;
  /// Never null. The channel outlives it.
  virtual std::unique_ptr<Carrier> make(const Channel& channel, Executor& on) = 0;
};

/// Over one MLLP connection, kept from one message to the next.
class MllpCarrier final : public Carrier {
 public:
  MllpCarrier(const Channel& channel, Network& network, Executor& on, Bug planted)
      : channel_(channel), network_(network), on_(on), planted_(planted) {}
  Task<Result<void>> reach(const Parcel& parcel, Instant deadline) override;
  Task<Result<Acknowledgement>> carry(const Parcel& parcel, Instant deadline) override;
  void close() override;

 private:
  Task<Result<void>> connect(const Parcel& parcel, Instant deadline);
  /// Until it is agreed that the message's number is next: exchange/link_numbers.h
  Task<Result<void>> open_link(const LinkNumbers& numbers, Instant deadline);
  Task<Result<void>> begin_anew(const LinkNumbers& numbers, Instant deadline);
  Task<Result<Acknowledgement>> send_numbered(const Parcel& parcel, Instant deadline);

  const Channel& channel_;
  Network& network_;
  Executor& on_;
  Bug planted_;
  std::unique_ptr<MllpClient> client_;
  std::string last_id_;        ///< sent over this connection
  std::string reached_for_;    ///< the message that is to be sent over it next; empty: none yet
  std::string unanswered_id_;  ///< sent under unanswered_number_, and no answer came
  std::int64_t unanswered_number_ = 0;
};

}  // namespace holdfast::exchange
