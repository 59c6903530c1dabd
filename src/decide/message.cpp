// decide/message.cpp: a Command that carries out a message was made from what was known of messages
// then. Whoever made it makes it again where that has changed.
#include <fmt/format.h>

#include "decide/decision.h"
#include "views/messages.h"
#include "views/sequence.h"

namespace holdfast::decide {

Result<void> Decision::check_message() const {
  const Command& command = prepared_.command;
  if (!command.message || planted_ == Bug::take_message_twice) {
    return ok();
  }
  const Message& message = *command.message;
  TRY(const auto known,
      views::read_message(view_, {message.neighbour, message.control_id, command.request_hash}));
  const std::uint32_t newest = known.newest ? known.newest->attempt : 0;
  if (message.attempt != newest + 1) {
    return fail(Code::conflict,
                fmt::format("attempt {} at message {} of '{}' does not follow attempt {}",
                            message.attempt, message.control_id, message.neighbour, newest));
  }
  if (message.others != known.others) {
    return fail(Code::conflict,
                fmt::format("{} other messages of '{}' have the id {}, not {}", known.others,
                            message.neighbour, message.control_id, message.others));
  }
  return check_sequence(message);
}

// HL7 v2.5.1, section 2.10.1 c: what is taken under a number follows the number before. Two
// connections of one sender that race for a number are settled here.
Result<void> Decision::check_sequence(const Message& message) const {
  if (message.sequence == 0 || message.sequence == sequence_anew) {
    return ok();
  }
  TRY(const auto last, views::read_sequence(view_, message.neighbour));
  if (last != sequence_anew && message.sequence != last + 1) {
    return fail(Code::conflict, fmt::format("number {} of '{}' does not follow number {}",
                                            message.sequence, message.neighbour, last));
  }
  return ok();
}

}  // namespace holdfast::decide
