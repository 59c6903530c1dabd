// model/message.h: a neighbour's message as evidence: the part of a Command that says where it came
// from, byte for byte, and what became of it (docs/adr/0016).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace holdfast {

/// Of the Binary that stands for a message. There is no registered one; this is what others use.
inline constexpr std::string_view hl7v2_media_type = "x-application/hl7-v2+er7";

/// What became of a message. Numbers are on disk: never renumber, only add.
enum class Disposition : std::uint8_t {
  applied = 1,  ///< all that it asks for is in the same entry
  faulty = 2,   ///< its content could not be taken; the same entry opens an item for it
  refused = 3,  ///< it must not be taken: not who it says, not meant for here, no message at all
};

/// A number has at most 15 digits: HL7's NM.
inline constexpr std::int64_t sequence_max = 999'999'999'999'999;
/// What MSH-13 and MSA-4 say where numbers begin anew: whatever number comes next is the first.
inline constexpr std::int64_t sequence_anew = -1;

/// One attempt at one message.
struct Message {
  std::string neighbour;   ///< the sender's name in the configuration; empty: nobody known
  std::string control_id;  ///< MSH-10; empty where there is none
  Disposition disposition{};
  /// 1: it has just come, and the same Command creates the Binary that stands for it. Above: it is
  /// taken up again after attempt - 1, with the bytes and the Binary of the first.
  std::uint32_t attempt = 1;
  /// Messages of other content with the same sender and control id that were known when this
  /// Command was made.
  std::uint32_t others = 0;
  /// MSH-13 where its sender numbers what it sends: the number that it was taken under, following
  /// the one before; or -1, where it asks that numbers begin anew. 0: it has none.
  std::int64_t sequence = 0;
  std::string evidence;  ///< id of its Binary
  Bytes bytes;           ///< as received; empty for an attempt above 1
  Bytes report;          ///< how it was taken; what it says is for exchange to know
  bool operator==(const Message&) const = default;
};

}  // namespace holdfast
