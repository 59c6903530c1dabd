// cli/progress.h: one line on a terminal that says how far it is. Silent where nobody looks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "world/real/real_clock.h"

namespace holdfast::cli {

class Progress {
 public:
  /// `total` of `what`; 0: not known, then only the note is shown.
  Progress(std::string title, std::uint64_t total, std::string what);
  /// Clears the line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// At most about five times a second something is really drawn.
  void show(std::uint64_t done, std::string_view note = {});
  /// Clears the line, so that something else can be said.
  void clear();

 private:
  const std::string title_;
  const std::uint64_t total_;
  const std::string what_;
  const bool visible_;
  const Instant started_ = boot_time();
  Instant drawn_{};
  bool shown_ = false;
};

/// "12,345"
[[nodiscard]] std::string grouped(std::uint64_t number);

}  // namespace holdfast::cli
