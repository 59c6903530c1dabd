// search/value_query_test.cpp: ranges of keys that overlap or touch become one, within one index.
#include "search/value_query.h"

#include <gtest/gtest.h>

namespace holdfast::search {
namespace {

KeyRange range(Bytes from, Bytes until) {
  KeyRange made;
  made.from = std::move(from);
  made.until = std::move(until);
  return made;
}

std::string shown(std::vector<KeyRange> ranges) {
  std::string text;
  for (const KeyRange& one : apart(std::move(ranges))) {
    text += one.from + "-" + one.until + " ";
  }
  return text;
}

TEST(Apart, JoinsWhatOverlapsOrTouches) {
  EXPECT_EQ(
      shown({range("aac", "aaf"), range("aaa", "aac"), range("aae", "aah"), range("aaj", "aak")}),
      "aaa-aah aaj-aak ");
}

// The whole of one index ends where the next begins: a scan that goes through the first ends there.
TEST(Apart, NeverJoinsTwoIndexes) {
  EXPECT_EQ(shown({range("aa", "ab"), range("ab", "ac")}), "aa-ab ab-ac ");
}

}  // namespace
}  // namespace holdfast::search
