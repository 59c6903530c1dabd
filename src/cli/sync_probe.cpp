#include "cli/sync_probe.h"

#include <algorithm>
#include <vector>

#include <unistd.h>

#include <fmt/format.h>

#include "world/real/real_clock.h"
#include "world/real/real_disk.h"

namespace holdfast::cli {
namespace {

constexpr std::uint64_t blocks = 1024;
constexpr std::size_t syncs_max = 200'000;

Result<SyncProbe> probe_file(File& file, Duration span) {
  // Allocated first, as a segment is: what is measured is data, not the growth of a file.
  TRY_OK(file.write(0, Bytes(blocks * sync_probe_bytes, 'a')));
  TRY_OK(run_to_end(file.sync()));
  std::vector<std::int64_t> took_ns;
  Bytes block(sync_probe_bytes, 'b');
  const Instant started = boot_time();
  Instant before = started;
  while (before - started < span && took_ns.size() < syncs_max) {
    block[0] = static_cast<char>(took_ns.size());
    TRY_OK(file.write(took_ns.size() % blocks * sync_probe_bytes, block));
    TRY_OK(run_to_end(file.sync()));
    const Instant now = boot_time();
    took_ns.push_back((now - before).ns);
    before = now;
  }
  SyncProbe probe;
  probe.count = took_ns.size();
  probe.per_second =
      static_cast<double>(probe.count) * 1e9 / static_cast<double>((before - started).ns);
  std::sort(took_ns.begin(), took_ns.end());
  probe.median_us = static_cast<double>(took_ns[took_ns.size() / 2]) / 1e3;
  probe.slowest_us = static_cast<double>(took_ns.back()) / 1e3;
  return probe;
}

}  // namespace

Result<SyncProbe> probe_sync(const std::string& folder, Duration span) {
  TRY(const auto disk, RealDisk::open_root(folder, RootMode::must_exist));
  const std::string path = fmt::format("sync-probe.{}", ::getpid());
  TRY(auto file, disk->open(path, OpenMode::create_new));
  auto probed = probe_file(*file, span);
  file.reset();
  const auto removed = disk->remove(path);
  if (probed && !removed) {
    return fail(removed.error());
  }
  return probed;
}

}  // namespace holdfast::cli
