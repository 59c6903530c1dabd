// exchange/numbering.h: the sequence number protocol as its receiver keeps it: HL7 v2.5.1, section
// 2.10.1. Inside this folder.
//
// 1. A message is taken only under the number that follows the one before; the number is durable
//    in the entry that holds the message, so the answer (MSA-4) never promises more than is there.
// 2. 0 asks where we are: MSA-4 says which number is expected, or -1 where any is.
// 3. -1 asks that numbers begin anew: whatever positive number comes next is the first.
// 4. What came before with the same content is answered as any duplicate. Anything else under
//    another number than the expected one is refused, and taken later when its turn comes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "exchange/answer.h"

namespace holdfast::exchange {

/// Why a message must not be taken.
struct Refusal {
  Fault fault{};
  std::string what;
  std::string where;
};

/// 0: the link is started, or started again. sequence_anew is the other number that is none.
inline constexpr std::int64_t sequence_start = 0;

/// MSH-13: sequence_anew, sequence_start or a positive number. Code::required where it is empty,
/// Code::value where it is no such number.
[[nodiscard]] Result<std::int64_t> read_sequence_number(std::string_view text);

/// What a number says, where `last` was taken last (sequence_anew: any comes next).
struct Turn {
  std::int64_t number = 0;         ///< it is taken under this, as Message::sequence; 0: under none
  std::int64_t expected = 0;       ///< MSA-4 while it is not taken: what is expected next
  std::optional<Refusal> refusal;  ///< it is not its turn
};
[[nodiscard]] Turn turn_of(std::int64_t sequence, std::int64_t last);

}  // namespace holdfast::exchange
