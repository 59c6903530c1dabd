#include "journal/record.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace holdfast::journal {
namespace {

// Offsets in a record's header; the picture is in record.h.
constexpr std::size_t at_magic = 0;
constexpr std::size_t at_length = 8;
constexpr std::size_t at_kind = 12;
constexpr std::size_t at_flags = 14;
constexpr std::size_t at_position = 16;
constexpr std::size_t at_time = 24;
constexpr std::size_t at_key = 32;
constexpr std::size_t at_durable_through = 48;
constexpr std::size_t at_command_bytes = 56;
constexpr std::size_t at_outcome_bytes = 60;
constexpr std::size_t at_payload_hash = 64;
constexpr std::size_t at_previous_hash = 96;
constexpr std::size_t at_dictionary = 128;
constexpr std::size_t at_hash = 136;
constexpr std::size_t at_crc = 172;
static_assert(at_crc + sizeof(std::uint32_t) == header_bytes);

constexpr std::uint64_t round_up(std::uint64_t bytes) {
  return (bytes + record_align_bytes - 1) / record_align_bytes * record_align_bytes;
}

void store_hash(char* to, const Hash& hash) {
  std::memcpy(to, hash.bytes.data(), hash.bytes.size());
}

bool has(Redacted parts, Redacted part) {
  return (static_cast<std::uint32_t>(parts) & static_cast<std::uint32_t>(part)) != 0;
}

Result<void> check_seal(const Header& header) {
  const bool empty = header.position.value == 0 && header.flags == 0 && header.time.ms == 0 &&
                     header.key == IdempotencyKey{} && header.command_bytes == 0 &&
                     header.outcome_bytes == 0 && header.dictionary == 0 &&
                     header.payload_hash == Hash{};
  if (!empty) {
    return fail(Code::corrupt, "seal says more than it may");
  }
  return ok();
}

// A part that was taken out is its hash, then zeros.
Result<Hash> hash_of_part(BytesView part, bool redacted) {
  if (!redacted) {
    return sha256(part);
  }
  if (part.size() < redactable_bytes_min) {
    return fail(Code::corrupt, "redacted part is too short for its hash");
  }
  if (used_bytes(part.substr(redactable_bytes_min)) != 0) {
    return fail(Code::corrupt, "redacted part is not zero behind its hash");
  }
  return Hash::from(part.substr(0, redactable_bytes_min));
}

}  // namespace

std::size_t used_bytes(BytesView bytes) {
  std::size_t size = bytes.size();
  while (size % sizeof(std::uint64_t) != 0 && bytes[size - 1] == 0) {
    --size;
  }
  if (size % sizeof(std::uint64_t) != 0) {
    return size;
  }
  while (size != 0 && load_little<std::uint64_t>(bytes.data() + size - 8) == 0) {
    size -= 8;
  }
  while (size != 0 && bytes[size - 1] == 0) {
    --size;
  }
  return size;
}

