#include "cli/command.h"

#include <cstdio>

#include <fmt/format.h>

namespace holdfast::cli {

void say_error(std::string_view command, const Error& error) {
  fmt::print(stderr, "{}: {}{}\n", command, error.what,
             error.where.empty() ? "" : fmt::format(" ({})", error.where));
  for (const Error& more : error.more) {
    fmt::print(stderr, "  {}{}\n", more.what,
               more.where.empty() ? "" : fmt::format(" ({})", more.where));
  }
}

int end_with(std::string_view command, const Error& error) {
  say_error(command, error);
  switch (error.code) {
    case Code::usage: return exit_usage;
    case Code::corrupt: return exit_corrupt;
    default: return exit_failed;
  }
}

}  // namespace holdfast::cli
