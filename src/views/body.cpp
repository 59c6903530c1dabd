#include "views/body.h"

#include <zdict.h>
#include <zstd.h>

#include <algorithm>

#include "base/check.h"
#include "base/time.h"
#include "views/keys.h"

namespace holdfast::views {
namespace {

constexpr std::uint8_t body_format = 2;
// What a value may claim to unpack to: above every body that is let in.
constexpr std::uint64_t body_bytes_max = std::uint64_t{64} << 20U;
constexpr int compression_level = 3;
// Which encoding the bytes have: none, zstd alone, or zstd with dictionary number n as n + 1.
constexpr std::uint64_t encoding_raw = 0;
constexpr std::uint64_t encoding_zstd = 1;
constexpr std::size_t training_samples_min = 50;

struct Free {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  void operator()(ZSTD_CDict* dictionary) const { ZSTD_freeCDict(dictionary); }
  void operator()(ZSTD_DDict* dictionary) const { ZSTD_freeDDict(dictionary); }
};

// One of each a thread: making one costs more than compressing a body.
ZSTD_CCtx& thread_compressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, Free> context(ZSTD_createCCtx());
  check(context != nullptr, "memory for a zstd context");
  return *context;
}
ZSTD_DCtx& thread_decompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, Free> context(ZSTD_createDCtx());
  check(context != nullptr, "memory for a zstd context");
  return *context;
}

// The second byte of a row.
constexpr std::uint8_t flag_deleted = 1;
constexpr std::uint8_t flag_known_start = 2;  // the body's start is left out: the header says it
constexpr std::uint8_t flags_all = flag_deleted | flag_known_start;
constexpr unsigned made_by_shift = 2;  // above the flags: a MadeBy
constexpr std::uint8_t second_byte_max =
    static_cast<std::uint8_t>(MadeBy::remove) << made_by_shift | flags_all;

// How a stored body begins that was composed in the usual way. It repeats what the header says,
// and no dictionary makes an id shorter, so compress() leaves it out where it stands exactly so.
void append_known_start(Bytes& start, const BodyHeader& header) {
  start += R"({"resourceType":")";
  start += fhir::name(header.type);
  start += R"(","id":")";
  start += header.id;
  start += R"(","meta":{"versionId":")";
  start += std::to_string(header.version.value);
  start += R"(","lastUpdated":")";
  append_instant(start, header.time);
  start += '"';
}

Bytes known_start(const BodyHeader& header) {
  Bytes start;
  append_known_start(start, header);
  return start;
}

struct Parts {
  BodyHeader header;
  bool start_left_out = false;
  BytesView head;  // the value up to where the encoding begins
  std::uint64_t encoding = 0;
  std::uint64_t size = 0;  // of the body, unpacked
  BytesView bytes;
};

std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63);
}
std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1U) ^ (~(value & 1U) + 1U));
}

Result<Parts> take_apart(BytesView value) {
  ByteReader reader(value);
  Parts parts;
  const auto format = reader.little<std::uint8_t>();
  const auto flags = reader.little<std::uint8_t>();
  parts.header.type = fhir::TypeId{reader.little<std::uint8_t>()};
  parts.header.id = read_id(reader);
  parts.header.version = Version{reader.varint()};
  parts.header.position = Position{reader.varint()};
  parts.header.time = Time{unzigzag(reader.varint())};
  parts.head = value.substr(0, value.size() - reader.rest().size());
  parts.encoding = reader.varint();
  parts.size = reader.varint();
  parts.bytes = reader.rest();
  if (reader.failed() || format != body_format || flags > second_byte_max ||
      parts.header.type.value >= fhir::type_count || parts.size > body_bytes_max ||
      (parts.encoding == encoding_raw && parts.size != parts.bytes.size())) {
    return fail(Code::corrupt, "body: a row that cannot be read");
  }
  parts.header.presence = (flags & flag_deleted) != 0 ? Presence::deleted : Presence::present;
  parts.header.made_by = static_cast<MadeBy>(flags >> made_by_shift);
  parts.start_left_out = (flags & flag_known_start) != 0;
  return parts;
}

