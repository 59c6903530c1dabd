#include "server/log.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <sstream>

#include "fhir/json.h"

namespace holdfast::server {
namespace {

class StoppedClock final : public Clock {
 public:
  [[nodiscard]] Time wall() const override { return {1'795'466'101'250}; }
  [[nodiscard]] Instant boot() const override { return {}; }
  [[nodiscard]] bool synchronised() const override { return true; }
};

class LogTest : public testing::Test {
 protected:
  [[nodiscard]] std::string text(const std::function<void(Log&)>& writes, Level level) {
    std::ostringstream out;
    StoppedClock clock;
    Log log(clock, level, std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
    writes(log);
    log.flush();
    return out.str();
  }
};

TEST_F(LogTest, WritesOneJsonObjectALine) {
  const std::string line =
      text([](Log& log) { log.info("listening", {{"http", "127.0.0.1:8080"}, {"threads", 2}}); },
           Level::info);
  EXPECT_EQ(line, R"({"time":"2026-11-23T20:35:01.250Z","level":"info","msg":"listening",)"
                  R"("http":"127.0.0.1:8080","threads":2})"
                  "\n");
}

TEST_F(LogTest, TextOfOthersCannotForgeALineOrAField) {
  const std::string hostile = "a\",\"level\":\"error\"}\n{\"x\":\"\\ {} %s \t\x01";
  const std::string line =
      text([&](Log& log) { log.warn(hostile, {{"what", hostile}}); }, Level::debug);
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  fhir::JsonReader reader;
  const auto json = reader.read(line);
  ASSERT_TRUE(json) << json.error().what;
  EXPECT_EQ(json->root().find("msg")->text(), hostile);
  EXPECT_EQ(json->root().find("what")->text(), hostile);
  EXPECT_EQ(json->root().find("level")->text(), "warn");
  EXPECT_EQ(json->root().size(), 4U);
}

TEST_F(LogTest, CutsLongTextBetweenCharacters) {
  std::string text_of_many(Field::text_bytes_max - 1, 'x');
  text_of_many += "ä and more";
  const std::string line =
      text([&](Log& log) { log.info("m", {{"what", text_of_many}}); }, Level::info);
  fhir::JsonReader reader;
  const auto json = reader.read(line);
  ASSERT_TRUE(json) << json.error().what;
  EXPECT_EQ(json->root().find("what")->text(), std::string(Field::text_bytes_max - 1, 'x') + "…");
}

TEST_F(LogTest, IsSilentBelowItsLevel) {
  EXPECT_EQ(text([](Log& log) { log.info("not this"); }, Level::warn), "");
  EXPECT_EQ(text([](Log& log) { log.error("nor this"); }, Level::off), "");
}

}  // namespace
}  // namespace holdfast::server
