#include "journal/survey.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "journal/tail.h"
#include "journal/walk.h"

namespace holdfast::journal {
namespace {

/// The rest is not listed: whoever has read a thousand lines calls for help.
constexpr std::size_t damage_listed_max = 1000;
constexpr std::size_t look_bytes = 256U << 10U;

/// What a segment's file looks like from outside.
struct Look {
  SegmentNumber number;
  std::uint64_t bytes = 0;
  bool header_zero = false;
  std::optional<SegmentHeader> header;  ///< when good
  std::string why;                      ///< when not
};

/// Goes through the segments in order; each method is one step of survey().
class Surveyor {
 public:
  Surveyor(Disk& disk, const Options& options) : disk_(disk), options_(options) {}

  Result<Survey> run() {
    TRY_OK(list());
    TRY_OK(settle_community());
    TRY_OK(find_last());
    for (std::uint64_t number = 1; number <= last_.value; ++number) {
      TRY_OK(visit({number}));
    }
    TRY_OK(look_at_unbegun());
    return std::move(found_);
  }

 private:
  Result<void> list();
  Result<std::shared_ptr<File>> open(SegmentNumber number);
  Result<Look> look_at(SegmentNumber number);
  Result<void> settle_community();
  Result<void> find_last();
  Result<bool> holds_record(const Look& look);
  Result<void> visit(SegmentNumber number);
  Result<bool> check_end(const Look& look, const WalkStart& start);
  Result<void> walk_finished(const Look& look, const WalkStart& start);
  Result<void> walk_last(const Look& look, const WalkStart& start);
  Result<void> look_at_unbegun();
  Result<void> add_tear(const Look& look);
  Result<std::uint64_t> used_end(const Look& look);
  void add(DamageKind kind, SegmentNumber segment, std::uint64_t offset, std::uint64_t end,
           Position first, Position last, std::string what);
  void add(const Look& look, const WalkItem& gap, std::optional<Position> next_first);
  [[nodiscard]] const SegmentHeader* next_good_header(SegmentNumber number) const;
  [[nodiscard]] WalkStart start_of(const Look& look) const;

