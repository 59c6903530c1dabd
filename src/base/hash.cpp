#include "base/hash.h"

#include <openssl/evp.h>

#include "base/check.h"
#include "base/text.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace holdfast {
namespace {

// RFC 3720 appendix B.4: polynomial 0x1EDC6F41, reflected.
constexpr std::uint32_t castagnoli_reflected = 0x82f63b78U;

// Slicing by eight: table[k][b] is the remainder of byte b followed by k zero bytes.
using CrcTables = std::array<std::array<std::uint32_t, 256>, 8>;

consteval CrcTables make_crc_tables() {
  CrcTables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) {
      remainder = (remainder >> 1U) ^ ((remainder & 1U) != 0 ? castagnoli_reflected : 0U);
    }
    tables[0][byte] = remainder;
  }
  for (std::size_t k = 1; k < tables.size(); ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t shorter = tables[k - 1][byte];
      tables[k][byte] = (shorter >> 8U) ^ tables[0][shorter & 0xffU];
    }
  }
  return tables;
}

constexpr CrcTables crc_tables = make_crc_tables();

std::uint32_t crc_by_table(const char* at, std::size_t count, std::uint32_t crc) {
  while (count >= 8) {
    const std::uint64_t word = load_little<std::uint64_t>(at) ^ crc;
    crc = 0;
    for (unsigned i = 0; i < 8; ++i) {
      crc ^= crc_tables[7 - i][(word >> (8 * i)) & 0xffU];
    }
    at += 8;
    count -= 8;
  }
  for (; count > 0; --count, ++at) {
    crc = (crc >> 8U) ^ crc_tables[0][(crc ^ static_cast<unsigned char>(*at)) & 0xffU];
  }
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc_by_instruction(const char* at,
                                                                   std::size_t count,
                                                                   std::uint32_t crc) {
  std::uint64_t wide = crc;
  for (; count >= 8; count -= 8, at += 8) {
    wide = _mm_crc32_u64(wide, load_little<std::uint64_t>(at));
  }
  auto narrow = static_cast<std::uint32_t>(wide);
  for (; count > 0; --count, ++at) {
    narrow = _mm_crc32_u8(narrow, static_cast<unsigned char>(*at));
  }
  return narrow;
}
#endif

constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view base64url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

enum class Padding : std::uint8_t { required, absent };

std::string encode64(BytesView bytes, std::string_view alphabet, Padding padding) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char byte : bytes) {
    bits = (bits << 8U) | static_cast<unsigned char>(byte);
    held += 8;
    while (held >= 6) {
      held -= 6;
      text.push_back(alphabet[(bits >> held) & 0x3fU]);
    }
  }
  if (held > 0) {
    text.push_back(alphabet[(bits << (6 - held)) & 0x3fU]);
  }
  if (padding == Padding::required) {
    text.append((4 - text.size() % 4) % 4, '=');
  }
  return text;
}

constexpr std::uint8_t no_digit = 0xff;

consteval std::array<std::uint8_t, 256> invert(std::string_view alphabet) {
  std::array<std::uint8_t, 256> value{};
  value.fill(no_digit);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    value[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return value;
}
constexpr auto base64_values = invert(base64_alphabet);
constexpr auto base64url_values = invert(base64url_alphabet);

// RFC 4648 section 3.5: bits left over must be zero, so that every value has one spelling.
std::optional<Bytes> decode64(std::string_view text, const std::array<std::uint8_t, 256>& values,
                              Padding padding) {
  if (padding == Padding::required) {
    if (text.size() % 4 != 0) {
      return std::nullopt;
    }
    for (int i = 0; i < 2 && text.ends_with('='); ++i) {
      text.remove_suffix(1);
    }
  }
  if (text.size() % 4 == 1) {
    return std::nullopt;
  }
  Bytes bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char digit : text) {
    const std::uint8_t value = values[static_cast<unsigned char>(digit)];
    if (value == no_digit) {
      return std::nullopt;
    }
    bits = (bits << 6U) | value;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes.push_back(static_cast<char>((bits >> held) & 0xffU));
    }
  }
  if ((bits & ((1U << held) - 1U)) != 0) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace

Hash Hash::from(BytesView raw) {
  Hash hash;
  check(raw.size() == hash.bytes.size(), "a hash has 32 bytes");
  std::memcpy(hash.bytes.data(), raw.data(), raw.size());
  return hash;
}

