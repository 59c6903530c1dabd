// api/message_taker.h: whoever can take a neighbour's message up again: the exchange, which this
// folder does not see.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "model/command.h"
#include "world/executor.h"

namespace holdfast::api {

class MessageTaker {
 public:
  /// What taking it up again does, or would do.
  struct Taken {
    std::vector<std::string> created;  ///< "Observation/7"
    std::vector<std::string> updated;
    std::vector<std::string> outdated;  ///< left as newer evidence has them
    std::uint32_t attempt = 0;
    bool done = false;
  };
  enum class Carry : std::uint8_t { out, out_not };
  virtual ~MessageTaker() = default;
  /// The message that Binary/`binary` stands for, mapped once more in the name of `author`.
  /// Code::not_found, unavailable, and why it cannot be taken as it is today.
  virtual Task<Result<Taken>> take_up(Executor& on, std::string binary, Principal author,
                                      Carry carry) = 0;
};

}  // namespace holdfast::api
