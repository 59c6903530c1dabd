#include "node/sequencer.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "decide/decide.h"
#include "node/batch.h"
#include "views/messages.h"
#include "views/requests.h"

namespace holdfast::node {
namespace {

/// Operations decided before a batch is closed although more waits: bounds how long the first of
/// them waits for its answer.
constexpr std::size_t batch_operations_max = 16'384;

/// No Outcome of this Command is longer: ids and targets are at most 64 + type name bytes.
std::uint64_t outcome_bytes_bound(const decide::Prepared& prepared) {
  std::uint64_t bytes = 16 + 15 * prepared.command.deliveries.size();
  for (const decide::PreparedOperation& operation : prepared.operations) {
    bytes += 96 + operation.sites.sites.size() * 112;
  }
  return bytes;
}

}  // namespace

Sequencer::Sequencer(SequencerParts parts, views::Kv& kv)
    : world_(std::move(parts.world)),
      options_(parts.options),
      behind_(std::move(parts.behind)),
      opening_(std::move(parts.journal.report)),
      reader_(std::move(parts.journal.reader)),
      writer_(std::move(parts.journal.writer)),
      codec_(std::move(parts.codec)),
      bodies_(options_.body_cache_bytes, options_.planted),
      epochs_(std::move(parts.epochs)),
      kv_(kv, options_.hot_keys_bytes_max, options_.planted),
      published_(kv_, *codec_),
      applier_({world_.background, world_.sequencer, kv_, published_, counts_, *codec_,
                [this](Bytes dictionary) {  // not taken: trained again after the next start
                  push_note(EntryKind::dictionary, std::move(dictionary));
                },
                *epochs_,
                [this](const Activation& activation) {
                  return push_note(EntryKind::activation, encode(activation));
                }},
               options_.unflushed_bytes_max),
      folded_(std::move(parts.folded)),
      clock_(world_.clock, folded_.state.time, options_.accept_clock, options_.planted),
      budget_(options_.ingest_bytes_max),
      hot_lists_({.bytes_max = options_.hot_lists_bytes_max, .planted = options_.planted}),
      signing_key_(std::move(parts.signing_key)),
      community_(parts.journal.community),
      link_secret_(std::move(parts.link_secret)),
      queue_(world_.sequencer, options_.queue_max),
      ended_(world_.sequencer) {
  if (parts.pathways) {
    pathway_sets_.push_back(std::move(parts.pathways));
    pathways_ = pathway_sets_.back().get();
  }
  if (!writer_) {
    health_.writes_refused =
        "the journal is damaged; `holdfast verify` names the places: restore from a copy before "
        "writing again";
    health_.reads_degraded = behind_;
    health_.fatal = Fatal::no;  // what is proved can be read
  }
}

Task<Result<void>> Sequencer::start() {
  applier_.start();
  if (!writer_) {
    co_return ok();
  }
  for (const journal::Torn& torn : opening_.torn) {
    Batch batch(published_.current(), folded_);
    batch.time = clock_.next();
    const Bytes text = fmt::format(
        "opening cut bytes that were never acknowledged: {} offset {}, from entry {} on", torn.file,
        torn.offset, torn.position.value);
    journal::Entry entry;
    entry.time = batch.time;
    entry.kind = static_cast<std::uint16_t>(EntryKind::audit);
    entry.command = text;
    entry.command_hash = sha256(text);
    entry.outcome_hash = sha256(BytesView());
    CO_TRY(const auto appended, writer_->append(entry));
    const apply::EntryFacts facts{appended.position, batch.time, appended.hash};
    CO_TRY_OK(fold_other(batch.work, batch.folded, EntryKind::audit, text, facts));
    ++batch.entries;
    CO_TRY_OK(co_await writer_->commit());
    publish(batch);
    CO_TRY_OK(co_await writer_->audited(torn.file));
  }
  world_.sequencer.spawn(run());
  applier_.wake();
  arm_seal();
  arm_preparation();
  co_return ok();
}

Task<Result<Committed>> Sequencer::submit(Executor& from, decide::Prepared prepared) {
  ++counts_.commands;
  CO_TRY_OK(writable());
  if (options_.routes != nullptr) {
    options_.routes->route(prepared);
  }
  decide::note_signals(prepared, pathways_.load(), *readers_.take());
  Submission submission(from, std::move(prepared));
  submission.packed = pack(encode(submission.prepared.command));
  Work work;
  work.submission = &submission;
  const bool taken = co_await queue_.push(from, std::move(work));
  if (!taken) {
    co_return fail(Code::unavailable, "this server is stopping; send the same again to the next");
  }
  Result<Committed> committed = co_await submission.answer;
  if (committed && committed->repeated && committed->outcome.results.empty()) {
    // The key was used by an entry of an earlier batch: its Outcome is in the journal.
    CO_TRY(const auto record, reader_->read(committed->position));
    CO_TRY(auto entry, decode_entry(record));
    committed->outcome = std::move(entry.second);
    committed->time = record.header.time;
  }
  co_return committed;
}

Task<void> Sequencer::run() {
  for (;;) {
    const std::vector<Work> works = co_await queue_.pop_all();
    if (works.empty()) {
      break;
    }
    co_await run_works(works);
  }
  ended_.set(ok());
}

Task<void> Sequencer::run_works(const std::vector<Work>& works) {
  std::size_t next = 0;
  while (next < works.size()) {
    const auto room = co_await make_room();
    if (!room) {
      refuse(works, next, room.error());
      break;
    }
    Batch batch(published_.current(), folded_);
    take(works, next, batch);
    co_await finish(batch);
    if (batch.seal && next == works.size()) {
      co_await seal_when_idle();
    }
  }
  arm_seal();
  arm_preparation();
}

Task<Result<void>> Sequencer::make_room() {
  while (published_.layer_bytes() > options_.overlay_bytes_max && applier_.failure().empty()) {
    if (std::string stalled = applier_.stalled(); !stalled.empty()) {
      co_return fail(Code::no_space, std::move(stalled));
    }
    applier_.wake();
    co_await applier_.drained();
  }
  co_return ok();
}

void Sequencer::refuse(const std::vector<Work>& works, std::size_t from, const Error& why) {
  note_refusal(why);
  for (std::size_t i = from; i < works.size(); ++i) {
    if (works[i].submission != nullptr) {
      works[i].submission->answer.set(fail(why));
    } else if (works[i].note && works[i].note->answer != nullptr) {
      works[i].note->answer->set(fail(why));
    } else if (works[i].note && works[i].note->kind == EntryKind::activation) {
      applier_.offer_again();
    }
  }
}

void Sequencer::take(const std::vector<Work>& works, std::size_t& next, Batch& batch) {
  batch.time = clock_.next();
  for (; next < works.size(); ++next) {
    if (works[next].note) {
      if (!batch.answers.empty()) {
        return;
      }
      append_note(works[next++].note, batch);
      return;
    }
    if (works[next].submission == nullptr) {
      batch.seal = true;
      continue;
    }
    Submission& submission = *works[next].submission;
    const std::size_t operations = submission.prepared.command.operations.size();
    if (batch.entries > 0 && (operations > options_.small_operations_max ||
                              batch.operations + operations > batch_operations_max ||
                              !writer_->fits(submission.packed.bytes.size(),
                                             outcome_bytes_bound(submission.prepared)))) {
      return;
    }
    auto decided = decide_one(submission, batch);
    if (decided && !*decided) {
      return;  // it begins the next batch, and is decided again
    }
    batch.operations += operations;
    batch.answers.emplace_back(&submission, decided ? Result<Committed>(**std::move(decided))
                                                    : fail(std::move(decided).error()));
  }
}

Result<std::optional<Committed>> Sequencer::decide_one(Submission& submission, Batch& batch) {
  const Command& command = submission.prepared.command;
  if (command.key_origin == KeyOrigin::given) {
    TRY(const auto before, views::read_request(batch.work, command.key));
    if (before) {
      if (before->request_hash != command.request_hash) {
        return fail(Code::key_reused,
                    "this Idempotency-Key was used before for another request; draw a new key");
      }
      ++counts_.repeated;
      Committed committed;
      committed.position = before->position;
      committed.repeated = true;
      return committed;
    }
  }
  if (command.message && command.message->attempt == 1 &&
      options_.planted != Bug::take_message_twice) {
    TRY(const auto known,
        views::read_message(batch.work, {command.message->neighbour, command.message->control_id,
                                         command.request_hash}));
    if (known.newest) {
      ++counts_.repeated;
      Committed committed;
      committed.position = known.newest->position;
      committed.repeated = true;
      return committed;
    }
  }
  if (!decide::is_prepared_under(submission.prepared, extracting())) {
    TRY(submission.prepared,
        decide::prepare(std::move(submission.prepared.command), json_reader_, extracting()));
  }
  const Epoch* const active = epochs_->at(batch.folded.state.active);
  check(active != nullptr, "what is active has been learnt");
  const decide::Rules rules{pathways_.load(), batch.time};
  decide::note_signals(submission.prepared, rules.pathways, json_reader_);
  auto outcome = decide::decide(batch.work, *codec_, *active->params, submission.prepared, rules,
                                options_.planted);
  if (!outcome) {
    ++counts_.refused;
    return fail(std::move(outcome).error());
  }
  if (!outcome->changes() && command.key_origin == KeyOrigin::drawn && !command.message) {
    ++counts_.unchanged;
    return Committed{batch.folded.state.position, batch.time, *std::move(outcome), false};
  }
  TRY_OK(decide::prepare_made(submission.prepared, *outcome, json_reader_, extracting()));
  return append_one(submission, batch, *std::move(outcome));
}

Result<std::optional<Committed>> Sequencer::append_one(Submission& submission, Batch& batch,
                                                       Outcome outcome) {
  const Bytes encoded = encode(outcome);
  if (!writer_->fits(submission.packed.bytes.size(), encoded.size())) {
    return std::nullopt;  // what it makes is larger than anybody could know beforehand
  }
  const Command& command = submission.prepared.command;
  journal::Entry entry;
  entry.time = batch.time;
  entry.kind = static_cast<std::uint16_t>(EntryKind::command);
  entry.flags = static_cast<std::uint16_t>(submission.packed.stored);
  std::copy(command.key.bytes.begin(), command.key.bytes.end(), entry.key.bytes.begin());
  entry.command = submission.packed.bytes;
  entry.command_hash = submission.packed.hash;
  entry.outcome = encoded;
  entry.outcome_hash = sha256(encoded);
  auto appended = writer_->append(entry);
  if (!appended) {
    note_refusal(appended.error());
    return fail(std::move(appended).error());
  }
  const apply::EntryFacts facts{appended->position, batch.time, appended->hash};
  const auto composed = apply::compose(submission.prepared, outcome, facts.time);
  const auto applied =
      fold_command(batch.work, batch.folded, submission.prepared, outcome, composed, facts,
                   {*codec_, json_reader_, extracting(), options_.planted});
  // Staged but not applicable: a view that contradicts the journal. Stop before anyone is told.
  check(applied.has_value(), applied ? "" : applied.error().what.c_str());
  for (const MadeDuty& made : duties_of(command, outcome)) {
    if (std::ranges::find(batch.owed, made.channel) == batch.owed.end()) {
      batch.owed.emplace_back(made.channel);
    }
  }
  ++batch.entries;
  counts_.journal_bytes += journal::record_bytes(entry.command.size(), entry.outcome.size());
  return Committed{appended->position, batch.time, std::move(outcome), false};
}

Task<void> Sequencer::finish(Batch& batch) {
  ++activity_;
  if (options_.planted == Bug::reply_before_sync) {
    answer(batch);
  }
  if (batch.entries > 0) {
    const auto committed = co_await writer_->commit();
    ++counts_.syncs;
    if (!committed) {
      note_refusal(committed.error());
      for (auto& [submission, result] : batch.answers) {
        result = fail(committed.error());
      }
      batch.note_answer = fail(committed.error());
    } else {
      publish(batch);
    }
  }
  answer(batch);
  if (batch.entries > 0) {
    applier_.wake();  // behind the answers: they are what somebody waits for
  }
}

void Sequencer::publish(Batch& batch) {
  if (batch.epoch) {
    epochs_->add(batch.folded.state.position, std::move(batch.epoch));
  } else if (batch.pathways) {
    pathway_sets_.push_back(std::move(batch.pathways));
    pathways_ = pathway_sets_.back().get();
  } else if (batch.note && batch.note->kind == EntryKind::dictionary) {
    const auto learned = learn(*codec_, batch.folded.state.position, batch.note->payload);
    check(learned.has_value(), "zstd takes the dictionary that it trained");
    applier_.compress_up_to(folded_.state.last_row);
  }
  const Position first = folded_.state.position.next();
  clock_.entry_has(batch.time);
  folded_ = std::move(batch.folded);
  published_.add(std::move(batch.work).freeze(first, folded_.state.position));
  if (OutboxWatcher* const watcher = watcher_; watcher != nullptr) {
    for (const std::string& channel : batch.owed) {
      watcher->owed(channel);
    }
  }
  ++counts_.batches;
  counts_.entries += batch.entries;
  counts_.operations += batch.operations;
  const std::scoped_lock lock(health_mutex_);
  health_.writes_refused.clear();
  health_.clock = clock_.health();
  health_.clock_lead = clock_.lead();
}

void Sequencer::answer(Batch& batch) {
  for (auto& [submission, result] : batch.answers) {
    submission->answer.set(std::move(result));
  }
  batch.answers.clear();
  if (!batch.note || std::exchange(batch.note_answered, true)) {
    return;
  }
  if (batch.note->answer != nullptr) {
    batch.note->answer->set(batch.note_answer);
  } else if (batch.note->kind == EntryKind::activation && !batch.note_answer) {
    applier_.offer_again();
  }
}

void Sequencer::note_refusal(const Error& error) {
  const std::scoped_lock lock(health_mutex_);
  health_.writes_refused = error.what;
  if (writer_->failure()) {
    health_.fatal = Fatal::yes;
  }
}

}  // namespace holdfast::node
