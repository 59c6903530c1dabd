// journal/record.h: one record as it lies in a segment; encodes and decodes it, purely over bytes.
// The page docs/JOURNAL_FORMAT.md describes the same bytes for people.
//
//   0  record-magic u64      48 durable-through u64     128 dictionary u32
//   8  length u32            56 command-length u32      132 zero u32
//   12 kind u16              60 outcome-length u32      136 hash[32]
//   14 flags u16             64 payload-hash[32]        168 zero u32
//   16 position u64          96 previous-hash[32]       172 header-crc32c u32, over 0..171
//   24 time i64 (ms)        176 command, outcome, zeros to a multiple of 8
//   32 idempotency-key[16]      redacted u32, payload-crc32c u32 over 176..here
//
// hash = SHA-256(community[16], bytes 0..135). payload-hash = SHA-256(SHA-256(command),
// SHA-256(outcome)), both as stored. So the chain covers headers only, and a part can be taken out
// while its hash stays.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/result.h"
#include "journal/options.h"

namespace holdfast::journal {

/// A record with its overhead is at most this long; more is refused before it is journaled.
inline constexpr std::uint32_t record_bytes_max = 32U << 20U;
inline constexpr std::uint32_t header_bytes = 176;
inline constexpr std::uint32_t trailer_bytes = 8;
inline constexpr std::uint32_t record_align_bytes = 8;
/// A seal is a header and a trailer, nothing between.
inline constexpr std::uint32_t seal_bytes = header_bytes + trailer_bytes;
/// What a record costs beside its payload, at most.
inline constexpr std::uint32_t record_overhead_bytes = seal_bytes + record_align_bytes - 1;
/// The one kind that the journal itself gives a meaning to; callers use the others.
inline constexpr std::uint16_t seal_kind = 0xffff;

/// Random per segment: bytes of a payload, or of another segment, are never taken for a record.
struct RecordMagic {
  std::uint64_t value = 0;
  auto operator<=>(const RecordMagic&) const = default;
};

/// First 16 bytes of SHA-256(principal, Idempotency-Key), or random.
struct IdempotencyKey {
  std::array<char, 16> bytes{};
  auto operator<=>(const IdempotencyKey&) const = default;
};

/// Parts of a payload that were taken out; bits.
enum class Redacted : std::uint32_t { none = 0, command = 1, outcome = 2, both = 3 };

struct Header {
  RecordMagic magic;
  std::uint16_t kind = 0;   ///< the caller's, or seal_kind
  std::uint16_t flags = 0;  ///< the caller's
  Position position;        ///< 0 in a seal
  Time time;
  IdempotencyKey key;
  Position durable_through;  ///< known to be durable when this was written
  std::uint32_t command_bytes = 0;
  std::uint32_t outcome_bytes = 0;
  std::uint32_t dictionary = 0;  ///< zstd dictionary of the payload; 0 is none
  Hash payload_hash;
  Hash previous_hash;  ///< hash of the entry before; in a seal the chain head
  Hash hash;           ///< this entry's; what the chain and the Merkle tree hold

  [[nodiscard]] bool is_seal() const { return kind == seal_kind; }
  [[nodiscard]] std::uint32_t record_bytes() const;
};

/// Length of a record with such a payload, a multiple of 8. May exceed record_bytes_max: ask.
[[nodiscard]] std::uint64_t record_bytes(std::uint64_t command_bytes, std::uint64_t outcome_bytes);

/// Length of `bytes` without the zeros at its end.
[[nodiscard]] std::size_t used_bytes(BytesView bytes);
[[nodiscard]] bool all_zero(BytesView bytes);

/// SHA-256(command_hash, outcome_hash).
[[nodiscard]] Hash payload_hash(const Hash& command_hash, const Hash& outcome_hash);

/// The header's 176 bytes; fills `header.hash`. Lengths must be within bounds (check).
[[nodiscard]] std::array<char, header_bytes> encode_header(Header& header,
                                                           const Community& community);

/// Appends the whole record. `header.payload_hash` must be that of the parts; `header.hash` and
/// the lengths are filled in.
void append_record(Bytes& to, Header& header, const Community& community, BytesView command,
                   BytesView outcome);

/// Reads and verifies 176 bytes: magic (unless unknown), CRC, hash, bounds, zeros. Code::corrupt.
[[nodiscard]] Result<Header> decode_header(BytesView bytes, const Community& community,
                                           std::optional<RecordMagic> magic);

/// One record that was read and verified; owns its bytes.
struct Record {
  Header header;
  Bytes raw;  ///< the whole record as stored
  Redacted redacted = Redacted::none;

  /// As stored; what was redacted is empty.
  [[nodiscard]] BytesView command() const;
  [[nodiscard]] BytesView outcome() const;
};

/// Verifies what follows a header: CRC, zeros, and the parts' hashes against the payload hash.
/// `record` is the whole record. Code::corrupt.
[[nodiscard]] Result<Redacted> check_payload(const Header& header, BytesView record);

/// Header and payload of one whole record.
[[nodiscard]] Result<Record> decode_record(BytesView bytes, const Community& community,
                                           std::optional<RecordMagic> magic);

/// A part shorter than this has no room for its hash and cannot be redacted.
inline constexpr std::uint32_t redactable_bytes_min = 32;

/// The same record without the named parts: each becomes its SHA-256 and zeros. Header, hash and
/// length stay. Code::too_large never; Code::unsupported for a part below redactable_bytes_min.
[[nodiscard]] Result<Bytes> redact(BytesView record, const Community& community, Redacted parts);

}  // namespace holdfast::journal
