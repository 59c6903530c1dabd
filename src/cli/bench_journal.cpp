// cli/bench_journal.cpp: the journal by itself: what one writer waits, what many share, and how
// much of the disk's own pace large entries keep. Everything written is read back.
#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "cli/bench.h"
#include "cli/bench_load.h"
#include "cli/machine.h"
#include "journal/open.h"
#include "world/queue.h"

namespace holdfast::cli {
namespace {

constexpr std::size_t small_bytes = 1024;
constexpr std::size_t large_bytes = 64 << 10;
constexpr unsigned many_writers = 64;

Bytes payload_of(std::uint64_t number, std::size_t bytes) {
  Bytes payload(bytes, '\0');
  std::uint64_t state = number * 0x9e3779b97f4a7c15ULL + 1;
  for (std::size_t i = 0; i + 8 <= bytes; i += 8) {
    state ^= state << 13U;
    state ^= state >> 7U;
    state ^= state << 17U;
    store_little(payload.data() + i, state);
  }
  return payload;
}

/// A journal in a world of its own, with a sequencer that commits what waits, together.
class JournalBed {
 public:
  static Result<std::unique_ptr<JournalBed>> make(const std::string& folder) {
    auto bed = std::unique_ptr<JournalBed>(new JournalBed);
    TRY(bed->folder_, TemporaryFolder::make(folder));
    TRY(auto disk, RealDisk::open_root(bed->folder_->path(), RootMode::must_exist));
    bed->real_ = std::make_unique<RealWorld>(std::move(disk), 1);
    bed->real_->start();
    World& world = bed->real_->world();
    bed->queue_ = std::make_unique<Queue<Waiting>>(world.sequencer, 4096);
    TRY_OK(wait_for(world.sequencer, bed->open()));
    world.sequencer.spawn(bed->commit_all());
    return bed;
  }
  ~JournalBed() {
    if (queue_) {
      queue_->close();
    }
    if (real_) {
      real_->drain(seconds(10));
      real_->stop();
    }
  }
  JournalBed(const JournalBed&) = delete;
  JournalBed& operator=(const JournalBed&) = delete;

  struct Figures {
    double per_second = 0;
    std::uint64_t entries = 0;
    std::uint64_t syncs = 0;
    Latencies latencies;
  };
  /// `writers` that each append one entry after the other, `count` in all.
  Result<Figures> run(unsigned writers, std::uint64_t count, std::size_t bytes) {
    figures_ = {};
    left_ = count;
    bytes_ = bytes;
    syncs_ = 0;
    const Instant started = boot_time();
    TRY_OK(wait_for(*real_->world().io.front(), write_all(writers)));
    const Duration took = boot_time() - started;
    figures_.entries = count;
    figures_.syncs = syncs_;
    figures_.per_second = static_cast<double>(count) * 1e9 / static_cast<double>(took.ns);
    return std::move(figures_);
  }

  /// Every entry ever written, against what was written.
  Result<void> check_all() {
    auto cursor = opened_.reader->from({1});
    std::uint64_t count = 0;
    for (;;) {
      TRY(const auto record, cursor.next());
      if (!record) {
        break;
      }
      ++count;
      const std::uint64_t number = load_little<std::uint64_t>(record->outcome().data());
      if (record->command() != payload_of(number, record->command().size())) {
        return fail(Code::corrupt, fmt::format("wrong: entry {} holds other bytes", count));
      }
    }
    if (count != number_) {
      return fail(Code::corrupt, fmt::format("wrong: {} entries and not {}", count, number_));
    }
    return ok();
  }

 private:
  /// An entry that its writer waits for.
  struct Waiting {
    std::uint64_t number = 0;
    const Bytes* payload = nullptr;
    Hash hash;
    Answer<Result<void>>* answer = nullptr;
  };
  JournalBed() = default;

  Task<Result<void>> open() {
    World& world = real_->world();
    const journal::Writer::Parts parts{world.clock, world.disk, world.random, world.sequencer};
    journal::Community community;
    world.random.fill(community.bytes);
    const journal::Options options;
    CO_TRY_OK(co_await journal::create(parts, options, community));
    CO_TRY(opened_, co_await journal::open(parts, options));
    CO_TRY_OK(co_await opened_.writer->prepare());
    co_return ok();
  }

  Task<void> commit_all() {
    journal::Writer& writer = *opened_.writer;
    for (;;) {
      const std::vector<Waiting> batch = co_await queue_->pop_all();
      if (batch.empty()) {
        co_return;
      }
      std::size_t staged = 0;
      for (std::size_t i = 0; i < batch.size(); ++i) {
        if (!writer.fits(batch[i].payload->size(), sizeof(std::uint64_t))) {
          co_await commit(batch, staged, i);
          staged = i;
        }
        append(batch[i]);
      }
      co_await commit(batch, staged, batch.size());
      if (writer.wants_preparation()) {
        real_->world().background.spawn(prepare());
      }
    }
  }

