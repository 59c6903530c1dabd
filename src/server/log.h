// server/log.h: what happened, one JSON object a line, for machines first. Everything that came
// from outside is escaped: one event is one line, whatever a client put into its text.
//
//   log.info("listening", {{"http", address}, {"io_threads", 2}});
//   {"time":"2026-11-23T20:35:01.250Z","level":"info","msg":"listening","http":"127.0.0.1:8080",…}
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "world/clock.h"

namespace spdlog {
class logger;
namespace sinks {
class sink;
}
}  // namespace spdlog

namespace holdfast::server {

enum class Level : std::uint8_t { debug, info, warn, error, off };

[[nodiscard]] std::string_view name(Level level);
/// Code::usage, naming the levels there are.
[[nodiscard]] Result<Level> level_named(std::string_view text);

/// One more thing that is known about an event. A text longer than text_bytes_max is cut.
class Field {
 public:
  static constexpr std::size_t text_bytes_max = 4096;

  Field(std::string_view key, std::string_view text);
  Field(std::string_view key, const char* text) : Field(key, std::string_view(text)) {}
  Field(std::string_view key, const std::string& text) : Field(key, std::string_view(text)) {}
  template <std::integral T>
  Field(std::string_view key, T number) : key_(key), json_(std::to_string(number)) {}

  [[nodiscard]] std::string_view key() const { return key_; }
  [[nodiscard]] std::string_view json() const { return json_; }

 private:
  std::string_view key_;
  std::string json_;
};

/// From any thread. A line that cannot be written is lost: the record does not depend on its log.
class Log {
 public:
  /// To the process's stderr.
  Log(const Clock& clock, Level level);
  /// To any sink of spdlog: a test's string, nothing at all.
  Log(const Clock& clock, Level level, std::shared_ptr<spdlog::sinks::sink> sink);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  using Fields = std::initializer_list<Field>;
  void debug(std::string_view what, Fields fields = {}) { write(Level::debug, what, fields); }
  void info(std::string_view what, Fields fields = {}) { write(Level::info, what, fields); }
  void warn(std::string_view what, Fields fields = {}) { write(Level::warn, what, fields); }
  void error(std::string_view what, Fields fields = {}) { write(Level::error, what, fields); }

  void write(Level level, std::string_view what, Fields fields);
  void flush();

 private:
  const Clock& clock_;
  const Level level_;
  std::unique_ptr<spdlog::logger> logger_;
};

}  // namespace holdfast::server
