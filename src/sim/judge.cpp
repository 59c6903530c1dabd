#include "sim/judge.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "decide/decide.h"
#include "journal/open.h"
#include "journal/scrub.h"
#include "node/fold.h"
#include "node/index_build.h"
#include "views/facts.h"
#include "views/mem_kv.h"
#include "views/stored_postings.h"
#include "views/versions.h"
#include "views/view.h"

namespace holdfast::sim {
namespace {

/// How far an entry may run ahead of the truth: nudges of the clock within what the rules allow.
constexpr std::int64_t clock_slack_ms = 15 * 60 * 1000;

std::pair<fhir::TypeId, std::string> split(const Name& name) {
  const std::size_t slash = name.find('/');
  const auto type = fhir::type_id(name.substr(0, slash));
  check(type.has_value(), "the workload writes known types");
  return {*type, name.substr(slash + 1)};
}

/// The stored body of a version; nothing if it is not there, "" for a deletion.
std::optional<std::string> stored_body(const views::Reader& reader, const views::BodyCodec& codec,
                                       const Name& name, std::uint64_t version) {
  const auto [type, id] = split(name);
  const auto row = views::read_version(reader, type, id, Version{version});
  if (!row || !*row) {
    return std::nullopt;
  }
  const auto body = views::read_body(reader, codec, **row);
  if (!body || body->header.version.value != version || body->header.id != id) {
    return std::nullopt;
  }
  return body->bytes;
}

class Judge {
 public:
  Judge(World& world, node::Node& node, Ledger& ledger, const JudgeOptions& options)
      : world_(world), node_(node), ledger_(ledger), options_(options) {
    const auto kept = node::keep_catalogue(kv_, epochs_);
    check(kept.has_value(), "memory takes what is written");
  }

  std::uint64_t run() {
    read_journal();
    compare_digests();
    compare_indexes();
    compare_versions();
    compare_promises();
    judge_searches(model_, ledger_);
    return model_entries_;
  }

 private:
  template <class... Arguments>
  void wrong(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    ledger_.violated(fmt::format(text, std::forward<Arguments>(arguments)...));
  }

  void read_journal() {
    journal::Options journal_options;
    journal_options.segment_bytes = options_.segment_bytes;
    journal_options.access = journal::Access::inspect;
    const journal::Writer::Parts parts{world_.clock, world_.disk, world_.random, world_.sequencer};
    // Outside a job the simulated disk never makes a task wait.
    auto opened = run_to_end(journal::open(parts, journal_options));
    if (!opened) {
      wrong("the journal cannot be opened for inspection: {}", opened.error().what);
      return;
    }
    journal::Scrub scrub(opened->segments, world_.disk, journal::Scrub::Slack::skip_writable);
    const auto report = scrub.run();
    if (!report) {
      wrong("the journal cannot be scrubbed: {}", report.error().what);
    } else if (report->damage_count > 0) {
      wrong("the journal is damaged: {}", describe(report->damage.front(), journal_options));
    }
    auto cursor = opened->reader->from(Position{1});
    for (;;) {
      const auto record = cursor.next();
      if (!record) {
        wrong("entry {} cannot be read: {}", cursor.position().value, record.error().what);
        return;
      }
      if (!*record) {
        return;
      }
      if (!see((*record).value())) {
        return;
      }
    }
  }

