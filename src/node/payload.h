// node/payload.h: a Command as the journal stores it: encoded, compressed where that is smaller,
// and hashed, all on the thread that the request came in on.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/result.h"
#include "model/command.h"
#include "model/outcome.h"
#include "views/body.h"

namespace holdfast::node {

/// Flags of a journal record: how its command part is stored.
enum class Stored : std::uint16_t { plain = 0, zstd = 1 };

/// No Command is larger than this before compression: bounds what a lying record makes us allocate.
constexpr std::uint64_t command_bytes_max = std::uint64_t{160} << 20U;

struct Packed {
  Stored stored = Stored::plain;
  Bytes bytes;
  Hash hash;  ///< of `bytes`
};

[[nodiscard]] Packed pack(BytesView encoded);
[[nodiscard]] Result<Bytes> unpack(Stored stored, BytesView bytes);

}  // namespace holdfast::node
