#include "base/hash.h"

#include <string>

#include <gtest/gtest.h>

namespace holdfast {
namespace {

std::string hex_of(const Hash& hash) { return to_hex(hash.view()); }

// FIPS 180-4, the examples published with it.
TEST(Sha256, MatchesPublishedVectors) {
  EXPECT_EQ(hex_of(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex_of(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex_of(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex_of(sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PartsAndPiecesHashAsTheWhole) {
  const Hash whole = sha256("the journal is the truth");
  EXPECT_EQ(sha256({"the journal", "", " is the truth"}), whole);
  Sha256 pieces;
  for (const char letter : std::string_view("the journal is the truth")) {
    pieces.add(BytesView(&letter, 1));
  }
  EXPECT_EQ(pieces.finish(), whole);
  EXPECT_EQ(Hash::from(whole.view()), whole);
}

// RFC 3720 appendix B.4.
TEST(Crc32c, MatchesPublishedVectors) {
  const std::string zeros(32, '\0');
  const std::string ones(32, '\xff');
  std::string rising;
  std::string falling;
  for (int i = 0; i < 32; ++i) {
    rising.push_back(static_cast<char>(i));
    falling.push_back(static_cast<char>(31 - i));
  }
  for (auto* crc : {&crc32c, &crc32c_portable}) {
    EXPECT_EQ(crc(zeros, 0), 0x8a9136aaU);
    EXPECT_EQ(crc(ones, 0), 0x62a8ab43U);
    EXPECT_EQ(crc(rising, 0), 0x46dd794eU);
    EXPECT_EQ(crc(falling, 0), 0x113fdb5cU);
    EXPECT_EQ(crc("123456789", 0), 0xe3069283U);
    EXPECT_EQ(crc("", 0), 0U);
  }
}

TEST(Crc32c, ContinuesAndAgreesWithTheTableAtEveryLengthAndOffset) {
  std::string bytes;
  std::uint32_t state = 1;
  for (int i = 0; i < 300; ++i) {
    state = state * 1664525U + 1013904223U;
    bytes.push_back(static_cast<char>(state >> 24U));
  }
  for (std::size_t from = 0; from < 9; ++from) {
    for (std::size_t count = 0; from + count <= bytes.size(); ++count) {
      const BytesView part = BytesView(bytes).substr(from, count);
      ASSERT_EQ(crc32c(part), crc32c_portable(part)) << from << " " << count;
      const std::size_t half = count / 2;
      ASSERT_EQ(crc32c(part.substr(half), crc32c(part.substr(0, half))), crc32c(part));
    }
  }
}

TEST(Hex, GoesBothWaysAndRefusesTheRest) {
  EXPECT_EQ(to_hex(BytesView("\x00\xff\x1a", 3)), "00ff1a");
  EXPECT_EQ(from_hex("00fF1A"), Bytes("\x00\xff\x1a", 3));
  EXPECT_EQ(from_hex(""), Bytes());
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
  EXPECT_FALSE(from_hex(" 0"));
}

// RFC 4231, test cases 2 and 6: a key shorter than a block, and one longer.
TEST(Hmac, MatchesPublishedVectors) {
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?").view()),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac_sha256(Bytes(131, '\xaa'),
                               "Test Using Larger Than Block-Size Key - Hash Key First")
                       .view()),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

// RFC 4648 section 10.
TEST(Base64, MatchesPublishedVectors) {
  const std::pair<BytesView, std::string_view> vectors[] = {{"", ""},
                                                            {"f", "Zg=="},
                                                            {"fo", "Zm8="},
                                                            {"foo", "Zm9v"},
                                                            {"foob", "Zm9vYg=="},
                                                            {"fooba", "Zm9vYmE="},
                                                            {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), Bytes(bytes));
    const std::string bare(text.substr(0, text.find('=')));
    EXPECT_EQ(to_base64url(bytes), bare);
    EXPECT_EQ(from_base64url(bare), Bytes(bytes));
  }
}

TEST(Base64, TheTwoAlphabetsAreKeptApart) {
  const BytesView bytes("\xfb\xff\xfe", 3);
  EXPECT_EQ(to_base64(bytes), "+//+");
  EXPECT_EQ(to_base64url(bytes), "-__-");
  EXPECT_FALSE(from_base64("-__-"));
  EXPECT_FALSE(from_base64url("+//+"));
}

TEST(Base64, EveryValueHasOneSpelling) {
  EXPECT_FALSE(from_base64("Zh=="));  // stray bits
  EXPECT_FALSE(from_base64("Zg="));
  EXPECT_FALSE(from_base64("Zg"));
  EXPECT_FALSE(from_base64("===="));
  EXPECT_FALSE(from_base64("Z==="));
  EXPECT_FALSE(from_base64("Zm9v\n"));
  EXPECT_FALSE(from_base64("Zg==Zg=="));
  EXPECT_FALSE(from_base64url("Zg=="));
  EXPECT_FALSE(from_base64url("Z"));
}

}  // namespace
}  // namespace holdfast
