// exchange/feed_watch_test.cpp: a feed that stops is noticed when it would usually have sent, once,
// and not at night or at the weekend, when it never does.
#include "exchange/feed_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/time.h"
#include "exchange/test_intake.h"

namespace holdfast::exchange {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

constexpr std::int64_t hour = views::hour_ms;
constexpr std::int64_t day = 24 * hour;

/// Rows of a feed, without a node.
class Feed {
 public:
  /// `each` messages in the hour that begins then.
  void add(std::int64_t at, std::uint64_t each) {
    const auto below = kv_.snapshot();
    views::WorkLayer work(below);
    for (std::uint64_t i = 0; i < each; ++i) {
      const auto done = views::count_message(
          work, "lab", Time{at + static_cast<std::int64_t>(i * hour / (each + 1))});
      ASSERT_TRUE(done);
    }
    const Position next{++position_};
    const auto layer = std::move(work).freeze(next, next);
    ASSERT_TRUE(views::write_layer(kv_, *layer, codec_));
  }
  std::optional<FeedState> look(const Neighbour& neighbour, std::int64_t now,
                                std::int64_t since = 0) {
    return look_at_feed(*kv_.snapshot(), neighbour, Time{now}, Time{since}).value();
  }

 private:
  views::MemKv kv_;
  views::BodyCodec codec_;
  std::uint64_t position_ = 0;
};

std::int64_t at(std::string_view instant) { return parse_date_time(instant)->from.ms; }

Neighbour lab(const char* zone = "Z") {
  Neighbour neighbour;
  neighbour.name = "lab";
  neighbour.overlay.zone = *hl7v2::Zone::named(zone);
  return neighbour;
}

/// Weeks of working days from 8 to 18 by the clocks of London, 30 messages an hour.
void work_weeks(Feed& feed, std::int64_t monday, int weeks, std::int64_t utc_offset = 0) {
  for (int week = 0; week < weeks; ++week) {
    for (int weekday = 0; weekday < 5; ++weekday) {
      for (int h = 8; h < 18; ++h) {
        feed.add(monday + (week * 7 + weekday) * day + h * hour - utc_offset, 30);
      }
    }
  }
}

TEST(FeedWatch, HasNoOpinionBeforeItKnowsWhatIsUsual) {
  Feed feed;
  const std::int64_t monday = at("2026-01-05T00:00:00Z");
  EXPECT_FALSE(feed.look(lab(), monday));
  work_weeks(feed, monday, 1);
  EXPECT_FALSE(feed.look(lab(), monday + 7 * day + 12 * hour));
}

TEST(FeedWatch, NoticesSilenceInWorkingHoursAndNoneAtNightOrAtTheWeekend) {
  Feed feed;
  const std::int64_t monday = at("2026-01-05T00:00:00Z");
  work_weeks(feed, monday, 4);
  const std::int64_t next = monday + 28 * day;
  // Friday evening to Monday morning nothing ever comes.
  for (std::int64_t now = next - 2 * day; now <= next + 8 * hour; now += hour) {
    EXPECT_FALSE(feed.look(lab(), now)->quiet) << to_instant(Time{now});
  }
  // On Monday it does: after 24 minutes twelve are missing.
  EXPECT_FALSE(feed.look(lab(), next + 8 * hour + 20 * 60'000)->quiet);
  const auto late = feed.look(lab(), next + 8 * hour + 40 * 60'000);
  EXPECT_TRUE(late->quiet);
  EXPECT_GE(late->missing, missing_max);
  // One message, and it is well.
  feed.add(next + 8 * hour + 41 * 60'000, 1);
  EXPECT_FALSE(feed.look(lab(), next + 8 * hour + 45 * 60'000)->quiet);
}

TEST(FeedWatch, OneWeekWithoutMessagesDoesNotMakeSilenceUsual) {
  Feed feed;
  const std::int64_t monday = at("2026-01-05T00:00:00Z");
  work_weeks(feed, monday, 3);
  work_weeks(feed, monday + 28 * day, 1);  // the fourth week had none
  EXPECT_TRUE(feed.look(lab(), monday + 35 * day + 9 * hour)->quiet);
}

TEST(FeedWatch, GoesByTheClocksOfTheNeighbourWhenTheyChange) {
  Feed feed;
  // Until 29 March 2026 London is on UTC; from then on it begins an hour earlier by UTC.
  const std::int64_t monday = at("2026-03-02T00:00:00Z");
  work_weeks(feed, monday, 4);
  const std::int64_t summer = monday + 28 * day;
  EXPECT_FALSE(feed.look(lab("Europe/London"), summer + 7 * hour)->quiet);
  EXPECT_TRUE(feed.look(lab("Europe/London"), summer + 7 * hour + 50 * 60'000)->quiet);
  EXPECT_FALSE(feed.look(lab("Z"), summer + 7 * hour + 50 * 60'000)->quiet);
}

TEST(FeedWatch, WhatCouldNotComeBecauseWeWereNotThereIsNotMissing) {
  Feed feed;
  const std::int64_t monday = at("2026-01-05T00:00:00Z");
  work_weeks(feed, monday, 4);
  const std::int64_t back = monday + 28 * day + 12 * hour;  // down since before eight
  EXPECT_FALSE(feed.look(lab(), back, back)->quiet);
  EXPECT_FALSE(feed.look(lab(), back + 9 * 60'000, back)->quiet);
  EXPECT_TRUE(feed.look(lab(), back + 40 * 60'000, back)->quiet);
}

class FeedWatchTest : public IntakeTest {
 protected:
  ~FeedWatchTest() override { machine.crash(Crash::process); }
  void send(int minutes) {
    for (int i = 0; i < minutes / 5; ++i) {
      take(message("ADT^A31", "F" + std::to_string(++sent_)));
      scheduler.run_for(seconds(300), 10'000'000);
    }
  }
  std::vector<std::string> open_items() {
    return find("Task", "code=urn:holdfast:message-item%7Cfeed-quiet&status=requested");
  }
  int sent_ = 0;
};

TEST_F(FeedWatchTest, IsOneItemThatClosesWhenItSendsAgain) {
  start();
  FeedWatch watch(machine.world(), *node, neighbours_);
  send(15 * 24 * 60);  // a message every five minutes, for fifteen days
  auto& home = static_cast<SimExecutor&>(*machine.world().io.front());
  home.post([&] { watch.start(); });
  scheduler.run_for(seconds(1200), 10'000'000);
  EXPECT_THAT(open_items(), SizeIs(0));
  scheduler.run_for(seconds(7200), 10'000'000);
  ASSERT_THAT(open_items(), SizeIs(1));
  const std::string task = body("Task", open_items()[0]);
  EXPECT_THAT(task, HasSubstr("lab has sent nothing since"));
  const std::uint64_t entries = node->view().state.position.value;
  scheduler.run_for(seconds(36'000), 10'000'000);
  EXPECT_EQ(node->view().state.position.value, entries) << "an episode is told once";
  send(10);
  EXPECT_THAT(open_items(), SizeIs(0));
  EXPECT_THAT(find("Task", "code=urn:holdfast:message-item%7Cfeed-quiet&status=completed"),
              SizeIs(1));
}

TEST_F(FeedWatchTest, AStartDoesNotCloseWhatIsStillQuietAndAClockThatLeapsOpensNothing) {
  start();
  send(15 * 24 * 60);
  auto& home = static_cast<SimExecutor&>(*machine.world().io.front());
  FeedWatch first(machine.world(), *node, neighbours_);
  home.post([&] { first.start(); });
  scheduler.run_for(seconds(600), 10'000'000);
  machine.clock().leap(seconds(30 * 3600));
  scheduler.run_for(seconds(600), 10'000'000);
  EXPECT_THAT(open_items(), SizeIs(0)) << "the wall clock leapt, and nothing else happened";
  machine.clock().leap(seconds(-30 * 3600));
  scheduler.run_for(seconds(7200), 10'000'000);
  ASSERT_THAT(open_items(), SizeIs(1));
  FeedWatch second(machine.world(), *node, neighbours_);
  home.post([&] { second.start(); });
  scheduler.run_for(seconds(300), 10'000'000);
  EXPECT_THAT(open_items(), SizeIs(1)) << "it has sent nothing yet";
  EXPECT_EQ(second.trouble(), "");
}

}  // namespace
}  // namespace holdfast::exchange
