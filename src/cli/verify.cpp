// cli/verify.cpp: `holdfast verify DIR`: every byte of the journal, its chain and tree, a
// checkpoint from outside, and the views against what the journal says. Repairs nothing. With
// --evidence it checks one document instead, without any directory (verify_evidence.h).
#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/journal_fold.h"
#include "cli/machine.h"
#include "cli/verify_evidence.h"
#include "journal/checkpoint.h"
#include "journal/open.h"
#include "journal/scrub.h"
#include "node/fold.h"
#include "server/directory.h"
#include "views/facts.h"
#include "views/rocks/rocks_kv.h"
#include "views/stored_postings.h"
#include "views/touched.h"

namespace holdfast::cli {
namespace {

struct VerifyOptions {
  std::string directory;
  std::string checkpoint_file;
  std::string verifier;  ///< of another key than the directory's
  EvidenceOptions evidence;
};

class Verification {
 public:
  Verification(const VerifyOptions& options, std::unique_ptr<RealDisk> disk)
      : options_(options), root_(disk->root()), real_(std::move(disk), 1) {
    real_.start();
  }

  Result<int> run() {
    TRY_OK(read_checkpoint());
    journal::Options journal;
    journal.access = journal::Access::inspect;
    World& world = real_.world();
    const journal::Writer::Parts parts{world.clock, world.disk, world.random, world.sequencer};
    TRY(auto opened, wait_for(world.sequencer, journal::open(parts, journal)));
    TRY(const auto scrubbed, scrub(opened, journal));
    if (faults_ == 0) {
      TRY_OK(open_views());
      TRY_OK(fold(*opened.reader));
      TRY_OK(check_view());
    }
    if (checkpoint_ && !checkpoint_seen_ && faults_ == 0) {
      fault(
          fmt::format("the checkpoint is of {} entries, the journal has {}: it was cut or "
                      "replaced",
                      checkpoint_->size, scrubbed.entries));
    }
    const bool whole = faults_ == 0;
    // The scrub has no root where a tail is torn; the fold ends before the tear, as the opening
    // does.
    fmt::print("entries={} head={} root={} digest={}\n", scrubbed.entries,
               to_hex(scrubbed.head.view()), whole ? to_hex(fold_.root().view()) : std::string("-"),
               whole ? fold_.digest().hex() : std::string("-"));
    return whole ? exit_ok : exit_corrupt;
  }

 private:
  void fault(const std::string& what) {
    ++faults_;
    fmt::print(stderr, "verify: {}\n", what);
  }

  Result<void> read_checkpoint() {
    if (options_.checkpoint_file.empty()) {
      return ok();
    }
    TRY(const std::string note,
        read_text_file(options_.checkpoint_file, journal::checkpoint_bytes_max));
    const std::string origin = note.substr(0, note.find('\n'));
    if (!options_.verifier.empty()) {
      auto key = journal::VerifierKey::parse(options_.verifier);
      if (!key) {
        return fail(Code::usage, "--verifier: " + key.error().what);
      }
      return take_checkpoint(note, origin, *key);
    }
    TRY(const std::string file,
        read_text_file(root_ + "/" + std::string(server::checkpoint_key_path), 64 << 10));
    TRY(const auto key, journal::SigningKey::parse(file));
    return take_checkpoint(note, key.verifier().name(), key.verifier());
  }

  Result<void> take_checkpoint(const std::string& note, const std::string& origin,
                               const journal::VerifierKey& key) {
    auto read = journal::verify_checkpoint(note, origin, key);
    if (read) {
      checkpoint_ = *std::move(read);
    } else if (read.error().code == Code::forbidden) {
      fault("the checkpoint is not signed by this directory's key: " + read.error().what);
    } else {
      return fail(Code::usage, read.error().what, options_.checkpoint_file);
    }
    return ok();
  }

  Result<journal::ScrubReport> scrub(const journal::Opened& opened,
                                     const journal::Options& options) {
    for (const journal::Torn& torn : opened.report.torn) {
      fmt::print(stderr,
                 "verify: note: segment {} from byte {} on is a torn tail that nobody was told of; "
                 "the next start keeps it aside and cuts it\n",
                 torn.segment.value, torn.offset);
    }
    for (const journal::Damage& damage : opened.report.damage) {
      fault(journal::describe(damage, options));
    }
    journal::Scrub scrub(opened.segments, real_.disk(), journal::Scrub::Slack::check_all);
    TRY(auto report, scrub.run());
    for (const journal::Damage& damage : report.damage) {
      if (!is_tear(damage, opened.report)) {
        fault(journal::describe(damage, options));
      }
    }
    if (report.damage_count > report.damage.size()) {
      fault(fmt::format("and {} further places", report.damage_count - report.damage.size()));
    }
    if (report.head != opened.report.head.hash && faults_ == 0) {
      fault("the last entry is not the one that the opening found");
    }
    return report;
  }