  Disk& disk_;
  const Options& options_;
  std::map<std::uint64_t, Look> looks_;
  SegmentNumber last_;  ///< the highest that has begun
  Position next_{1};    ///< position expected next
  std::optional<Hash> chain_ = Hash{};
  Time time_;
  Survey found_;
};

Result<void> Surveyor::list() {
  auto names = disk_.list(options_.directory);
  if (!names) {
    return fail(std::move(names).error());
  }
  for (const std::string& each : *names) {
    if (const auto number = segment_number_of(each)) {
      TRY(Look look, look_at(*number));
      looks_.emplace(number->value, std::move(look));
    } else if (const auto torn = parse_torn_file_name(each); torn && !torn->audited) {
      found_.torn_files.push_back(*torn);
    }
  }
  if (looks_.empty()) {
    return fail(Code::not_found, "there is no journal here", options_.directory);
  }
  return ok();
}

// Files are opened one at a time: there may be more of them than descriptors.
Result<std::shared_ptr<File>> Surveyor::open(SegmentNumber number) {
  TRY(auto file, disk_.open(segment_path(options_, number), OpenMode::read));
  return std::shared_ptr<File>(std::move(file));
}

Result<Look> Surveyor::look_at(SegmentNumber number) {
  Look look;
  look.number = number;
  TRY(const auto file, open(number));
  TRY(look.bytes, file->size());
  Bytes raw(segment_header_bytes, '\0');
  TRY_OK(file->read(0, raw));
  look.header_zero = all_zero(raw);
  auto header = decode_segment_header(raw);
  if (header) {
    look.header = *header;
  } else if (header.error().code == Code::unsupported) {
    return fail(header.error().code, header.error().what, segment_path(options_, number));
  } else {
    look.why = header.error().what;
  }
  return look;
}

// The first good header says whose journal this is; a header that says otherwise is none of ours.
Result<void> Surveyor::settle_community() {
  const auto first =
      std::ranges::find_if(looks_, [](const auto& each) { return each.second.header.has_value(); });
  if (first == looks_.end()) {
    const bool zero =
        std::ranges::all_of(looks_, [](const auto& each) { return each.second.header_zero; });
    return zero ? fail(Code::not_found, "the journal here was never begun", options_.directory)
                : fail(Code::corrupt, "no segment of the journal has a good header",
                       options_.directory);
  }
  found_.community = first->second.header->community;
  for (auto& [number, look] : looks_) {
    if (!look.header) {
      continue;
    }
    if (look.header->community != found_.community) {
      look.why = "segment of another community";
    } else if (look.header->number.value != number) {
      look.why = fmt::format("header says that this is segment {}", look.header->number.value);
    } else {
      continue;
    }
    look.header.reset();
  }
  return ok();
}

Result<bool> Surveyor::holds_record(const Look& look) {
  WalkStart start;
  start.community = found_.community;
  start.limit = look.bytes / record_align_bytes * record_align_bytes;
  start.position = {1};
  start.depth = Depth::headers;
  TRY(auto file, open(look.number));
  Walk walk(std::move(file), start, look_bytes);
  TRY(const WalkItem item, walk.next());
  return item.kind == WalkItem::Kind::record || item.kind == WalkItem::Kind::seal ||
         item.last.has_value();
}

// A header is written and synced before the first record. So a bad header with zeros behind it was
// torn while it was written, and the segment has not begun; with anything behind it, it has rotted.
Result<void> Surveyor::find_last() {
  for (const auto& [number, look] : looks_) {
    bool begun = look.header.has_value();
    if (!begun) {
      TRY(const bool record, holds_record(look));
      TRY(const std::uint64_t end, used_end(look));
      begun = record || (!look.header_zero && end > segment_header_bytes);
    }
    if (begun) {
      last_ = {number};
    }
  }
  if (last_.value == 0) {
    return fail(Code::corrupt, "no segment of the journal can be told to have begun",
                options_.directory);
  }
  return ok();
}

Result<std::uint64_t> Surveyor::used_end(const Look& look) {
  TRY(auto file, open(look.number));
  Window window(std::move(file), look.bytes, look_bytes);
  std::uint64_t high = look.bytes;
  while (high > 0) {
    const std::uint64_t low = high > look_bytes ? high - look_bytes : 0;
    TRY(const BytesView bytes, window.at(low, high - low));
    if (const std::size_t used = used_bytes(bytes); used != 0) {
      return low + used;
    }
    high = low;
  }
  return 0;
}

const SegmentHeader* Surveyor::next_good_header(SegmentNumber number) const {
  const auto next = looks_.find(number.value + 1);
  return next != looks_.end() && next->second.header ? &*next->second.header : nullptr;
}

void Surveyor::add(DamageKind kind, SegmentNumber segment, std::uint64_t offset, std::uint64_t end,
                   Position first, Position last, std::string what) {
  if (found_.damage.size() < damage_listed_max) {
    found_.damage.push_back({kind, segment, offset, end, first, last, std::move(what)});
  }
}

// A gap in a finished segment, or before something that proves it: what it lost is lost.
void Surveyor::add(const Look& look, const WalkItem& gap, std::optional<Position> next_first) {
  Position last = gap.first;
  if (gap.last) {
    last = *gap.last;
  } else if (next_first) {
    last = {next_first->value - 1};
  }
  const DamageKind kind = last < gap.first ? DamageKind::slack : DamageKind::record;
  add(kind, look.number, gap.offset, gap.end, gap.first, last, gap.what);
}

WalkStart Surveyor::start_of(const Look& look) const {
  WalkStart start;
  start.community = found_.community;
  start.position = next_;
  start.previous = chain_;
  start.bug = options_.bug;
  start.limit = look.bytes / record_align_bytes * record_align_bytes;
  if (look.header) {
    start.magic = look.header->magic;
    start.limit = std::max(start.limit, look.header->segment_bytes);
  }
  return start;
}

Result<void> Surveyor::visit(SegmentNumber number) {
  const auto found = looks_.find(number.value);
  const SegmentHeader* const next_header = next_good_header(number);
  if (found == looks_.end()) {
    const Position last{next_header != nullptr ? next_header->first.value - 1 : next_.value};
    add(DamageKind::missing, number, 0, 0, next_, last, "the segment's file is not there");
    chain_.reset();
    return ok();
  }
  const Look& look = found->second;
  if (!look.header) {
    add(DamageKind::header, number, 0, segment_header_bytes, next_, {next_.value - 1},
        look.header_zero ? "segment header is gone" : look.why);
  } else {
    const bool follows =
        look.header->first == next_ && (!chain_ || *chain_ == look.header->previous_chain);
    // After a segment that is missing or damaged the header tells where we are.
    if (!follows && chain_) {
      add(DamageKind::link, number, 0, segment_header_bytes, next_,
          {std::max(look.header->first.value, next_.value) - 1},
          fmt::format("segment starts at position {} with another chain than the {} entries "
                      "before it end in",
                      look.header->first.value, next_.value - 1));
    }
    next_ = look.header->first;
    chain_ = look.header->previous_chain;
    if (look.bytes < look.header->segment_bytes) {
      add(DamageKind::slack, number, look.bytes, look.header->segment_bytes, next_,
          {next_.value - 1}, "the segment's file is shorter than it was made");
    }
  }
  const WalkStart start = start_of(look);
  Segment segment;
  segment.number = number;
  segment.first = next_;
  segment.previous_chain = chain_.value_or(Hash{});
  segment.magic = start.magic;
  segment.bytes = segment.limit = start.limit;
  segment.last = number == last_;
  found_.begun.push_back(segment);
  if (number == last_) {
    found_.last_header = look.header;
    return walk_last(look, start);
  }
  TRY(const bool clean, check_end(look, start));
  return clean ? ok() : walk_finished(look, start);
}

// The link to the next segment, seen from the end of this one.
Result<bool> Surveyor::check_end(const Look& look, const WalkStart& start) {
  const SegmentHeader* const next = next_good_header(look.number);
  if (!look.header || next == nullptr) {
    return false;
  }
  TRY(const auto file, open(look.number));
  TRY(const auto end, find_end(file, start));
  if (!end || end->last.next() != next->first || end->chain != next->previous_chain) {
    return false;
  }
  next_ = next->first;
  chain_ = next->previous_chain;
  if (end->record) {
    time_ = end->record->time;
  }
  return true;
}

Result<void> Surveyor::walk_finished(const Look& look, const WalkStart& start) {
  const SegmentHeader* const next = next_good_header(look.number);
  const std::optional<Position> next_first =
      next != nullptr ? std::optional(next->first) : std::nullopt;
  TRY(auto file, open(look.number));
  Walk walk(std::move(file), start, look_bytes);
  for (;;) {
    TRY(const WalkItem item, walk.next());
    if (item.kind == WalkItem::Kind::record) {
      time_ = item.header.time;
    } else if (item.kind == WalkItem::Kind::gap) {
      add(look, item, next_first);
      if (!item.last && next_first) {
        next_ = *next_first;
        chain_.reset();
        return ok();
      }
    } else if (item.kind == WalkItem::Kind::end) {
      next_ = walk.position();
      chain_ = walk.chain();
      break;
    }
  }
  if (next_first && next_ < *next_first) {
    add(DamageKind::record, look.number, walk.offset(), walk.offset(), next_,
        {next_first->value - 1}, "entries are missing at the segment's end");
    next_ = *next_first;
    chain_.reset();
  }
  return ok();
}

Result<void> Surveyor::walk_last(const Look& look, const WalkStart& start) {
  TRY(auto file, open(look.number));
  Walk walk(std::move(file), start, look_bytes);
  const Head before{{next_.value - 1}, chain_.value_or(Hash{}), time_};
  TRY(const Tail tail, read_tail(walk, before));
  found_.head = tail.head;
  found_.end = tail.end;
  found_.proved = tail.proved;
  found_.unproved = tail.unproved;
  found_.unproved_offset = tail.unproved_offset;
  found_.header_proved = tail.proved.position > before.position;
  found_.sealed = tail.sealed;
  for (const WalkItem& gap : tail.damage) {
    add(look, gap, tail.proved_through.next());
  }
  if (tail.tear) {
    Tear tear;
    tear.segment = look.number;
    tear.offset = tail.tear->offset;
    tear.end = look.bytes;
    tear.position = tail.tear->first;
    found_.tears.push_back(tear);
  }
  return ok();
}

Result<void> Surveyor::look_at_unbegun() {
  for (Tear& tear : found_.tears) {
    TRY(const std::uint64_t end, used_end(looks_.at(tear.segment.value)));
    tear.end = std::max(tear.offset, end);
  }
  for (auto each = looks_.upper_bound(last_.value); each != looks_.end(); ++each) {
    found_.unbegun.push_back({each->first});
    TRY_OK(add_tear(each->second));
  }
  return ok();
}

// Bytes in a segment that has not begun: a torn header, or rot in its zeros.
Result<void> Surveyor::add_tear(const Look& look) {
  Tear tear;
  tear.segment = look.number;
  tear.position = found_.head.position.next();
  TRY(tear.end, used_end(look));
  if (tear.end != 0) {
    found_.tears.push_back(tear);
  }
  return ok();
}

}  // namespace

bool Survey::read_only() const {
  return std::ranges::any_of(damage,
                             [](const Damage& each) { return each.kind != DamageKind::slack; });
}

Result<Survey> survey(Disk& disk, const Options& options) { return Surveyor(disk, options).run(); }

}  // namespace holdfast::journal
