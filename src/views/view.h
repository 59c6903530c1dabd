// views/view.h: what readers see: a snapshot of the Kv with the layers above it. Immutable;
// the newest is published for all threads, and draining moves layers down into the Kv.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "views/body.h"
#include "views/kv.h"
#include "views/overlay.h"

namespace holdfast::views {

/// A Kv snapshot and layers over it, newest first. From any thread.
class View final : public Reader {
 public:
  explicit View(std::shared_ptr<const Reader> base) : base_(std::move(base)) {}

  [[nodiscard]] Result<std::optional<Bytes>> get(Table table, BytesView key) const override;
  using Reader::scan;
  [[nodiscard]] std::unique_ptr<Cursor> scan(Table table, BytesView from, BytesView until,
                                             Direction direction, Within within) const override;
  [[nodiscard]] std::shared_ptr<const Reader> plain() const override;

  /// The same with one more layer on top. Neighbours of like size are merged, so that there are
  /// about log2(rows) of them.
  [[nodiscard]] std::shared_ptr<const View> with(std::shared_ptr<const Layer> newest) const;
  /// The same, in which later layers are never merged with those that are there now.
  [[nodiscard]] std::shared_ptr<const View> sealed() const;
  /// The same over `base`, which holds everything up to `drained`: its layers are dropped.
  [[nodiscard]] std::shared_ptr<const View> rebased(std::shared_ptr<const Reader> base,
                                                    Position drained) const;

  /// Newest first.
  [[nodiscard]] const std::vector<std::shared_ptr<const Layer>>& layers() const { return layers_; }
  /// Memory of the layers, roughly.
  [[nodiscard]] std::uint64_t layer_bytes() const;

 private:
  std::shared_ptr<const Reader> base_;
  std::vector<std::shared_ptr<const Layer>> layers_;
  Position sealed_;  ///< layers up to here are not merged with later ones
};

/// The view that everybody reads. add() comes from the sequencer, drain() from the one background
/// writer, current() from any thread; a lock is held only to exchange a pointer.
class Published {
 public:
  /// Borrows the Kv and the codec.
  Published(Kv& kv, const BodyCodec& codec);

  [[nodiscard]] std::shared_ptr<const View> current() const;
  /// Shows one more layer, of the entries after those shown.
  void add(std::shared_ptr<const Layer> layer);
  /// Writes all layers that are shown now into the Kv, oldest first, each in one write(), bodies
  /// compressed; then shows the Kv instead. The position that the Kv holds afterwards, or
  /// nothing if there was no layer.
  Result<std::optional<Position>> drain();
  /// Shows what was written into the Kv beside the layers. From the background writer.
  void refresh();
  /// Memory of the layers shown: what admission and draining go by.
  [[nodiscard]] std::uint64_t layer_bytes() const { return current()->layer_bytes(); }

 private:
  Kv& kv_;
  const BodyCodec& codec_;
  mutable std::mutex mutex_;
  std::shared_ptr<const View> current_;
};

/// Writes a layer into the Kv in one write(), bodies compressed.
Result<void> write_layer(Kv& kv, const Layer& layer, const BodyCodec& codec);

}  // namespace holdfast::views
