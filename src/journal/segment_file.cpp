#include "journal/segment_file.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

namespace holdfast::journal {
namespace {

/// Zeros are written and synced in pieces, so that no commit waits behind a whole segment.
constexpr std::uint64_t fill_bytes = 4ULL << 20U;
constexpr std::uint64_t copy_bytes = 1ULL << 20U;
/// One place does not tear more often than this before somebody looks.
constexpr std::uint32_t torn_copies_max = 1000;

Task<Result<void>> fill(File& file, std::uint64_t bytes, Bug bug) {
  const Bytes zeros(std::min(fill_bytes, bytes), '\0');
  for (std::uint64_t at = 0; at < bytes; at += fill_bytes) {
    const std::uint64_t count = std::min(fill_bytes, bytes - at);
    CO_TRY_OK(file.write(at, BytesView(zeros).substr(0, count)));
    CO_TRY_OK(co_await sync_file(file, bug));
  }
  co_return ok();
}

Result<void> remove_if_there(Disk& disk, const std::string& path) {
  Result<void> removed = disk.remove(path);
  if (!removed && removed.error().code != Code::not_found) {
    return removed;
  }
  return ok();
}

Task<Result<void>> copy(File& from, File& to, Tear tear, Bug bug) {
  Bytes buffer;
  for (std::uint64_t at = tear.offset; at < tear.end; at += copy_bytes) {
    buffer.resize(std::min(copy_bytes, tear.end - at));
    CO_TRY(const std::size_t count, from.read(at, buffer));
    buffer.resize(count);
    CO_TRY_OK(to.write(at - tear.offset, buffer));
  }
  co_return co_await sync_file(to, bug);
}

}  // namespace

Task<Result<void>> sync_file(File& file, Bug bug) {
  Result<void> synced = co_await file.sync();
  if (!synced && bug == Bug::retry_fsync) {
    synced = co_await file.sync();  // planted: the pages are clean now, and may be lost
  }
  co_return synced;
}

Task<Result<void>> sync_names(Disk& disk, Options options) {
  if (options.bug == Bug::skip_directory_sync) {
    co_return ok();
  }
  Result<void> synced = co_await disk.sync_directory(options.directory);
  if (!synced && options.bug == Bug::retry_fsync) {
    synced = co_await disk.sync_directory(options.directory);
  }
  co_return synced;
}

Task<Result<void>> make_segment_file(Disk& disk, Options options, SegmentNumber number) {
  const std::string path = segment_path(options, number);
  CO_TRY_OK(remove_if_there(disk, path));
  CO_TRY(const auto file, disk.open(path, OpenMode::create_new));
  Result<void> made = co_await fill(*file, options.segment_bytes, options.bug);
  if (made) {
    made = co_await sync_names(disk, options);
  }
  if (!made && made.error().code == Code::no_space) {
    // The space is left to others; a file whose sync failed would be of no use anyway.
    CO_TRY_OK(disk.remove(path));
  }
  co_return made;
}

Task<Result<std::string>> keep_torn(Disk& disk, Options options, Tear tear) {
  TornName torn;
  torn.segment = tear.segment;
  torn.offset = tear.offset;
  torn.position = tear.position;
  for (;; ++torn.copy) {
    CO_TRY(const bool there, disk.exists(options.directory + "/" + torn_file_name(torn)));
    TornName audited = torn;
    audited.audited = true;
    CO_TRY(const bool known, disk.exists(options.directory + "/" + torn_file_name(audited)));
    if (!there && !known) {
      break;
    }
    if (torn.copy == torn_copies_max) {
      co_return fail(Code::conflict, "one place of the journal was torn too often",
                     torn_file_name(torn));
    }
  }
  const std::string path = options.directory + "/" + torn_file_name(torn);
  CO_TRY(const auto from, disk.open(segment_path(options, tear.segment), OpenMode::read));
  CO_TRY(const auto to, disk.open(path, OpenMode::create_new));
  Result<void> kept = co_await copy(*from, *to, tear, options.bug);
  if (kept) {
    kept = co_await sync_names(disk, options);
  }
  if (!kept) {
    if (kept.error().code == Code::no_space) {
      CO_TRY_OK(disk.remove(path));
    }
    co_return fail(std::move(kept).error());
  }
  co_return torn_file_name(torn);
}

}  // namespace holdfast::journal
