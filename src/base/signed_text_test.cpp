#include "base/signed_text.h"

#include <gtest/gtest.h>

#include "base/hash.h"

namespace holdfast {
namespace {

const Bytes secret(32, 's');

TEST(SignedText, ComesBackAsItWas) {
  const Bytes content("\0cursor\xff", 8);
  EXPECT_EQ(open_signed_text("a", sign_text("a", content, secret), secret), content);
  EXPECT_EQ(open_signed_text("a", sign_text("a", "", secret), secret), "");
}

TEST(SignedText, IsRefusedIfAnyBitIsAnotherOrTheSecretOrThePurpose) {
  const std::string text = sign_text("a", "content", secret);
  const Bytes good = *from_base64url(text);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<char>(static_cast<unsigned char>(bad[bit / 8]) ^ (1U << (bit % 8)));
    EXPECT_FALSE(open_signed_text("a", to_base64url(bad), secret)) << bit;
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(open_signed_text("a", to_base64url(good.substr(0, size)), secret)) << size;
  }
  EXPECT_FALSE(open_signed_text("b", text, secret));
  EXPECT_FALSE(open_signed_text("a", text, Bytes(32, 't')));
  EXPECT_FALSE(open_signed_text("a", "not base64url!", secret));
}

}  // namespace
}  // namespace holdfast
