// hl7v2/frame.h: the minimal lower layer protocol: <VT> message <FS><CR> on a stream of bytes, in
// whatever pieces the network brings them. One Deframer a connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"

namespace holdfast::hl7v2 {

constexpr char frame_start = '\x0b';
constexpr char frame_end = '\x1c';
constexpr char frame_return = '\r';
constexpr std::size_t frame_bytes_default = std::size_t{16} << 20U;

/// `message` as it goes over the wire.
[[nodiscard]] Bytes framed(BytesView message);

/// What came in. `bytes` lives until the next call that changes the Deframer.
struct Arrival {
  enum class Kind : std::uint8_t {
    message,   ///< a whole frame: `bytes` is what was inside
    broken,    ///< a frame that another one began in, or that the connection ended in
    too_long,  ///< a frame beyond the limit: `bytes` is its beginning. Read no more: close
  };
  Kind kind{};
  BytesView bytes;
};

/// Bytes between frames are noise: counted and left out. 0x0B inside a frame begins a new one: a
/// message cannot hold one, so the old one was cut off. 0x1C without 0x0D behind it is part of the
/// message. Memory: twice `frame_bytes_max` and a read, whatever comes; a byte is looked at twice.
class Deframer {
 public:
  explicit Deframer(std::size_t frame_bytes_max = frame_bytes_default)
      : frame_bytes_max_(frame_bytes_max) {}

  /// Where the next read may put bytes: at least one. Then say how many came.
  [[nodiscard]] std::span<char> space();
  void came(std::size_t count);

  /// The next of what has come; nothing: more must be read.
  [[nodiscard]] std::optional<Arrival> next();
  /// At the end of the connection: the frame that was begun, if it has a byte.
  [[nodiscard]] std::optional<Arrival> rest();

  /// Whether a frame has begun and not ended: its deadline is running.
  [[nodiscard]] bool inside() const { return inside_; }
  /// Bytes that are held now, of which a whole frame or the beginning of one.
  [[nodiscard]] std::size_t held() const { return end_ - begin_; }
  /// Memory of its buffer.
  [[nodiscard]] std::size_t capacity() const { return buffer_.size(); }
  /// Bytes between frames so far, a CR or LF behind a frame not counted.
  [[nodiscard]] std::uint64_t noise() const { return noise_; }
  /// Gives back memory beyond a small buffer when nothing is held: most sessions idle.
  void shrink();

 private:
  void skip_noise();
  std::size_t find_mark();

  std::size_t frame_bytes_max_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;     // of what is not taken yet; a frame's first byte while inside
  std::size_t looked_ = 0;    // up to here nothing ends the frame
  std::size_t end_mark_ = 0;  // from looked_ up to here there is no 0x1C
  std::size_t end_ = 0;       // of what has come
  std::uint64_t noise_ = 0;
  bool inside_ = false;
};

}  // namespace holdfast::hl7v2
