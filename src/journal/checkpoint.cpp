#include "journal/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <utility>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <fmt/format.h>

namespace holdfast::journal {
namespace {

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeDigest {
  void operator()(EVP_MD_CTX* digest) const { EVP_MD_CTX_free(digest); }
};
struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Digest = std::unique_ptr<EVP_MD_CTX, FreeDigest>;
using Bio = std::unique_ptr<BIO, FreeBio>;

constexpr char ed25519_type = 0x01;  // signed-note's byte for Ed25519
constexpr std::size_t signature_bytes = 64;
constexpr std::size_t signatures_max = 64;
constexpr std::string_view dash = "\u2014 ";  // em dash, space
constexpr std::string_view name_line = "name: ";
constexpr std::string_view verifier_line = "verifier: ";

const unsigned char* bytes_of(BytesView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

Key private_key(const std::array<char, 32>& seed) {
  return Key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr,
                                          bytes_of({seed.data(), seed.size()}), seed.size()));
}

// signed-note: a key name is not empty and holds neither white space nor a plus.
bool good_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && std::ranges::none_of(name, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7f || c == '+';
  });
}

std::array<char, 4> key_id(std::string_view name, const std::array<char, 32>& key) {
  const Hash hash = sha256(
      {name, BytesView("\n", 1), BytesView(&ed25519_type, 1), BytesView(key.data(), key.size())});
  std::array<char, 4> id{};
  std::copy_n(hash.view().begin(), id.size(), id.begin());
  return id;
}

// Takes a line with its newline off the front.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

// tlog-checkpoint: ASCII decimal, no leading zeros.
std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc{} || end != text.data() + text.size() ||
      (text.size() > 1 && text[0] == '0')) {
    return std::nullopt;
  }
  return size;
}

Result<Checkpoint> parse_body(std::string_view body) {
  const auto origin = take_line(body);
  const auto size_line = take_line(body);
  const auto root_line = take_line(body);
  if (!origin || origin->empty() || !size_line || !root_line) {
    return fail(Code::syntax, "a checkpoint has an origin, a size and a root, each on its line");
  }
  const auto size = parse_size(*size_line);
  const auto root = from_base64(*root_line);
  if (!size || !root || root->size() != 32 || to_base64(*root) != *root_line) {
    return fail(Code::syntax, "the checkpoint's size or root is not written as it must be");
  }
  return Checkpoint{std::string(*origin), *size, Hash::from(*root)};
}

/// A signature line, "— name base64(id, signature)".
struct SignatureLine {
  std::string_view name;
  Bytes id;
  Bytes signature;
};

Result<SignatureLine> parse_signature(std::string_view line) {
  if (!line.starts_with(dash)) {
    return fail(Code::syntax, "a signature line starts with an em dash");
  }
  line.remove_prefix(dash.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || !good_name(line.substr(0, space))) {
    return fail(Code::syntax, "a signature line names its key");
  }
  const auto raw = from_base64(line.substr(space + 1));
  if (!raw || raw->size() <= 4) {
    return fail(Code::syntax, "a signature is base64 of a key id and more");
  }
  return SignatureLine{line.substr(0, space), raw->substr(0, 4), raw->substr(4)};
}

}  // namespace

VerifierKey::VerifierKey(std::string name, const std::array<char, 32>& key)
    : name_(std::move(name)), key_(key), id_(key_id(name_, key)) {}

Result<VerifierKey> VerifierKey::parse(std::string_view text) {
  const std::size_t first = text.find('+');
  const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos || !good_name(text.substr(0, first))) {
    return fail(Code::syntax, "a verifier key is name+id+key");
  }
  const auto id = from_hex(text.substr(first + 1, second - first - 1));
  const auto raw = from_base64(text.substr(second + 1));
  if (!id || !raw || raw->size() != 33 || (*raw)[0] != ed25519_type) {
    return fail(Code::syntax, "not an Ed25519 verifier key");
  }
  std::array<char, 32> key{};
  std::copy_n(raw->begin() + 1, key.size(), key.begin());
  VerifierKey parsed(std::string(text.substr(0, first)), key);
  if (*id != BytesView(parsed.id_.data(), parsed.id_.size())) {
    return fail(Code::syntax, "the verifier key's id is not that of its name and key");
  }
  return parsed;
}

std::string VerifierKey::text() const {
  Bytes raw(1, ed25519_type);
  raw.append(key_.data(), key_.size());
  return fmt::format("{}+{}+{}", name_, to_hex({id_.data(), id_.size()}), to_base64(raw));
}

bool VerifierKey::verifies(BytesView message, BytesView signature) const {
  const Key key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                            bytes_of({key_.data(), key_.size()}), key_.size()));
  const Digest digest(EVP_MD_CTX_new());
  return key && digest && signature.size() == signature_bytes &&
         EVP_DigestVerifyInit(digest.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(digest.get(), bytes_of(signature), signature.size(), bytes_of(message),
                          message.size()) == 1;
}

SigningKey::SigningKey(const std::array<char, 32>& seed, VerifierKey verifier)
    : seed_(seed), verifier_(std::move(verifier)) {}

SigningKey::~SigningKey() { OPENSSL_cleanse(seed_.data(), seed_.size()); }

Result<SigningKey> SigningKey::from_seed(std::string name, const std::array<char, 32>& seed) {
  if (!good_name(name)) {
    return fail(Code::value, "a key's name is not empty and holds neither white space nor '+'");
  }
  const Key key = private_key(seed);
  std::array<char, 32> public_key{};
  std::size_t size = public_key.size();
  if (!key || EVP_PKEY_get_raw_public_key(
                  key.get(), reinterpret_cast<unsigned char*>(public_key.data()), &size) != 1) {
    return fail(Code::unsupported, "this OpenSSL does not do Ed25519");
  }
  return SigningKey(seed, VerifierKey(std::move(name), public_key));
}