Result<void> unpack_onto(Bytes& to, const Parts& parts, const ZSTD_DDict* dictionary) {
  ZSTD_DCtx& context = thread_decompressor();
  const std::size_t before = to.size();
  std::size_t size = 0;
  // libstdc++ 12 may say a larger size here than was asked for, so it is not taken from there.
  to.resize_and_overwrite(before + parts.size, [&](char* bytes, std::size_t) {
    size = dictionary == nullptr
               ? ZSTD_decompressDCtx(&context, bytes + before, parts.size, parts.bytes.data(),
                                     parts.bytes.size())
               : ZSTD_decompress_usingDDict(&context, bytes + before, parts.size,
                                            parts.bytes.data(), parts.bytes.size(), dictionary);
    return ZSTD_isError(size) != 0 ? before : before + parts.size;
  });
  if (ZSTD_isError(size) != 0 || size != parts.size) {
    to.resize(before);
    return fail(Code::corrupt, "body: its bytes do not unpack");
  }
  return ok();
}

}  // namespace

struct Dictionary::Tables {
  std::unique_ptr<ZSTD_CDict, Free> compress;
  std::unique_ptr<ZSTD_DDict, Free> decompress;
};

Dictionary::~Dictionary() = default;

Result<std::shared_ptr<const Dictionary>> Dictionary::load(std::uint64_t number, Bytes bytes) {
  check(number > 0, "dictionaries are numbered from 1");
  std::shared_ptr<Dictionary> dictionary(new Dictionary());
  dictionary->number_ = number;
  dictionary->bytes_ = std::move(bytes);
  const Bytes& kept = dictionary->bytes_;
  if (ZDICT_getDictID(kept.data(), kept.size()) == 0) {
    return fail(Code::corrupt, "dictionary: not one that zstd has trained");
  }
  auto tables = std::make_unique<Tables>();
  tables->compress.reset(ZSTD_createCDict(kept.data(), kept.size(), compression_level));
  tables->decompress.reset(ZSTD_createDDict(kept.data(), kept.size()));
  if (!tables->compress || !tables->decompress) {
    return fail(Code::corrupt, "dictionary: zstd does not take it");
  }
  dictionary->tables_ = std::move(tables);
  return dictionary;
}

void BodyCodec::add(std::shared_ptr<const Dictionary> dictionary) {
  const std::scoped_lock lock(mutex_);
  const std::uint64_t number = dictionary->number();
  dictionaries_.insert_or_assign(number, std::move(dictionary));
}

std::shared_ptr<const Dictionary> BodyCodec::newest() const {
  const std::scoped_lock lock(mutex_);
  return dictionaries_.empty() ? nullptr : dictionaries_.rbegin()->second;
}

std::shared_ptr<const Dictionary> BodyCodec::find(std::uint64_t number) const {
  const std::scoped_lock lock(mutex_);
  const auto found = dictionaries_.find(number);
  return found == dictionaries_.end() ? nullptr : found->second;
}

Bytes BodyCodec::encode_raw(const BodyHeader& header, BytesView body) {
  check(body.size() <= body_bytes_max, "bodies are bounded at the edge");
  Bytes value;
  value.reserve(body.size() + header.id.size() + 48);
  value.push_back(static_cast<char>(body_format));
  const unsigned made_by = static_cast<unsigned>(header.made_by) << made_by_shift;
  const unsigned deleted = header.presence == Presence::deleted ? flag_deleted : 0U;
  value.push_back(static_cast<char>(made_by | deleted));
  value.push_back(static_cast<char>(header.type.value));
  append_id(value, header.id);
  append_varint(value, header.version.value);
  append_varint(value, header.position.value);
  append_varint(value, zigzag(header.time.ms));
  append_varint(value, encoding_raw);
  append_varint(value, body.size());
  value.append(body);
  return value;
}

