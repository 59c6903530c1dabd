#include "journal/open.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "journal/segment_file.h"
#include "journal/survey.h"
#include "journal/walk.h"

namespace holdfast::journal {
namespace {

constexpr std::uint64_t rewrite_bytes = 1ULL << 20U;

Result<void> check_options(const Options& options) {
  const std::uint64_t bytes = options.segment_bytes;
  if (bytes < segment_bytes_min || bytes > segment_bytes_max || bytes % segment_header_bytes != 0) {
    return fail(Code::usage,
                fmt::format("a segment takes {} to {} bytes, in steps of {}; not {}",
                            segment_bytes_min, segment_bytes_max, segment_header_bytes, bytes));
  }
  if (options.directory.empty()) {
    return fail(Code::usage, "the segments need a folder of their own");
  }
  return ok();
}

std::string parent_of(const std::string& directory) {
  const std::size_t slash = directory.rfind('/');
  return slash == std::string::npos ? std::string() : directory.substr(0, slash);
}

// Removes what a creation left half made: segments that never began. Anything else is somebody's.
Result<void> clear_unbegun(Disk& disk, const Options& options) {
  auto names = disk.list(options.directory);
  if (!names) {
    return names.error().code == Code::not_found ? ok() : fail(std::move(names).error());
  }
  for (const std::string& each : *names) {
    const auto number = segment_number_of(each);
    if (!number) {
      return fail(Code::conflict, "the folder for the journal is not empty", options.directory);
    }
    TRY(const auto file, disk.open(segment_path(options, *number), OpenMode::read));
    Bytes raw(segment_header_bytes, '\0');
    TRY_OK(file->read(0, raw));
    const auto header = decode_segment_header(raw);
    if (header || header.error().code == Code::unsupported) {
      return fail(Code::conflict, "there is a journal already", options.directory);
    }
    if (*number != SegmentNumber{1}) {
      return fail(Code::conflict, "the folder for the journal holds segments", options.directory);
    }
    TRY(const std::uint64_t bytes, file->size());
    for (std::uint64_t at = segment_header_bytes; at < bytes; at += raw.size()) {
      TRY(const std::size_t count, file->read(at, raw));
      if (!all_zero(BytesView(raw).substr(0, count))) {
        return fail(Code::conflict, "the folder for the journal holds a damaged segment",
                    options.directory);
      }
    }
    TRY_OK(disk.remove(segment_path(options, *number)));
  }
  // The folder itself is made anew: nothing tells whether its name ever reached the medium.
  return disk.remove(options.directory);
}

Result<void> zero(File& file, std::uint64_t from, std::uint64_t until) {
  const Bytes zeros(rewrite_bytes, '\0');
  for (std::uint64_t at = from; at < until; at += rewrite_bytes) {
    TRY_OK(file.write(at, BytesView(zeros).substr(0, std::min(rewrite_bytes, until - at))));
  }
  return ok();
}

/// Carries out what a survey asks for; each method is one step of open().
class Opening {
 public:
  Opening(Writer::Parts parts, Options options, Survey found)
      : parts_(parts), options_(std::move(options)), found_(std::move(found)) {}

  Task<Result<Opened>> run();

 private:
  Task<Result<void>> mend();
  Task<Result<void>> keep_tears();
  Task<Result<std::string>> keep_one(Tear tear);
  Task<Result<bool>> give_up_reserve();
  Task<Result<void>> rewrite();
  Task<Result<void>> cut(Tear tear);
  [[nodiscard]] bool zeros_in_doubt() const;
  [[nodiscard]] std::optional<Hidden> hidden(const Result<void>& mended) const;
  Result<void> copy_over(File& file, std::uint64_t from, std::uint64_t until);
  Result<Opened> finish();

