#include "base/text.h"

#include <gtest/gtest.h>

#include <vector>

namespace holdfast {
namespace {

TEST(Text, TrimsBlanksAndTabsAndNothingElse) {
  EXPECT_EQ(trimmed(" \t a \t b\t "), "a \t b");
  EXPECT_EQ(trimmed("\ra\n"), "\ra\n");
  EXPECT_EQ(trimmed(" \t "), "");
  EXPECT_EQ(trimmed(""), "");
}

TEST(Text, KnowsTheDigitsOfBothCasesAndNoOthers) {
  const std::string lower = "0123456789abcdef";
  const std::string upper = "0123456789ABCDEF";
  for (int c = -128; c < 128; ++c) {
    const std::size_t at =
        std::min(lower.find(static_cast<char>(c)), upper.find(static_cast<char>(c)));
    EXPECT_EQ(hex_digit(static_cast<char>(c)), at == std::string::npos ? -1 : static_cast<int>(at))
        << c;
  }
}

TEST(Text, WritesAUuid) {
  EXPECT_EQ(
      uuid_text(BytesView("\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16)),
      "00112233-4455-6677-8899-aabbccddeeff");
}

TEST(Text, DecodesAPlusAsAskedFor) {
  EXPECT_EQ(percent_decode("a+%2B%c3%A9", Plus::is_space).value(), "a +é");
  EXPECT_EQ(percent_decode("a+%2B%c3%A9", Plus::is_plus).value(), "a++é");
  EXPECT_EQ(percent_decode("%00%ff", Plus::is_plus).value(), std::string("\0\xff", 2));
}

TEST(Text, RefusesAPercentSignWithoutTwoDigits) {
  for (const std::string_view bad : {"%", "a%2", "%zz", "%2z", "%z2", "%%41", "% 41", "%+1"}) {
    const auto decoded = percent_decode(bad, Plus::is_space);
    ASSERT_FALSE(decoded.has_value()) << bad;
    EXPECT_EQ(decoded.error().code, Code::syntax);
  }
}

TEST(Text, EncodingIsUndoneByDecoding) {
  std::string every;
  for (int c = 0; c < 256; ++c) {
    every.push_back(static_cast<char>(c));
  }
  for (const Plus plus : {Plus::is_plus, Plus::is_space}) {
    EXPECT_EQ(percent_decode(percent_encode(every), plus).value(), every);
    EXPECT_EQ(percent_decode(percent_encode(every, "/:,"), plus).value(), every);
  }
  EXPECT_EQ(percent_encode("aZ09-._~/:, +%é"), "aZ09-._~%2F%3A%2C%20%2B%25%C3%A9");
  EXPECT_EQ(percent_encode("a/b:c,d|e", "/:,"), "a/b:c,d%7Ce");
}

std::string utf8_of(std::uint32_t point) {
  const auto tail = [&](unsigned shift) {
    return static_cast<char>(0x80U | (point >> shift & 0x3fU));
  };
  if (point < 0x80) {
    return {static_cast<char>(point)};
  }
  if (point < 0x800) {
    return {static_cast<char>(0xc0U | point >> 6U), tail(0)};
  }
  if (point < 0x10000) {
    return {static_cast<char>(0xe0U | point >> 12U), tail(6), tail(0)};
  }
  return {static_cast<char>(0xf0U | point >> 18U), tail(12), tail(6), tail(0)};
}

TEST(Text, TakesEveryScalarValueAsUtf8AndNoOther) {
  for (std::uint32_t point = 0; point <= 0x13ffff; ++point) {
    const bool scalar = point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
    ASSERT_EQ(!find_bad_utf8(utf8_of(point)).has_value(), scalar) << point;
  }
  // What passes of all pairs, of all triples, and of all triples with one more byte that may
  // follow, is as much as there are values: so nothing else passes.
  std::size_t pairs = 0;
  std::size_t triples = 0;
  std::size_t quads = 0;
  for (std::uint32_t raw = 0xc00000; raw <= 0xffffff; ++raw) {
    const char bytes[4] = {static_cast<char>(raw >> 16U), static_cast<char>(raw >> 8U & 0xffU),
                           static_cast<char>(raw & 0xffU), '\x80'};
    pairs += raw % 256 == 0 && !find_bad_utf8({bytes, 2}) ? 1U : 0U;
    triples += raw >= 0xe00000 && !find_bad_utf8({bytes, 3}) ? 1U : 0U;
    quads += raw >= 0xe00000 && !find_bad_utf8({bytes, 4}) ? 1U : 0U;
  }
  EXPECT_EQ(pairs, 0x800U - 0x80U);
  // A pair with one ASCII character is a triple that passes too, but begins below 0xe0.
  EXPECT_EQ(triples, 0x10000U - 0x800U - 0x800U);
  EXPECT_EQ(quads, 0x100000U / 64U);
}

TEST(Text, SaysWhereUtf8Ends) {
  EXPECT_EQ(find_bad_utf8(""), std::nullopt);
  EXPECT_EQ(find_bad_utf8("aé€😀"), std::nullopt);
  EXPECT_EQ(find_bad_utf8("a\x80"), 1U);
  EXPECT_EQ(find_bad_utf8("é\xc3"), 2U);
  EXPECT_EQ(find_bad_utf8("\xf0\x9f\x98"), 0U);
  EXPECT_EQ(find_bad_utf8("é\xed\xa0\x80"), 2U);
  // A text ends where its view ends, whatever lies behind.
  EXPECT_EQ(find_bad_utf8(std::string_view("a\xc3\xa9").substr(0, 2)), 1U);
}

TEST(Text, FindsTheNearestName) {
  const std::vector<std::string_view> names{"identifier", "name", "family", "nape"};
  EXPECT_EQ(nearest("idnetifier", names), "identifier");
  EXPECT_EQ(nearest("nmae", names), "name") << "the first of two that are as near";
  EXPECT_EQ(nearest("nap", names), "nape");
  EXPECT_EQ(nearest("identify_him", names), "identifier");
  EXPECT_EQ(nearest("nxyz", names), std::nullopt) << "more than half is wrong";
  EXPECT_EQ(nearest("", names), std::nullopt);
  EXPECT_EQ(nearest("name", {}), std::nullopt);
  EXPECT_EQ(nearest("identifier" + std::string(55, 'x'), names), std::nullopt);
}

}  // namespace
}  // namespace holdfast
