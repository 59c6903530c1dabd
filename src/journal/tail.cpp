#include "journal/tail.h"

#include <algorithm>
#include <deque>
#include <utility>

namespace holdfast::journal {
namespace {

/// The rest is not listed one by one: whoever has read a thousand lines calls for help.
constexpr std::size_t gaps_listed_max = 1000;

/// The gaps of the last segment. Bytes that are bad while the next good record is the very one that
/// must follow, chain and all, have lost nothing: a seal has rotted, say. No crash leaves such.
class Gaps {
 public:
  void add(WalkItem gap) {
    if (stray_) {
      gap.offset = stray_->offset;
      stray_.reset();
    }
    if (gap.last && *gap.last < gap.first) {
      stray_ = std::move(gap);
      return;
    }
    last_lost_ = gap.first;
    if (gaps_.size() < gaps_listed_max) {
      gaps_.push_back(std::move(gap));
    } else {
      gaps_.back().end = gap.end;
      gaps_.back().last = gap.last;
    }
  }
  /// Something good follows: the gap before it, if that lost nothing.
  std::optional<WalkItem> take_stray() { return std::exchange(stray_, std::nullopt); }
  /// First position of the last gap that lost something; 0 if there was none.
  [[nodiscard]] Position last_lost() const { return last_lost_; }
  /// Nothing follows: then nothing shows that the last one lost nothing.
  std::vector<WalkItem> finish() {
    if (stray_) {
      stray_->last.reset();
      gaps_.push_back(std::move(*stray_));
    }
    return std::move(gaps_);
  }

 private:
  std::vector<WalkItem> gaps_;
  std::optional<WalkItem> stray_;
  Position last_lost_;
};

/// Takes what the walk finds, one by one.
class TailReader {
 public:
  explicit TailReader(const Head& before) : before_(before) {
    tail_.head = tail_.proved = before;
    tail_.proved_through = before.position;
  }
  void see(WalkItem item, const Walk& walk);
  Tail finish(std::uint64_t start);

 private:
  void see_record(const WalkItem& item);
  void see_seal(const WalkItem& item);

  const Head before_;
  Tail tail_;
  Gaps gaps_;
  std::deque<std::pair<Head, std::uint64_t>> unproved_;  ///< entries, and where each begins
  bool seal_last_ = false;
  std::uint64_t seal_offset_ = 0;  ///< of the first of the seals that stand last
};

void TailReader::see(WalkItem item, const Walk& walk) {
  tail_.proved_through = std::max(tail_.proved_through, walk.proved());
  if (item.kind == WalkItem::Kind::gap) {
    gaps_.add(std::move(item));
    return;
  }
  if (auto stray = gaps_.take_stray()) {
    tail_.damage.push_back(*std::move(stray));
  }
  if (item.kind == WalkItem::Kind::record) {
    see_record(item);
  } else {
    see_seal(item);
  }
  while (!unproved_.empty() && unproved_.front().first.position <= tail_.proved_through) {
    tail_.proved = unproved_.front().first;
    unproved_.pop_front();
  }
}

// What lies behind a gap is shown only if the gap turns out to be proved damage.
void TailReader::see_record(const WalkItem& item) {
  if (tail_.proved_through < gaps_.last_lost()) {
    return;
  }
  tail_.head = {item.header.position, item.header.hash, item.header.time};
  tail_.end = item.end;
  unproved_.emplace_back(tail_.head, item.offset);
  seal_last_ = false;
}

// It tells the truth about the entries before it; but its own sync may have failed.
void TailReader::see_seal(const WalkItem& item) {
  if (item.header.durable_through != tail_.head.position) {
    return;
  }
  seal_offset_ = seal_last_ ? seal_offset_ : item.offset;
  tail_.end = item.end;
  seal_last_ = true;
}

Tail TailReader::finish(std::uint64_t start) {
  tail_.end = std::max(tail_.end, start);
  tail_.unproved = unproved_.size();
  tail_.unproved_offset = !unproved_.empty() ? unproved_.front().second
                          : seal_last_       ? seal_offset_
                                             : tail_.end;
  tail_.sealed = unproved_.empty() && (seal_last_ || tail_.head.position == before_.position);
  for (WalkItem& gap : gaps_.finish()) {
    if (gap.first > tail_.proved_through) {
      tail_.tear = std::move(gap);
      break;
    }
    tail_.damage.push_back(std::move(gap));
  }
  return std::move(tail_);
}

}  // namespace

Result<Tail> read_tail(Walk& walk, const Head& before) {
  TailReader reader(before);
  const std::uint64_t start = walk.offset();
  for (;;) {
    TRY(WalkItem item, walk.next());
    if (item.kind == WalkItem::Kind::end) {
      return reader.finish(start);
    }
    reader.see(std::move(item), walk);
  }
}

}  // namespace holdfast::journal
