// journal/test_journal.h: for tests: a journal on some disk, with short ways to append and read.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "journal/open.h"
#include "journal/scrub.h"
#include "world/sim/sim_clock.h"
#include "world/sim/sim_executor.h"
#include "world/sim/sim_random.h"

namespace holdfast::journal {

/// Files in memory that can be copied as a whole, cheaply. Never fails, but on demand.
class MemoryDisk final : public Disk {
 public:
  using Contents = std::map<std::string, std::shared_ptr<Bytes>>;
  [[nodiscard]] const Contents& contents() const { return contents_; }
  void set_contents(Contents contents) { contents_ = std::move(contents); }
  void restore(const std::string& path, const Contents& from) {
    contents_.at(path) = from.at(path);
  }
  /// For changing in place; a copy that others do not see.
  Bytes& bytes(const std::string& path) {
    auto& kept = contents_.at(path);
    kept = std::make_shared<Bytes>(*kept);
    return *kept;
  }

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    const bool there = contents_.contains(path);
    if (mode == OpenMode::read || mode == OpenMode::write) {
      if (!there) {
        return fail(Code::not_found, "no such file", path);
      }
    } else {
      if (there) {
        return fail(Code::conflict, "it is there already", path);
      }
      contents_[path] = std::make_shared<Bytes>();
    }
    return std::make_unique<MemoryFile>(*this, path);
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    std::vector<std::string> names;
    for (const auto& [path, bytes] : contents_) {
      if (path.starts_with(directory + "/")) {
        names.push_back(path.substr(directory.size() + 1));
      }
    }
    if (names.empty()) {
      return fail(Code::not_found, "no such folder", directory);
    }
    return names;
  }
  Result<bool> exists(const std::string& path) override { return contents_.contains(path); }
  Result<void> make_directory(const std::string&) override { return ok(); }
  Result<void> remove(const std::string& path) override {
    return contents_.erase(path) > 0 ? ok() : fail(Code::not_found, "no such file", path);
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    auto moved = contents_.extract(from);
    if (moved.empty()) {
      return fail(Code::not_found, "no such file", from);
    }
    contents_[to] = std::move(moved.mapped());
    return ok();
  }
  Task<Result<void>> sync_directory(const std::string&) override { co_return ok(); }
  Result<std::uint64_t> free_bytes() override { return UINT64_MAX; }

 private:
  class MemoryFile final : public File {
   public:
    MemoryFile(MemoryDisk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
    Result<std::size_t> read(std::uint64_t offset, std::span<char> into) override {
      const Bytes& bytes = *disk_.contents_.at(path_);
      if (offset >= bytes.size()) {
        return std::size_t{0};
      }
      return bytes.copy(into.data(), into.size(), offset);
    }
    Result<void> write(std::uint64_t offset, BytesView data) override {
      Bytes& bytes = disk_.bytes(path_);
      bytes.resize(std::max<std::size_t>(bytes.size(), offset + data.size()));
      bytes.replace(offset, data.size(), data);
      return ok();
    }
    Task<Result<void>> sync() override { co_return ok(); }
    Result<std::uint64_t> size() override { return disk_.contents_.at(path_)->size(); }
    Result<void> truncate(std::uint64_t size) override {
      disk_.bytes(path_).resize(size);
      return ok();
    }

   private:
    MemoryDisk& disk_;
    const std::string path_;
  };
  Contents contents_;
};

/// A journal whose disk never makes it wait.
class TestJournal {
 public:
  static constexpr std::int64_t start_ms = 1'767'225'600'000;

  explicit TestJournal(Disk& disk, std::uint64_t segment_bytes = 16U << 10U) : disk_(disk) {
    options.segment_bytes = segment_bytes;
    community.bytes.fill('c');
  }

  [[nodiscard]] Writer::Parts parts() { return {clock, disk_, random, executor}; }
  Result<void> create() { return run_to_end(journal::create(parts(), options, community)); }
  Result<void> open() {
    opened = {};
    TRY(opened, run_to_end(journal::open(parts(), options)));
    return ok();
  }
  void create_and_open() {
    const auto created = create();
    ASSERT_TRUE(created) << created.error().what;
    const auto result = open();
    ASSERT_TRUE(result) << result.error().what;
  }

  Result<Appended> append(BytesView command, BytesView outcome = "done") {
    Entry entry;
    entry.time = {start_ms + static_cast<std::int64_t>(++appended)};
    entry.kind = 1;
    entry.command = command;
    entry.command_hash = sha256(command);
    entry.outcome = outcome;
    entry.outcome_hash = sha256(outcome);
    return opened.writer->append(entry);
  }
  Result<void> commit() { return run_to_end(opened.writer->commit()); }
  Result<void> seal() { return run_to_end(opened.writer->seal()); }
  Result<void> prepare() { return run_to_end(opened.writer->prepare()); }

  /// A batch of one entry, or of as many as given.
  void write(std::initializer_list<BytesView> commands) {
    for (const BytesView command : commands) {
      if (!opened.writer->fits(command.size(), 4)) {
        ASSERT_TRUE(commit());
      }
      const auto result = append(command);
      ASSERT_TRUE(result) << result.error().what;
    }
    const auto committed = commit();
    ASSERT_TRUE(committed) << committed.error().what;
  }
  /// All commands from the first to the durable end, or up to an error.
  [[nodiscard]] std::vector<Bytes> commands() {
    std::vector<Bytes> all;
    Cursor cursor = opened.reader->from({1});
    for (;;) {
      const auto record = cursor.next();
      if (!record || !*record) {
        return all;
      }
      all.emplace_back((*record)->command());
    }
  }
  [[nodiscard]] Result<ScrubReport> scrub() {
    return Scrub(opened.segments, disk_, Scrub::Slack::check_all).run();
  }

  Options options;
  Community community;
  SimScheduler scheduler{1};
  SimExecutor executor{scheduler};
  SimClock clock{scheduler, Time{start_ms}};
  SimRandom random{1};
  Opened opened;
  std::uint64_t appended = 0;

 private:
  Disk& disk_;
};

}  // namespace holdfast::journal
