// model/delivery.h: what a Command says of messages to neighbours: what its operations owe to whom,
// and what became of what was owed before (docs/adr/0017).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/ids.h"

namespace holdfast {

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
  bool operator==(const Delivery&) const = default;
};

/// A duty to send: the entry that made it, and its number among that entry's.
struct DutyName {
  Position position;
  std::uint32_t index = 0;
  auto operator<=>(const DutyName&) const = default;
};

/// What becomes of a duty. Numbers are on disk: never renumber, only add.
enum class Settled : std::uint8_t {
  delivered = 1,  ///< the neighbour has acknowledged it
  held = 2,       ///< it is not tried again until it is released, and holds its lane
  released = 3,   ///< it was held, and is tried again
  dead = 4,       ///< it is not sent: somebody has decided that, or owns the item about it
  needless = 5,   ///< no message speaks of such a change: there is nothing to send
};

struct Settlement {
  std::string channel;
  DutyName duty;
  Settled settled{};
  bool was_held = false;  ///< the state that it is taken out of; always so of `released`
  Hash sent;              ///< SHA-256 of the message as it was sent; zero where none was
  Bytes bytes;            ///< the message, where the journal does not hold it already
  Bytes answer;           ///< what the neighbour said, or why it could not be asked
  bool operator==(const Settlement&) const = default;
};

}  // namespace holdfast
