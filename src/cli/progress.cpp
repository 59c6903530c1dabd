#include "cli/progress.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "cli/machine.h"

namespace holdfast::cli {
namespace {
constexpr Duration redraw_after = milliseconds(200);
constexpr std::uint64_t bar_columns = 24;
}  // namespace

Progress::Progress(std::string title, std::uint64_t total, std::string what)
    : title_(std::move(title)), total_(total), what_(std::move(what)), visible_(is_terminal()) {}

Progress::~Progress() { clear(); }

void Progress::show(std::uint64_t done, std::string_view note) {
  const Instant now = boot_time();
  if (!visible_ || (shown_ && now - drawn_ < redraw_after)) {
    return;
  }
  drawn_ = now;
  shown_ = true;
  std::string line = title_;
  if (total_ > 0) {
    const std::uint64_t part = std::min(done, total_);
    const std::uint64_t filled = part * bar_columns / total_;
    line += fmt::format(" [{}{}] {:3}%", std::string(filled, '='),
                        std::string(bar_columns - filled, ' '), part * 100 / total_);
    const std::int64_t passed = (now - started_).ms();
    if (note.empty() && passed > 0) {
      line += fmt::format(" {} of {} {}, {}/s", grouped(part), grouped(total_), what_,
                          grouped(part * 1000 / static_cast<std::uint64_t>(passed)));
    }
  }
  if (!note.empty()) {
    line += " ";
    line += note;
  }
  fmt::print(stderr, "\r\x1b[K{}", line);
  std::fflush(stderr);
}

void Progress::clear() {
  if (std::exchange(shown_, false)) {
    fmt::print(stderr, "\r\x1b[K");
    std::fflush(stderr);
  }
}

std::string grouped(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) {
      text.push_back(',');
    }
    text.push_back(digits[i]);
  }
  return text;
}

}  // namespace holdfast::cli
