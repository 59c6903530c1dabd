#include "world/sim/sim_disk.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "world/sim/sim_node.h"
#include "world/sim/sim_open_file.h"

namespace holdfast {
namespace {

std::unexpected<Error> fail_missing(const std::string& path) {
  return fail(Code::not_found, "no such file or folder", path);
}

template <class Visit>
void each_file(const SimNode& folder, const std::string& prefix,
               const SimNode::Names SimNode::* names, const Visit& visit) {
  for (const auto& [name, node] : folder.*names) {
    if (node->is_folder) {
      each_file(*node, prefix + name + "/", names, visit);
    } else {
      visit(prefix + name, *node);
    }
  }
}

}  // namespace

std::string_view name(DiskCall call) {
  static constexpr std::array<std::string_view, disk_call_kinds> names{
      "open",       "list", "exists", "make-directory", "remove", "rename",  "sync-directory",
      "free-bytes", "read", "write",  "sync",           "size",   "truncate"};
  return names[static_cast<std::size_t>(call)];
}

SimDisk::SimDisk(std::uint64_t seed, SimScheduler* scheduler, Options options)
    : random_(seed),
      scheduler_(scheduler),
      options_(options),
      root_(std::make_shared<SimNode>(true)) {}

SimDisk::~SimDisk() = default;

DiskFault SimDisk::drawn_fault(DiskCall call) {
  std::uint32_t errors_per_million = 0;
  switch (call) {
    case DiskCall::read: errors_per_million = options_.read_errors_per_million; break;
    case DiskCall::write:
    case DiskCall::truncate: errors_per_million = options_.write_errors_per_million; break;
    case DiskCall::sync:
    case DiskCall::sync_directory: errors_per_million = options_.sync_errors_per_million; break;
    case DiskCall::open:
    case DiskCall::list:
    case DiskCall::exists:
    case DiskCall::make_directory:
    case DiskCall::remove:
    case DiskCall::rename:
    case DiskCall::free_bytes:
    case DiskCall::size: break;
  }
  const bool fails = errors_per_million > 0 && random_.chance(errors_per_million, 1'000'000);
  return fails ? DiskFault::io_error : DiskFault::none;
}

// Counts the call and says which fault it meets. After a power cut the caller asks dark_.
DiskFault SimDisk::meet(DiskCall call, const std::string& path, std::uint64_t offset,
                        std::uint64_t bytes) {
  if (dark_) {
    return DiskFault::none;
  }
  const std::uint64_t number = ++counts_.calls;
  ++counts_.by_call[static_cast<std::size_t>(call)];
  DiskFault fault = DiskFault::none;
  if (const auto planned = plans_.find(number); planned != plans_.end()) {
    fault = planned->second;
  } else {
    if (rule_) {
      fault = rule_(DiskCallInfo{call, number, path, offset, bytes});
    }
    if (fault == DiskFault::none) {
      fault = drawn_fault(call);
    }
  }
  if (scheduler_ != nullptr) {
    scheduler_->note(static_cast<std::uint64_t>(call) << 8U | static_cast<std::uint64_t>(fault));
    scheduler_->note(offset * 31 + bytes);
  }
  switch (fault) {
    case DiskFault::none: break;
    case DiskFault::io_error: ++counts_.io_errors; break;
    case DiskFault::no_space: ++counts_.no_space; break;
    case DiskFault::power_cut:
      ++counts_.power_cuts;
      dark_ = true;
      if (scheduler_ != nullptr) {
        scheduler_->stop();
      }
      break;
  }
  return fault;
}

// For calls that have no effect when they meet a fault.
Result<void> SimDisk::enter(DiskCall call, const std::string& path) {
  TRY_OK(check_path(path));
  const DiskFault fault = meet(call, path);
  if (dark_ || fault != DiskFault::none) {
    return fail_with(dark_ ? DiskFault::power_cut : fault, call, path);
  }
  return ok();
}

SimDisk::NodePointer SimDisk::find(const std::string& path) const {
  NodePointer node = root_;
  for (std::size_t from = 0; !path.empty() && from <= path.size();) {
    const std::size_t slash = std::min(path.find('/', from), path.size());
    if (!node->is_folder) {
      return nullptr;
    }
    const auto found = node->cached.find(path.substr(from, slash - from));
    if (found == node->cached.end()) {
      return nullptr;
    }
    node = found->second;
    from = slash + 1;
  }
  return node;
}

Result<SimDisk::Place> SimDisk::place(const std::string& path) const {
  if (path.empty()) {
    return fail(Code::usage, "the root cannot be made, removed or renamed");
  }
  const std::size_t slash = path.rfind('/');
  const NodePointer folder = slash == std::string::npos ? root_ : find(path.substr(0, slash));
  if (folder == nullptr || !folder->is_folder) {
    return fail_missing(path);
  }
  std::string last = slash == std::string::npos ? path : path.substr(slash + 1);
  const auto found = folder->cached.find(last);
  NodePointer node = found == folder->cached.end() ? nullptr : found->second;
  return Place{folder, std::move(last), std::move(node)};
}

Result<std::unique_ptr<File>> SimDisk::open(const std::string& path, OpenMode mode) {
  TRY_OK(enter(DiskCall::open, path));
  TRY(Place at, place(path));
  if (mode == OpenMode::create_new || mode == OpenMode::create_private) {
    if (at.node != nullptr) {
      return fail(Code::conflict, "it is there already", path);
    }
    at.node = std::make_shared<SimNode>(false);
    at.folder->change({{at.name, at.node}});
  }
  if (at.node == nullptr) {
    return fail_missing(path);
  }
  if (at.node->is_folder) {
    return fail_errno(EISDIR, "open " + path);
  }
  return std::make_unique<SimFile>(*this, at.node, path, mode);
}

Result<std::vector<std::string>> SimDisk::list(const std::string& directory) {
  TRY_OK(enter(DiskCall::list, directory));
  const NodePointer node = find(directory);
  if (node == nullptr || !node->is_folder) {
    return fail_missing(directory);
  }
  std::vector<std::string> names;
  names.reserve(node->cached.size());
  for (const auto& [name, unused] : node->cached) {
    names.push_back(name);
  }
  return names;
}

Result<bool> SimDisk::exists(const std::string& path) {
  TRY_OK(enter(DiskCall::exists, path));
  return find(path) != nullptr;
}

Result<void> SimDisk::make_directory(const std::string& path) {
  TRY_OK(enter(DiskCall::make_directory, path));
  TRY(Place at, place(path));
  if (at.node != nullptr) {
    if (!at.node->is_folder) {
      return fail(Code::conflict, "a file is in the way", path);
    }
    return ok();
  }
  at.folder->change({{at.name, std::make_shared<SimNode>(true)}});
  return ok();
}

Result<void> SimDisk::remove(const std::string& path) {
  TRY_OK(enter(DiskCall::remove, path));
  TRY(Place at, place(path));
  if (at.node == nullptr) {
    return fail_missing(path);
  }
  if (at.node->is_folder && !at.node->cached.empty()) {
    return fail_errno(ENOTEMPTY, "remove " + path);
  }
  at.folder->change({{at.name, nullptr}});
  return ok();
}

Result<void> SimDisk::rename(const std::string& from, const std::string& to) {
  TRY_OK(check_path(to));
  TRY_OK(enter(DiskCall::rename, from));
  TRY(Place source, place(from));
  TRY(Place target, place(to));
  if (source.node == nullptr) {
    return fail_missing(from);
  }
  if (source.node->is_folder) {
    return fail(Code::unsupported, "the simulated disk renames files only", from);
  }
  if (target.node != nullptr && target.node->is_folder) {
    return fail_errno(EISDIR, "rename to " + to);
  }
  if (source.node == target.node) {
    return ok();
  }
  if (source.folder == target.folder) {
    source.folder->change({{target.name, source.node}, {source.name, nullptr}});
  } else {
    target.folder->change({{target.name, source.node}});
    source.folder->change({{source.name, nullptr}});
  }
  return ok();
}

Task<Result<void>> SimDisk::sync_directory(const std::string& directory) {
  const std::string path = directory;
  const std::uint64_t life = life_;
  CO_TRY_OK(check_path(path));
  const NodePointer node = find(path);
  const DiskFault fault = meet(DiskCall::sync_directory, path);
  if (node == nullptr || !node->is_folder) {
    co_return fail_missing(path);
  }
  const std::uint64_t last = node->last_change;
  if (SimExecutor* const here = running()) {
    if (!dark_) {
      co_await here->sleep(sync_time());
    }
    if (dark_ || life_ != life) {
      co_await Forever();
    }
  }
  if (dark_) {
    co_return fail_with(DiskFault::power_cut, DiskCall::sync_directory, path);
  }
  if (fault != DiskFault::none) {
    ++counts_.failed_syncs;
    node->settle_names(last, random_);
    co_return fail_with(fault, DiskCall::sync_directory, path);
  }
  node->make_names_durable(last);
  co_return ok();
}

Result<std::uint64_t> SimDisk::free_bytes() {
  TRY_OK(enter(DiskCall::free_bytes, ""));
  const std::uint64_t used = pages_used() * page_bytes;
  return used < options_.capacity_bytes ? options_.capacity_bytes - used : 0;
}

std::uint64_t SimDisk::pages_used() const {
  std::uint64_t pages = 0;
  each_file(*root_, "", &SimNode::cached,
            [&](const std::string&, const SimNode& node) { pages += node.data.pages(); });
  return pages;
}

Duration SimDisk::sync_time() {
  if (random_.chance(options_.stalls_per_million, 1'000'000)) {
    return options_.sync_stall;
  }
  const std::int64_t span = (options_.sync_max - options_.sync_min).ns;
  check(span >= 0, "a sync takes at least its minimum");
  return options_.sync_min + nanoseconds(static_cast<std::int64_t>(
                                 random_.below(static_cast<std::uint64_t>(span) + 1)));
}

SimExecutor* SimDisk::running() const {
  return scheduler_ == nullptr ? nullptr : scheduler_->current();
}

void SimDisk::crash(Random& random) {
  ++life_;
  ++counts_.crashes;
  dark_ = false;
  root_->cut_power(random);
}

void SimDisk::restart_process() {
  check(!dark_, "without power there is no process to start");
  ++life_;
}

void SimDisk::forget_clean_pages() { root_->forget_clean_pages(); }

void SimDisk::plan(std::uint64_t call_number, DiskFault fault) { plans_[call_number] = fault; }

void SimDisk::heal() {
  plans_.clear();
  rule_ = nullptr;
  options_.read_errors_per_million = 0;
  options_.write_errors_per_million = 0;
  options_.sync_errors_per_million = 0;
}

bool SimDisk::flip_bit(const std::string& path, std::uint64_t offset, unsigned bit) {
  const NodePointer node = find(path);
  if (node == nullptr || node->is_folder || !node->data.flip_bit(offset, bit)) {
    return false;
  }
  ++counts_.rotten_bits;
  return true;
}

std::optional<SimDisk::Rot> SimDisk::rot(Random& random) {
  std::vector<std::pair<std::string, std::uint64_t>> sizes;
  std::uint64_t total = 0;
  each_file(*root_, "", &SimNode::cached, [&](const std::string& path, const SimNode& node) {
    sizes.emplace_back(path, node.data.durable_size());
    total += node.data.durable_size();
  });
  if (total == 0) {
    return std::nullopt;
  }
  std::uint64_t at = random.below(total);
  for (const auto& [path, size] : sizes) {
    if (at < size) {
      const auto bit = static_cast<unsigned>(random.below(8));
      check(flip_bit(path, at, bit), "the byte is there");
      return Rot{path, at, bit};
    }
    at -= size;
  }
  return std::nullopt;
}

std::optional<Bytes> SimDisk::durable_bytes(const std::string& path) const {
  std::optional<Bytes> found;
  each_file(*root_, "", &SimNode::durable, [&](const std::string& each, const SimNode& node) {
    if (each == path) {
      found = node.data.durable_bytes();
    }
  });
  return found;
}

std::vector<std::string> SimDisk::files() const {
  std::vector<std::string> paths;
  each_file(*root_, "", &SimNode::cached,
            [&](const std::string& path, const SimNode&) { paths.push_back(path); });
  std::ranges::sort(paths);
  return paths;
}

std::uint64_t SimDisk::unsynced_bytes() const {
  std::uint64_t bytes = 0;
  each_file(*root_, "", &SimNode::cached,
            [&](const std::string&, const SimNode& node) { bytes += node.data.unsynced_bytes(); });
  return bytes;
}

}  // namespace holdfast