  // What opening would cut is not damage: nobody was told of it.
  static bool is_tear(const journal::Damage& damage, const journal::OpeningReport& opening) {
    return std::any_of(opening.torn.begin(), opening.torn.end(), [&](const journal::Torn& torn) {
      return torn.file.empty() && torn.segment == damage.segment && damage.offset >= torn.offset &&
             damage.first > opening.head.position;
    });
  }

  Result<void> open_views() {
    views::RocksOptions store;
    store.path = root_ + "/" + std::string(server::views_folder);
    store.mode = views::RocksMode::read_only;
    auto kv = views::open_rocks(store);
    if (!kv && kv.error().code == Code::not_found) {
      fmt::print(stderr, "verify: note: there are no views; the next start makes them\n");
      return ok();
    }
    TRY(kv_, std::move(kv));
    view_ = kv_->snapshot();
    auto folded = node::read_folded(*view_);
    if (!folded) {
      if (folded.error().code != Code::corrupt) {
        return fail(folded.error());
      }
      fault(folded.error().what);
      view_.reset();
      return ok();
    }
    view_end_ = *std::move(folded);
    return ok();
  }

  Result<void> fold(journal::Reader& reader) {
    auto cursor = reader.from({1});
    check_point();
    for (;;) {
      TRY(const auto record, cursor.next());
      if (!record) {
        return ok();
      }
      TRY_OK(fold_.add(*record));
      check_point();
    }
  }

  // After each entry: is this where the view, or the checkpoint, says something?
  void check_point() {
    if (checkpoint_ && checkpoint_->size == fold_.position().value) {
      checkpoint_seen_ = true;
      if (checkpoint_->root != fold_.root()) {
        fault(
            fmt::format("the checkpoint of {} entries has another root: the journal was changed "
                        "or replaced",
                        checkpoint_->size));
      }
    }
    if (!view_ || view_end_.state.position != fold_.position()) {
      return;
    }
    view_seen_ = true;
    const views::State& state = view_end_.state;
    if (state.position.value > 0 && state.chain != fold_.chain()) {
      fault("the views were made from another journal; `holdfast rebuild` makes them anew");
    }
    if (view_end_.tree.root() != fold_.root()) {
      fault("the stored Merkle tree is not that of the journal; `holdfast rebuild` makes it anew");
    }
    if (state.digest != fold_.digest()) {
      fault(fmt::format("the views' digest {} is not what the journal says ({})",
                        state.digest.hex(), fold_.digest().hex()));
    }
  }

  Result<void> check_view() {
    if (!view_) {
      return ok();
    }
    const views::State& state = view_end_.state;
    if (!view_seen_) {
      fault(fmt::format("the views hold {} entries, the journal {}", state.position.value,
                        fold_.position().value));
      return ok();
    }
    if (state.position < fold_.position()) {
      fmt::print(stderr,
                 "verify: note: the views hold {} of {} entries; the next start adds the "
                 "rest\n",
                 state.position.value, fold_.position().value);
    }
    views::BodyCodec codec;
    auto facts = [&]() -> Result<views::Facts> {
      TRY_OK(node::load_dictionaries(*view_, codec));
      return views::digest_of_view(*view_, codec);
    }();
    if (!facts) {
      if (facts.error().code != Code::corrupt) {
        return fail(facts.error());
      }
      fault(facts.error().what);
      return ok();
    }
    TRY_OK(check_indexes(codec));
    TRY_OK(check_touched(codec));
    if (facts->digest != state.digest) {
      fault(fmt::format("the rows of the views give the digest {}, their state says {}",
                        facts->digest.hex(), state.digest.hex()));
    }
    if (facts->last_row != state.last_row || facts->resources != state.resources ||
        facts->listed != state.resources) {
      fault(
          fmt::format("the views count {} versions and {} resources ({} listed), their state says "
                      "{} and {}",
                      facts->last_row.value, facts->resources, facts->listed, state.last_row.value,
                      state.resources));
    }
    return ok();
  }