  Writer::Parts parts_;
  Options options_;
  Survey found_;
  Opened opened_;
};

Task<Result<Opened>> Opening::run() {
  OpeningReport& report = opened_.report;
  report.head = found_.head;
  report.segments = found_.begun.size();
  report.damage = found_.damage;
  for (const TornName& torn : found_.torn_files) {
    report.torn.push_back({torn_file_name(torn), torn.segment, torn.offset, torn.position});
  }
  if (options_.access == Access::inspect) {
    for (const Tear& tear : found_.tears) {
      report.torn.push_back({{}, tear.segment, tear.offset, tear.position});
    }
    co_return finish();
  }
  const Result<void> mended = co_await mend();
  if (!mended) {
    // Damaged or full, it still opens for reading; but only what is proved is shown.
    report.head = found_.head = found_.proved;
    if (!found_.read_only()) {
      if (mended.error().code != Code::no_space) {
        co_return fail(mended.error());
      }
      report.full = mended.error();
    }
  }
  if (found_.read_only()) {
    report.hidden = hidden(mended);
  }
  co_return finish();
}

// Rule 2 takes a tear for what was never acknowledged, keeps it and says so. Where damage forbids
// to write it cannot be kept, and a disk that rots in one place may have rotted there too.
std::optional<Hidden> Opening::hidden(const Result<void>& mended) const {
  if (!mended && found_.unproved > 0) {
    return Hidden{std::nullopt,
                  fmt::format("entries from {} on are not known to be durable, and "
                              "cannot be written again: {}",
                              found_.head.position.next().value, mended.error().what)};
  }
  for (const Tear& tear : found_.tears) {
    if (tear.segment == found_.begun.back().number) {
      return Hidden{
          std::nullopt,
          fmt::format("{} from byte {} on, where entry {} would be, is torn or has rotted",
                      segment_path(options_, tear.segment), tear.offset, tear.position.value)};
    }
  }
  for (const Damage& damage : found_.damage) {
    if (damage.last >= damage.first && damage.last > found_.head.position) {
      return Hidden{damage.last, describe(damage, options_)};
    }
  }
  return std::nullopt;
}

// What is proved by nothing is written again before anything is cut: nothing that stands in the
// way of the one must keep the other from being served.
Task<Result<void>> Opening::mend() {
  CO_TRY_OK(co_await rewrite());
  if (!found_.read_only()) {
    CO_TRY_OK(co_await keep_tears());
  }
  co_return ok();
}

// Rule 3. The same bytes, so that the page cache has them to write; then one sync. The segment's
// header too, unless a record behind it proves that it was synced; and a seal that stands last:
// were it lost, what is appended behind it would stand behind a gap.
Task<Result<void>> Opening::rewrite() {
  if (options_.bug == Bug::trust_page_cache) {
    co_return ok();
  }
  const std::string path = segment_path(options_, found_.begun.back().number);
  CO_TRY(const auto file, parts_.disk.open(path, OpenMode::write));
  if (!found_.header_proved) {
    CO_TRY_OK(copy_over(*file, 0, segment_header_bytes));
  }
  CO_TRY_OK(copy_over(*file, found_.unproved_offset, found_.end));
  if (zeros_in_doubt()) {
    CO_TRY_OK(zero(*file, found_.end, found_.begun.back().bytes));
  }
  CO_TRY_OK(co_await sync_file(*file, options_.bug));
  CO_TRY_OK(co_await sync_names(parts_.disk, options_));
  opened_.report.rewritten = found_.unproved;
  found_.proved = found_.head;
  co_return ok();
}

Result<void> Opening::copy_over(File& file, std::uint64_t from, std::uint64_t until) {
  Bytes buffer;
  for (std::uint64_t at = from; at < until; at += rewrite_bytes) {
    buffer.resize(std::min(rewrite_bytes, until - at));
    TRY(const std::size_t count, file.read(at, buffer));
    if (count != buffer.size()) {
      return fail(Code::io, "a segment became shorter while it was opened");
    }
    TRY_OK(file.write(at, buffer));
  }
  return ok();
}

// Rule 2: kept first, durably; cut then.
Task<Result<void>> Opening::keep_tears() {
  for (const Tear& tear : found_.tears) {
    CO_TRY(std::string file, co_await keep_one(tear));
    opened_.report.torn.push_back({std::move(file), tear.segment, tear.offset, tear.position});
    CO_TRY_OK(co_await cut(tear));
  }
  co_return ok();
}

// On a full disk the space comes from the segments that stand ready: that is what a reserve is for.
Task<Result<std::string>> Opening::keep_one(Tear tear) {
  for (;;) {
    Result<std::string> kept = co_await keep_torn(parts_.disk, options_, tear);
    if (kept || kept.error().code != Code::no_space) {
      co_return kept;
    }
    CO_TRY(const bool given, co_await give_up_reserve());
    if (!given) {
      co_return kept;
    }
  }
}

Task<Result<bool>> Opening::give_up_reserve() {
  while (!found_.unbegun.empty()) {
    const SegmentNumber number = found_.unbegun.back();
    found_.unbegun.pop_back();
    const bool torn = std::ranges::any_of(
        found_.tears, [number](const Tear& each) { return each.segment == number; });
    if (!torn) {
      CO_TRY_OK(parts_.disk.remove(segment_path(options_, number)));
      CO_TRY_OK(co_await sync_names(parts_.disk, options_));
      co_return true;
    }
  }
  co_return false;
}

// Zeros instead of a shorter file: the segment keeps the size it was made with. To its end: zeros
// that the page cache shows behind a tear may be as unproved as the tear.
Task<Result<void>> Opening::cut(Tear tear) {
  const std::string path = segment_path(options_, tear.segment);
  CO_TRY(const auto file, parts_.disk.open(path, OpenMode::write));
  CO_TRY(const std::uint64_t bytes, file->size());
  CO_TRY_OK(zero(*file, tear.offset, std::max(tear.end, bytes)));
  CO_TRY_OK(co_await sync_file(*file, options_.bug));
  co_return co_await sync_names(parts_.disk, options_);
}

// Zeros behind the tail belong to it: an earlier process may have written them over a tear, or
// over what a full disk left, and the sync of that may have failed. Then the tail is unproved, or
// the torn file is there. A tear that is there still will be cut.
bool Opening::zeros_in_doubt() const {
  const SegmentNumber last = found_.begun.back().number;
  const bool torn_now =
      std::ranges::any_of(found_.tears, [last](const Tear& each) { return each.segment == last; });
  const bool torn_before =
      std::ranges::any_of(found_.torn_files, [this, last](const TornName& each) {
        return each.segment == last && each.offset >= found_.end;
      });
  return !torn_now && !found_.read_only() && (found_.unproved > 0 || torn_before);
}

Result<Opened> Opening::finish() {
  opened_.community = found_.community;
  opened_.segments = std::make_shared<Segments>(parts_.disk, options_, found_.community);
  for (const Segment& segment : found_.begun) {
    opened_.segments->begin(segment);
  }
  opened_.segments->publish(found_.end, found_.head.position);
  opened_.reader = std::make_unique<Reader>(opened_.segments);
  const bool writes =
      options_.access == Access::read_write && !found_.read_only() && !opened_.report.full;
  if (writes) {
    check(found_.last_header.has_value(), "only a good segment is written to");
    Writer::Start start;
    start.segments = opened_.segments;
    const std::string path = segment_path(options_, found_.last_header->number);
    TRY(start.file, parts_.disk.open(path, OpenMode::write));
    start.header = *found_.last_header;
    start.end = found_.end;
    start.head = found_.head;
    start.sealed = found_.sealed;
    opened_.writer = std::make_unique<Writer>(parts_, options_, std::move(start));
  }
  return std::move(opened_);
}

}  // namespace

Task<Result<void>> create(Writer::Parts parts, Options options, Community community) {
  CO_TRY_OK(check_options(options));
  CO_TRY_OK(clear_unbegun(parts.disk, options));
  CO_TRY_OK(parts.disk.make_directory(options.directory));
  if (options.bug != Bug::skip_directory_sync) {
    CO_TRY_OK(co_await parts.disk.sync_directory(parent_of(options.directory)));
  }
  SegmentHeader header;
  header.community = community;
  header.number = {1};
  header.first = {1};
  header.segment_bytes = options.segment_bytes;
  header.created = parts.clock.wall();
  do {
    header.magic = {parts.random.next()};
  } while (header.magic.value == 0);
  CO_TRY_OK(co_await make_segment_file(parts.disk, options, header.number));
  const std::string path = segment_path(options, header.number);
  CO_TRY(const auto file, parts.disk.open(path, OpenMode::write));
  const Bytes raw = encode_segment_header(header);
  CO_TRY_OK(file->write(0, raw));
  CO_TRY_OK(co_await sync_file(*file, options.bug));
  co_return co_await sync_names(parts.disk, options);
}

Task<Result<Opened>> open(Writer::Parts parts, Options options) {
  CO_TRY_OK(check_options(options));
  CO_TRY(Survey found, survey(parts.disk, options));
  Opening opening(parts, std::move(options), std::move(found));
  co_return co_await opening.run();
}

}  // namespace holdfast::journal
