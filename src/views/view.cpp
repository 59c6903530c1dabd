#include "views/view.h"

#include <utility>

#include "base/check.h"
#include "views/merge_cursor.h"

namespace holdfast::views {

Result<std::optional<Bytes>> View::get(Table table, BytesView key) const {
  for (const auto& layer : layers_) {
    if (const OverlayRow* const row = layer->find(table, key)) {
      return row->erased() ? std::nullopt : std::optional<Bytes>(row->value());
    }
  }
  return base_->get(table, key);
}

std::unique_ptr<Cursor> View::scan(Table table, BytesView from, BytesView until,
                                   Direction direction, Within within) const {
  std::vector<std::unique_ptr<Source>> sources;
  sources.reserve(layers_.size());
  for (const auto& layer : layers_) {
    if (const SortedRows rows{layer->rows(table)}; rows.size() > 0) {
      sources.push_back(std::make_unique<RowSource<SortedRows>>(rows, from, until, direction));
    }
  }
  return merge_sources(std::move(sources), base_->scan(table, from, until, direction, within),
                       direction);
}

std::shared_ptr<const Reader> View::plain() const {
  std::shared_ptr<const Reader> plain_base = base_->plain();
  if (!plain_base) {
    return nullptr;
  }
  auto view = std::make_shared<View>(std::move(plain_base));
  view->layers_ = layers_;
  view->sealed_ = sealed_;
  return view;
}

std::shared_ptr<const View> View::with(std::shared_ptr<const Layer> newest) const {
  auto view = std::make_shared<View>(base_);
  view->sealed_ = sealed_;
  std::size_t from = 0;
  while (from < layers_.size() && layers_[from]->first() > sealed_ &&
         layers_[from]->row_count() <= 2 * newest->row_count()) {
    newest = merge(layers_[from], newest);
    ++from;
  }
  check(from == layers_.size() || newest->first() == layers_[from]->last().next(),
        "layers follow one another without a gap");
  view->layers_.reserve(layers_.size() - from + 1);
  view->layers_.push_back(std::move(newest));
  view->layers_.insert(view->layers_.end(), layers_.begin() + static_cast<std::ptrdiff_t>(from),
                       layers_.end());
  return view;
}

std::shared_ptr<const View> View::sealed() const {
  auto view = std::make_shared<View>(base_);
  view->layers_ = layers_;
  view->sealed_ = layers_.empty() ? sealed_ : layers_.front()->last();
  return view;
}

std::shared_ptr<const View> View::rebased(std::shared_ptr<const Reader> base,
                                          Position drained) const {
  auto view = std::make_shared<View>(std::move(base));
  view->sealed_ = sealed_;
  for (const auto& layer : layers_) {
    if (layer->last() > drained) {
      check(layer->first() > drained, "a layer is drained whole");
      view->layers_.push_back(layer);
    }
  }
  return view;
}

std::uint64_t View::layer_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& layer : layers_) {
    bytes += layer->bytes();
  }
  return bytes;
}

Published::Published(Kv& kv, const BodyCodec& codec)
    : kv_(kv), codec_(codec), current_(std::make_shared<View>(kv.snapshot())) {}

std::shared_ptr<const View> Published::current() const {
  const std::scoped_lock lock(mutex_);
  return current_;
}

// add() and drain() both replace the view: whoever comes second begins anew from what the first
// made. Merging layers happens outside the lock.
void Published::add(std::shared_ptr<const Layer> layer) {
  for (;;) {
    const std::shared_ptr<const View> before = current();
    std::shared_ptr<const View> after = before->with(layer);
    const std::scoped_lock lock(mutex_);
    if (current_ == before) {
      current_ = std::move(after);
      return;
    }
  }
}

Result<std::optional<Position>> Published::drain() {
  std::shared_ptr<const View> draining;
  {
    const std::scoped_lock lock(mutex_);
    if (current_->layers().empty()) {
      return std::nullopt;
    }
    current_ = current_->sealed();
    draining = current_;
  }
  const auto& layers = draining->layers();
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    TRY_OK(write_layer(kv_, **layer, codec_));
  }
  const Position drained = layers.front()->last();
  const std::shared_ptr<const Reader> base = kv_.snapshot();
  draining.reset();
  std::shared_ptr<const View> before;  // goes, with its layers, after the lock
  const std::scoped_lock lock(mutex_);
  before = std::exchange(current_, current_->rebased(base, drained));
  return drained;
}

void Published::refresh() {
  const std::shared_ptr<const Reader> base = kv_.snapshot();
  std::shared_ptr<const View> before;
  const std::scoped_lock lock(mutex_);
  before = std::exchange(current_, current_->rebased(base, Position{}));
}

Result<void> write_layer(Kv& kv, const Layer& layer, const BodyCodec& codec) {
  std::vector<Write> writes;
  writes.reserve(layer.row_count());
  std::vector<Bytes> bodies;
  bodies.reserve(layer.rows(Table::body).size());
  for (std::size_t index = 0; index < table_count; ++index) {
    const auto table = static_cast<Table>(index);
    for (const OverlayRow& row : layer.rows(table)) {
      Write write{table, row.key(), std::nullopt};
      if (!row.erased()) {
        if (table == Table::body) {
          bodies.push_back(codec.compress(row.value()));
          write.value = bodies.back();
        } else {
          write.value = row.value();
        }
      }
      writes.push_back(write);
    }
  }
  return kv.write(writes);
}

}  // namespace holdfast::views
