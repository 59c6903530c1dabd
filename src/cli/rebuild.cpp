// cli/rebuild.cpp: `holdfast rebuild DIR`: the views made anew from the journal, beside the old
// ones, and put in their place only when they are whole and agree with it.
#include <CLI/CLI.hpp>

#include <array>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/machine.h"
#include "cli/progress.h"
#include "journal/open.h"
#include "node/replay.h"
#include "server/directory.h"
#include "views/facts.h"
#include "views/items.h"
#include "views/rocks/rocks_kv.h"
#include "world/ahead.h"

namespace holdfast::cli {
namespace {

struct RebuildOptions {
  std::string directory;
};

class Rebuild {
 public:
  explicit Rebuild(std::unique_ptr<RealDisk> disk)
      : root_(disk->root()), real_(std::move(disk), 1) {
    real_.start();
  }

  Result<int> run() {
    // Opened for writing, although nothing is appended: what the page cache holds and the disk may
    // not is written again before it is folded, as at any start.
    World& world = real_.world();
    const journal::Writer::Parts parts{world.clock, world.disk, world.random, world.sequencer};
    TRY(auto opened, wait_for(world.sequencer, journal::open(parts, journal::Options())));
    if (!opened.report.damage.empty()) {
      return fail(Code::corrupt, "the journal is damaged; `holdfast verify` names the places");
    }
    const views::State before = state_of_old();
    TRY_OK(remove_folder(fresh_));
    views::RocksOptions store;
    store.path = path_of(fresh_);
    store.mode = views::RocksMode::bulk;
    TRY(kv_, views::open_rocks(store));
    TRY_OK(node::learn_all(*opened.reader, {codec_, epochs_}));
    TRY_OK(node::keep_catalogue(*kv_, epochs_));
    TRY_OK(fold(*opened.reader, opened.report.head.position));
    TRY_OK(kv_->flush());
    TRY_OK(check_result());
    kv_.reset();
    TRY_OK(put_in_place());
    const views::State& after = folded_.state;
    if (before.position == after.position && before.digest != after.digest) {
      fmt::print(stderr, "rebuild: the old views had the digest {}: they were wrong\n",
                 before.digest.hex());
    }
    fmt::print("entries={} head={} root={} digest={}\n", after.position.value,
               to_hex(after.chain.view()), to_hex(folded_.tree.root().view()), after.digest.hex());
    return exit_ok;
  }

 private:
  [[nodiscard]] std::string path_of(const std::string& folder) const {
    return root_ + "/" + folder;
  }

  // Only to compare: views that cannot be read are the reason why somebody rebuilds.
  views::State state_of_old() {
    views::RocksOptions store;
    store.path = path_of(current_);
    store.mode = views::RocksMode::read_only;
    const auto kv = views::open_rocks(store);
    if (!kv && kv.error().code == Code::not_found) {
      return {};
    }
    const auto state = kv ? views::read_state(*(*kv)->snapshot())
                          : Result<views::State>(std::unexpected(kv.error()));
    if (!state) {
      fmt::print(stderr, "rebuild: the old views cannot be read: {}\n", state.error().what);
      return {};
    }
    return *state;
  }

  Result<void> fold(journal::Reader& reader, Position last) {
    Progress progress("rebuild", last.value, "entries");
    World& world = real_.world();
    const node::ReplayHelpers helpers{world.io.front(), &world.background};
    node::Replay replay({.kv = *kv_,
                         .codec = codec_,
                         .epochs = epochs_,
                         .progress = [&](Position at) { progress.show(at.value); },
                         .helpers = helpers},
                        node::Folded());
    TRY_OK(replay.run(reader));
    folded_ = replay.take();
    if (folded_.state.position != last) {
      return fail(Code::corrupt, fmt::format("the journal ends at entry {}, not at {}",
                                             folded_.state.position.value, last.value));
    }
    return ok();
  }

  // What was added up entry by entry must come out of the rows again.
  Result<void> check_result() {
    // A helper takes the indexes and a third of the bodies: that is about half of the work.
    const auto view = kv_->snapshot();
    const RowId middle{1 + folded_.state.last_row.value * 2 / 3};
    Executor* const helper = real_.world().io.front();
    Ahead<Result<views::IndexFacts>> indexes(helper, [&] { return views::read_indexes(*view); });
    Ahead<Result<views::BodyFacts>> later(
        helper, [&] { return views::read_bodies(*view, codec_, middle, std::nullopt); });
    auto earlier = views::read_bodies(*view, codec_, RowId{1}, middle);
    TRY(const views::IndexFacts pointers, indexes.take());
    TRY(const views::BodyFacts rest, later.take());
    TRY(const views::BodyFacts begin, std::move(earlier));
    TRY_OK(views::check_items(*view, codec_));
    TRY(const views::Facts facts, views::compare(std::array{begin, rest}, pointers));
    if (facts.digest != folded_.state.digest) {
      return fail(Code::corrupt,
                  fmt::format("the rows give the digest {}, the fold {}: the old views stay",
                              facts.digest.hex(), folded_.state.digest.hex()));
    }
    return ok();
  }

  // A crash in between leaves no views, or both: then the next start replays the whole journal.
  Result<void> put_in_place() {
    TRY_OK(remove_folder(old_));
    TRY(const bool there, real_.disk().exists(current_));
    if (there) {
      TRY_OK(real_.disk().rename(current_, old_));
    }
    TRY_OK(real_.disk().rename(fresh_, current_));
    TRY_OK(run_to_end(real_.disk().sync_directory("")));
    return remove_folder(old_);
  }

  Result<void> remove_folder(const std::string& folder) {
    std::error_code fault;
    std::filesystem::remove_all(path_of(folder), fault);
    if (fault) {
      return fail(Code::io, "cannot remove: " + fault.message(), path_of(folder));
    }
    return ok();
  }

  const std::string root_;
  const std::string current_{server::views_folder};
  const std::string fresh_ = current_ + ".new";
  const std::string old_ = current_ + ".old";
  RealWorld real_;
  std::unique_ptr<views::Kv> kv_;
  views::BodyCodec codec_;
  node::Epochs epochs_;
  node::Folded folded_;
};

int run_rebuild(const RebuildOptions& options) {
  keep_files_private();
  raise_open_files();
  auto disk = open_directory(options.directory);
  if (!disk) {
    return end_with("rebuild", disk.error());
  }
  const auto code = Rebuild(*std::move(disk)).run();
  return code ? *code : end_with("rebuild", code.error());
}

}  // namespace

Command add_rebuild(CLI::App& parent) {
  auto options = std::make_shared<RebuildOptions>();
  CLI::App* const app = parent.add_subcommand("rebuild", "make the views anew from the journal");
  app->add_option("DIR", options->directory, "data directory; no server may have it open")
      ->required();
  app->footer(
      "The journal is the truth; everything else can be thrown away. Prints the same line\n"
      "as verify; the digest comes out the same.\n"
      "Example:\n"
      "  holdfast rebuild data/st-mary");
  return {app, [options] { return run_rebuild(*options); }};
}

}  // namespace holdfast::cli
