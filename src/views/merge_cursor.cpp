#include "views/merge_cursor.h"

namespace holdfast::views {
namespace {

class MergeCursor final : public Cursor {
 public:
  MergeCursor(std::vector<std::unique_ptr<Source>> sources, std::unique_ptr<Cursor> below,
              Direction direction)
      : sources_(std::move(sources)), below_(std::move(below)), direction_(direction) {
    settle();
  }

  [[nodiscard]] bool valid() const override { return best_ != nullptr; }
  [[nodiscard]] BytesView key() const override { return best_->key(); }
  [[nodiscard]] BytesView value() const override { return best_->value(); }

  void next() override {
    pass();
    settle();
  }
  void seek(BytesView key) override {
    for (const auto& source : sources_) {
      source->seek(key);
    }
    below_->seek(key);
    settle();
  }
  [[nodiscard]] Result<void> status() const override { return below_->status(); }

 private:
  [[nodiscard]] bool comes_before(BytesView a, BytesView b) const {
    return direction_ == Direction::forward ? a < b : b < a;
  }

  // Moves every source past the key of the best one. That one moves last: the key is its own.
  void pass() {
    const BytesView key = best_->key();
    for (const auto& source : sources_) {
      if (source.get() != best_ && source->valid() && source->key() == key) {
        source->next();
      }
    }
    if (below_.get() != best_ && below_->valid() && below_->key() == key) {
      below_->next();
    }
    best_->next();
  }

  // Finds the first key of all; of equal ones, the newest source's. Skips what that one erased.
  // After a fault of the store nothing is shown, since a row may be missing.
  void settle() {
    for (;;) {
      best_ = nullptr;
      bool erased = false;
      for (const auto& source : sources_) {
        if (source->valid() && (best_ == nullptr || comes_before(source->key(), best_->key()))) {
          best_ = source.get();
          erased = source->erased();
        }
      }
      if (below_->valid()) {
        if (best_ == nullptr || comes_before(below_->key(), best_->key())) {
          best_ = below_.get();
          return;
        }
      } else if (!below_->status()) {
        best_ = nullptr;
        return;
      }
      if (best_ == nullptr || !erased) {
        return;
      }
      pass();
    }
  }

  std::vector<std::unique_ptr<Source>> sources_;
  std::unique_ptr<Cursor> below_;
  Direction direction_;
  Cursor* best_ = nullptr;
};

}  // namespace

std::unique_ptr<Cursor> merge_sources(std::vector<std::unique_ptr<Source>> sources,
                                      std::unique_ptr<Cursor> below, Direction direction) {
  std::erase_if(sources, [](const std::unique_ptr<Source>& source) { return !source->valid(); });
  if (sources.empty()) {
    return below;
  }
  return std::make_unique<MergeCursor>(std::move(sources), std::move(below), direction);
}

}  // namespace holdfast::views
