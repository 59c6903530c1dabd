#include "node/payload.h"

#include <memory>

#include <fmt/format.h>
#include <zstd.h>

namespace holdfast::node {
namespace {

// Small Commands gain nothing.
constexpr int level = 3;
constexpr std::size_t compressed_from_bytes = 256;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

// One a thread: making one costs more than compressing a small Command.
ZSTD_CCtx* thread_compressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  check(context != nullptr, "out of memory");
  return context.get();
}

}  // namespace

Packed pack(BytesView encoded) {
  Packed packed;
  if (encoded.size() >= compressed_from_bytes) {
    ZSTD_CCtx* const context = thread_compressor();
    packed.bytes.resize(ZSTD_compressBound(encoded.size()));
    const std::size_t size = ZSTD_compressCCtx(context, packed.bytes.data(), packed.bytes.size(),
                                               encoded.data(), encoded.size(), level);
    if (ZSTD_isError(size) == 0 && size < encoded.size()) {
      packed.bytes.resize(size);
      packed.bytes.shrink_to_fit();
      packed.stored = Stored::zstd;
    }
  }
  if (packed.stored == Stored::plain) {
    packed.bytes = encoded;
  }
  packed.hash = sha256(packed.bytes);
  return packed;
}

Result<Bytes> unpack(Stored stored, BytesView bytes) {
  if (stored == Stored::plain) {
    return Bytes(bytes);
  }
  if (stored != Stored::zstd) {
    return fail(Code::corrupt, "entry: stored in a way that this version does not know");
  }
  const unsigned long long size = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN ||
      size > command_bytes_max) {
    return fail(Code::corrupt, "entry: its compressed command states no sensible size");
  }
  Bytes plain;
  plain.resize(size);
  const std::size_t got = ZSTD_decompress(plain.data(), plain.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(got) != 0 || got != size) {
    return fail(Code::corrupt, fmt::format("entry: its command cannot be decompressed ({})",
                                           ZSTD_isError(got) != 0 ? ZSTD_getErrorName(got)
                                                                  : "shorter than stated"));
  }
  return plain;
}

}  // namespace holdfast::node
