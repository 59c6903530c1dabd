// hl7v2/frame.cpp: one buffer; a frame lies in it whole before anybody sees it.
#include "hl7v2/frame.h"

#include <algorithm>

#include "base/check.h"

namespace holdfast::hl7v2 {
namespace {

constexpr std::size_t read_bytes = std::size_t{4} << 10U;
constexpr std::size_t idle_bytes = std::size_t{64} << 10U;

}  // namespace

Bytes framed(BytesView message) {
  Bytes frame;
  frame.reserve(message.size() + 3);
  frame.push_back(frame_start);
  frame += message;
  frame.push_back(frame_end);
  frame.push_back(frame_return);
  return frame;
}

std::span<char> Deframer::space() {
  if (begin_ == end_) {
    begin_ = looked_ = end_mark_ = end_ = 0;
  }
  if (buffer_.size() - end_ < read_bytes / 4) {
    if (begin_ >= buffer_.size() / 2) {
      std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
      looked_ -= begin_;
      end_mark_ -= std::min(begin_, end_mark_);
      end_ -= begin_;
      begin_ = 0;
    }
    buffer_.resize(std::max(buffer_.size(), 2 * end_ + read_bytes));
  }
  return std::span(buffer_).subspan(end_);
}

void Deframer::came(std::size_t count) {
  check(count <= buffer_.size() - end_, "no more came than there was space for");
  end_ += count;
}

void Deframer::skip_noise() {
  const BytesView held(buffer_.data() + begin_, end_ - begin_);
  const std::size_t start = std::min(held.find(frame_start), held.size());
  noise_ += static_cast<std::uint64_t>(
      std::ranges::count_if(held.substr(0, start), [](char c) { return c != '\r' && c != '\n'; }));
  begin_ += start;
  if (begin_ < end_) {
    inside_ = true;
    ++begin_;
  }
  looked_ = begin_;
}

/// The first 0x0B or 0x1C from `looked_` on, or `end_`. Two searches that are fast, the second only
/// up to what the first found; that one is remembered, or a flood of 0x0B would search for the
/// same end again and again.
std::size_t Deframer::find_mark() {
  const BytesView all(buffer_.data(), end_);
  end_mark_ = std::max(end_mark_, looked_);
  if (end_mark_ < end_ && all[end_mark_] != frame_end) {
    end_mark_ = std::min(all.find(frame_end, end_mark_), end_);
  }
  const std::size_t start = all.substr(0, end_mark_).find(frame_start, looked_);
  return start == BytesView::npos ? end_mark_ : start;
}

std::optional<Arrival> Deframer::next() {
  if (!inside_) {
    skip_noise();
  }
  while (inside_) {
    const BytesView frame(buffer_.data() + begin_, end_ - begin_);
    const std::size_t mark = find_mark() - begin_;
    if (mark == frame.size() || mark > frame_bytes_max_) {
      looked_ = end_;
      if (frame.size() <= frame_bytes_max_) {
        return {};
      }
      return Arrival{Arrival::Kind::too_long, frame.substr(0, frame_bytes_max_)};
    }
    if (frame[mark] == frame_start) {
      begin_ += mark + 1;
      looked_ = begin_;
      if (mark > 0) {
        return Arrival{Arrival::Kind::broken, frame.substr(0, mark)};
      }
      continue;
    }
    if (mark + 1 == frame.size()) {
      looked_ = begin_ + mark;
      return {};
    }
    if (frame[mark + 1] == frame_return) {
      begin_ += mark + 2;
      looked_ = begin_;
      inside_ = false;
      return Arrival{Arrival::Kind::message, frame.substr(0, mark)};
    }
    looked_ = begin_ + mark + 1;
  }
  return {};
}

std::optional<Arrival> Deframer::rest() {
  if (!inside_ || begin_ == end_) {
    return {};
  }
  inside_ = false;
  const BytesView frame(buffer_.data() + begin_, end_ - begin_);
  begin_ = looked_ = end_;
  return Arrival{Arrival::Kind::broken, frame};
}

void Deframer::shrink() {
  if (begin_ == end_ && buffer_.size() > idle_bytes) {
    buffer_ = {};
    begin_ = looked_ = end_mark_ = end_ = 0;
  }
}

}  // namespace holdfast::hl7v2
