#include "server/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace holdfast::server {
namespace {

using testing::HasSubstr;

Origins toml(std::string text) {
  Origins origins;
  origins.file = "holdfast.toml";
  origins.file_text = std::move(text);
  return origins;
}

TEST(Config, DefaultsStandWithoutAnyOrigin) {
  const auto config = read_config({});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->http, "127.0.0.1:8080");
  EXPECT_EQ(config->node.ingest_bytes_max, node::Options{}.ingest_bytes_max);
}

TEST(Config, EverySettingTakesBackWhatItShows) {
  const auto defaults = read_config({});
  ASSERT_TRUE(defaults);
  std::set<std::string> keys;
  for (const Setting& setting : settings()) {
    Config other = *defaults;
    const std::string shown = setting.show(*defaults);
    EXPECT_TRUE(setting.set(other, shown)) << setting.key;
    EXPECT_EQ(setting.show(other), shown) << setting.key;
    EXPECT_TRUE(keys.insert(std::string(setting.key)).second) << setting.key << " twice";
  }
}

TEST(Config, FlagWinsOverEnvironmentAndThatOverTheFile) {
  Origins origins = toml("queue_max = 10\nconnections_max = 20\nidle_ms_max = 5000");
  origins.environment = [](const std::string& variable) -> std::optional<std::string> {
    if (variable == "HOLDFAST_CONNECTIONS_MAX" || variable == "HOLDFAST_QUEUE_MAX") {
      return "33";
    }
    return std::nullopt;
  };
  origins.flags["queue_max"] = "44";
  const auto config = read_config(origins);
  ASSERT_TRUE(config) << config.error().what;
  EXPECT_EQ(config->node.queue_max, 44U);
  EXPECT_EQ(config->limits.connections_max, 33U);
  EXPECT_EQ(config->limits.idle_time_max, milliseconds(5000));
}

TEST(Config, UnknownKeyNamesTheNearestKnownOne) {
  const auto config = read_config(toml("conections_max = 5"));
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, Code::usage);
  EXPECT_THAT(config.error().what, HasSubstr("did you mean 'connections_max'"));
  EXPECT_THAT(config.error().what, HasSubstr("holdfast.toml"));
}

TEST(Config, KeyLikeNothingKnownIsStillRefused) {
  const auto config = read_config(toml("zzzzzzzzzzzz = 5"));
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().what, HasSubstr("no setting 'zzzzzzzzzzzz'"));
}

TEST(Config, TableOrListIsRefused) {
  EXPECT_FALSE(read_config(toml("[limits]\nqueue_max = 5")));
  EXPECT_FALSE(read_config(toml("queue_max = [5]")));
  EXPECT_FALSE(read_config(toml("queue_max = 5.5")));
}

TEST(Config, BrokenTomlNamesItsPlace) {
  const auto config = read_config(toml("queue_max = 5\nhttp = ???"));
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().what, HasSubstr("line 2"));
}

TEST(Config, SizesTakeBinaryUnitsAndKeepTheirRange) {
  const auto read = [](const char* text) {
    Origins origins;
    origins.flags["ingest_bytes_max"] = text;
    return read_config(origins);
  };
  ASSERT_TRUE(read("256MiB"));
  EXPECT_EQ(read("256MiB")->node.ingest_bytes_max, 256ULL << 20U);
  EXPECT_EQ(read("1GiB")->node.ingest_bytes_max, 1ULL << 30U);
  for (const char* wrong : {"1MB", "-1", "0", "1KiB", "99999999999999GiB", "12 MiB", "", "MiB"}) {
    EXPECT_FALSE(read(wrong)) << wrong;
  }
}

TEST(Config, OnlyLoopbackIsServedWithoutAccessControl) {
  for (const char* good : {"127.0.0.1:8080", "127.1.2.3:0", "localhost:80", "[::1]:8080"}) {
    EXPECT_TRUE(check_loopback(good)) << good;
  }
  for (const char* bad : {"0.0.0.0:8080", "10.0.0.1:80", "[::]:80", "example.org:80", "8080",
                          "127.evil.example:80", "*:80", ":80"}) {
    const auto refused = check_loopback(bad);
    EXPECT_FALSE(refused) << bad;
  }
  EXPECT_THAT(check_loopback("0.0.0.0:80").error().what, HasSubstr("127.0.0.1"));
}

}  // namespace
}  // namespace holdfast::server
