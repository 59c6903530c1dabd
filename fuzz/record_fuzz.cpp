// Records, segments, checkpoints and trees over arbitrary bytes. What must hold: nothing crashes;
// what decodes encodes to the same bytes; a walk over a harmed segment ends, goes forward, and
// never shows a record that was not written at that position; and the quick look from the end
// agrees with it.
//
// Input: one byte n; n % 16 records, each from two bytes (size, letter); then harm: offset (2
// bytes), byte. The whole input is also decoded as it is, and as a record whose checksums and
// hashes somebody has put right, so that what lies behind them is reached.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "journal/checkpoint.h"
#include "journal/merkle.h"
#include "journal/walk.h"

namespace {

using namespace holdfast;
using namespace holdfast::journal;

class MemoryFile final : public File {
 public:
  explicit MemoryFile(Bytes bytes) : bytes_(std::move(bytes)) {}
  Result<std::size_t> read(std::uint64_t offset, std::span<char> into) override {
    return offset < bytes_.size() ? bytes_.copy(into.data(), into.size(), offset) : std::size_t{0};
  }
  Result<void> write(std::uint64_t, BytesView) override { return fail(Code::io, "read only"); }
  Task<Result<void>> sync() override { co_return ok(); }
  Result<std::uint64_t> size() override { return bytes_.size(); }
  Result<void> truncate(std::uint64_t) override { return fail(Code::io, "read only"); }

