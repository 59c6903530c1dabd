// model/delivery.h: what a Command says of messages to neighbours: what its operations owe to whom,
// and what became of what was owed before (docs/adr/0017).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/ids.h"

namespace holdfast {

/// Of a change of an order: who does what it asks for is decided with the Command (docs/adr/0026).
struct Provision {
  bool ended = false;  ///< it is done or taken back: whoever had it hears that, and nobody else
  /// Channels of the neighbour that has said this itself, and knows.
  std::vector<std::string> sources;
  bool operator==(const Provision&) const = default;
};

/// A version that is to be sent through a channel.
struct Delivery {
  std::string channel;
  /// What orders it against others of the channel: those of one lane go one after the other. Empty:
  /// the patient that the resource is about.
  std::string lane;
  /// Index of the operation whose version is owed, if it writes one. Nothing: what is current of
  /// `type`/`id` is sent again.
  std::optional<std::uint32_t> operation;
  std::string type;
  std::string id;
  /// The channel is the one whose neighbour should do it, by the routes or by somebody's word;
  /// empty: no one's. Decide says what comes of it.
  std::optional<Provision> provision = {};
  bool operator==(const Delivery&) const = default;
};

/// A duty to send: the entry that made it, and its number among that entry's.
struct DutyName {
  Position position;
  std::uint32_t index = 0;
  auto operator<=>(const DutyName&) const = default;
};

/// What a change of an order comes to for a channel (docs/adr/0026). Numbers are on disk: never
/// renumber, only add.
enum class Provided : std::uint8_t {
  begins = 1,     ///< its neighbour is the provider from now on, and is sent it as a new order
  goes_on = 2,    ///< it is, and is told of the change
  withdrawn = 3,  ///< it was, and is told that it is not to be done there
  known = 4,      ///< it is from now on, and knows the order: nothing is sent
  nobody = 5,     ///< no channel's neighbour is: nothing is sent
  ends = 6,       ///< it was, and the order is at an end: nothing is sent by that alone
};
[[nodiscard]] constexpr bool is_sent(Provided what) {
  return what == Provided::begins || what == Provided::goes_on || what == Provided::withdrawn;
}

/// What becomes of a duty. Numbers are on disk: never renumber, only add.
enum class Settled : std::uint8_t {
  delivered = 1,  ///< the neighbour has acknowledged it
  held = 2,       ///< it is not tried again until it is released, and holds its lane
  released = 3,   ///< it was held, and is tried again
  dead = 4,       ///< it is not sent: somebody has decided that, or owns the item about it
  needless = 5,   ///< no message speaks of such a change: there is nothing to send
  tried = 6,      ///< it is about to be sent: from here on the neighbour may have it. Still owed
};

struct Settlement {
  std::string channel;
  DutyName duty;
  Settled settled{};
  /// The state that it is taken out of; always so of `released`, never of `tried`.
  bool was_held = false;
  Hash sent;     ///< SHA-256 of the message as it was sent; zero where none was
  Bytes bytes;   ///< the message, where the journal does not hold it already
  Bytes answer;  ///< what the neighbour said, or why it could not be asked
  bool operator==(const Settlement&) const = default;
};

}  // namespace holdfast
