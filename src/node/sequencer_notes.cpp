// node/sequencer_notes.cpp: entries that are no commands: dictionaries, definitions, activations.
#include "base/check.h"
#include "node/batch.h"

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
  CO_TRY_OK(writable());
  auto note = std::make_shared<Note>();
  note->kind = EntryKind::definitions;
  CO_TRY(note->payload, encode_definitions(search_parameters));
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