  void append(const Waiting& waiting) {
    Bytes number(sizeof(std::uint64_t), '\0');
    store_little(number.data(), waiting.number);
    journal::Entry entry;
    entry.time = real_->world().clock.wall();
    entry.time = std::max(entry.time, opened_.writer->last().time);
    entry.kind = 1;
    entry.command = *waiting.payload;
    entry.command_hash = waiting.hash;
    entry.outcome = number;
    entry.outcome_hash = sha256(number);
    const auto appended = opened_.writer->append(entry);
    if (!appended) {
      failure_ = appended.error();
    }
  }

  Task<void> commit(const std::vector<Waiting>& batch, std::size_t from, std::size_t until) {
    Result<void> committed = co_await opened_.writer->commit();
    if (failure_) {
      committed = fail(*failure_);
    }
    ++syncs_;
    for (std::size_t i = from; i < until; ++i) {
      batch[i].answer->set(committed);
    }
  }

  Task<void> prepare() {
    const auto prepared = co_await opened_.writer->prepare();
    if (!prepared) {
      failure_ = prepared.error();
    }
  }

  Task<Result<void>> write_all(unsigned writers) {
    Executor& io = *real_->world().io.front();
    running_ = writers;
    for (unsigned i = 0; i < writers; ++i) {
      io.spawn(write());
    }
    while (running_ > 0) {
      co_await io.sleep(milliseconds(1));
    }
    if (failure_) {
      co_return fail(*failure_);
    }
    co_return ok();
  }

  Task<void> write() {
    Executor& io = *real_->world().io.front();
    while (left_ > 0 && !failure_) {
      --left_;
      const std::uint64_t number = number_++;
      const Bytes payload = payload_of(number, bytes_);
      Answer<Result<void>> answer(io);
      const Waiting waiting{number, &payload, sha256(payload), &answer};
      const Instant began = boot_time();
      const bool taken = co_await queue_->push(io, waiting);
      check(taken, "the queue is open while writers run");
      const Result<void> done = co_await answer;
      figures_.latencies.add(boot_time() - began);
      if (!done) {
        failure_ = done.error();
      }
    }
    --running_;
  }

  std::unique_ptr<TemporaryFolder> folder_;
  std::unique_ptr<RealWorld> real_;
  std::unique_ptr<Queue<Waiting>> queue_;
  journal::Opened opened_;
  std::optional<Error> failure_;
  std::uint64_t syncs_ = 0;  ///< the sequencer's, read when nobody writes
  // The writers', on the io executor.
  Figures figures_;
  std::uint64_t left_ = 0;
  std::uint64_t number_ = 0;
  std::size_t bytes_ = 0;
  unsigned running_ = 0;
};

/// Bytes a second of one file written from end to end in pieces of 1 MiB, then synced.
Result<double> sequential_bandwidth(const std::string& folder, std::uint64_t bytes) {
  TRY(const auto temporary, TemporaryFolder::make(folder));
  TRY(const auto disk, RealDisk::open_root(temporary->path(), RootMode::must_exist));
  TRY(const auto file, disk->open("sequential", OpenMode::create_new));
  const Bytes piece = payload_of(1, 1 << 20);
  const Instant started = boot_time();
  for (std::uint64_t at = 0; at < bytes; at += piece.size()) {
    TRY_OK(file->write(at, piece));
  }
  TRY_OK(run_to_end(file->sync()));
  return static_cast<double>(bytes) * 1e9 / static_cast<double>((boot_time() - started).ns);
}

}  // namespace

Result<void> bench_journal(const BenchOptions& options) {
  const std::uint64_t count = options.size > 0 ? options.size : 50'000;
  const unsigned writers = options.clients > 0 ? options.clients : many_writers;
  TRY(const auto bed, JournalBed::make(options.folder));
  BenchLine line("journal");
  TRY(const double probe, line.add_sync_probe(options.folder));

  TRY(auto one, bed->run(1, std::max<std::uint64_t>(count / 20, 100), small_bytes));
  line.number("entry_bytes", small_bytes);
  line.figure("one_writer_per_second", one.per_second);
  line.add_latencies("one_writer_", one.latencies);
  line.figure("one_writer_to_fdatasync", probe / one.per_second);

  TRY(auto many, bed->run(writers, count, small_bytes));
  line.number("writers", writers);
  line.figure("many_per_second", many.per_second);
  line.number("many_sync_calls", many.syncs);
  line.figure("many_entries_per_sync",
              static_cast<double>(many.entries) / static_cast<double>(many.syncs));
  line.add_latencies("many_", many.latencies);

  const std::uint64_t large = std::max<std::uint64_t>(count / 10, 64);
  TRY(const double sequential, sequential_bandwidth(options.folder, large * large_bytes));
  TRY(auto sustained, bed->run(writers, large, large_bytes));
  const double bandwidth = sustained.per_second * static_cast<double>(large_bytes);
  line.number("large_bytes", large_bytes);
  line.figure("large_mib_per_second", bandwidth / (1 << 20));
  line.figure("sequential_mib_per_second", sequential / (1 << 20));
  line.figure("large_to_sequential", bandwidth / sequential);
  TRY_OK(bed->check_all());
  line.print();
  return ok();
}

}  // namespace holdfast::cli
