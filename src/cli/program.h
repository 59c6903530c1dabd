// cli/program.h: reads the command line and runs one command. Standard output carries what a
// script wants (a ready line, counts, JSON), standard error what a person wants.
// Exit codes: 0 ok, 1 refused or failed, 2 usage, 3 corrupt.
#pragma once

namespace holdfast::cli {

[[nodiscard]] int run(int argc, const char* const* argv);

}  // namespace holdfast::cli
