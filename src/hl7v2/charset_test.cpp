// hl7v2/charset_test.cpp: the text that was meant, and doubt where it is due.
#include "hl7v2/charset.h"

#include <gtest/gtest.h>

#include "hl7v2/message.h"
#include "hl7v2/test_data.h"

namespace holdfast::hl7v2 {
namespace {

Bytes message(std::string_view charset, BytesView name) {
  Bytes bytes = "MSH|^~\\&|A|B|C|D|20240101||ADT^A01|1|P|2.4||||||";
  bytes += charset;
  bytes += "\rPID|1||1||";
  bytes += name;
  return bytes;
}
std::string name_in(const Decoded& decoded) {
  return Message::parse(decoded.text())->find("PID")->field(5).text();
}

TEST(Charset, ReadsWhatTheMessageNames) {
  const auto read = [](std::string_view charset, BytesView raw) {
    const Bytes bytes = message(charset, raw);
    const Decoded decoded = decode(bytes, Charset::utf8);
    EXPECT_FALSE(decoded.doubt) << charset;
    return name_in(decoded);
  };
  EXPECT_EQ(read("8859/1", "Zo\xeb"), "Zoë");
  EXPECT_EQ(read("UNICODE UTF-8", "Zo\xc3\xab"), "Zoë");
  EXPECT_EQ(read("UNICODE", "Zo\xc3\xab"), "Zoë");
  EXPECT_EQ(read("unicode utf-8", "Zo\xc3\xab"), "Zoë");
  EXPECT_EQ(read("8859/15", "\xa4"), "€");
  EXPECT_EQ(read("8859/5", "\xb8"), "И");
  EXPECT_EQ(read("8859/7", "\xe1"), "α");
  EXPECT_EQ(read("8859/1~UNICODE UTF-8", "Zo\xeb"), "Zoë");
  EXPECT_EQ(read("ASCII", "Zoe"), "Zoe");
  EXPECT_EQ(read("", "Zo\xc3\xab"), "Zoë");
}

TEST(Charset, TheNeighboursOwnWhereNothingIsNamed) {
  const Bytes bytes = message("", "Zo\xeb");
  const Decoded decoded = decode(bytes, Charset::latin_1);
  EXPECT_FALSE(decoded.doubt);
  EXPECT_EQ(name_in(decoded), "Zoë");
}

TEST(Charset, WhatCannotBeRightIsReadAndDoubted) {
  const auto read = [](std::string_view charset, BytesView raw) {
    const Bytes bytes = message(charset, raw);
    const Decoded decoded = decode(bytes, Charset::utf8);
    EXPECT_TRUE(decoded.doubt) << charset;
    EXPECT_EQ(decoded.original, bytes);
    return name_in(decoded);
  };
  EXPECT_EQ(read("UNICODE UTF-8", "Zo\xeb"), "Zoë");
  EXPECT_EQ(read("ASCII", "Zo\xc3\xab"), "Zoë");
  EXPECT_EQ(read("ASCII", "\x80 5"), "€ 5");
  EXPECT_EQ(read("", "Zo\xeb"), "Zoë");
  EXPECT_EQ(read("ISO IR87", "Zo\xc3\xab"), "Zoë");
  EXPECT_EQ(read("UNICODE UTF-16", "Zoe"), "Zoe");
  EXPECT_EQ(read("8859/7", "\xff"), "ÿ");
  EXPECT_EQ(read("UTF-8", "\x81"), "\xc2\x81");
}

TEST(Charset, CopiesOnlyWhatItMustChange) {
  const Bytes ascii = message("8859/1", "Zoe");
  EXPECT_FALSE(decode(ascii, Charset::utf8).owned);
  const Bytes utf8 = message("UNICODE UTF-8", "Zo\xc3\xab");
  EXPECT_FALSE(decode(utf8, Charset::utf8).owned);
  const Bytes latin = message("8859/1", "Zo\xeb");
  EXPECT_TRUE(decode(latin, Charset::utf8).owned);
}

TEST(Charset, EverySampleIsText) {
  const auto all = samples();
  HOLDFAST_NEED_SAMPLES(all);
  for (const Sample& sample : all) {
    const Decoded decoded = decode(sample.bytes, Charset::utf8);
    EXPECT_TRUE(Message::parse(decoded.text())) << sample.file;
  }
}

TEST(Charset, WritesForTheReceiver) {
  EXPECT_EQ(*encode("Zoë", Charset::latin_1), "Zo\xeb");
  EXPECT_EQ(*encode("Zoë", Charset::utf8), "Zoë");
  EXPECT_EQ(encode("Zoë 中", Charset::latin_1).error().code, Code::value);
  EXPECT_EQ(encode("Zoë", Charset::ascii).error().code, Code::value);
}

}  // namespace
}  // namespace holdfast::hl7v2