 private:
  Bytes bytes_;
};

Community community() {
  Community community;
  community.bytes.fill('c');
  return community;
}

// What was redacted stays so, and keeps its place in the chain.
void check_redaction(BytesView input, const Record& record) {
  for (const Redacted parts : {Redacted::command, Redacted::outcome, Redacted::both}) {
    const auto cut = redact(input, community(), parts);
    if (!cut) {
      check(cut.error().code == Code::unsupported, "only what is too short cannot be redacted");
      continue;
    }
    const auto again = decode_record(*cut, community(), record.header.magic);
    check(again.has_value(), "a redacted record is a record");
    check(again->header.hash == record.header.hash, "redaction keeps the hash");
    check(parts == Redacted::outcome || again->command().empty(), "a redacted part is gone");
    check(parts == Redacted::command || again->outcome().empty(), "a redacted part is gone");
    check(redact(*cut, community(), parts).value() == *cut, "redaction is done once");
  }
}

void check_record(BytesView input) {
  const auto record = decode_record(input, community(), std::nullopt);
  if (!record) {
    check(record.error().code == Code::corrupt, "what is no record is corrupt");
    return;
  }
  Header header = record->header;
  const auto raw = encode_header(header, community());
  check(BytesView(raw.data(), raw.size()) == input.substr(0, header_bytes),
        "a header encodes to what it was decoded from");
  if (record->redacted == Redacted::none) {
    Bytes again;
    append_record(again, header, community(), record->command(), record->outcome());
    check(again == input, "a record encodes to what it was decoded from");
  }
#ifdef HOLDFAST_PLANTED_CRASH
  check(record->redacted != Redacted::command || header.dictionary == 0,
        "planted: a compressed record without its command is found");
#endif
  if (!header.is_seal()) {
    check_redaction(input, *record);
  }
}

// As record.h draws a record.
constexpr std::size_t at_length = 8;
constexpr std::size_t at_command_bytes = 56;
constexpr std::size_t at_outcome_bytes = 60;
constexpr std::size_t at_payload_hash = 64;
constexpr std::size_t at_hash = 136;
constexpr std::size_t at_crc = 172;

Hash hash_of(BytesView part, bool redacted) {
  return redacted && part.size() >= redactable_bytes_min ? Hash::from(part.substr(0, 32))
                                                         : sha256(part);
}

// The same lengths, kinds and bytes, with every checksum and hash as a forger would put it; as much
// of it as its length says.
Bytes mended(BytesView input) {
  if (input.size() < seal_bytes) {
    return Bytes(input);
  }
  const std::uint32_t length = load_little<std::uint32_t>(input.data() + at_length);
  Bytes record(input.substr(0, std::max<std::size_t>(length, seal_bytes)));
  const BytesView body = BytesView(record).substr(header_bytes);
  const std::size_t command = load_little<std::uint32_t>(record.data() + at_command_bytes);
  const std::size_t outcome = load_little<std::uint32_t>(record.data() + at_outcome_bytes);
  const auto redacted = load_little<std::uint32_t>(record.data() + record.size() - 8);
  // A seal has no payload, and no hash of one.
  if (load_little<std::uint16_t>(record.data() + 12) != seal_kind &&
      command + outcome <= body.size()) {
    const Hash hash = payload_hash(hash_of(body.substr(0, command), (redacted & 1U) != 0),
                                   hash_of(body.substr(command, outcome), (redacted & 2U) != 0));
    record.replace(at_payload_hash, hash.view().size(), hash.view());
  }
  const Hash hash = sha256({community().view(), BytesView(record).substr(0, at_hash)});
  record.replace(at_hash, hash.view().size(), hash.view());
  store_little(record.data() + at_crc, crc32c(BytesView(record).substr(0, at_crc)));
  store_little(record.data() + record.size() - 4,
               crc32c(body.substr(0, body.size() - sizeof(std::uint32_t))));
  return record;
}

Bytes mended_segment_header(BytesView input) {
  Bytes header(input.substr(0, segment_header_bytes));
  header.resize(segment_header_bytes);  // the fuzzer need not find four thousand zeros
  const std::size_t at_header_crc = segment_header_bytes - sizeof(std::uint32_t);
  store_little(header.data() + at_header_crc, crc32c(BytesView(header).substr(0, at_header_crc)));
  return header;
}

void check_segment_header(BytesView input) {
  if (const auto header = decode_segment_header(input)) {
    check(encode_segment_header(*header) == input,
          "a segment header encodes to what it was decoded from");
  }
}

void decode_all(BytesView input) {
  check_record(input);
  check_record(mended(input));
  check_segment_header(input.substr(0, segment_header_bytes));
  check_segment_header(mended_segment_header(input));
  if (const auto frontier = Frontier::decode(input)) {
    check(frontier->encode() == input, "a frontier encodes to what it was decoded from");
    check(frontier->size() > 0 || frontier->root() == empty_root(), "no leaves, no root");
  }
  const auto key =
      VerifierKey::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  check(key.has_value(), "the example key is one");
  check(!verify_checkpoint(input, "PeterNeumann", *key), "nobody here can sign for that key");
  if (const auto torn = parse_torn_file_name(std::string(input))) {
    check(torn_file_name(*torn) == input, "a torn file's name is written in one way");
  }
  if (const auto parsed = VerifierKey::parse(input)) {
    check(VerifierKey::parse(parsed->text()).has_value(), "a key's text is a key's text");
  }
}

/// A segment of a few records, as the writer would write it, and what each is.
struct Written {
  Bytes bytes;
  std::vector<Bytes> records;
  std::vector<Hash> hashes;
};

Written write_segment(ByteReader& input) {
  Written written;
  written.bytes.assign(segment_header_bytes, '\0');
  const std::uint64_t count = input.little<std::uint8_t>() % 16U;
  Hash previous;
  for (std::uint64_t i = 1; i <= count; ++i) {
    const Bytes command(input.little<std::uint8_t>(),
                        static_cast<char>(input.little<std::uint8_t>()));
    Header header;
    header.magic = {0x0123456789abcdef};
    header.kind = static_cast<std::uint16_t>(command.size() % 5);
    header.position = {i};
    header.durable_through = {(i - 1) / 3 * 3};
    header.previous_hash = previous;
    header.payload_hash = payload_hash(sha256(command), sha256("o"));
    append_record(written.bytes, header, community(), command, "o");
    previous = header.hash;
    written.records.push_back(command);
    written.hashes.push_back(header.hash);
    if (command.size() % 7 == 0) {
      Header seal;
      seal.magic = header.magic;
      seal.kind = seal_kind;
      seal.durable_through = {i};
      seal.previous_hash = previous;
      append_record(written.bytes, seal, community(), {}, {});
    }
  }
  written.bytes.resize(written.bytes.size() + 512);
  return written;
}

WalkStart start_of(const Written& written, bool magic) {
  WalkStart start;
  start.community = community();
  if (magic) {
    start.magic = RecordMagic{0x0123456789abcdef};
  }
  start.limit = written.bytes.size();
  start.position = {1};
  start.previous = Hash{};
  return start;
}

void walk(const Written& written, bool magic) {
  const auto file = std::make_shared<MemoryFile>(written.bytes);
  Walk walk(file, start_of(written, magic), 64);
  std::uint64_t offset = segment_header_bytes;
  std::uint64_t before = 0;
  bool clean = true;
  for (std::size_t steps = 0;; ++steps) {
    check(steps <= written.bytes.size(), "a walk ends");
    const WalkItem item = walk.next().value();
    check(item.offset >= offset && item.end >= item.offset, "a walk goes forward");
    offset = item.end;
    if (item.kind == WalkItem::Kind::end) {
      break;
    }
    clean = clean && item.kind != WalkItem::Kind::gap;
    if (item.kind != WalkItem::Kind::record) {
      continue;
    }
    const std::uint64_t position = item.header.position.value;
    check(position > before && position <= written.records.size(), "positions only grow");
    before = position;
    const BytesView bytes = walk.bytes_of(item).value();
    check(bytes.substr(header_bytes, item.header.command_bytes) == written.records[position - 1],
          "what is shown was written there");
    check(item.header.hash == written.hashes[position - 1], "and has its hash");
  }
  const auto end = find_end(file, start_of(written, magic)).value();
  if (clean) {
    check(end.has_value() && end->last.value == before, "the end agrees with the walk");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const BytesView input(reinterpret_cast<const char*>(data), size);
  decode_all(input);
  ByteReader reader(input);
  Written written = write_segment(reader);
  while (!reader.at_end() && !reader.failed()) {
    const std::size_t at = reader.little<std::uint16_t>() % written.bytes.size();
    const char harm = static_cast<char>(reader.little<std::uint8_t>());
    written.bytes[at] = harm;
  }
  walk(written, true);
  walk(written, false);
  return 0;
}
