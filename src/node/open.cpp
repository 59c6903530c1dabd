// node/open.cpp: from what a stop or a crash left to a node that takes commands.
#include <fmt/format.h>

#include "node/node.h"
#include "node/sequencer.h"

namespace holdfast::node {
namespace {

constexpr const char* signing_key_path = "keys/checkpoint.pem";
constexpr const char* link_secret_path = "keys/link.secret";
constexpr std::uint64_t key_file_bytes_max = 64 << 10;
constexpr std::uint64_t replay_layer_bytes_max = 16 << 20;

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

/// Folds what the view does not have yet, in layers of bounded size, into the Kv.
class Replay {
 public:
  Replay(views::Kv& kv, views::BodyCodec& codec, Folded folded, Bug planted)
      : kv_(kv), codec_(codec), folded_(std::move(folded)), planted_(planted) {}

  Result<std::uint64_t> run(journal::Reader& reader) {
    if (planted_ == Bug::apply_twice) {
      TRY_OK(repeat_last(reader));
    }
    auto cursor = reader.from(
        folded_.state.position.next(),
        folded_.state.position.value == 0 ? std::nullopt : std::optional(folded_.state.chain));
    std::uint64_t replayed = 0;
    for (bool more = true; more;) {
      views::WorkLayer work(kv_.snapshot());
      const Position first = folded_.state.position.next();
      while (work.bytes() < replay_layer_bytes_max) {
        TRY(const auto record, cursor.next());
        if (!record) {
          more = false;
          break;
        }
        TRY_OK(fold_record(work, folded_, *record, {codec_, json_reader_, planted_}, codec_));
        ++replayed;
      }
      if (!work.empty()) {
        const auto layer = std::move(work).freeze(first, folded_.state.position);
        TRY_OK(views::write_layer(kv_, *layer, codec_));
      }
    }
    return replayed;
  }

  [[nodiscard]] Folded take() { return std::move(folded_); }

 private:
  /// The planted bug: counts the facts of the last entry a second time.
  Result<void> repeat_last(journal::Reader& reader) {
    if (folded_.state.position.value == 0) {
      return ok();
    }
    TRY(const auto record, reader.read(folded_.state.position));
    if (static_cast<EntryKind>(record.header.kind) != EntryKind::command) {
      return ok();
    }
    TRY(const auto entry, decode_entry(record));
    for (std::size_t i = 0; i < entry.second.results.size(); ++i) {
      const OperationResult& result = entry.second.results[i];
      folded_.state.digest.add(
          views::version_fact(entry.first.operations[i].type, result.id, result.version, Hash{}));
    }
    return ok();
  }

  views::Kv& kv_;
  views::BodyCodec& codec_;
  fhir::JsonReader json_reader_;
  Folded folded_;
  const Bug planted_;
};

/// The view may be behind the journal, never ahead of it or beside it.
Result<void> check_agreement(const views::State& view, const journal::OpeningReport& journal) {
  if (!journal.damage.empty()) {
    return ok();  // read-only: the view may hold what the journal can no longer show
  }
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
  CO_TRY(auto signing_key, journal::SigningKey::parse(key_file));
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
  CO_TRY(Folded folded, read_folded(*kv.snapshot()));
  CO_TRY_OK(check_agreement(folded.state, opened.report));
  Replay replay(kv, *codec, std::move(folded), options.planted);
  const auto replayed = replay.run(*opened.reader);
  if (!replayed && opened.report.damage.empty()) {
    co_return fail(replayed.error());
  }

  Opened result;
  result.report = report_of(opened.report, journal_options, replayed ? *replayed : 0);
  SequencerParts sequencer{world,
                           options,
                           std::move(opened),
                           std::move(codec),
                           replay.take(),
                           std::move(signing_key),
                           std::move(link_secret)};
  auto node = std::make_unique<Sequencer>(std::move(sequencer), kv);
  CO_TRY_OK(co_await node->start());
  result.node = std::move(node);
  co_return result;
}

}  // namespace holdfast::node
