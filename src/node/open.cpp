// node/open.cpp: from what a stop or a crash left to a node that takes commands.
#include <fmt/format.h>

#include "base/check.h"
#include "node/index_build.h"
#include "node/node.h"
#include "node/replay.h"
#include "node/sequencer.h"

namespace holdfast::node {
namespace {

constexpr const char* signing_key_path = "keys/checkpoint.pem";
constexpr const char* link_secret_path = "keys/link.secret";
constexpr std::uint64_t key_file_bytes_max = 64 << 10;

Result<Bytes> read_file(Disk& disk, const std::string& path) {
  TRY(const auto file, disk.open(path, OpenMode::read));
  TRY(const std::uint64_t size, file->size());
  if (size > key_file_bytes_max) {
    return fail(Code::corrupt, fmt::format("{} has {} bytes, more than any key", path, size));
  }
  Bytes bytes(size, '\0');
  TRY(const std::size_t got, file->read(0, bytes));
  bytes.resize(got);
  return bytes;
}

/// The view may be behind a sound journal, never ahead of it or beside it.
Result<void> check_agreement(const views::State& view, const journal::OpeningReport& journal) {
  if (view.position > journal.head.position) {
    return fail(
        Code::corrupt,
        fmt::format("the view holds {} entries, the journal only {}: the journal was cut or "
                    "replaced. Restore it, or run `holdfast rebuild` if it is right",
                    view.position.value, journal.head.position.value));
  }
  if (view.position == journal.head.position && view.chain != journal.head.hash) {
    return fail(Code::corrupt,
                fmt::format("entry {} of the journal is not the one that the view was made from; "
                            "run `holdfast verify`, then `holdfast rebuild`",
                            view.position.value));
  }
  return ok();
}

/// Searches go by the active epoch from the first request on, so its indexes must be complete. They
/// are, unless this program has other indexes than the one that wrote the view, or the view was
/// made anew from a journal with definitions in it.
Result<void> make_missing_indexes(views::Kv& kv, const views::BodyCodec& codec,
                                  const Epochs& epochs) {
  const auto reader = kv.snapshot();
  TRY(const views::State state, views::read_state(*reader));
  TRY(const std::size_t complete, read_complete(*reader));
  const Epoch* const active = epochs.at(state.active);
  check(active != nullptr, "what is active has been learnt");
  if (active->params->index_count() <= complete) {
    return ok();
  }
  BuildCounts counts;
  IndexBuild build(kv, codec, epochs, counts);
  for (bool more = true; more;) {
    TRY(more, build.step());
  }
  return ok();
}

std::string why_behind(Position position, std::string_view what) {
  return fmt::format(
      "the record ends at entry {}, and what follows in the journal is damaged: {}. It may hold "
      "what was acknowledged; restore the directory from a copy",
      position.value, what);
}

OpeningReport report_of(const journal::OpeningReport& journal, const journal::Options& options,
                        std::uint64_t replayed) {
  OpeningReport report;
  report.head = journal.head.position;
  report.replayed = replayed;
  report.rewritten = journal.rewritten;
  for (const journal::Torn& torn : journal.torn) {
    report.torn.push_back(fmt::format("{}: from entry {} on, offset {} of segment {}", torn.file,
                                      torn.position.value, torn.offset, torn.segment.value));
  }
  for (const journal::Damage& damage : journal.damage) {
    report.damage.push_back(journal::describe(damage, options));
  }
  return report;
}

}  // namespace

Task<Result<Opened>> open(World& world, views::Kv& kv, Options options) {
  CO_TRY(const Bytes key_file, read_file(world.disk, signing_key_path));
  auto signing_key = journal::SigningKey::parse(key_file);
  if (!signing_key) {
    co_return fail(signing_key.error().code,
                   fmt::format("{}: {}", signing_key_path, signing_key.error().what));
  }
  CO_TRY(Bytes link_secret, read_file(world.disk, link_secret_path));
  journal::Options journal_options;
  journal_options.segment_bytes = options.segment_bytes;
  journal_options.bug = options.planted;
  const journal::Writer::Parts parts{world.clock, world.disk, world.random, world.sequencer};
  CO_TRY(journal::Opened opened, co_await journal::open(parts, journal_options));
  if (opened.report.full) {
    co_return fail(Code::no_space,
                   "the disk is too full to put the journal's end in order; free some space and "
                   "start again: " +
                       opened.report.full->what);
  }

  auto codec = std::make_unique<views::BodyCodec>();
  CO_TRY_OK(load_dictionaries(*kv.snapshot(), *codec));
  CO_TRY(auto epochs, load_epochs(*kv.snapshot()));
  CO_TRY_OK(keep_catalogue(kv, *epochs));
  CO_TRY(Folded folded, read_folded(*kv.snapshot()));
  if (opened.writer) {  // or else the view may hold what the journal can no longer show
    CO_TRY_OK(check_agreement(folded.state, opened.report));
  }
  Replay replay({.kv = kv, .codec = *codec, .epochs = *epochs, .planted = options.planted},
                std::move(folded));
  const auto replayed = replay.run(*opened.reader);
  if (!replayed && (!replay.unreadable() || replayed.error().code != Code::corrupt)) {
    co_return fail(replayed.error());  // no rot: the next start may read it
  }
  CO_TRY_OK(make_missing_indexes(kv, *codec, *epochs));
  Opened result;
  result.report = report_of(opened.report, journal_options, replayed ? *replayed : 0);
  std::string behind;
  if (!replayed) {
    behind = why_behind(replay.position(), replayed.error().what);
    if (opened.writer) {  // opening reads only what it needs: it had not met the place
      opened.writer.reset();
      result.report.damage.push_back(replayed.error().what);
    }
  } else if (const auto& hidden = opened.report.hidden;
             hidden && (!hidden->last || replay.position() < *hidden->last)) {
    behind = why_behind(replay.position(), hidden->what);
    if (!hidden->last) {  // no damage that is listed already
      result.report.damage.push_back(hidden->what);
    }
  }
  Folded end = replay.take();
  CO_TRY(auto pathways, load_pathways(*kv.snapshot(), end.state));
  SequencerParts sequencer{world,
                           options,
                           std::move(opened),
                           std::move(codec),
                           std::move(epochs),
                           std::move(end),
                           *std::move(signing_key),
                           std::move(link_secret),
                           std::move(behind),
                           std::move(pathways)};
  auto node = std::make_unique<Sequencer>(std::move(sequencer), kv);
  CO_TRY_OK(co_await node->start());
  result.node = std::move(node);
  co_return result;
}

}  // namespace holdfast::node
