// hl7v2/message_test.cpp: what stands where, and that nothing is lost.
#include "hl7v2/message.h"

#include <gtest/gtest.h>

#include <random>

#include "hl7v2/batch.h"
#include "hl7v2/test_data.h"

namespace holdfast::hl7v2 {
namespace {

constexpr BytesView result =
    "MSH|^~\\&|LAB|QE2|PAS|QE2|20240301101500||ORU^R01^ORU_R01|M1|P|2.4\r"
    "PID|1||9434765919^^^NHS^NH~123^^^QE2&2.16.840&ISO^MR||O'Hara^Ann^\"\"|\"\"\r"
    "OBX|1|TX|NOTE||one~two^b&c~three|\r"
    "OBX|2|NM|K||5.1||3.5-5.3|N\r";

Message parsed(BytesView bytes) {
  auto message = Message::parse(bytes);
  EXPECT_TRUE(message.has_value()) << (message ? "" : message.error().what);
  return message ? *std::move(message) : *Message::parse("MSH|^~\\&|");
}

TEST(Message, FindsEachPart) {
  const Message message = parsed(result);
  ASSERT_EQ(message.segments(), 4U);
  EXPECT_EQ(message.header().name(), "MSH");
  EXPECT_EQ(message.header().field(1).raw(), "|");
  EXPECT_EQ(message.header().field(2).raw(), "^~\\&");
  EXPECT_EQ(message.header().field(9).component(2).text(), "R01");
  EXPECT_EQ(message.header().field(12).text(), "2.4");
  EXPECT_EQ(message.header().fields(), 12U);
  EXPECT_TRUE(message.header().field(13).empty());
  const auto pid = message.find("PID");
  ASSERT_TRUE(pid);
  EXPECT_EQ(pid->field(3).repetitions().count(), 2U);
  EXPECT_EQ(pid->field(3).repetition(2).component(4).subcomponent(2).text(), "2.16.840");
  EXPECT_EQ(pid->field(3).repetition(3).raw(), "");
  EXPECT_EQ(pid->field(5).component(1).text(), "O'Hara");
  const auto second = message.find("OBX", 2);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->field(5).text(), "5.1");
  EXPECT_EQ(second->index(), 3U);
  EXPECT_FALSE(message.find("OBX", 3));
  EXPECT_EQ(message.find("OBX", 1)->field(6).raw(), "");
  EXPECT_EQ(message.find("OBX", 1)->fields(), 6U);
}

TEST(Message, TellsNothingFromRemove) {
  const Message message = parsed(result);
  const Segment pid = *message.find("PID");
  EXPECT_EQ(pid.field(2).said(), Said::nothing);
  EXPECT_EQ(pid.field(5).component(3).said(), Said::remove);
  EXPECT_EQ(pid.field(5).component(3).text(), "");
  EXPECT_EQ(pid.field(6).said(), Said::remove);
  EXPECT_EQ(pid.field(7).said(), Said::nothing);
}

TEST(Message, TakesTheSendersDelimiters) {
  const Message message = parsed("MSH#!@%*#A#B\nPID#1##1!!!X%H%*y@2");
  EXPECT_EQ(message.delimiters().component, '!');
  EXPECT_EQ(message.find("PID")->field(3).component(4).text(), "X");  // %H% begins emphasis
  EXPECT_EQ(message.find("PID")->field(3).component(4).subcomponent(2).text(), "y");
  EXPECT_EQ(message.find("PID")->field(3).repetition(2).text(), "2");
}

TEST(Message, ReadsADoubledEscapeCharacterAsOne) {
  const Message message = parsed(R"(MSH|^~\\&|A)");
  EXPECT_FALSE(message.fault());
  EXPECT_EQ(message.delimiters().escape, '\\');
  EXPECT_EQ(message.delimiters().subcomponent, '&');
  EXPECT_EQ(message.encode(), message.bytes());
}

TEST(Message, DividesByNoCharacterThatIsNotNamed) {
  const Message message = parsed("MSH|^\rPID|a~b&c^d");
  EXPECT_EQ(message.find("PID")->field(1).component(1).subcomponent(1).raw(), "a~b&c");
  EXPECT_EQ(message.find("PID")->field(1).component(2).text(), "d");
}

TEST(Message, KeepsWhatCannotBeDivided) {
  for (const BytesView header : {"MSH|&&&&|A\rPID|x&y", "MSH|^~a&|A\rPID|x&y",
                                 "MSH|^~\\&#%|A\rPID|x&y", "MSH|||A\rPID|x&y"}) {
    const auto message = Message::parse(header);
    ASSERT_TRUE(message) << header;
    EXPECT_EQ(message->fault().has_value(), header != BytesView("MSH|||A\rPID|x&y")) << header;
    EXPECT_EQ(message->find("PID")->field(1).component(1).raw(), "x&y") << header;
    EXPECT_EQ(message->encode(), header);
  }
}

TEST(Message, RefusesWhatIsNone) {
  for (const BytesView bytes :
       {"", "\r\n", "PID|1", "MS", "MSHa^~\\&", "MSH", "\xef\xbb\xbf", "GET / HTTP/1.1\r\n"}) {
    const auto message = Message::parse(bytes);
    ASSERT_FALSE(message) << bytes;
    EXPECT_EQ(message.error().code, Code::syntax);
  }
}

TEST(Message, TakesEveryLineEndAndMark) {
  const Message message = parsed("\xef\xbb\xbf\nMSH|^~\\&|A\n\nPID|1\r\nPV1|2\r\rZZZ");
  EXPECT_EQ(message.segments(), 4U);
  EXPECT_EQ(message.find("PV1")->field(1).text(), "2");
  EXPECT_EQ(message.segment(3).name(), "ZZZ");
  EXPECT_EQ(message.encode(), message.bytes());
}

TEST(Message, KeepsSegmentsWithoutAName) {
  const Message message = parsed("MSH|^~\\&|A\rPIDX|1\rpv1|2\r|3\rtext alone\rMSHX\rMSH\r");
  EXPECT_TRUE(message.segment(0).well_named());
  EXPECT_EQ(message.segment(1).name(), "PIDX");
  for (std::size_t i = 1; i <= 4; ++i) {
    EXPECT_FALSE(message.segment(i).well_named()) << i;
  }
  EXPECT_EQ(message.segment(3).field(1).text(), "3");
  EXPECT_EQ(message.segment(4).fields(), 0U);
  EXPECT_EQ(message.segment(6).fields(), 0U);
  EXPECT_EQ(message.encode(), message.bytes());
}

TEST(Message, BoundsWhatItCosts) {
  Bytes many = "MSH|^~\\&|A\r";
  for (std::size_t i = 0; i <= segments_max; ++i) {
    many += "\rX";
  }
  EXPECT_EQ(Message::parse(many).error().code, Code::too_large);
  Bytes wide = "MSH|^~\\&|" + Bytes(fields_max, '|');
  EXPECT_EQ(Message::parse(wide).error().code, Code::too_large);
  Bytes repeated = "MSH|^~\\&|A\rOBX|" + Bytes(1'000'000, '~');
  EXPECT_EQ(parsed(repeated).find("OBX")->field(1).repetitions().count(), 1'000'001U);
}

TEST(Message, EverySampleComesBackByteByByte) {
  const auto all = samples();
  HOLDFAST_NEED_SAMPLES(all);
  for (const Sample& sample : all) {
    const auto batch = split_batch(sample.bytes);
    ASSERT_TRUE(batch) << sample.file << ": " << (batch ? "" : batch.error().what);
    for (const BytesView bytes : batch->messages) {
      const auto message = Message::parse(bytes);
      ASSERT_TRUE(message) << sample.file;
      EXPECT_EQ(message->encode(), bytes) << sample.file;
    }
    const auto whole = Message::parse(sample.bytes);
    ASSERT_TRUE(whole) << sample.file;
    EXPECT_EQ(whole->encode(), sample.bytes) << sample.file;
  }
}

TEST(Message, WhateverComesBackIsWhatCameIn) {
  std::mt19937 random(20261130);
  constexpr BytesView alphabet = "|^~\\&\r\n\"AZ09a \xc3\xa9#\x0b\x1c";
  for (int run = 0; run < 20'000; ++run) {
    Bytes bytes = run % 3 == 0 ? "MSH|^~\\&|" : "MSH";
    const std::size_t size = random() % 60;
    for (std::size_t i = 0; i < size; ++i) {
      bytes.push_back(alphabet[random() % alphabet.size()]);
    }
    if (const auto message = Message::parse(bytes)) {
      ASSERT_EQ(message->encode(), bytes) << run;
    }
  }
}

}  // namespace
}  // namespace holdfast::hl7v2
