#include "journal/checkpoint.h"

#include <gtest/gtest.h>

#include "world/sim/sim_random.h"

namespace holdfast::journal {
namespace {

SigningKey key_of(std::uint64_t seed, const std::string& name = "example.org/journal") {
  SimRandom random(seed);
  return SigningKey::generate(name, random).value();
}

Checkpoint example() { return {"example.org/journal", 1234, sha256("root")}; }

// RFC 8032 section 7.1, test 2.
class OneByteAfterAnother final : public Random {
 public:
  explicit OneByteAfterAnother(Bytes bytes) : bytes_(std::move(bytes)) {}
  void fill(std::span<char> into) override {
    for (char& c : into) {
      c = bytes_.at(at_++);
    }
  }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

TEST(SigningKey, SignsAsRfc8032Says) {
  OneByteAfterAnother seed(
      *from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
  const SigningKey key = SigningKey::generate("test", seed).value();
  EXPECT_EQ(to_hex(*key.sign("\x72")),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  EXPECT_TRUE(key.verifier().verifies("\x72", *key.sign("\x72")));
  EXPECT_FALSE(key.verifier().verifies("\x73", *key.sign("\x72")));
}

TEST(SignedNote, IsTheTextThatWasSignedAndNoOther) {
  const SigningKey key = key_of(1);
  const std::string text = "holdfast-evidence 1\nline\n";
  const std::string note = sign_note(text, key).value();
  EXPECT_EQ(verify_note(note, key.verifier()).value(), text);
  EXPECT_EQ(verify_note(note, key_of(2).verifier()).error().code, Code::forbidden);
  std::string bent = note;
  bent[0] ^= 1;
  EXPECT_EQ(verify_note(bent, key.verifier()).error().code, Code::forbidden);
  EXPECT_EQ(verify_note(text, key.verifier()).error().code, Code::syntax);
  // Nobody takes it for a checkpoint of this key.
  EXPECT_FALSE(verify_checkpoint(note, key.verifier().name(), key.verifier()));
  for (const std::string_view bad : {"", "no end", "\nx\n", "a\n\nb\n"}) {
    EXPECT_EQ(sign_note(bad, key).error().code, Code::value) << bad;
  }
}

// The example key of the Go module golang.org/x/mod/sumdb/note, whose format this is.
TEST(VerifierKey, ReadsTheNotationOfOtherTools) {
  const std::string text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
  const auto key = VerifierKey::parse(text);
  ASSERT_TRUE(key) << key.error().what;
  EXPECT_EQ(key->text(), text);
  EXPECT_EQ(to_hex({key->id().data(), 4}), "c74f20a3");
  const std::string note =
      "If you think cryptography is the answer to your problem,\n"
      "then you don't know what your problem is.\n";
  const auto raw = from_base64(
      "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJ"
      "nAM=");
  ASSERT_TRUE(raw);
  EXPECT_TRUE(key->verifies(note, BytesView(*raw).substr(4)));
}

TEST(VerifierKey, RefusesAnIdThatIsNotItsOwn) {
  EXPECT_FALSE(
      VerifierKey::parse("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy"
                         "10TW"));
  EXPECT_FALSE(VerifierKey::parse("PeterNeumann"));
  EXPECT_FALSE(VerifierKey::parse("PeterNeumann+c74f20a3+AAAA"));
}

TEST(Checkpoint, IsWrittenAsTheFormatSays) {
  const SigningKey key = key_of(1);
  const std::string note = sign_checkpoint(example(), key).value();
  const std::string body = "example.org/journal\n1234\n" + to_base64(sha256("root").view()) + "\n";
  ASSERT_EQ(note.substr(0, body.size()), body);
  EXPECT_EQ(note.substr(body.size(), 1), "\n");
  EXPECT_EQ(note.substr(body.size() + 1).find("\xE2\x80\x94 example.org/journal "), 0U);
  EXPECT_EQ(note.back(), '\n');
  const auto checkpoint = verify_checkpoint(note, "example.org/journal", key.verifier());
  ASSERT_TRUE(checkpoint) << checkpoint.error().what;
  EXPECT_EQ(checkpoint->size, 1234U);
  EXPECT_EQ(checkpoint->root, sha256("root"));
}

TEST(Checkpoint, AnyChangedByteIsRefused) {
  const SigningKey key = key_of(1);
  const std::string note = sign_checkpoint(example(), key).value();
  for (std::size_t at = 0; at < note.size(); ++at) {
    std::string bad = note;
    bad[at] = static_cast<char>(static_cast<unsigned char>(bad[at]) ^ 1U);
    EXPECT_FALSE(verify_checkpoint(bad, "example.org/journal", key.verifier())) << at;
  }
}

TEST(Checkpoint, OfAnotherKeyOrOriginIsRefused) {
  const SigningKey key = key_of(1);
  const std::string note = sign_checkpoint(example(), key).value();
  EXPECT_FALSE(verify_checkpoint(note, "example.org/journal", key_of(2).verifier()));
  EXPECT_FALSE(verify_checkpoint(note, "example.org/other", key.verifier()));
}

// signed-note: signatures of keys that one does not know are skipped.
TEST(Checkpoint, TakesTheCosignaturesOfWitnesses) {
  const SigningKey key = key_of(1);
  const SigningKey witness = key_of(2, "witness.example.net");
  const std::string note = sign_checkpoint(example(), key).value();
  const std::string cosigned = sign_checkpoint(example(), witness).value();
  const std::string line = cosigned.substr(cosigned.find("\n\n") + 2);
  const auto both = note + line;
  EXPECT_TRUE(verify_checkpoint(both, "example.org/journal", key.verifier()));
  EXPECT_TRUE(verify_checkpoint(both, "example.org/journal", witness.verifier()));
}

TEST(SigningKey, ComesBackFromItsFile) {
  const SigningKey key = key_of(1);
  const Bytes file = key.file().value();
  EXPECT_NE(file.find("BEGIN PRIVATE KEY"), Bytes::npos);
  const auto read = SigningKey::parse(file);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->verifier().text(), key.verifier().text());
  EXPECT_EQ(*read->sign("message"), *key.sign("message"));
  EXPECT_FALSE(SigningKey::parse(file.substr(0, file.size() / 2)));
  EXPECT_FALSE(SigningKey::parse(""));
}

TEST(SigningKey, IsNoOtherKeyWhicheverBitOfItsFileFlips) {
  const SigningKey key = key_of(1);
  const Bytes file = key.file().value();
  std::size_t refused = 0;
  for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
    Bytes flipped = file;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const auto read = SigningKey::parse(flipped);
    if (!read) {
      ++refused;
      EXPECT_TRUE(read.error().code == Code::syntax || read.error().code == Code::corrupt) << bit;
    } else {
      EXPECT_EQ(read->verifier().text(), key.verifier().text()) << bit;
      EXPECT_EQ(*read->sign("message"), *key.sign("message")) << bit;
    }
  }
  EXPECT_GT(refused, file.size() * 8 * 9 / 10);
}

TEST(SigningKey, RefusesNamesThatTheFormatForbids) {
  SimRandom random(1);
  for (const char* name : {"", "two words", "a+b", "line\nbreak"}) {
    EXPECT_EQ(SigningKey::generate(name, random).error().code, Code::value) << name;
  }
}

}  // namespace
}  // namespace holdfast::journal
