// views/requests.h: which entry answered which idempotency key. Kept for ever.
#pragma once

#include <optional>

#include "base/hash.h"
#include "base/ids.h"
#include "base/result.h"
#include "model/command.h"
#include "views/kv.h"
#include "views/overlay.h"

namespace holdfast::views {

struct Request {
  Position position;  ///< its entry holds the Outcome
  Hash request_hash;  ///< of the bytes that it was used with
  bool operator==(const Request&) const = default;
};

void write_request(WorkLayer& layer, const IdempotencyKey& key, const Request& request);
[[nodiscard]] Result<std::optional<Request>> read_request(const Reader& reader,
                                                          const IdempotencyKey& key);

}  // namespace holdfast::views
