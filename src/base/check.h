// base/check.h: stops the process when we ourselves are wrong. Never for other people's input.
// On in every build: a wrong record written is worse than a server that is down.
#pragma once

#include <source_location>

namespace holdfast {

/// Prints the place and the sentence to stderr and aborts. Never returns.
[[noreturn]] void check_failed(const char* what, std::source_location at);

/// `check(x > 0, "x counts bytes")`: states what must hold here.
inline void check(bool holds, const char* what,
                  std::source_location at = std::source_location::current()) {
  if (!holds) [[unlikely]] {
    check_failed(what, at);
  }
}

}  // namespace holdfast