  // Each index against what the bodies of current resources give.
  Result<void> check_indexes(const views::BodyCodec& codec) {
    auto sums = [&]() -> Result<views::IndexSums> {
      TRY(const auto epochs, node::load_epochs(*view_));
      if (view_end_.state.definitions != view_end_.state.active) {
        fmt::print(stderr,
                   "verify: note: the indexes of the definitions of entry {} are not complete; the "
                   "next start goes on with them\n",
                   view_end_.state.definitions.value);
        return views::sum_indexes(*view_, codec, *epochs->at(view_end_.state.active)->params);
      }
      return views::sum_indexes(*view_, codec, *epochs->newest().params);
    }();
    if (!sums) {
      if (sums.error().code != Code::corrupt) {
        return fail(sums.error());
      }
      fault(sums.error().what);
      return ok();
    }
    if (sums->computed != sums->stored) {
      fault(
          fmt::format("the indexes hold {} postings where the resources give {}, or other ones; "
                      "`holdfast rebuild` makes them anew",
                      sums->stored.postings, sums->computed.postings));
    }
    return ok();
  }

  // The entries of each patient against what the bodies of all versions give.
  Result<void> check_touched(const views::BodyCodec& codec) {
    auto sums = [&]() -> Result<views::TouchedSums> {
      TRY(const auto epochs, node::load_epochs(*view_));
      return views::sum_touched(*view_, codec, *epochs->newest().params);
    }();
    if (!sums) {
      if (sums.error().code != Code::corrupt) {
        return fail(sums.error());
      }
      fault(sums.error().what);
      return ok();
    }
    if (sums->computed != sums->stored) {
      fault(
          fmt::format("the chronologies hold {} entries of patients where the versions give {}, or "
                      "other ones; `holdfast rebuild` makes them anew",
                      sums->stored.postings, sums->computed.postings));
    }
    return ok();
  }

  const VerifyOptions& options_;
  const std::string root_;
  RealWorld real_;
  std::unique_ptr<views::Kv> kv_;
  std::shared_ptr<const views::Reader> view_;
  node::Folded view_end_;
  JournalFold fold_;
  std::optional<journal::Checkpoint> checkpoint_;
  bool checkpoint_seen_ = false;
  bool view_seen_ = false;
  std::uint64_t faults_ = 0;
};

int run_verify(const VerifyOptions& options) {
  keep_files_private();
  if (options.directory.empty() == options.evidence.file.empty()) {
    return end_with("verify", {Code::usage,
                               "name a data directory, or a document with --evidence FILE, and not "
                               "both",
                               {},
                               {}});
  }
  if (!options.evidence.file.empty()) {
    return verify_evidence(options.evidence, options.verifier);
  }
  auto disk = open_directory(options.directory);
  if (!disk) {
    return end_with("verify", disk.error());
  }
  const auto code = Verification(options, *std::move(disk)).run();
  return code ? *code : end_with("verify", code.error());
}

}  // namespace

Command add_verify(CLI::App& parent) {
  auto options = std::make_shared<VerifyOptions>();
  CLI::App* const app =
      parent.add_subcommand("verify", "check a data directory from end to end; changes nothing");
  app->add_option("DIR", options->directory, "data directory; no server may have it open");
  app->add_option("--checkpoint", options->checkpoint_file,
                  "a signed checkpoint kept elsewhere: the journal must continue it");
  app->add_option("--verifier", options->verifier,
                  "key that signed the checkpoint, as name+id+base64; else the directory's own");
  app->add_option("--evidence", options->evidence.file,
                  "a document of $chronology: checked without server and data directory");
  app->add_option(
      "--key", options->evidence.key_file,
      "with --evidence, a file with the key, as --verifier takes it; else the document is "
      "only held against itself");
  app->footer(
      "Prints entries=N head=HASH root=HASH digest=HASH; of a document evidence=SUBJECT and what "
      "it\n"
      "holds. Exit 0 sound, 3 corrupt, 2 usage.\n"
      "Examples:\n"
      "  holdfast verify data/st-mary\n"
      "  curl -s http://127.0.0.1:8080/journal/checkpoint >monday.txt\n"
      "  holdfast verify data/st-mary --checkpoint monday.txt\n"
      "  curl -s 'http://127.0.0.1:8080/fhir/Patient/7/$chronology' >patient-7.json\n"
      "  sed -n 's/^verifier: //p' data/st-mary/keys/checkpoint.pem >st-mary.key\n"
      "  holdfast verify --evidence patient-7.json --key st-mary.key");
  return {app, [options] { return run_verify(*options); }};
}

}  // namespace holdfast::cli
