#include "journal/scrub.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"

namespace holdfast::journal {

Scrub::Scrub(std::shared_ptr<Segments> segments, Disk& disk, Slack slack, SeeEntry see,
             SegmentNumber from)
    : segments_(std::move(segments)), disk_(disk), slack_(slack), see_(std::move(see)) {
  all_ = segments_->all();
  durable_ = segments_->durable();
  const auto first = std::ranges::lower_bound(all_, from, {}, &Segment::number);
  index_ = static_cast<std::size_t>(first - all_.begin());
  if (index_ > 0 && first != all_.end()) {
    whole_ = false;
    number_ = first->number.value - 1;
    expected_ = first->first;
    chain_ = first->previous_chain;
  } else {
    chain_ = Hash{};  // nothing comes before the first entry
  }
}

void Scrub::add(Damage damage) {
  ++report_.damage_count;
  if (report_.damage.size() < ScrubReport::damage_max) {
    report_.damage.push_back(std::move(damage));
  }
}

Result<ScrubReport> Scrub::run() {
  for (;;) {
    TRY(const bool done, step(UINT64_MAX));
    if (done) {
      return report_;
    }
  }
}

Result<bool> Scrub::step(std::uint64_t bytes) {
  const std::uint64_t until =
      bytes > UINT64_MAX - report_.bytes ? UINT64_MAX : report_.bytes + bytes;
  while (!done_ && report_.bytes < until) {
    if (!walk_) {
      if (index_ == all_.size()) {
        TRY_OK(finish());
        break;
      }
      TRY_OK(enter(all_[index_]));
      continue;
    }
    TRY(const WalkItem item, walk_->next());
    TRY_OK(see_item(item));
  }
  return done_;
}

// The header again, with the eyes of a stranger: what survey() said of it may be long ago.
Result<void> Scrub::enter(const Segment& segment) {
  TRY(auto file, segments_->file(segment.number));
  Bytes raw(segment_header_bytes, '\0');
  TRY_OK(file->read(0, raw));
  report_.bytes += raw.size();
  const auto header = decode_segment_header(raw);
  const auto note = [&](DamageKind kind, std::string what, Position last) {
    add({kind, segment.number, 0, segment_header_bytes, expected_, last, std::move(what)});
  };
  const Position none{expected_.value - 1};
  if (segment.number.value != number_ + 1) {
    add({DamageKind::missing,
         {number_ + 1},
         0,
         0,
         expected_,
         {segment.first.value - 1},
         "the segment's file is not there"});
    lose(segment.first);
  }
  number_ = segment.number.value;
  if (!header) {
    note(DamageKind::header, header.error().what, none);
  } else if (header->community != segments_->community() || header->number != segment.number) {
    note(DamageKind::header, "the header is that of another segment", none);
  } else if (header->first != expected_ || (chain_ && header->previous_chain != *chain_)) {
    if (chain_) {
      note(DamageKind::link,
           fmt::format("segment starts at position {}, and not where {} ends", header->first.value,
                       none.value),
           {std::max(header->first.value - 1, none.value)});
    }
    lose(header->first);
    chain_ = header->previous_chain;
  }
  WalkStart start;
  start.community = segments_->community();
  start.magic = segment.magic;
  if (header && header->number == segment.number) {
    start.magic = header->magic;
  }
  start.position = expected_;
  start.previous = chain_;
  start.limit = segment.last && slack_ == Slack::skip_writable ? segment.limit : segment.bytes;
  start.bug = segments_->options().bug;
  walk_.emplace(std::move(file), start);
  return ok();
}

// Entries from expected_ to before `next` are not in the journal.
void Scrub::lose(Position next) {
  if (next > expected_) {
    whole_ = false;
    expected_ = next;
    chain_.reset();
  }
}

Result<void> Scrub::see_item(const WalkItem& item) {
  const Segment& segment = all_[index_];
  report_.bytes += item.end - item.offset;
  switch (item.kind) {
    case WalkItem::Kind::record:
      if (item.header.time < report_.time) {
        add({DamageKind::record, segment.number, item.offset, item.end, item.header.position,
             item.header.position, "the entry is earlier than the one before it"});
      }
      ++report_.entries;
      report_.redacted += item.redacted == Redacted::none ? 0 : 1;
      report_.last = item.header.position;
      report_.head = item.header.hash;
      report_.time = item.header.time;
      tree_.append(item.header.hash);
      return see_ ? see_(item.header) : ok();
    case WalkItem::Kind::seal: return ok();
    case WalkItem::Kind::gap: see_gap(segment, item); return ok();
    case WalkItem::Kind::end:
      expected_ = walk_->position();
      chain_ = walk_->chain();
      walk_.reset();
      ++index_;
      return ok();
  }
  return ok();
}

void Scrub::see_gap(const Segment& segment, const WalkItem& gap) {
  Position last{gap.first.value - 1};
  if (gap.last) {
    last = *gap.last;
  } else if (index_ + 1 < all_.size()) {
    last = {std::max(all_[index_ + 1].first.value, gap.first.value) - 1};
  } else if (durable_ >= gap.first) {
    last = durable_;
  }
  const bool lost = last >= gap.first;
  whole_ = whole_ && !lost;
  add({lost ? DamageKind::record : DamageKind::slack, segment.number, gap.offset, gap.end,
       gap.first, last, gap.what});
}

Result<void> Scrub::finish() {
  if (slack_ == Slack::check_all) {
    TRY_OK(check_unbegun());
  }
  if (report_.last < durable_) {
    whole_ = false;
  }
  if (whole_) {
    report_.root = tree_.root();
  }
  done_ = true;
  return ok();
}

// Files that stand ready hold nothing but zeros.
Result<void> Scrub::check_unbegun() {
  const Options& options = segments_->options();
  TRY(const auto names, disk_.list(options.directory));
  for (const std::string& each : names) {
    const auto number = segment_number_of(each);
    if (!number || (!all_.empty() && *number <= all_.back().number)) {
      continue;
    }
    TRY(auto opened, disk_.open(segment_path(options, *number), OpenMode::read));
    TRY(const std::uint64_t size, opened->size());
    Bytes buffer(Window::chunk_bytes_default, '\0');
    for (std::uint64_t at = 0; at < size; at += buffer.size()) {
      TRY(const std::size_t count, opened->read(at, buffer));
      report_.bytes += count;
      if (!all_zero(BytesView(buffer).substr(0, count))) {
        add({DamageKind::slack,
             *number,
             at,
             at + count,
             expected_,
             {expected_.value - 1},
             "a segment that has not begun is not zero"});
      }
    }
  }
  return ok();
}

}  // namespace holdfast::journal
