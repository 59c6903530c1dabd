#include "views/hot_kv.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace holdfast::views {
namespace {

/// Who reads on where nothing is kept takes so many keys with him, then twice as many each time, up
/// to so many; and so many in all, since whoever reads more is not looking for a page.
constexpr std::size_t keys_first = 16;
constexpr std::size_t keys_last = 1024;
constexpr std::size_t keys_in_all = 4096;
/// Long keys are fewer.
constexpr std::size_t run_bytes_max = std::size_t{64} << 10U;

/// What a cursor goes through.
struct Range {
  Bytes from;
  Bytes until;
  Within within;
};

// Forward through postings: in a run, or in the store where there is none.
class HotCursor final : public Cursor {
 public:
  HotCursor(const Reader& below, KeyRuns& runs, Generation seen, Range range)
      : below_(below), runs_(runs), seen_(seen), range_(std::move(range)) {
    go(range_.from);
  }

  [[nodiscard]] bool valid() const override { return valid_; }
  [[nodiscard]] BytesView key() const override { return run_ ? BytesView(key_) : store_->key(); }
  [[nodiscard]] BytesView value() const override { return run_ ? BytesView() : store_->value(); }
  void next() override {
    if (!run_) {
      store_->next();
      settle_in_store();
    } else if (++at_ < end_) {
      show();
    } else {
      go_on();
    }
  }
  void seek(BytesView key) override {
    if (run_ && run_->covers(key) && range_.from <= key) {
      at_ = run_->first_at(key);
      settle_in_run();
      return;
    }
    // Leaps through one list come to other places each time, and such lists have sets of their own.
    takes_ = takes_ && range_.within == Within::table;
    go(Bytes(std::max(key, BytesView(range_.from))));
  }
  [[nodiscard]] Result<void> status() const override { return store_ ? store_->status() : ok(); }

 private:
  /// To the first key at or past `target`.
  void go(Bytes target) {
    valid_ = false;
    if (!range_.until.empty() && target >= range_.until) {
      return;
    }
    const KeyRuns::Look look = runs_.look(target, seen_);
    run_ = look.run;
    if (!run_ && takes_ && look.has_room && (look.was_asked || taken_ > 0)) {
      run_ = take(target, look.known_from);
      takes_ = taken_ < keys_in_all;
    }
    if (!run_) {
      go_in_store(target);
      settle_in_store();
      return;
    }
    key_.assign(run_->beginning());
    at_ = run_->first_at(target);
    end_ = range_.until.empty() ? run_->size() : run_->first_at(range_.until);
    settle_in_run();
  }

  void settle_in_run() {
    valid_ = at_ < end_;
    if (valid_) {
      show();
    } else {
      go_on();
    }
  }
  void show() {
    const BytesView rest = run_->rest(at_);
    const std::size_t size = run_->beginning().size() + rest.size();
    if (key_.size() != size) {
      key_.resize(size);
    }
    std::memcpy(key_.data() + size - rest.size(), rest.data(), rest.size());
  }

  /// Behind the end of a run.
  void go_on() {
    valid_ = false;
    if (!run_->until().empty()) {
      go(Bytes(run_->until()));
    }
  }

  void settle_in_store() { valid_ = store_->valid(); }

  void go_in_store(const Bytes& target) {
    if (store_ && opened_at_ <= target) {
      if (!store_->valid() || store_->key() != BytesView(target)) {
        store_->seek(target);
      }
      return;
    }
    // Of one posting the bounds differ in their rows only.
    const bool fits = range_.within == Within::table || target.size() == range_.from.size();
    opened_at_ = fits ? target : range_.from;
    store_ =
        below_.scan(Table::posting, opened_at_, range_.until, Direction::forward, range_.within);
    if (opened_at_ != target) {
      store_->seek(target);
    }
  }

  /// Reads on from `target`, not into what is known from `known_from` on, and keeps it. Null after
  /// a fault of the store.
  KeyRunPtr take(const Bytes& target, const Bytes& known_from) {
    go_in_store(target);
    Bytes keys;
    std::vector<std::uint32_t> ends;
    const auto is_open = [&](BytesView key) {
      return known_from.empty() || key < BytesView(known_from);
    };
    for (; store_->valid() && is_open(store_->key()) && ends.size() < keys_next_ &&
           keys.size() < run_bytes_max;
         store_->next()) {
      keys.append(store_->key());
      ends.push_back(static_cast<std::uint32_t>(keys.size()));
    }
    if (!store_->valid() && !store_->status()) {
      return nullptr;
    }
    BytesView until = known_from;
    if (store_->valid() && is_open(store_->key())) {
      until = store_->key();
    } else if (!range_.until.empty() && is_open(range_.until)) {
      until = range_.until;
    }
    auto run = std::make_shared<const KeyRun>(target, until, seen_, keys, ends);
    taken_ += ends.size() + 1;
    keys_next_ = std::min(keys_next_ * 2, keys_last);
    runs_.keep(run);
    return run;
  }

  const Reader& below_;
  KeyRuns& runs_;
  const Generation seen_;
  const Range range_;
  std::unique_ptr<Cursor> store_;  // null until it is needed
  Bytes opened_at_;
  KeyRunPtr run_;  // null: in the store
  std::size_t at_ = 0;
  std::size_t end_ = 0;  // keys of the run that are in the range
  bool valid_ = false;
  Bytes key_;          // in a run
  bool takes_ = true;  // what is read may be kept
  std::size_t taken_ = 0;
  std::size_t keys_next_ = keys_first;
};

class HotReader final : public Reader {
 public:
  HotReader(std::shared_ptr<const Reader> below, std::shared_ptr<KeyRuns> runs, Generation seen)
      : below_(std::move(below)), runs_(std::move(runs)), seen_(seen) {}

  [[nodiscard]] Result<std::optional<Bytes>> get(Table table, BytesView key) const override {
    return below_->get(table, key);
  }
  using Reader::scan;
  [[nodiscard]] std::unique_ptr<Cursor> scan(Table table, BytesView from, BytesView until,
                                             Direction direction, Within within) const override {
    if (table != Table::posting || direction != Direction::forward) {
      return below_->scan(table, from, until, direction, within);
    }
    return std::make_unique<HotCursor>(*below_, *runs_, seen_,
                                       Range{Bytes(from), Bytes(until), within});
  }
  [[nodiscard]] std::shared_ptr<const Reader> plain() const override { return below_; }

 private:
  const std::shared_ptr<const Reader> below_;
  const std::shared_ptr<KeyRuns> runs_;
  const Generation seen_;
};

}  // namespace

HotKv::HotKv(Kv& below, std::size_t bytes_max, Bug planted)
    : below_(below), keeps_(bytes_max > 0), runs_(std::make_shared<KeyRuns>(bytes_max, planted)) {}

Result<void> HotKv::write(std::span<const Write> writes) {
  if (!keeps_) {
    return below_.write(writes);
  }
  runs_->begin_write();
  Result<void> written = below_.write(writes);
  if (written) {
    runs_->end_write(writes);
  } else {
    runs_->end_write();
  }
  return written;
}

std::shared_ptr<const Reader> HotKv::snapshot() {
  const Generation before = runs_->generation();
  std::shared_ptr<const Reader> below = below_.snapshot();
  if (!keeps_ || before.value == 0 || before != runs_->generation()) {
    return below;
  }
  return std::make_shared<HotReader>(std::move(below), runs_, before);
}

}  // namespace holdfast::views
