// http/bench/plain_beast.h: the plainest asynchronous Beast server, to measure ours against: on one
// thread it answers every request with the same body and looks at nothing.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"

namespace holdfast::http {

class PlainBeast {
 public:
  /// Listens on a free port of 127.0.0.1 and begins to answer. Ends with the object.
  explicit PlainBeast(Bytes body);
  ~PlainBeast();
  PlainBeast(const PlainBeast&) = delete;
  PlainBeast& operator=(const PlainBeast&) = delete;

  [[nodiscard]] std::uint16_t port() const;

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace holdfast::http
