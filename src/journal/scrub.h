// journal/scrub.h: reads every byte of a journal and names whatever is not as it was written.
// For `verify`, and slice by slice in the background of a running node. Changes nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/hash.h"
#include "base/ids.h"
#include "base/result.h"
#include "journal/damage.h"
#include "journal/merkle.h"
#include "journal/segments.h"
#include "journal/walk.h"

namespace holdfast::journal {

struct ScrubReport {
  std::uint64_t entries = 0;   ///< good ones
  std::uint64_t redacted = 0;  ///< of them, with a part taken out; each has its audit entry
  std::uint64_t bytes = 0;     ///< read
  Position last;               ///< last good position
  Hash head;                   ///< its hash
  std::optional<Hash> root;    ///< Merkle root over 1..last; none when an entry is missing
  Time time;                   ///< of the last entry
  std::vector<Damage> damage;  ///< at most damage_max; the rest are counted
  std::uint64_t damage_count = 0;
  static constexpr std::size_t damage_max = 1000;
};

/// Called with each good entry's header, in order. An error stops the scrub.
using SeeEntry = std::function<Result<void>(const Header&)>;

/// A scrub that can be taken in slices. One thread at a time.
class Scrub {
 public:
  enum class Slack : std::uint8_t {
    check_all,      ///< nothing is being written: the last segment and those not begun too
    skip_writable,  ///< a writer is at work there
  };
  /// `from`: the first segment that is read; with a later one than 1 there is no root to report.
  Scrub(std::shared_ptr<Segments> segments, Disk& disk, Slack slack, SeeEntry see = {},
        SegmentNumber from = {1});

  /// Reads about `bytes` more; true when the end is reached. Code::io when the disk does not
  /// answer; damage is in the report, not an error.
  Result<bool> step(std::uint64_t bytes);
  /// To the end.
  Result<ScrubReport> run();
  [[nodiscard]] const ScrubReport& report() const { return report_; }

 private:
  Result<void> enter(const Segment& segment);
  Result<void> see_item(const WalkItem& item);
  void see_gap(const Segment& segment, const WalkItem& gap);
  void lose(Position next);
  Result<void> check_unbegun();
  Result<void> finish();
  void add(Damage damage);

  std::shared_ptr<Segments> segments_;
  Disk& disk_;
  const Slack slack_;
  SeeEntry see_;
  Frontier tree_;
  bool whole_ = true;         ///< no entry is missing so far
  std::vector<Segment> all_;  ///< when the scrub began
  Position durable_;          ///< likewise
  std::size_t index_ = 0;     ///< of the segment that is read
  std::uint64_t number_ = 0;  ///< of the segment before
  std::optional<Walk> walk_;
  Position expected_{1};
  std::optional<Hash> chain_;
  bool done_ = false;
  ScrubReport report_;
};

}  // namespace holdfast::journal
