// node/test_node.h: for tests: a node on a simulated machine that can crash, over a store in
// memory.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "apply/test_record.h"
#include "base/check.h"
#include "fhir/params/compile.h"
#include "journal/checkpoint.h"
#include "journal/open.h"
#include "node/node.h"
#include "views/mem_kv.h"
#include "world/sim/sim_world.h"

namespace holdfast::node {

/// A store whose disk can be full.
class FillingKv final : public views::Kv {
 public:
  explicit FillingKv(views::Kv& below) : below_(below) {}
  Result<void> write(std::span<const views::Write> writes) override {
    if (full) {
      return fail(Code::no_space, "the store is full");
    }
    return below_.write(writes);
  }
  std::shared_ptr<const views::Reader> snapshot() override { return below_.snapshot(); }
  Result<void> flush() override { return below_.flush(); }
  [[nodiscard]] std::uint64_t unflushed_bytes() const override { return below_.unflushed_bytes(); }
  bool full = false;

 private:
  views::Kv& below_;
};

/// A node on a simulated machine that can crash.
class NodeTest : public testing::Test {
 protected:
  NodeTest() { make_directory(); }

  void make_directory() {
    World& world = machine.world();
    auto key = journal::SigningKey::generate("holdfast/test", world.random);
    ASSERT_TRUE(world.disk.make_directory("keys"));
    write_file("keys/checkpoint.pem", *key->file());
    write_file("keys/link.secret", Bytes(32, 's'));
    journal::Options journal_options;
    journal_options.segment_bytes = options.segment_bytes;
    const journal::Writer::Parts parts{world.clock, world.disk, world.random, world.sequencer};
    const auto made = run_task(machine.sequencer(),
                               journal::create(parts, journal_options, journal::Community{}));
    ASSERT_TRUE(made && *made) << (made ? made->error().what : "it never ended");
    for (const char* directory : {"keys", ""}) {
      ASSERT_TRUE(run_task(machine.sequencer(), world.disk.sync_directory(directory)));
    }
  }

  void write_file(const std::string& path, BytesView bytes) {
    auto file = machine.world().disk.open(path, OpenMode::create_new);
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->write(0, bytes));
    ASSERT_TRUE(run_task(machine.sequencer(), (*file)->sync()));
  }

  Result<OpeningReport> open() {
    auto opened = run_task(machine.sequencer(), node::open(machine.world(), store, options));
    if (!opened) {
      return fail(Code::timeout, "opening never ended");
    }
    if (!*opened) {
      return fail(opened->error());
    }
    node = std::move((*opened)->node);
    return std::move((*opened)->report);
  }

  void crash(Crash how, std::size_t kept_writes) {
    machine.crash(how);
    node.reset();
    kv.crash(std::min(kept_writes, kv.unflushed_writes()));
    machine.restart();
  }

  Result<Committed> submit(Command given) {
    auto prepared = decide::prepare(std::move(given), reader, fhir::standard_search_params());
    if (!prepared) {
      return fail(prepared.error());
    }
    Executor& io = *machine.world().io[0];
    auto committed =
        run_task(static_cast<SimExecutor&>(io), node->submit(io, *std::move(prepared)));
    return committed ? *std::move(committed) : fail(Code::timeout, "no answer");
  }

  /// Sends all of them before any is answered.
  std::vector<Result<Committed>> submit_all(std::vector<Command> commands) {
    auto& io = static_cast<SimExecutor&>(*machine.world().io[0]);
    std::vector<std::shared_ptr<std::optional<Result<Committed>>>> answers;
    for (Command& each : commands) {
      auto prepared = decide::prepare(std::move(each), reader, fhir::standard_search_params());
      check(prepared.has_value(), "the test's commands can be prepared");
      answers.push_back(std::make_shared<std::optional<Result<Committed>>>());
      io.spawn(holdfast::detail::keep(node->submit(io, *std::move(prepared)), answers.back()));
    }
    scheduler.run_until([&] {
      return std::ranges::all_of(answers, [](const auto& answer) { return answer->has_value(); });
    });
    std::vector<Result<Committed>> results;
    for (const auto& answer : answers) {
      results.push_back(**answer);
    }
    return results;
  }

  Command keyed(Command given, const std::string& key, const std::string& request) {
    given.key = idempotency_key(given.principal, key);
    given.key_origin = KeyOrigin::given;
    given.request_hash = sha256(request);
    return given;
  }

  SimScheduler scheduler{7};
  SimNetwork network{scheduler, 8};
  SimWorld machine{scheduler, network, 9};
  views::MemKv kv;
  FillingKv store{kv};
  Options options = [] {
    Options small;
    small.segment_bytes = 256 << 10;
    return small;
  }();
  fhir::JsonReader reader;
  std::unique_ptr<Node> node;
};

}  // namespace holdfast::node
