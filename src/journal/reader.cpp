#include "journal/reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"

namespace holdfast::journal {
namespace {

// Small windows for looking one record up; a cursor reads more at a time.
constexpr std::size_t lookup_bytes = 64U << 10U;

Error damaged(const Options& options, SegmentNumber number, const WalkItem& gap) {
  return {Code::corrupt,
          fmt::format("position {}: {}", gap.first.value, gap.what),
          fmt::format("{} bytes {}..{}", segment_path(options, number), gap.offset, gap.end),
          {}};
}

}  // namespace

Reader::Reader(std::shared_ptr<Segments> segments) : segments_(std::move(segments)) {}

WalkStart Reader::walk_start(const Segment& segment) const {
  WalkStart start;
  start.community = segments_->community();
  start.magic = segment.magic;
  start.limit = segment.limit;
  start.position = segment.first;
  start.depth = Depth::headers;
  start.bug = segments_->options().bug;
  return start;
}

std::shared_ptr<Reader::Index> Reader::index_of(SegmentNumber number) {
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find(indexes_, number, &decltype(indexes_)::value_type::first);
  if (found != indexes_.end()) {
    std::rotate(indexes_.begin(), found, std::next(found));
    return indexes_.front().second;
  }
  if (indexes_.size() >= indexed_segments_max) {
    indexes_.pop_back();
  }
  auto index = std::make_shared<Index>();
  indexes_.emplace(indexes_.begin(), number, index);
  return index;
}

Result<std::pair<Position, std::uint64_t>> Reader::before(const Segment& segment,
                                                          Position position) {
  const std::shared_ptr<Index> index = index_of(segment.number);
  const std::scoped_lock lock(index->mutex);
  if (!index->walk) {
    TRY(auto file, segments_->file(segment.number));
    index->walk.emplace(std::move(file), walk_start(segment), lookup_bytes);
  } else if (index->walk->limit() < segment.limit) {
    index->walk->extend(segment.limit);
  }
  while (index->walk->position() <= position) {
    TRY(const WalkItem item, index->walk->next());
    if (item.kind == WalkItem::Kind::end) {
      break;
    }
    const bool far = index->entries.empty() ||
                     item.offset - index->entries.back().second >= index_interval_bytes;
    if (item.kind == WalkItem::Kind::record && far) {
      index->entries.emplace_back(item.header.position, item.offset);
    }
  }
  const auto after = std::ranges::upper_bound(index->entries, position, {},
                                              &std::pair<Position, std::uint64_t>::first);
  if (after == index->entries.begin()) {
    return std::pair(segment.first, std::uint64_t{segment_header_bytes});
  }
  return *std::prev(after);
}

Result<Record> Reader::read(Position position) {
  Cursor cursor = from(position);
  TRY(auto record, cursor.next());
  if (!record) {
    return fail(Code::not_found, fmt::format("no entry at position {}; the last is {}",
                                             position.value, durable().value));
  }
  return std::move(*record);
}

Cursor Reader::from(Position from, std::optional<Hash> previous) {
  check(from.value > 0, "positions start at 1");
  return Cursor(*this, from, previous);
}

Cursor::Cursor(Reader& reader, Position from, std::optional<Hash> previous)
    : reader_(&reader), position_(from), previous_(previous) {}

Result<void> Cursor::enter(const Segment& segment) {
  WalkStart start = reader_->walk_start(segment);
  std::size_t chunk = Window::chunk_bytes_default;
  if (position_ > segment.first) {
    TRY(const auto place, reader_->before(segment, position_));
    start.position = place.first;
    start.offset = place.second;
    chunk = lookup_bytes;
  } else if (previous_ && *previous_ != segment.previous_chain && segment.magic) {
    // The header of a damaged segment says nothing; of a good one it must continue the chain.
    return fail(
        Code::corrupt,
        fmt::format("position {}: the segment does not continue the entry before", position_.value),
        segment_path(reader_->segments_->options(), segment.number));
  }
  TRY(auto file, reader_->segments_->file(segment.number));
  walk_.emplace(std::move(file), start, chunk);
  segment_ = segment;
  return ok();
}

Result<std::optional<WalkItem>> Cursor::advance(Depth depth) {
  if (error_) {
    return fail(*error_);
  }
  auto item = advance_in_segment(depth);
  if (!item && item.error().code == Code::corrupt) {
    error_ = item.error();
  }
  return item;
}

Result<std::optional<WalkItem>> Cursor::advance_in_segment(Depth depth) {
  if (position_ > reader_->durable()) {
    return std::optional<WalkItem>();
  }
  TRY(const Segment now, reader_->segments_->segment_of(position_));
  if (!walk_ || now.number != segment_.number) {
    TRY_OK(enter(now));
  } else if (walk_->limit() < now.limit) {
    walk_->extend(now.limit);
  }
  const Options& options = reader_->segments_->options();
  for (;;) {
    // Records before the one that was asked for are only stepped over.
    walk_->set_depth(walk_->position() < position_ ? Depth::headers : depth);
    TRY(WalkItem item, walk_->next());
    if (item.kind == WalkItem::Kind::end) {
      item.first = position_;
      item.what = "the segment ends before it";
      return fail(damaged(options, now.number, item));
    }
    const bool lost = item.kind == WalkItem::Kind::gap && walk_->position() > position_;
    if (lost || (item.kind == WalkItem::Kind::gap && item.end >= now.limit)) {
      item.first = position_;
      return fail(damaged(options, now.number, item));
    }
    if (item.kind != WalkItem::Kind::record || item.header.position < position_) {
      continue;
    }
    if (previous_ && *previous_ != item.header.previous_hash) {
      item.first = position_;
      item.what = "it does not follow the entry before: another hash";
      return fail(damaged(options, now.number, item));
    }
    previous_ = item.header.hash;
    position_ = item.header.position.next();
    return std::optional(std::move(item));
  }
}

Result<std::optional<Header>> Cursor::next_header() {
  TRY(auto item, advance(Depth::headers));
  return item ? std::optional(std::move(item->header)) : std::nullopt;
}

Result<std::optional<Record>> Cursor::next() {
  TRY(auto item, advance(Depth::payloads));
  if (!item) {
    return std::optional<Record>();
  }
  TRY(const BytesView bytes, walk_->bytes_of(*item));
  return std::optional(Record{std::move(item->header), Bytes(bytes), item->redacted});
}

}  // namespace holdfast::journal