Result<SigningKey> SigningKey::generate(std::string name, Random& random) {
  std::array<char, 32> seed{};
  random.fill(seed);
  auto key = from_seed(std::move(name), seed);
  OPENSSL_cleanse(seed.data(), seed.size());
  return key;
}

Result<SigningKey> SigningKey::parse(BytesView file) {
  std::string_view rest = file;
  const auto first = take_line(rest);
  if (!first || !first->starts_with(name_line)) {
    return fail(Code::syntax, "a key file starts with a line \"name: …\"");
  }
  const auto second = take_line(rest);
  if (!second || !second->starts_with(verifier_line)) {
    return fail(Code::syntax, "the second line of a key file is \"verifier: …\"");
  }
  const Bio bio(BIO_new_mem_buf(rest.data(), static_cast<int>(rest.size())));
  const Key key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr) : nullptr);
  std::array<char, 32> seed{};
  std::size_t size = seed.size();
  if (!key || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519 ||
      EVP_PKEY_get_raw_private_key(key.get(), reinterpret_cast<unsigned char*>(seed.data()),
                                   &size) != 1) {
    return fail(Code::syntax, "the key file holds no Ed25519 private key");
  }
  auto parsed = from_seed(std::string(first->substr(name_line.size())), seed);
  OPENSSL_cleanse(seed.data(), seed.size());
  if (!parsed || parsed->verifier().text() != second->substr(verifier_line.size())) {
    return fail(Code::corrupt,
                "the key file says two things of one key: it was changed; restore it from a copy");
  }
  return parsed;
}

Result<Bytes> SigningKey::file() const {
  const Key key = private_key(seed_);
  const Bio bio(BIO_new(BIO_s_mem()));
  if (!key || !bio ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return fail(Code::unsupported, "OpenSSL does not write the key");
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  Bytes file =
      fmt::format("{}{}\n{}{}\n", name_line, verifier_.name(), verifier_line, verifier_.text());
  file.append(data, static_cast<std::size_t>(size));
  OPENSSL_cleanse(data, static_cast<std::size_t>(size));
  return file;
}

// RFC 8032 section 5.1.6, through OpenSSL.
Result<Bytes> SigningKey::sign(BytesView message) const {
  const Key key = private_key(seed_);
  const Digest digest(EVP_MD_CTX_new());
  Bytes signature(signature_bytes, '\0');
  std::size_t size = signature.size();
  if (!key || !digest ||
      EVP_DigestSignInit(digest.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     bytes_of(message), message.size()) != 1 ||
      size != signature_bytes) {
    return fail(Code::unsupported, "this OpenSSL does not sign with Ed25519");
  }
  return signature;
}

Result<std::string> sign_note(std::string_view text, const SigningKey& key) {
  if (!text.ends_with('\n') || text.starts_with('\n') || text.find("\n\n") != std::string::npos) {
    return fail(Code::value, "a note's text is lines, none of them empty");
  }
  TRY(const Bytes signature, key.sign(text));
  const std::array<char, 4>& id = key.verifier().id();
  Bytes raw(id.data(), id.size());
  raw.append(signature);
  return fmt::format("{}\n{}{} {}\n", text, dash, key.verifier().name(), to_base64(raw));
}

Result<std::string_view> verify_note(std::string_view note, const VerifierKey& key) {
  if (note.size() > checkpoint_bytes_max) {
    return fail(Code::too_large, "a signed note takes at most 64 KiB");
  }
  // signed-note: the last empty line parts the text from its signatures.
  const std::size_t gap = note.rfind("\n\n");
  if (gap == std::string_view::npos) {
    return fail(Code::syntax, "a signed note has an empty line before its signatures");
  }
  const std::string_view text = note.substr(0, gap + 1);
  std::string_view signatures = note.substr(gap + 2);
  bool signed_by_key = false;
  for (std::size_t count = 0; !signatures.empty(); ++count) {
    const auto line = take_line(signatures);
    if (!line || count == signatures_max) {
      return fail(Code::syntax, "signature lines end in a newline, and there are at most 64");
    }
    TRY(const SignatureLine found, parse_signature(*line));
    if (found.name != key.name() || found.id != BytesView(key.id().data(), key.id().size())) {
      continue;
    }
    if (!key.verifies(text, found.signature)) {
      return fail(Code::forbidden, "the signature does not verify");
    }
    signed_by_key = true;
  }
  if (!signed_by_key) {
    return fail(Code::forbidden, fmt::format("it is not signed by {}", key.name()));
  }
  return text;
}

Result<std::string> sign_checkpoint(const Checkpoint& checkpoint, const SigningKey& key) {
  if (checkpoint.origin.empty() || checkpoint.origin.find('\n') != std::string::npos) {
    return fail(Code::value, "an origin is one line and not empty");
  }
  return sign_note(fmt::format("{}\n{}\n{}\n", checkpoint.origin, checkpoint.size,
                               to_base64(checkpoint.root.view())),
                   key);
}

Result<Checkpoint> verify_checkpoint(std::string_view note, std::string_view origin,
                                     const VerifierKey& key) {
  TRY(const std::string_view text, verify_note(note, key));
  TRY(Checkpoint checkpoint, parse_body(text));
  if (checkpoint.origin != origin) {
    return fail(Code::forbidden, fmt::format("the checkpoint is of \"{}\"", checkpoint.origin));
  }
  return checkpoint;
}

}  // namespace holdfast::journal