  /// One entry: its time, the model, deciding again, folding again.
  bool see(const journal::Record& record) {
    const journal::Header& header = record.header;
    ++model_entries_;
    if (header.time < last_time_ || header.time.ms > options_.true_time.ms + clock_slack_ms) {
      wrong("entry {} has time {} after {}, while it is {}", header.position.value, header.time.ms,
            last_time_.ms, options_.true_time.ms);
      return false;
    }
    last_time_ = header.time;
    const apply::EntryFacts facts{header.position, header.time, header.hash};
    views::WorkLayer work(kv_.snapshot());
    if (static_cast<EntryKind>(header.kind) == EntryKind::command) {
      auto entry = node::decode_entry(record);
      if (!entry) {
        wrong("entry {} cannot be decoded: {}", header.position.value, entry.error().what);
        return false;
      }
      if (std::string text = model_.run(header.position.value, entry->first, entry->second);
          !text.empty()) {
        wrong("{}", text);
        return false;
      }
      if (!decide_again(header.position, *entry, work, facts)) {
        return false;
      }
    } else {
      auto ready = node::prepare_record(record, reader_, epochs_);
      const auto folded =
          ready ? node::fold_ready(work, folded_, *ready, {codec_, epochs_}, reader_, Bug::none)
                : Result<void>(std::unexpected(ready.error()));
      if (!folded) {
        wrong("entry {} cannot be folded: {}", header.position.value, folded.error().what);
        return false;
      }
      if (ready->kind == EntryKind::pathways) {
        auto read = node::load_pathways(work, folded_.state);
        check(read.has_value(), "what a node has taken can be read");
        pathways_.push_back(*std::move(read));
      }
    }
    const auto layer = std::move(work).freeze(header.position, header.position);
    const auto written = views::write_layer(kv_, *layer, codec_);
    check(written.has_value(), "memory takes what is written");
    return static_cast<EntryKind>(header.kind) != EntryKind::activation || make_indexes();
  }

  /// What was built in the background before searches went by it.
  bool make_indexes() {
    node::BuildCounts counts;
    node::IndexBuild build(kv_, codec_, epochs_, counts);
    for (bool more = true; more;) {
      const auto step = build.step();
      if (!step) {
        wrong("the indexes of new definitions: {}", step.error().what);
        return false;
      }
      more = *step;
    }
    return true;
  }

  bool decide_again(Position position, const std::pair<Command, Outcome>& entry,
                    views::WorkLayer& work, const apply::EntryFacts& facts) {
    const fhir::SearchParams& extracting = *epochs_.newest().params;
    auto prepared = decide::prepare(entry.first, reader_, extracting);
    if (!prepared) {
      wrong("entry {} cannot be prepared: {}", position.value, prepared.error().what);
      return false;
    }
    const decide::Rules rules{pathways_.empty() ? nullptr : pathways_.back().get(), facts.time};
    decide::note_signals(*prepared, rules.pathways, reader_);
    const auto outcome =
        decide::decide(work, codec_, *epochs_.at(folded_.state.active)->params, *prepared, rules);
    if (!outcome || *outcome != entry.second) {
      wrong("entry {}: deciding again gives {}", position.value,
            outcome ? "another outcome" : outcome.error().what);
      return false;
    }
    if (const auto made = decide::prepare_made(*prepared, *outcome, reader_, extracting); !made) {
      wrong("entry {}: what it makes cannot be read: {}", position.value, made.error().what);
      return false;
    }
    const auto composed = apply::compose(*prepared, *outcome, facts.time);
    const auto folded = node::fold_command(work, folded_, *prepared, *outcome, composed, facts,
                                           {codec_, reader_, extracting, Bug::none});
    if (!folded) {
      wrong("entry {} cannot be folded: {}", position.value, folded.error().what);
    }
    return folded.has_value();
  }

  /// Every index holds exactly what the bodies give, however often definitions changed, and
  /// wherever the build was cut.
  void compare_indexes() {
    const node::Moment moment = node_.view();
    if (moment.state.active != moment.state.definitions) {
      wrong("searches go by the definitions of entry {}, half a minute after those of entry {}",
            moment.state.active.value, moment.state.definitions.value);
      return;
    }
    const auto sums = views::sum_indexes(*moment.reader, node_.codec(), node_.extracting());
    if (!sums || sums->computed != sums->stored) {
      wrong("the indexes hold {} postings where {} belong, or other ones",
            sums ? sums->stored.postings : 0, sums ? sums->computed.postings : 0);
    }
  }

