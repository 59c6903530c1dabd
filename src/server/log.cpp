#include "server/log.h"

#include <array>

#include <fmt/format.h>
#include <spdlog/formatter.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "base/time.h"
#include "fhir/json.h"

namespace holdfast::server {
namespace {

constexpr std::array levels{Level::debug, Level::info, Level::warn, Level::error, Level::off};

// The payload is a whole JSON object already: only its line end is missing. spdlog's own patterns
// do not escape, so a message with a quote or a line break would forge fields or events.
class Lines final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& event, spdlog::memory_buf_t& to) override {
    to.append(event.payload.begin(), event.payload.end());
    to.push_back('\n');
  }
  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<Lines>();
  }
};

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warn: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
    case Level::off: return spdlog::level::off;
  }
  return spdlog::level::off;
}

void append_member(Bytes& to, std::string_view key, std::string_view text) {
  to.append(",\"").append(key).append("\":\"");
  fhir::append_json_escaped(to, text);
  to.push_back('"');
}

}  // namespace

std::string_view name(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warn: return "warn";
    case Level::error: return "error";
    case Level::off: return "off";
  }
  return "off";
}

Result<Level> level_named(std::string_view text) {
  for (const Level level : levels) {
    if (name(level) == text) {
      return level;
    }
  }
  return fail(Code::usage,
              fmt::format("'{}' is no log level: debug, info, warn, error or off", text));
}

Field::Field(std::string_view key, std::string_view text) : key_(key) {
  std::size_t kept = text.size();
  if (kept > text_bytes_max) {
    kept = text_bytes_max;
    while (kept > 0 && (static_cast<unsigned char>(text[kept]) & 0xc0U) == 0x80U) {
      --kept;  // not within a character
    }
  }
  json_.push_back('"');
  fhir::append_json_escaped(json_, text.substr(0, kept));
  json_ += kept < text.size() ? "…\"" : "\"";
}

Log::Log(const Clock& clock, Level level)
    : Log(clock, level, std::make_shared<spdlog::sinks::stderr_sink_mt>()) {}

Log::Log(const Clock& clock, Level level, std::shared_ptr<spdlog::sinks::sink> sink)
    : clock_(clock),
      level_(level),
      logger_(std::make_unique<spdlog::logger>("holdfast", std::move(sink))) {
  logger_->set_formatter(std::make_unique<Lines>());
  logger_->set_level(spdlog_level(level));
  logger_->flush_on(spdlog::level::info);
}

Log::~Log() = default;

void Log::write(Level level, std::string_view what, Fields fields) {
  if (level < level_ || level == Level::off) {
    return;
  }
  Bytes line = "{\"time\":\"";
  append_instant(line, clock_.wall());
  line.push_back('"');
  append_member(line, "level", name(level));
  append_member(line, "msg", what);
  for (const Field& field : fields) {
    line.append(",\"").append(field.key()).append("\":").append(field.json());
  }
  line.push_back('}');
  logger_->log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
}

void Log::flush() { logger_->flush(); }

}  // namespace holdfast::server
