#include "world/sim/sim_disk.h"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <utility>

#include <fmt/format.h>

namespace holdfast {

constexpr std::uint64_t sim_file_bytes_max = std::uint64_t{4} << 30U;

/// A file or a folder.
struct SimNode {
  using Names = std::map<std::string, std::shared_ptr<SimNode>>;
  /// One atomic change of a folder: each name gets a node, or none.
  struct NameChange {
    std::uint64_t number;
    std::vector<std::pair<std::string, std::shared_ptr<SimNode>>> names;
  };

  explicit SimNode(bool folder) : is_folder(folder) {}

  bool is_folder;
  SimFileData data;
  Names cached;
  Names durable;
  std::deque<NameChange> unsynced;
  std::uint64_t last_change = 0;

  static void apply(const NameChange& change, Names& names) {
    for (const auto& [name, node] : change.names) {
      if (node == nullptr) {
        names.erase(name);
      } else {
        names[name] = node;
      }
    }
  }
  void change(std::vector<std::pair<std::string, std::shared_ptr<SimNode>>> names) {
    unsynced.push_back({++last_change, std::move(names)});
    apply(unsynced.back(), cached);
  }
  void make_names_durable(std::uint64_t last) {
    while (!unsynced.empty() && unsynced.front().number <= last) {
      apply(unsynced.front(), durable);
      unsynced.pop_front();
    }
  }
  /// Each change up to `last` survives or vanishes.
  void settle_names(std::uint64_t last, Random& random) {
    const Fate fate = draw_fate(random);
    std::uint64_t kept = fate == Fate::prefix ? random.below(unsynced.size() + 1) : 0;
    while (!unsynced.empty() && unsynced.front().number <= last) {
      bool survives = fate == Fate::all_kept;
      if (fate == Fate::prefix) {
        survives = kept > 0;
        kept -= survives ? 1U : 0U;
      } else if (fate == Fate::each_change || fate == Fate::each_sector) {
        survives = random.chance(1, 2);
      }
      if (survives) {
        apply(unsynced.front(), durable);
      }
      unsynced.pop_front();
    }
  }
  void cut_power(Random& random) {
    if (!is_folder) {
      data.cut_power(random);
      return;
    }
    settle_names(last_change, random);
    cached = durable;
    for (const auto& [name, node] : cached) {
      node->cut_power(random);
    }
  }
  void forget_clean_pages() {
    if (!is_folder) {
      data.forget_clean_pages();
      return;
    }
    cached = durable;
    for (const NameChange& each : unsynced) {
      apply(each, cached);
    }
    for (const auto& [name, node] : cached) {
      node->forget_clean_pages();
    }
  }
};

namespace {

// What a machine without power does with whoever waits for it.
struct Forever {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  void await_resume() const noexcept {}
};

std::unexpected<Error> fail_with(DiskFault fault, DiskCall call, const std::string& path) {
  if (fault == DiskFault::power_cut) {
    return fail(Code::io, fmt::format("{} {}: the power is gone", name(call), path));
  }
  return fail_errno(fault == DiskFault::no_space ? ENOSPC : EIO,
                    fmt::format("{} {}", name(call), path));
}

std::unexpected<Error> fail_missing(const std::string& path) {
  return fail(Code::not_found, "no such file or folder", path);
}

template <class Visit>
void each_file(const SimNode& folder, const std::string& prefix, const SimNode::Names SimNode::*names,
               const Visit& visit) {
  for (const auto& [name, node] : folder.*names) {
    if (node->is_folder) {
      each_file(*node, prefix + name + "/", names, visit);
    } else {
      visit(prefix + name, *node);
    }
  }
}

}  // namespace

class SimFile final : public File {
 public:
  SimFile(SimDisk& disk, std::shared_ptr<SimNode> node, std::string path, OpenMode mode)
      : disk_(disk), node_(std::move(node)), path_(std::move(path)), mode_(mode),
        life_(disk.life_) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<char> into) override {
    TRY_OK(enter(DiskCall::read, offset, into.size()));
    return node_->data.read(offset, into);
  }

  Result<void> write(std::uint64_t offset, BytesView bytes) override {
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

  Task<Result<void>> sync() override {
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

  Result<std::uint64_t> size() override {
    TRY_OK(enter(DiskCall::size, 0, 0));
    return node_->data.size();
  }

  Result<void> truncate(std::uint64_t size) override {
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

 private:
  Result<void> alive(DiskCall call) const {
    if (life_ != disk_.life_) {
      return fail(Code::io, fmt::format("{} {}: opened before a crash", name(call), path_));
    }
    return ok();
  }
  Result<void> enter(DiskCall call, std::uint64_t offset, std::uint64_t bytes) {
    TRY_OK(alive(call));
    const DiskFault fault = disk_.meet(call, path_, offset, bytes);
    if (disk_.dark_ || fault != DiskFault::none) {
      return fail_with(disk_.dark_ ? DiskFault::power_cut : fault, call, path_);
    }
    return ok();
  }
  Result<void> writable(std::uint64_t offset, std::uint64_t bytes) const {
    TRY_OK(alive(DiskCall::write));
    if (mode_ == OpenMode::read) {
      return fail_errno(EBADF, "write " + path_);
    }
    if (offset > sim_file_bytes_max || bytes > sim_file_bytes_max - offset) {
      return fail_errno(EFBIG, "write " + path_);
    }
    return ok();
  }
  /// How many of `count` bytes at `offset` need no new page, from the first on.
  [[nodiscard]] std::size_t fitting(std::uint64_t offset, std::size_t count) const {
    std::size_t fits = 0;
    while (fits < count) {
      const std::uint64_t at = offset + fits;
      const std::size_t step =
          std::min<std::size_t>(count - fits, page_bytes - at % page_bytes);
      if (node_->data.pages_missing(at, step) > 0) {
        break;
      }
      fits += step;
    }
    return fits;
  }

  SimDisk& disk_;
  const std::shared_ptr<SimNode> node_;
  const std::string path_;
  const OpenMode mode_;
  const std::uint64_t life_;
};

std::string_view name(DiskCall call) {
  static constexpr std::array<std::string_view, disk_call_kinds> names{
      "open", "list", "exists", "make-directory", "remove", "rename", "sync-directory",
      "free-bytes", "read", "write", "sync", "size", "truncate"};
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
    case DiskCall::read:
      errors_per_million = options_.read_errors_per_million;
      break;
    case DiskCall::write:
    case DiskCall::truncate:
      errors_per_million = options_.write_errors_per_million;
      break;
    case DiskCall::sync:
    case DiskCall::sync_directory:
      errors_per_million = options_.sync_errors_per_million;
      break;
    case DiskCall::open:
    case DiskCall::list:
    case DiskCall::exists:
    case DiskCall::make_directory:
    case DiskCall::remove:
    case DiskCall::rename:
    case DiskCall::free_bytes:
    case DiskCall::size:
      break;
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
    case DiskFault::none:
      break;
    case DiskFault::io_error:
      ++counts_.io_errors;
      break;
    case DiskFault::no_space:
      ++counts_.no_space;
      break;
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
  if (mode == OpenMode::create_new) {
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
  return options_.sync_min +
         nanoseconds(static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(span) + 1)));
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
  each_file(*root_, "", &SimNode::cached, [&](const std::string&, const SimNode& node) {
    bytes += node.data.unsynced_bytes();
  });
  return bytes;
}

}  // namespace holdfast
