// hl7v2/frame_test.cpp: the same messages, wherever the network cuts them.
#include "hl7v2/frame.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "hl7v2/test_data.h"

namespace holdfast::hl7v2 {
namespace {

using Kind = Arrival::Kind;
struct Came {
  Kind kind;
  std::string bytes;
  bool operator==(const Came&) const = default;
};

void feed(Deframer& deframer, BytesView bytes, std::vector<Came>& into) {
  while (!bytes.empty()) {
    const auto space = deframer.space();
    ASSERT_FALSE(space.empty());
    const std::size_t count = std::min(space.size(), bytes.size());
    std::memcpy(space.data(), bytes.data(), count);
    deframer.came(count);
    bytes.remove_prefix(count);
    while (const auto arrival = deframer.next()) {
      into.push_back({arrival->kind, std::string(arrival->bytes)});
      if (arrival->kind == Kind::too_long) {
        return;
      }
    }
  }
}

std::vector<Came> all_of(BytesView bytes) {
  Deframer deframer;
  std::vector<Came> came;
  feed(deframer, bytes, came);
  if (const auto rest = deframer.rest()) {
    came.push_back({rest->kind, std::string(rest->bytes)});
  }
  return came;
}

TEST(Deframer, EverySampleAtEverySplit) {
  const auto all = samples();
  HOLDFAST_NEED_SAMPLES(all);
  for (const Sample& sample : all) {
    const Bytes wire = framed(sample.bytes);
    const std::vector<Came> expected{{Kind::message, sample.bytes}};
    for (std::size_t split = 0; split <= wire.size(); ++split) {
      Deframer deframer;
      std::vector<Came> came;
      feed(deframer, BytesView(wire).substr(0, split), came);
      feed(deframer, BytesView(wire).substr(split), came);
      ASSERT_EQ(came, expected) << sample.file << " at " << split;
    }
  }
}

TEST(Deframer, PipelinedInAnyPieces) {
  const auto all = samples();
  HOLDFAST_NEED_SAMPLES(all);
  Bytes wire;
  std::vector<Came> expected;
  for (const Sample& sample : all) {
    wire += framed(sample.bytes);
    expected.push_back({Kind::message, sample.bytes});
  }
  std::mt19937 random(7);
  for (int run = 0; run < 50; ++run) {
    Deframer deframer;
    std::vector<Came> came;
    for (std::size_t at = 0; at < wire.size();) {
      const std::size_t count = std::min<std::size_t>(1 + random() % 3000, wire.size() - at);
      feed(deframer, BytesView(wire).substr(at, count), came);
      at += count;
    }
    ASSERT_EQ(came, expected) << run;
    EXPECT_EQ(deframer.noise(), 0U);
    EXPECT_FALSE(deframer.inside());
  }
}

TEST(Deframer, OneByteAtATime) {
  const Bytes wire = framed("MSH|a\rb") + framed("MSH|c");
  Deframer deframer;
  std::vector<Came> came;
  for (const char c : wire) {
    feed(deframer, BytesView(&c, 1), came);
  }
  EXPECT_EQ(came, (std::vector<Came>{{Kind::message, "MSH|a\rb"}, {Kind::message, "MSH|c"}}));
}

TEST(Deframer, CountsNoiseAndGoesOn) {
  Deframer deframer;
  std::vector<Came> came;
  feed(deframer, "abc\r\n" + framed("one") + "\r\n\r\nxx" + framed("two") + "\x1c\r", came);
  EXPECT_EQ(came, (std::vector<Came>{{Kind::message, "one"}, {Kind::message, "two"}}));
  EXPECT_EQ(deframer.noise(), 6U);
}

TEST(Deframer, ANewFrameEndsTheOldOne) {
  EXPECT_EQ(all_of("\x0bhalf\x0bwhole\x1c\r"),
            (std::vector<Came>{{Kind::broken, "half"}, {Kind::message, "whole"}}));
  EXPECT_EQ(all_of("\x0b\x0b\x0bwhole\x1c\r"), (std::vector<Came>{{Kind::message, "whole"}}));
  EXPECT_EQ(all_of("\x0bhalf\x1c\x0bwhole\x1c\r"),
            (std::vector<Came>{{Kind::broken, "half\x1c"}, {Kind::message, "whole"}}));
}

TEST(Deframer, AnEndWithoutReturnIsPartOfTheMessage) {
  EXPECT_EQ(all_of("\x0b"
                   "a\x1c"
                   "b\x1c\x1c\r"),
            (std::vector<Came>{{Kind::message,
                                "a\x1c"
                                "b\x1c"}}));
}

TEST(Deframer, AnEmptyFrameIsAMessage) {
  EXPECT_EQ(all_of("\x0b\x1c\r"), (std::vector<Came>{{Kind::message, ""}}));
}

TEST(Deframer, WhatTheConnectionEndsInIsKept) {
  EXPECT_EQ(all_of("\x0bhalf"), (std::vector<Came>{{Kind::broken, "half"}}));
  EXPECT_EQ(all_of("\x0bhalf\x1c"), (std::vector<Came>{{Kind::broken, "half\x1c"}}));
  EXPECT_EQ(all_of("\x0b"), std::vector<Came>{});
  EXPECT_EQ(all_of("noise"), std::vector<Came>{});
}

TEST(Deframer, BoundsAFrame) {
  for (const std::size_t size : {0U, 99U, 100U, 101U, 5000U}) {
    Deframer deframer(100);
    std::vector<Came> came;
    feed(deframer, framed(std::string(size, 'x')), came);
    ASSERT_EQ(came.size(), 1U) << size;
    EXPECT_EQ(came[0].kind, size <= 100 ? Kind::message : Kind::too_long) << size;
    EXPECT_EQ(came[0].bytes.size(), std::min<std::size_t>(size, 100)) << size;
  }
  Deframer endless(1000);
  std::vector<Came> came;
  const std::string piece(10'000, 'x');
  feed(endless, "\x0b" + piece + piece, came);
  ASSERT_EQ(came.size(), 1U);
  EXPECT_EQ(came[0].kind, Kind::too_long);
  EXPECT_LE(endless.held(), 21'000U);
}

TEST(Deframer, AFloodOfBeginningsIsLookedAtOnce) {
  // Quadratic, this would take minutes.
  EXPECT_EQ(all_of(std::string(4'000'000, '\x0b') + "a\x1c\r"),
            (std::vector<Came>{{Kind::message, "a"}}));
  Deframer deframer;
  std::vector<Came> came;
  const auto space = deframer.space();
  ASSERT_GE(space.size(), 5U);
  feed(deframer,
       "\x0b"
       "a\x0b"
       "b\x0b",
       came);
  feed(deframer, "c\x1c", came);
  feed(deframer, "\r", came);
  EXPECT_EQ(came,
            (std::vector<Came>{{Kind::broken, "a"}, {Kind::broken, "b"}, {Kind::message, "c"}}));
}

TEST(Deframer, GivesMemoryBack) {
  Deframer deframer;
  std::vector<Came> came;
  feed(deframer, framed(std::string(1'000'000, 'x')), came);
  deframer.shrink();
  EXPECT_LE(deframer.space().size(), 64U << 10U);
  feed(deframer, framed("y"), came);
  EXPECT_EQ(came.back(), (Came{Kind::message, "y"}));
}

}  // namespace
}  // namespace holdfast::hl7v2
