// http/in_buffer.h: bytes that have come and are not yet understood. Grows only when told to, and
// shrinks when empty, so that a waiting connection costs little.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/check.h"

namespace holdfast::http {

class InBuffer {
 public:
  [[nodiscard]] BytesView view() const { return {data_.get() + from_, until_ - from_}; }
  [[nodiscard]] bool empty() const { return from_ == until_; }
  [[nodiscard]] std::size_t size() const { return until_ - from_; }

  /// Where the next bytes go. At least one byte if the content is smaller than the capacity.
  [[nodiscard]] std::span<char> room() {
    if (from_ > 0 && (from_ == until_ || until_ == capacity_)) {
      std::memmove(data_.get(), data_.get() + from_, size());
      until_ -= from_;
      from_ = 0;
    }
    return {data_.get() + until_, capacity_ - until_};
  }
  void filled(std::size_t bytes) {
    check(bytes <= capacity_ - until_, "a stream gives no more than it was asked for");
    until_ += bytes;
  }
  void consume(std::size_t bytes) {
    check(bytes <= size(), "only what is there can be consumed");
    from_ += bytes;
  }
  /// Makes the capacity at least `bytes`, or exactly `bytes` if it is empty.
  void set_capacity(std::size_t bytes) {
    if (capacity_ == bytes || (!empty() && capacity_ > bytes)) {
      return;
    }
    auto larger = std::make_unique_for_overwrite<char[]>(bytes);
    const std::size_t kept = size();
    if (kept > 0) {
      std::memcpy(larger.get(), data_.get() + from_, kept);
    }
    data_ = std::move(larger);
    capacity_ = bytes;
    from_ = 0;
    until_ = kept;
  }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t from_ = 0;
  std::size_t until_ = 0;
};

/// Makes `text` that long without writing the new bytes: whoever asks fills them.
inline void resize_for_overwrite(Bytes& text, std::size_t size) {
  // libstdc++ 12 may offer more than was asked for: the length is ours to say.
  text.resize_and_overwrite(size, [size](char*, std::size_t) { return size; });
}

}  // namespace holdfast::http
