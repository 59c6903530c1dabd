// exchange/parcel.h: from a duty to the bytes that are sent: the same bytes each time, as long as
// the program that makes them is the same.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "exchange/channel.h"
#include "exchange/link_numbers.h"
#include "fhir/json.h"
#include "node/node.h"
#include "views/body.h"
#include "views/outbox.h"

namespace holdfast::exchange {

struct Parcel {
  std::string control_id;  ///< MSH-10, or the name that the receiver can tell a repetition by
  std::string type;        ///< of the resource
  std::string id;
  Version version;
  std::string message_type;  ///< "ORU^R01"; empty for a resource
  bool is_first =
      false;  ///< of an order that the receiver was never sent: to be noted before it goes
  bool removed = false;     ///< the resource was deleted: nothing but its name is sent
  bool as_it_came = false;  ///< the journal holds these bytes already
  std::string media_type;
  Bytes bytes;
  std::size_t left = 0;                ///< values that the message does not say
  std::optional<LinkNumbers> numbers;  ///< of a channel that numbers its messages
};

/// Names messages of this data directory: another one has other ids, also after a restore.
/// At most 20 characters, as MSH-10 has until v2.6.
[[nodiscard]] std::string control_id_of(BytesView secret, DutyName duty);

/// Code::unsupported where no message speaks of such a change: nothing is to be sent. Code::corrupt
/// or io where the record cannot be read. Any other: it cannot be made, somebody has to see to it.
[[nodiscard]] Result<Parcel> make_parcel(const Channel& channel, node::Node& node,
                                         const node::Moment& moment, const views::NamedDuty& duty,
                                         fhir::JsonReader& reader);

}  // namespace holdfast::exchange