  void compare_digests() {
    const node::Moment moment = node_.view();
    const auto facts = views::digest_of_view(*moment.reader, node_.codec());
    if (!facts) {
      wrong("the view contradicts itself: {}", facts.error().what);
      return;
    }
    if (facts->digest != moment.state.digest || facts->resources != moment.state.resources) {
      wrong("the view's rows have digest {}, its state says {}", facts->digest.hex(),
            moment.state.digest.hex());
    }
    if (folded_.state.position != moment.state.position ||
        folded_.state.chain != moment.state.chain || folded_.state.digest != moment.state.digest) {
      wrong("folding the journal anew gives position {} digest {}, live is {} {}",
            folded_.state.position.value, folded_.state.digest.hex(), moment.state.position.value,
            moment.state.digest.hex());
    }
  }

  void compare_versions() {
    const node::Moment moment = node_.view();
    const std::set<std::string> refused(ledger_.refused_tags.begin(), ledger_.refused_tags.end());
    for (const auto& [name, versions] : model_.resources()) {
      for (std::uint64_t i = 0; i < versions.size(); ++i) {
        const ModelVersion& version = versions[i];
        const auto body = stored_body(*moment.reader, node_.codec(), name, i + 1);
        if (!body || body->empty() != version.deleted) {
          wrong("{} version {} is in the journal and cannot be read", name, i + 1);
          continue;
        }
        if (!version.deleted && (member_text(*body, "display") != version.tag ||
                                 member_texts(*body, "reference") != version.references)) {
          wrong("{} version {} is not what was sent: {}", name, i + 1, body->substr(0, 400));
        }
        if (!version.tag.empty() && refused.contains(version.tag)) {
          wrong("{} version {} was refused and is there", name, i + 1);
        }
      }
      const auto [type, id] = split(name);
      const auto current = views::read_current(*moment.reader, type, id);
      if (!current || !*current || (*current)->version.value != versions.size()) {
        wrong("{}: {} is not its current version", name, versions.size());
      }
    }
  }

  void compare_promises() {
    for (const Promise& promise : ledger_.promises) {
      const auto found = model_.resources().find(promise.name);
      if (found == model_.resources().end() || found->second.size() < promise.version) {
        wrong("{} version {} was promised and is lost", promise.name, promise.version);
        continue;
      }
      const ModelVersion& version = found->second[promise.version - 1];
      if (!promise.tag.empty() && version.tag != promise.tag) {
        wrong("{} version {} was promised with {} and holds {}", promise.name, promise.version,
              promise.tag, version.tag);
      }
      if (version.deleted != promise.removed) {
        wrong("{} version {} was promised {}", promise.name, promise.version,
              promise.removed ? "removed" : "there");
      }
    }
  }

  World& world_;
  node::Node& node_;
  Ledger& ledger_;
  const JudgeOptions& options_;
  Model model_;
  std::uint64_t model_entries_ = 0;
  Time last_time_{};
  views::MemKv kv_;
  views::BodyCodec codec_;
  fhir::JsonReader reader_;
  node::Epochs epochs_;
  std::vector<std::shared_ptr<const pathway::Definitions>> pathways_;  ///< that were in force
  node::Folded folded_;
};

}  // namespace

void judge_promises(node::Node& node, Ledger& ledger) {
  const node::Moment moment = node.view();
  for (const Promise& promise : ledger.promises) {
    const auto body = stored_body(*moment.reader, node.codec(), promise.name, promise.version);
    if (!body) {
      ledger.violated(fmt::format("{} version {} was promised at position {} and cannot be read",
                                  promise.name, promise.version, promise.position));
    } else if (!promise.tag.empty() && member_text(*body, "display") != promise.tag) {
      ledger.violated(fmt::format("{} version {} was promised with other content", promise.name,
                                  promise.version));
    }
  }
}

std::uint64_t judge_all(World& world, node::Node& node, Ledger& ledger,
                        const JudgeOptions& options) {
  return Judge(world, node, ledger, options).run();
}

}  // namespace holdfast::sim