namespace {

// The low-level SHA256_Init() family is deprecated since OpenSSL 3.0, and the one-shot SHA256()
// looks its algorithm up by name, under a lock, at every call. An algorithm fetched once may be
// used from any thread, and a context begun anew neither looks up nor allocates.
const EVP_MD* algorithm() {
  static const EVP_MD* const fetched = [] {
    const EVP_MD* const found = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    check(found != nullptr, "OpenSSL offers SHA-256");
    return found;
  }();
  return fetched;
}

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Digest = std::unique_ptr<EVP_MD_CTX, FreeDigest>;

Digest begin_digest() {
  Digest digest(EVP_MD_CTX_new());
  check(digest != nullptr, "memory for a digest");
  return digest;
}

void restart(EVP_MD_CTX* digest) {
  check(EVP_DigestInit_ex2(digest, algorithm(), nullptr) == 1, "SHA-256 begins");
}

void feed(EVP_MD_CTX* digest, BytesView bytes) {
  check(EVP_DigestUpdate(digest, bytes.data(), bytes.size()) == 1, "SHA-256 takes bytes");
}

Hash end_digest(EVP_MD_CTX* digest) {
  Hash hash;
  check(EVP_DigestFinal_ex(digest, hash.bytes.data(), nullptr) == 1, "SHA-256 ends");
  return hash;
}

// One context a thread: begun anew for each hash, it allocates nothing.
EVP_MD_CTX* thread_digest() {
  thread_local const Digest digest = begin_digest();
  return digest.get();
}

}  // namespace

Hash sha256(BytesView bytes) { return sha256({bytes}); }

// H(K xor opad, H(K xor ipad, text))
Hash hmac_sha256(BytesView key, BytesView text) {
  constexpr std::size_t block_bytes = 64;
  Bytes block(key.size() > block_bytes ? sha256(key).view() : key);
  block.resize(block_bytes, '\0');
  const auto padded = [&](unsigned char pad) {
    Bytes changed = block;
    for (char& byte : changed) {
      byte = static_cast<char>(static_cast<unsigned char>(byte) ^ pad);
    }
    return changed;
  };
  const Hash inner = sha256({padded(0x36), text});
  return sha256({padded(0x5c), inner.view()});
}

Hash sha256(std::initializer_list<BytesView> parts) {
  EVP_MD_CTX* const digest = thread_digest();
  restart(digest);
  for (const BytesView part : parts) {
    feed(digest, part);
  }
  return end_digest(digest);
}

struct Sha256::State {
  Digest digest = begin_digest();
};

Sha256::Sha256() : state_(std::make_unique<State>()) { restart(state_->digest.get()); }
Sha256::~Sha256() = default;

void Sha256::add(BytesView bytes) {
  check(state_ != nullptr, "add() after finish()");
  feed(state_->digest.get(), bytes);
}

Hash Sha256::finish() {
  check(state_ != nullptr, "finish() twice");
  const std::unique_ptr<State> ended = std::move(state_);
  return end_digest(ended->digest.get());
}

std::uint32_t crc32c(BytesView bytes, std::uint32_t before) {
  const std::uint32_t crc = ~before;
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) {
    return ~crc_by_instruction(bytes.data(), bytes.size(), crc);
  }
#endif
  return ~crc_by_table(bytes.data(), bytes.size(), crc);
}

std::uint32_t crc32c_portable(BytesView bytes, std::uint32_t before) {
  return ~crc_by_table(bytes.data(), bytes.size(), ~before);
}

std::string to_hex(BytesView bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    append_hex(text, byte);
  }
  return text;
}

std::optional<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) {
    return std::nullopt;
  }
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) {
      return std::nullopt;
    }
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

std::string to_base64(BytesView bytes) {
  return encode64(bytes, base64_alphabet, Padding::required);
}
std::optional<Bytes> from_base64(std::string_view text) {
  return decode64(text, base64_values, Padding::required);
}
std::string to_base64url(BytesView bytes) {
  return encode64(bytes, base64url_alphabet, Padding::absent);
}
std::optional<Bytes> from_base64url(std::string_view text) {
  return decode64(text, base64url_values, Padding::absent);
}

}  // namespace holdfast
