// views/hot_kv.h: a Kv in which keys of postings that are read often are read out of memory
// (key_runs.h). What is read is the same, from every snapshot. Postings have no values here.
#pragma once

#include <cstddef>
#include <memory>

#include "base/planted.h"
#include "views/key_runs.h"
#include "views/kv.h"

namespace holdfast::views {

/// Borrows the Kv below. What is written there must be written through this.
class HotKv final : public Kv {
 public:
  /// Keeps at most `bytes_max` of keys; 0: nothing.
  HotKv(Kv& below, std::size_t bytes_max, Bug planted = Bug::none);

  Result<void> write(std::span<const Write> writes) override;
  [[nodiscard]] std::shared_ptr<const Reader> snapshot() override;
  Result<void> flush() override { return below_.flush(); }
  [[nodiscard]] std::uint64_t unflushed_bytes() const override { return below_.unflushed_bytes(); }

  [[nodiscard]] const KeyRuns& runs() const { return *runs_; }

 private:
  Kv& below_;
  const bool keeps_;
  const std::shared_ptr<KeyRuns> runs_;  // shared with snapshots, which may outlive this
};

}  // namespace holdfast::views
