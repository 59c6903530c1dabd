// exchange/answer.h: acknowledgements: HL7 v2.8 section 2.9, original and enhanced mode.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "exchange/neighbour.h"
#include "hl7v2/message.h"
#include "model/message.h"

namespace holdfast::exchange {

/// HL7 table 0357, as far as it is said here.
enum class Fault : std::uint16_t {
  segment_sequence = 100,
  required_missing = 101,
  data_type = 102,
  not_in_table = 103,
  unsupported_type = 200,
  unsupported_event = 201,
  unsupported_processing = 202,
  unknown_key = 204,
  duplicate_key = 205,
  internal = 207,
};
[[nodiscard]] std::string_view text_of(Fault fault);
/// What a failure is called in an acknowledgement. Nothing else turns a Code into HL7.
[[nodiscard]] Fault fault_of(Code code);

/// What became of a message, for its sender.
struct Verdict {
  Disposition disposition{};
  Fault fault{};      ///< unless it was applied
  std::string what;   ///< a sentence for the sender's operator
  std::string where;  ///< "PID-3": empty if it is no place
  /// MSA-4 for a sender that numbers its messages: the number of this one where it was taken, else
  /// the one that is expected, or -1 for any. 0: it does not number them.
  std::int64_t expected = 0;
};

/// Who answers: MSH-3 and MSH-4 of what we send.
struct Ourselves {
  std::string application = "HOLDFAST";
  std::string facility;
};

/// The acknowledgements that a message asks for, in their order; usually one, maybe none:
///   MSH-15 and MSH-16 empty   AA, AE or AR
///   MSH-15                    CA or CR
///   MSH-16                    AA, AE or AR, behind it; nothing behind CR
/// Each as its field says: AL always, ER of errors only, SU of successes only, NE never.
/// A message without a readable header is answered in our own delimiters with an empty MSA-2.
/// `theirs` is null where there is no header. `id` is MSH-10 of the first; behind it "-2".
/// `orders`: what the application answers an order with; the accept acknowledgement is ACK.
[[nodiscard]] std::vector<Bytes> acknowledge(const hl7v2::Message* theirs, const Verdict& verdict,
                                             const Ourselves& us, Time now, std::string_view id,
                                             AnswerOrders orders = AnswerOrders::acknowledge);

/// ACKs of the messages of a batch, as a batch: BHS, each ACK, BTS with their count.
[[nodiscard]] Bytes as_batch(const hl7v2::Message& header, const std::vector<Bytes>& answers,
                             const Ourselves& us, Time now, std::string_view id);

}  // namespace holdfast::exchange
