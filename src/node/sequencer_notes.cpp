// node/sequencer_notes.cpp: entries that are no commands: dictionaries, definitions, activations.
#include "base/check.h"
#include "base/local_time.h"
#include "node/batch.h"
#include "views/items.h"

namespace holdfast::node {

bool Sequencer::push_note(EntryKind kind, Bytes payload) {
  auto note = std::make_shared<Note>();
  note->kind = kind;
  note->payload = std::move(payload);
  Work work;
  work.note = std::move(note);
  return queue_.try_push(std::move(work));
}

Task<Result<Position>> Sequencer::define(Executor& from, std::vector<Bytes> search_parameters) {
  CO_TRY(Bytes payload, encode_definitions(search_parameters));
  co_return co_await submit_note(from, EntryKind::definitions, std::move(payload));
}

Task<Result<Position>> Sequencer::define_pathways(Executor& from,
                                                  std::vector<pathway::File> files) {
  files = pathway::with_clinical_tables(std::move(files), pathways_.load());
  CO_TRY(const auto read, pathway::Definitions::read(std::move(files)));  // before anybody waits
  co_return co_await submit_note(from, EntryKind::pathways, pathway::encode_files(read->files()));
}

Task<Result<Position>> Sequencer::submit_note(Executor& from, EntryKind kind, Bytes payload) {
  CO_TRY_OK(writable());
  auto note = std::make_shared<Note>();
  note->kind = kind;
  note->payload = std::move(payload);
  Answer<Result<Position>> answer(from);
  note->answer = &answer;
  Work work;
  work.note = std::move(note);
  const bool taken = co_await queue_.push(from, std::move(work));
  if (!taken) {
    co_return fail(Code::unavailable, "this server is stopping; send the same again to the next");
  }
  co_return co_await answer;
}

Result<std::shared_ptr<const pathway::Definitions>> Sequencer::read_pathways(
    const Note& note, const Batch& batch) const {
  TRY(auto files, pathway::decode_files(note.payload));
  const pathway::Definitions* const now = pathways_.load();
  if (now != nullptr && now->files() == files) {
    return nullptr;
  }
  TRY(auto next, pathway::Definitions::read(std::move(files)));
  TRY(const auto states, views::read_states(batch.work));
  std::vector<pathway::InUse> in_use;
  for (const views::StateCount& one : states) {
    in_use.push_back({one.pathway, one.state, one.open});
  }
  TRY_OK(pathway::check_change(now, *next, in_use, to_local(batch.time).day));
  return next;
}

void Sequencer::append_note(const std::shared_ptr<const Note>& note, Batch& batch) {
  batch.note = note;
  batch.note_answer = write_note(*note, batch);
}

Result<Position> Sequencer::write_note(const Note& note, Batch& batch) {
  const views::State& state = batch.folded.state;
  if (note.kind == EntryKind::definitions) {
    if (note.payload == epochs_->newest().payload) {
      return state.definitions;
    }
    TRY(batch.epoch, epochs_->compile(note.payload));
  } else if (note.kind == EntryKind::activation) {
    TRY(const Activation activation, decode_activation(note.payload));
    if (activation.definitions != state.definitions || state.active == state.definitions) {
      return state.active;  // there are newer definitions by now
    }
  }
  if (note.kind == EntryKind::pathways) {
    TRY(batch.pathways, read_pathways(note, batch));
    if (!batch.pathways) {
      return state.pathways;
    }
  }
  const Packed packed = pack(note.payload);
  journal::Entry entry;
  entry.time = batch.time;
  entry.kind = static_cast<std::uint16_t>(note.kind);
  entry.flags = static_cast<std::uint16_t>(packed.stored);
  entry.command = packed.bytes;
  entry.command_hash = packed.hash;
  entry.outcome_hash = sha256(BytesView());
  auto appended = writer_->append(entry);
  if (!appended) {
    batch.epoch.reset();
    batch.pathways.reset();
    note_refusal(appended.error());
    return fail(std::move(appended).error());
  }
  const apply::EntryFacts facts{appended->position, batch.time, appended->hash};
  const auto folded =
      fold_other(batch.work, batch.folded, note.kind, note.payload, facts, batch.epoch.get());
  check(folded.has_value(), "a note changes no resource");
  ++batch.entries;
  return facts.position;
}

}  // namespace holdfast::node