bool all_zero(BytesView bytes) {
  return bytes.empty() ||
         (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

std::uint64_t record_bytes(std::uint64_t command_bytes, std::uint64_t outcome_bytes) {
  return header_bytes + round_up(command_bytes + outcome_bytes) + trailer_bytes;
}

std::uint32_t Header::record_bytes() const {
  return static_cast<std::uint32_t>(journal::record_bytes(command_bytes, outcome_bytes));
}

Hash payload_hash(const Hash& command_hash, const Hash& outcome_hash) {
  return sha256({command_hash.view(), outcome_hash.view()});
}

std::array<char, header_bytes> encode_header(Header& header, const Community& community) {
  check(record_bytes(header.command_bytes, header.outcome_bytes) <= record_bytes_max,
        "a record is within its bound before it is written");
  check(header.is_seal() == (header.position.value == 0), "a seal, and only it, has no position");
  std::array<char, header_bytes> raw{};
  char* const to = raw.data();
  store_little(to + at_magic, header.magic.value);
  store_little(to + at_length, header.record_bytes());
  store_little(to + at_kind, header.kind);
  store_little(to + at_flags, header.flags);
  store_little(to + at_position, header.position.value);
  store_little(to + at_time, header.time.ms);
  std::ranges::copy(header.key.bytes, to + at_key);
  store_little(to + at_durable_through, header.durable_through.value);
  store_little(to + at_command_bytes, header.command_bytes);
  store_little(to + at_outcome_bytes, header.outcome_bytes);
  store_hash(to + at_payload_hash, header.payload_hash);
  store_hash(to + at_previous_hash, header.previous_hash);
  store_little(to + at_dictionary, header.dictionary);
  header.hash = sha256({community.view(), BytesView(to, at_hash)});
  store_hash(to + at_hash, header.hash);
  store_little(to + at_crc, crc32c(BytesView(to, at_crc)));
  return raw;
}

void append_record(Bytes& to, Header& header, const Community& community, BytesView command,
                   BytesView outcome) {
  check(command.size() < record_bytes_max && outcome.size() < record_bytes_max,
        "a part is within the record's bound before it is written");
  header.command_bytes = static_cast<std::uint32_t>(command.size());
  header.outcome_bytes = static_cast<std::uint32_t>(outcome.size());
  const std::array<char, header_bytes> raw = encode_header(header, community);
  const std::size_t start = to.size();
  const std::size_t size = header.record_bytes();
  to.reserve(start + size);
  to.append(raw.data(), raw.size());
  to.append(command);
  to.append(outcome);
  to.resize(start + size - sizeof(std::uint32_t));  // zeros, and "nothing is redacted"
  append_little(to, crc32c(BytesView(to).substr(start + header_bytes)));
}

Result<Header> decode_header(BytesView bytes, const Community& community,
                             std::optional<RecordMagic> magic) {
  if (bytes.size() < header_bytes) {
    return fail(Code::corrupt, "record header is cut short");
  }
  const char* const from = bytes.data();
  Header header;
  header.magic = {load_little<std::uint64_t>(from + at_magic)};
  if (magic && header.magic != *magic) {
    return fail(Code::corrupt, "no record starts here");
  }
  if (load_little<std::uint32_t>(from + at_crc) != crc32c(bytes.substr(0, at_crc))) {
    return fail(Code::corrupt, "header checksum differs");
  }
  header.kind = load_little<std::uint16_t>(from + at_kind);
  header.flags = load_little<std::uint16_t>(from + at_flags);
  header.position = {load_little<std::uint64_t>(from + at_position)};
  header.time = {load_little<std::int64_t>(from + at_time)};
  std::memcpy(header.key.bytes.data(), from + at_key, header.key.bytes.size());
  header.durable_through = {load_little<std::uint64_t>(from + at_durable_through)};
  header.command_bytes = load_little<std::uint32_t>(from + at_command_bytes);
  header.outcome_bytes = load_little<std::uint32_t>(from + at_outcome_bytes);
  header.payload_hash = Hash::from(bytes.substr(at_payload_hash, 32));
  header.previous_hash = Hash::from(bytes.substr(at_previous_hash, 32));
  header.dictionary = load_little<std::uint32_t>(from + at_dictionary);
  header.hash = Hash::from(bytes.substr(at_hash, 32));
  const std::uint64_t length = record_bytes(header.command_bytes, header.outcome_bytes);
  if (length > record_bytes_max || load_little<std::uint32_t>(from + at_length) != length) {
    return fail(Code::corrupt, "record length is not that of its parts");
  }
  if (load_little<std::uint32_t>(from + at_dictionary + 4) != 0 ||
      load_little<std::uint32_t>(from + at_hash + 32) != 0) {
    return fail(Code::corrupt, "unused header bytes are not zero");
  }
  if (header.is_seal()) {
    TRY_OK(check_seal(header));
  } else if (header.durable_through >= header.position) {
    return fail(Code::corrupt, "record claims to be durable before it is written");
  }
  if (header.hash != sha256({community.view(), bytes.substr(0, at_hash)})) {
    return fail(Code::corrupt, "header hash differs (edited, or of another community)");
  }
  return header;
}

Result<Redacted> check_payload(const Header& header, BytesView record) {
  const std::size_t size = header.record_bytes();
  if (record.size() != size) {
    return fail(Code::corrupt, "record is cut short");
  }
  const BytesView body = record.substr(header_bytes, size - header_bytes - 4);
  if (load_little<std::uint32_t>(record.data() + size - 4) != crc32c(body)) {
    return fail(Code::corrupt, "payload checksum differs");
  }
  const auto redacted = load_little<std::uint32_t>(record.data() + size - 8);
  const std::size_t payload = std::size_t{header.command_bytes} + header.outcome_bytes;
  const BytesView pad = body.substr(payload, body.size() - payload - 4);
  if (redacted > static_cast<std::uint32_t>(Redacted::both) || used_bytes(pad) != 0) {
    return fail(Code::corrupt, "bytes behind the payload are not as written");
  }
  const auto parts = static_cast<Redacted>(redacted);
  if (header.is_seal()) {
    return parts == Redacted::none
               ? Result<Redacted>(parts)
               : fail(Code::corrupt, "a seal has nothing that could be redacted");
  }
  TRY(const Hash command,
      hash_of_part(body.substr(0, header.command_bytes), has(parts, Redacted::command)));
  TRY(const Hash outcome, hash_of_part(body.substr(header.command_bytes, header.outcome_bytes),
                                       has(parts, Redacted::outcome)));
  if (payload_hash(command, outcome) != header.payload_hash) {
    return fail(Code::corrupt, "payload hash differs");
  }
  return parts;
}

Result<Record> decode_record(BytesView bytes, const Community& community,
                             std::optional<RecordMagic> magic) {
  TRY(Header header, decode_header(bytes, community, magic));
  TRY(const Redacted parts, check_payload(header, bytes));
  return Record{std::move(header), Bytes(bytes), parts};
}

BytesView Record::command() const {
  return has(redacted, Redacted::command)
             ? BytesView{}
             : BytesView(raw).substr(header_bytes, header.command_bytes);
}

BytesView Record::outcome() const {
  return has(redacted, Redacted::outcome)
             ? BytesView{}
             : BytesView(raw).substr(header_bytes + header.command_bytes, header.outcome_bytes);
}

Result<Bytes> redact(BytesView record, const Community& community, Redacted parts) {
  TRY(Record whole, decode_record(record, community, std::nullopt));
  const auto blank = [&whole](std::size_t at, std::size_t size) {
    const Hash hash = sha256(BytesView(whole.raw).substr(at, size));
    std::fill_n(whole.raw.begin() + static_cast<std::ptrdiff_t>(at), size, char{0});
    store_hash(whole.raw.data() + at, hash);
  };
  const Header& header = whole.header;
  const bool command = has(parts, Redacted::command) && !has(whole.redacted, Redacted::command);
  const bool outcome = has(parts, Redacted::outcome) && !has(whole.redacted, Redacted::outcome);
  if ((command && header.command_bytes < redactable_bytes_min) ||
      (outcome && header.outcome_bytes < redactable_bytes_min)) {
    return fail(Code::unsupported, "a part of less than 32 bytes cannot be redacted");
  }
  if (command) {
    blank(header_bytes, header.command_bytes);
  }
  if (outcome) {
    blank(header_bytes + header.command_bytes, header.outcome_bytes);
  }
  const auto bits = static_cast<std::uint32_t>(whole.redacted) | static_cast<std::uint32_t>(parts);
  const std::size_t size = whole.raw.size();
  store_little(whole.raw.data() + size - 8, bits);
  store_little(whole.raw.data() + size - 4,
               crc32c(BytesView(whole.raw).substr(header_bytes, size - header_bytes - 4)));
  return std::move(whole.raw);
}

}  // namespace holdfast::journal