Bytes BodyCodec::compress(BytesView value) const {
  Result<Parts> parts = take_apart(value);
  check(parts.has_value(), "the overlay holds what encode_raw() gave");
  if (parts->encoding != encoding_raw || parts->size == 0) {
    return Bytes(value);
  }
  const std::shared_ptr<const Dictionary> dictionary = newest();
  ZSTD_CCtx& context = thread_compressor();
  ZSTD_CCtx_reset(&context, ZSTD_reset_session_and_parameters);
  // The row says size and dictionary; the frame need not say them again.
  ZSTD_CCtx_setParameter(&context, ZSTD_c_contentSizeFlag, 0);
  ZSTD_CCtx_setParameter(&context, ZSTD_c_dictIDFlag, 0);
  if (dictionary) {
    ZSTD_CCtx_refCDict(&context, dictionary->tables_->compress.get());
  } else {
    ZSTD_CCtx_setParameter(&context, ZSTD_c_compressionLevel, compression_level);
  }
  Bytes packed(parts->head);
  if (const Bytes start = known_start(parts->header); parts->bytes.starts_with(start)) {
    parts->bytes.remove_prefix(start.size());
    packed[1] = static_cast<char>(static_cast<std::uint8_t>(packed[1]) | flag_known_start);
  }
  append_varint(packed, dictionary ? dictionary->number() + 1 : encoding_zstd);
  append_varint(packed, parts->bytes.size());
  const std::size_t head_size = packed.size();
  packed.resize(head_size + ZSTD_compressBound(parts->bytes.size()));
  const std::size_t size =
      ZSTD_compress2(&context, packed.data() + head_size, packed.size() - head_size,
                     parts->bytes.data(), parts->bytes.size());
  if (ZSTD_isError(size) != 0 || head_size + size >= value.size()) {
    return Bytes(value);
  }
  packed.resize(head_size + size);
  packed.shrink_to_fit();
  return packed;
}

Result<Body> BodyCodec::decode(BytesView value) const {
  Body body;
  TRY(body.header, decode_onto(body.bytes, value));
  return body;
}

Result<BodyHeader> BodyCodec::decode_onto(Bytes& to, BytesView value) const {
  TRY(Parts parts, take_apart(value));
  if (parts.start_left_out) {
    append_known_start(to, parts.header);
  }
  if (parts.encoding == encoding_raw) {
    to += parts.bytes;
  } else if (parts.encoding == encoding_zstd) {
    TRY_OK(unpack_onto(to, parts, nullptr));
  } else {
    const auto dictionary = find(parts.encoding - 1);
    if (!dictionary) {
      return fail(Code::corrupt, "body: names dictionary " + std::to_string(parts.encoding - 1) +
                                     ", which is not known");
    }
    TRY_OK(unpack_onto(to, parts, dictionary->tables_->decompress.get()));
  }
  return std::move(parts.header);
}

Result<BodyHeader> BodyCodec::decode_header(BytesView value) {
  TRY(Parts parts, take_apart(value));
  return std::move(parts.header);
}

void DictionaryTrainer::offer(BytesView body) {
  // One in two, by a mixed counter and not every second: exports repeat themselves in periods.
  ++seen_;
  const std::uint64_t mixed = seen_ * 0x9e3779b97f4a7c15U;
  if (ready() || body.empty() || ((mixed ^ (mixed >> 29U)) >> 32U) % 2 != 0) {
    return;
  }
  body = body.substr(0, std::min(training_sample_bytes_max, training_bytes_max - sample_.size()));
  sample_.append(body);
  sizes_.push_back(body.size());
}

Result<Bytes> DictionaryTrainer::train() const {
  if (sizes_.size() < training_samples_min) {
    return fail(Code::unsupported, "dictionary: too few bodies to learn from");
  }
  Bytes dictionary(dictionary_bytes, '\0');
  const std::size_t size =
      ZDICT_trainFromBuffer(dictionary.data(), dictionary.size(), sample_.data(), sizes_.data(),
                            static_cast<unsigned>(sizes_.size()));
  if (ZDICT_isError(size) != 0) {
    return fail(Code::unsupported, std::string("dictionary: zstd cannot learn from this: ") +
                                       ZDICT_getErrorName(size));
  }
  dictionary.resize(size);
  return dictionary;
}

}  // namespace holdfast::views
