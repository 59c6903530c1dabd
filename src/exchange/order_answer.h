// exchange/order_answer.h: orders answered order by order: the application acknowledgements of HL7
// v2.5.1, chapter 4 (ORR 4.3.2, ORG 4.4.2, ORL 4.4.4, 4.4.6 and 4.4.8, ORI 4.4.10). Inside this
// folder.
#pragma once

#include <optional>
#include <string_view>

#include "hl7v2/message.h"
#include "hl7v2/writer.h"
#include "model/message.h"

namespace holdfast::exchange {

/// MSH-9 of an answer.
struct OrderAnswer {
  std::string_view code;       ///< "ORL"
  std::string_view event;      ///< "O22"
  std::string_view structure;  ///< "ORL_O22"
};
/// Nothing where that message is no order.
[[nodiscard]] std::optional<OrderAnswer> order_answer_to(const hl7v2::Message& theirs);

/// What ORC-1 says of one that said `asked`. What is wished of an order that is there (cancel,
/// hold, replace, change) is received, not done: RR, until somebody has answered. HL7 table 0119.
[[nodiscard]] std::string_view order_control_for(std::string_view asked, Disposition disposition);

/// Behind MSA and ERR: who it is about, and an ORC for each of theirs with its numbers; the
/// specimens and tests that they stand with. Nothing of a message that was refused: nobody has
/// looked into it.
void add_orders(hl7v2::Writer& writer, const hl7v2::Message& theirs, Disposition disposition);

}  // namespace holdfast::exchange
