#include "http/chunked.h"

#include <algorithm>

#include "base/text.h"
#include "http/head.h"
#include "http/limits.h"

namespace holdfast::http {
namespace {

constexpr std::size_t size_digits_max = 16;

}  // namespace

ChunkedDecoder::Line ChunkedDecoder::take_line(BytesView input, std::size_t& used,
                                               std::size_t bytes_max) {
  const BytesView rest = input.substr(used);
  const std::size_t end = rest.find('\n');
  const std::size_t taken = end == BytesView::npos ? rest.size() : end + 1;
  if (line_.size() + taken > bytes_max) {
    return Line::malformed;
  }
  line_.append(rest.substr(0, taken));
  used += taken;
  if (end == BytesView::npos) {
    return Line::incomplete;
  }
  if (!line_.ends_with("\r\n")) {
    return Line::malformed;
  }
  line_.resize(line_.size() - 2);
  return Line::whole;
}

// chunk-size [ chunk-ext ]; the extension is any printable text after ';'.
bool ChunkedDecoder::take_size(BytesView line) {
  std::uint64_t size = 0;
  std::size_t digits = 0;
  while (digits < line.size() && hex_digit(line[digits]) >= 0) {
    if (++digits > size_digits_max) {
      return false;
    }
    size = size << 4U | static_cast<std::uint64_t>(hex_digit(line[digits - 1]));
  }
  BytesView extension = line.substr(digits);
  extension_bytes_ += extension.size();
  if (digits == 0 || extension_bytes_ > chunk_extension_bytes_max) {
    return false;
  }
  while (!extension.empty() && (extension.front() == ' ' || extension.front() == '\t')) {
    extension.remove_prefix(1);
  }
  const bool blank_only = extension.empty() && digits != line.size();
  if (blank_only || !is_field_value(extension) ||
      (!extension.empty() && extension.front() != ';')) {
    return false;
  }
  chunk_rest_ = size;
  return true;
}

ChunkedDecoder::Step ChunkedDecoder::feed(BytesView input, Bytes& body,
                                          std::uint64_t body_bytes_max) {
  std::size_t used = 0;
  for (;;) {  // ends: each turn uses input, or returns
    switch (state_) {
      case State::size_line: {
        const Line line = take_line(input, used, chunk_line_bytes_max);
        if (line == Line::incomplete) {
          return {Progress::more, used};
        }
        if (line == Line::malformed || !take_size(line_)) {
          return {Progress::malformed, used};
        }
        line_.clear();
        state_ = chunk_rest_ == 0 ? State::trailer : State::data;
        break;
      }
      case State::data: {
        if (chunk_rest_ > body_bytes_max - std::min<std::uint64_t>(body_bytes_max, body.size())) {
          return {Progress::too_large, used};
        }
        const BytesView piece = input.substr(used, static_cast<std::size_t>(chunk_rest_));
        body.append(piece);
        used += piece.size();
        chunk_rest_ -= piece.size();
        if (chunk_rest_ > 0) {
          return {Progress::more, used};
        }
        state_ = State::data_end;
        break;
      }
      case State::data_end: {
        const Line line = take_line(input, used, 2);
        if (line != Line::whole) {
          return {line == Line::incomplete ? Progress::more : Progress::malformed, used};
        }
        line_.clear();
        state_ = State::size_line;
        break;
      }
      case State::trailer: {
        const Line line = take_line(input, used, trailer_bytes_max - trailer_bytes_);
        if (line == Line::incomplete) {
          return {Progress::more, used};
        }
        if (line == Line::malformed) {
          return {Progress::malformed, used};
        }
        if (line_.empty()) {
          state_ = State::done;
          break;
        }
        trailer_bytes_ += line_.size() + 2;
        if (++trailer_fields_ > header_fields_max || !parse_field_line(line_)) {
          return {Progress::malformed, used};
        }
        line_.clear();
        break;
      }
      case State::done: return {Progress::complete, used};
    }
  }
}

}  // namespace holdfast::http
