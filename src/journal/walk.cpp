#include "journal/walk.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"

namespace holdfast::journal {
namespace {

constexpr std::size_t scan_bytes = 64U << 10U;

// Nearly always false for bytes that are no header, so that most need no checksum.
bool could_be_header(const char* at, const std::optional<RecordMagic>& magic) {
  if (magic) {
    return load_little<std::uint64_t>(at) == magic->value;
  }
  const auto length = load_little<std::uint32_t>(at + 8);
  return length >= seal_bytes && length <= record_bytes_max && length % record_align_bytes == 0;
}

}  // namespace

Result<BytesView> Window::at(std::uint64_t offset, std::size_t count) {
  if (offset < start_ || offset + count > start_ + buffer_.size()) {
    const std::uint64_t left = limit_ > offset ? limit_ - offset : 0;
    const std::size_t wanted =
        std::max<std::uint64_t>(count, std::min<std::uint64_t>(left, chunk_bytes_));
    buffer_.resize(wanted);
    start_ = offset;
    auto read = file_->read(offset, buffer_);
    if (!read) {
      buffer_.clear();
      return fail(std::move(read).error());
    }
    std::fill(buffer_.begin() + static_cast<std::ptrdiff_t>(*read), buffer_.end(), '\0');
  }
  return BytesView(buffer_).substr(offset - start_, count);
}

Walk::Walk(std::shared_ptr<File> file, const WalkStart& start, std::size_t chunk_bytes)
    : window_(std::move(file), start.limit, chunk_bytes),
      community_(start.community),
      magic_(start.magic),
      offset_(start.offset),
      limit_(std::max(start.limit, start.offset)),
      position_(start.position),
      chain_(start.previous),
      depth_(start.depth),
      bug_(start.bug) {
  check(offset_ % record_align_bytes == 0, "records start at multiples of 8");
}

void Walk::extend(std::uint64_t limit) {
  limit_ = limit;
  window_.extend(limit);
}

Result<WalkItem> Walk::next() {
  WalkItem end;
  end.kind = WalkItem::Kind::end;
  end.offset = offset_;
  end.end = limit_;
  if (offset_ >= limit_) {
    return end;
  }
  const std::size_t there = std::min<std::uint64_t>(limit_ - offset_, header_bytes);
  TRY(const BytesView bytes, window_.at(offset_, there));
  if (all_zero(bytes)) {
    TRY(const bool zero, zero_to_limit(offset_ + there));
    return zero ? Result<WalkItem>(end) : gap("bytes that must be zero are not");
  }
  if (there < header_bytes) {
    return gap("bytes that must be zero are not");
  }
  const auto header = decode_header(bytes, community_, magic_);
  if (!header) {
    return gap(header.error().what);
  }
  if (header->record_bytes() > limit_ - offset_) {
    return gap("record would reach beyond the segment's end");
  }
  proved_ = std::max(proved_, header->durable_through);
  return header->is_seal() ? take_seal(*header) : take(*header);
}

Result<WalkItem> Walk::take(const Header& header) {
  if (header.position > position_) {
    chain_.reset();
    return missing({header.position.value - 1},
                   fmt::format("position {} follows", header.position.value));
  }
  if (header.position < position_) {
    return bad(header, position_,
               fmt::format("position {} stands here again", header.position.value));
  }
  if (chain_ && *chain_ != header.previous_hash) {
    chain_.reset();
    position_ = position_.next();
    return bad(header, header.position,
               "hash chain broken: it does not follow the entry before it");
  }
  return good(WalkItem::Kind::record, header);
}

Result<WalkItem> Walk::take_seal(const Header& header) {
  if (header.durable_through >= position_) {
    chain_ = header.previous_hash;
    return missing(header.durable_through,
                   fmt::format("a seal after position {} follows", header.durable_through.value));
  }
  if (header.durable_through.next() != position_) {
    return bad(header, position_,
               fmt::format("seal after position {}", header.durable_through.value));
  }
  if (chain_ && *chain_ != header.previous_hash) {
    return bad(header, position_, "hash chain broken: the seal names another head");
  }
  chain_ = header.previous_hash;
  return good(WalkItem::Kind::seal, header);
}

// The header is good and in its place; now what follows it. Nothing is skipped for a seal: it is
// short, and it proves something.
Result<WalkItem> Walk::good(WalkItem::Kind kind, const Header& header) {
  WalkItem item;
  item.kind = kind;
  item.offset = offset_;
  item.end = offset_ + header.record_bytes();
  item.header = header;
  const bool record = kind == WalkItem::Kind::record;
  if (record) {
    position_ = position_.next();
    chain_ = header.hash;
  }
  const bool accept = bug_ == Bug::accept_torn_tail;
  if ((depth_ == Depth::payloads || !record) && !accept) {
    TRY(const BytesView bytes, window_.at(offset_, header.record_bytes()));
    const auto redacted = check_payload(header, bytes);
    if (!redacted) {
      return bad(header, record ? header.position : position_, redacted.error().what);
    }
    item.redacted = *redacted;
  }
  offset_ = item.end;
  return item;
}

// Positions up to `until` are not here, and no bytes in their stead.
WalkItem Walk::missing(Position until, std::string what) {
  WalkItem item;
  item.kind = WalkItem::Kind::gap;
  item.offset = item.end = offset_;
  item.first = position_;
  item.last = until;
  item.what = fmt::format("position {} is missing: {}", position_.value, what);
  position_ = until.next();
  return item;
}

// A whole record that cannot be taken: positions from `first` to before position_ are lost by it.
WalkItem Walk::bad(const Header& header, Position first, std::string what) {
  WalkItem item;
  item.kind = WalkItem::Kind::gap;
  item.offset = offset_;
  item.end = offset_ + header.record_bytes();
  item.first = first;
  item.last = Position{position_.value - 1};
  item.what = std::move(what);
  offset_ = item.end;
  return item;
}

// Bytes at offset_ that are no record: up to the next good header.
Result<WalkItem> Walk::gap(std::string what) {
  WalkItem item;
  item.kind = WalkItem::Kind::gap;
  item.offset = offset_;
  item.first = position_;
  item.what = std::move(what);
  TRY(const auto header, find_header(offset_ + record_align_bytes));
  item.end = offset_;
  if (header) {
    const Position before =
        header->is_seal() ? header->durable_through : Position{header->position.value - 1};
    item.last = before;
    if (before >= position_) {
      position_ = before.next();
      chain_.reset();
    }
  }
  return item;
}

Result<bool> Walk::zero_to_limit(std::uint64_t from) {
  while (from < limit_) {
    const std::size_t count = std::min<std::uint64_t>(limit_ - from, scan_bytes);
    TRY(const BytesView bytes, window_.at(from, count));
    if (!all_zero(bytes)) {
      return false;
    }
    from += count;
  }
  return true;
}

bool Walk::may_follow(const Header& header, std::uint64_t offset) const {
  if (header.record_bytes() > limit_ - offset) {
    return false;
  }
  // An older record is a copy in somebody's payload: it proves nothing about this place.
  return header.is_seal() ? header.durable_through.next() >= position_
                          : header.position >= position_;
}

Result<std::optional<Header>> Walk::find_header(std::uint64_t from) {
  while (from + seal_bytes <= limit_) {
    const std::size_t count = std::min<std::uint64_t>(limit_ - from, scan_bytes + header_bytes);
    TRY(const BytesView bytes, window_.at(from, count));
    std::size_t at = 0;
    for (; at < scan_bytes && at + header_bytes <= count; at += record_align_bytes) {
      if (!could_be_header(bytes.data() + at, magic_)) {
        continue;
      }
      auto header = decode_header(bytes.substr(at, header_bytes), community_, magic_);
      if (header && may_follow(*header, from + at)) {
        offset_ = from + at;
        return std::optional<Header>(std::move(*header));
      }
    }
    from += at;
    if (at == 0) {
      break;
    }
  }
  offset_ = limit_;
  return std::optional<Header>();
}

Result<BytesView> Walk::bytes_of(const WalkItem& item) {
  check(item.kind == WalkItem::Kind::record || item.kind == WalkItem::Kind::seal,
        "only a record has bytes to give");
  return window_.at(item.offset, item.end - item.offset);
}

namespace {

// The last offset below `from` where a good record header stands, going back at most one record.
Result<std::optional<std::uint64_t>> find_record_before(Window& window, const WalkStart& start,
                                                        std::uint64_t from) {
  // A record and any seals behind it: the last record starts no further back than this.
  const std::uint64_t reach = std::uint64_t{record_bytes_max} + scan_bytes;
  const std::uint64_t lowest = from > start.offset + reach ? from - reach : start.offset;
  std::uint64_t high = from;
  while (high > lowest) {
    const std::uint64_t low = high - lowest > scan_bytes ? high - scan_bytes : lowest;
    const std::size_t count = std::min<std::uint64_t>(high - low + header_bytes, start.limit - low);
    TRY(const BytesView bytes, window.at(low, count));
    for (std::uint64_t at = high - low; at >= record_align_bytes;) {
      at -= record_align_bytes;
      if (at + header_bytes > count || !could_be_header(bytes.data() + at, start.magic)) {
        continue;
      }
      const auto header =
          decode_header(bytes.substr(at, header_bytes), start.community, start.magic);
      if (header && !header->is_seal()) {
        return std::optional<std::uint64_t>(low + at);
      }
    }
    high = low;
  }
  return std::optional<std::uint64_t>();
}

// Where the zeros at the end of [start.offset, start.limit) begin, rounded up to 8.
Result<std::uint64_t> find_used_end(Window& window, const WalkStart& start) {
  std::uint64_t high = start.limit;
  while (high > start.offset) {
    const std::uint64_t low = high - start.offset > scan_bytes ? high - scan_bytes : start.offset;
    TRY(const BytesView bytes, window.at(low, high - low));
    if (const std::size_t used = used_bytes(bytes); used != 0) {
      return low + (used + record_align_bytes - 1) / record_align_bytes * record_align_bytes;
    }
    high = low;
  }
  return start.offset;
}

}  // namespace

Result<std::optional<SegmentEnd>> find_end(const std::shared_ptr<File>& file,
                                           const WalkStart& start) {
  check(start.previous.has_value(), "the beginning of a segment is known here");
  Window window(file, start.limit, scan_bytes);
  TRY(const std::uint64_t used, find_used_end(window, start));
  SegmentEnd end;
  end.last = {start.position.value - 1};
  end.chain = *start.previous;
  end.offset = start.offset;
  if (used == start.offset) {
    return std::optional(end);
  }
  TRY(const auto last, find_record_before(window, start, used));
  WalkStart tail = start;
  if (last) {
    tail.offset = *last;
    TRY(const BytesView bytes, window.at(*last, header_bytes));
    TRY(const Header header, decode_header(bytes, start.community, start.magic));
    tail.position = header.position;
    tail.previous = header.previous_hash;
  }
  tail.depth = Depth::payloads;
  Walk walk(file, tail, scan_bytes);
  for (;;) {
    TRY(const WalkItem item, walk.next());
    if (item.kind == WalkItem::Kind::gap) {
      return std::optional<SegmentEnd>();
    }
    if (item.kind == WalkItem::Kind::end) {
      end.offset = item.offset;
      return std::optional(end);
    }
    if (item.kind == WalkItem::Kind::record) {
      end.last = item.header.position;
      end.chain = item.header.hash;
      end.record = item.header;
    }
  }
}

}  // namespace holdfast::journal
