#include "journal/segments.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"

namespace holdfast::journal {

Segments::Segments(Disk& disk, Options options, Community community)
    : disk_(disk), options_(std::move(options)), community_(community) {}

Position Segments::durable() const {
  const std::scoped_lock lock(mutex_);
  return durable_;
}

Result<Segment> Segments::segment_of(Position position) const {
  const std::scoped_lock lock(mutex_);
  if (position.value == 0 || position > durable_) {
    return fail(Code::not_found, fmt::format("no entry at position {}; the last is {}",
                                             position.value, durable_.value));
  }
  const auto after = std::ranges::upper_bound(segments_, position, {}, &Segment::first);
  if (after == segments_.begin()) {
    return fail(Code::corrupt,
                fmt::format("the segment with position {} is missing", position.value));
  }
  return *std::prev(after);
}

Result<Segment> Segments::segment(SegmentNumber number) const {
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::lower_bound(segments_, number, {}, &Segment::number);
  if (found == segments_.end() || found->number != number) {
    return fail(Code::not_found, fmt::format("segment {} has not begun", number.value));
  }
  return *found;
}

std::vector<Segment> Segments::all() const {
  const std::scoped_lock lock(mutex_);
  return segments_;
}

Result<std::shared_ptr<File>> Segments::file(SegmentNumber number) {
  {
    const std::scoped_lock lock(mutex_);
    const auto found = std::ranges::find(files_, number, &decltype(files_)::value_type::first);
    if (found != files_.end()) {
      std::rotate(files_.begin(), found, std::next(found));
      return files_.front().second;
    }
  }
  // Two readers may open it at once: then it is open twice, for a while.
  TRY(auto opened, disk_.open(segment_path(options_, number), OpenMode::read));
  std::shared_ptr<File> file = std::move(opened);
  const std::scoped_lock lock(mutex_);
  files_.emplace_front(number, file);
  if (files_.size() > open_files_max) {
    files_.pop_back();
  }
  return file;
}

void Segments::begin(Segment segment) {
  const std::scoped_lock lock(mutex_);
  check(segments_.empty() || segments_.back().number < segment.number,
        "segments begin in order of their numbers");
  for (Segment& before : segments_) {
    before.last = false;
  }
  segments_.push_back(segment);
  if (ready_ > 0) {
    --ready_;
  }
}

void Segments::publish(std::uint64_t limit, Position durable) {
  const std::scoped_lock lock(mutex_);
  check(!segments_.empty() && durable >= durable_, "what is durable only grows");
  segments_.back().limit = limit;
  durable_ = durable;
}

bool Segments::wants_preparation() const {
  const std::scoped_lock lock(mutex_);
  return !failure_ && !preparing_ && ready_ < segments_ahead;
}

std::optional<SegmentNumber> Segments::claim_preparation() {
  const std::scoped_lock lock(mutex_);
  if (failure_ || preparing_ || ready_ >= segments_ahead) {
    return std::nullopt;
  }
  preparing_ = true;
  return SegmentNumber{segments_.back().number.value + ready_ + 1};
}

bool Segments::preparing() const {
  const std::scoped_lock lock(mutex_);
  return preparing_;
}

void Segments::prepared(const Result<void>& result) {
  const std::scoped_lock lock(mutex_);
  check(preparing_, "a preparation ends that was claimed");
  preparing_ = false;
  if (result) {
    ++ready_;
    full_.reset();
  } else if (result.error().code == Code::no_space) {
    full_ = result.error();
  }
}

std::optional<SegmentNumber> Segments::ready() const {
  const std::scoped_lock lock(mutex_);
  return ready_ == 0 ? std::nullopt : std::optional(segments_.back().number.next());
}

std::optional<Error> Segments::full() const {
  const std::scoped_lock lock(mutex_);
  return full_;
}

void Segments::die(Error why) {
  const std::scoped_lock lock(mutex_);
  if (!failure_) {
    failure_ = std::move(why);
  }
}

std::optional<Error> Segments::failure() const {
  const std::scoped_lock lock(mutex_);
  return failure_;
}

}  // namespace holdfast::journal
