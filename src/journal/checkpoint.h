// journal/checkpoint.h: signed statements "this journal has so many entries and this root", in the
// C2SP tlog-checkpoint format, so that any witness can check and cosign them.
// https://c2sp.org/tlog-checkpoint, https://c2sp.org/signed-note
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/result.h"
#include "world/random.h"

namespace holdfast::journal {

/// A checkpoint's text is at most this long, extensions and signatures included.
inline constexpr std::size_t checkpoint_bytes_max = 64U << 10U;

struct Checkpoint {
  std::string origin;  ///< names the journal; no newline
  std::uint64_t size = 0;
  Hash root;
};

/// An Ed25519 public key with the name it signs under.
class VerifierKey {
 public:
  VerifierKey(std::string name, const std::array<char, 32>& key);
  /// "name+hexid+base64(0x01, key)", as other tools of the format write it. Code::syntax.
  static Result<VerifierKey> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  [[nodiscard]] const std::string& name() const { return name_; }
  /// First four bytes of SHA-256(name, 0x0A, 0x01, key).
  [[nodiscard]] const std::array<char, 4>& id() const { return id_; }
  [[nodiscard]] bool verifies(BytesView message, BytesView signature) const;

 private:
  std::string name_;
  std::array<char, 32> key_;
  std::array<char, 4> id_{};
};

/// An Ed25519 private key with the name it signs under. Its 32 bytes come from Random.
class SigningKey {
 public:
  /// Code::value when the name is empty or holds white space or '+' (signed-note).
  static Result<SigningKey> generate(std::string name, Random& random);
  /// The key file: a line "name: …", a line "verifier: …" with the text of the VerifierKey, and one
  /// PEM block (PKCS #8, RFC 8410). The three say the same, or the file is Code::corrupt: a bit
  /// that flips must not make another key of it. Code::syntax.
  static Result<SigningKey> parse(BytesView file);
  [[nodiscard]] Result<Bytes> file() const;

  [[nodiscard]] const VerifierKey& verifier() const { return verifier_; }
  /// 64 bytes.
  [[nodiscard]] Result<Bytes> sign(BytesView message) const;

  SigningKey(SigningKey&&) = default;
  SigningKey& operator=(SigningKey&&) = default;
  SigningKey(const SigningKey&) = delete;
  SigningKey& operator=(const SigningKey&) = delete;
  ~SigningKey();

 private:
  SigningKey(const std::array<char, 32>& seed, VerifierKey verifier);
  static Result<SigningKey> from_seed(std::string name, const std::array<char, 32>& seed);
  std::array<char, 32> seed_;
  VerifierKey verifier_;
};

/// Signs any text of lines: the text, an empty line, a signature line (signed-note). The text ends
/// in a newline and has no empty line in it: Code::value.
[[nodiscard]] Result<std::string> sign_note(std::string_view text, const SigningKey& key);
/// The text of a note that `key` has signed; other signatures are skipped, as the format asks.
/// Code::syntax, Code::forbidden for a wrong signature.
[[nodiscard]] Result<std::string_view> verify_note(std::string_view note, const VerifierKey& key);

/// The whole note: body, empty line, signature line. Code::value for an origin with a newline.
[[nodiscard]] Result<std::string> sign_checkpoint(const Checkpoint& checkpoint,
                                                  const SigningKey& key);

/// Reads a note and verifies it: its origin is `origin`, and `key` has signed it; other
/// signatures are skipped, as the format asks. Code::syntax, Code::forbidden for a wrong signature.
[[nodiscard]] Result<Checkpoint> verify_checkpoint(std::string_view note, std::string_view origin,
                                                   const VerifierKey& key);

}  // namespace holdfast::journal
