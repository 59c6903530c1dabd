// decide/message.cpp: a Command that carries out a message was made from what was known of messages
// then. Whoever made it makes it again where that has changed.
#include <fmt/format.h>

#include "decide/decision.h"
#include "views/messages.h"

namespace holdfast::decide {

Result<void> Decision::check_message() const {
  const Command& command = prepared_.command;
  if (!command.message) {
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
  return ok();
}

}  // namespace holdfast::decide
