// exchange/link_numbers.h: the sequence number protocol as its sender keeps it: HL7 v2.5.1, section
// 2.10.1. Inside this folder.
//
// 1. A message's number (MSH-13) follows from how many of the channel's duties ended before: those
//    that were delivered, and those that somebody decided not to send. So it is the same each time
//    the message is sent, after a crash too, and no number is given to two messages.
// 2. One message is on its way at a time, and the next goes when the one before is settled durably.
// 3. A connection begins by asking (MSH-13 0). Only where the receiver expects what we have to
//    send, or misses nothing but what was skipped here, it goes on; else nothing is sent until
//    somebody lets numbers begin anew, or the receiver says otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "exchange/channel.h"
#include "views/kv.h"

namespace holdfast::exchange {

/// Whether the receiver is asked, or told to begin anew by somebody.
enum class Opening : std::uint8_t { ask, anew };

struct LinkNumbers {
  std::int64_t number = 0;  ///< of the message
  /// All numbers from here to `number` were given to what was not sent in the end.
  std::int64_t skipped_from = 0;
  Opening opening = Opening::ask;
  Bytes start;  ///< a message with the number 0
  Bytes anew;   ///< one with -1
};

/// For the duty that is the next of the channel. `drawn`: what makes the two messages unlike any
/// before, so that a receiver that knows repeated messages does not take a new start for an old
/// one.
[[nodiscard]] Result<LinkNumbers> next_numbers(const views::Reader& reader, const Channel& channel,
                                               std::uint64_t drawn, Time now, Opening opening);

/// The message with that number as MSH-13.
[[nodiscard]] Result<Bytes> with_number(BytesView message, std::int64_t number);

/// What is to be said to a receiver that expects this number (MSA-4; nothing: it says none).
enum class Agreed : std::uint8_t {
  send,       ///< the message
  begin_anew  ///< -1, and then the message: nothing that it misses will be sent again
};
/// Code::unavailable, with what to do, where it expects a number that is not ours to send.
[[nodiscard]] Result<Agreed> agree(std::optional<std::int64_t> expected,
                                   const LinkNumbers& numbers);

}  // namespace holdfast::exchange
