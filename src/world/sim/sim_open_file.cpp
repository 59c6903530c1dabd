#include "world/sim/sim_open_file.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

namespace holdfast {
namespace {

constexpr std::uint64_t sim_file_bytes_max = std::uint64_t{4} << 30U;

}  // namespace

std::unexpected<Error> fail_with(DiskFault fault, DiskCall call, const std::string& path) {
  if (fault == DiskFault::power_cut) {
    return fail(Code::io, fmt::format("{} {}: the power is gone", name(call), path));
  }
  return fail_errno(fault == DiskFault::no_space ? ENOSPC : EIO,
                    fmt::format("{} {}", name(call), path));
}

Result<std::size_t> SimFile::read(std::uint64_t offset, std::span<char> into) {
  TRY_OK(enter(DiskCall::read, offset, into.size()));
  return node_->data.read(offset, into);
}

Result<void> SimFile::write(std::uint64_t offset, BytesView bytes) {
  TRY_OK(writable(offset, bytes.size()));
  DiskFault fault = disk_.meet(DiskCall::write, path_, offset, bytes.size());
  if (disk_.dark_ && fault != DiskFault::power_cut) {
    return fail_with(DiskFault::power_cut, DiskCall::write, path_);
  }
  std::size_t done = bytes.size();
  const std::uint64_t missing = node_->data.pages_missing(offset, bytes.size());
  if (fault == DiskFault::none && missing > 0 &&
      (disk_.pages_used() + missing) * page_bytes > disk_.options_.capacity_bytes) {
    fault = DiskFault::no_space;
    ++disk_.counts_.no_space;
  }
  if (fault == DiskFault::io_error || fault == DiskFault::no_space) {
    done = disk_.random_.below(bytes.size() + 1);
    if (fault == DiskFault::no_space) {  // what is allocated already can be written
      done = std::min<std::size_t>(done, fitting(offset, done));
    }
  }
  node_->data.write(offset, bytes.substr(0, done));
  if (fault != DiskFault::none) {
    return fail_with(fault, DiskCall::write, path_);
  }
  return ok();
}

Task<Result<void>> SimFile::sync() {
  const std::shared_ptr<SimNode> node = node_;  // the handle may be gone when the sync ends
  SimDisk& disk = disk_;
  const std::string path = path_;
  const std::uint64_t life = life_;
  CO_TRY_OK(alive(DiskCall::sync));
  const DiskFault fault = disk.meet(DiskCall::sync, path);
  const std::uint64_t last = node->data.last_change();
  if (SimExecutor* const here = disk.running()) {
    if (!disk.dark_) {
      co_await here->sleep(disk.sync_time());
    }
    if (disk.dark_ || disk.life_ != life) {
      co_await Forever();
    }
  }
  if (disk.dark_) {
    co_return fail_with(DiskFault::power_cut, DiskCall::sync, path);
  }
  if (fault != DiskFault::none) {
    ++disk.counts_.failed_syncs;
    node->data.lose(last, disk.random_);
    co_return fail_with(fault, DiskCall::sync, path);
  }
  node->data.make_durable(last);
  co_return ok();
}

Result<std::uint64_t> SimFile::size() {
  TRY_OK(enter(DiskCall::size, 0, 0));
  return node_->data.size();
}

Result<void> SimFile::truncate(std::uint64_t size) {
  TRY_OK(writable(size, 0));
  const DiskFault fault = disk_.meet(DiskCall::truncate, path_, size);
  if (disk_.dark_ && fault != DiskFault::power_cut) {
    return fail_with(DiskFault::power_cut, DiskCall::truncate, path_);
  }
  if (fault == DiskFault::none || fault == DiskFault::power_cut) {
    node_->data.truncate(size);
  }
  if (fault != DiskFault::none) {
    return fail_with(fault, DiskCall::truncate, path_);
  }
  return ok();
}

Result<void> SimFile::alive(DiskCall call) const {
  if (life_ != disk_.life_) {
    return fail(Code::io, fmt::format("{} {}: opened before a crash", name(call), path_));
  }
  return ok();
}
Result<void> SimFile::enter(DiskCall call, std::uint64_t offset, std::uint64_t bytes) {
  TRY_OK(alive(call));
  const DiskFault fault = disk_.meet(call, path_, offset, bytes);
  if (disk_.dark_ || fault != DiskFault::none) {
    return fail_with(disk_.dark_ ? DiskFault::power_cut : fault, call, path_);
  }
  return ok();
}
Result<void> SimFile::writable(std::uint64_t offset, std::uint64_t bytes) const {
  TRY_OK(alive(DiskCall::write));
  if (mode_ == OpenMode::read) {
    return fail_errno(EBADF, "write " + path_);
  }
  if (offset > sim_file_bytes_max || bytes > sim_file_bytes_max - offset) {
    return fail_errno(EFBIG, "write " + path_);
  }
  return ok();
}
// How many of `count` bytes at `offset` need no new page, from the first on.
std::size_t SimFile::fitting(std::uint64_t offset, std::size_t count) const {
  std::size_t fits = 0;
  while (fits < count) {
    const std::uint64_t at = offset + fits;
    const std::size_t step = std::min<std::size_t>(count - fits, page_bytes - at % page_bytes);
    if (node_->data.pages_missing(at, step) > 0) {
      break;
    }
    fits += step;
  }
  return fits;
}

}  // namespace holdfast
