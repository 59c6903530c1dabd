// node/sequencer.h: a Node over a journal and a Kv.
// 1. One coroutine on the sequencer's executor takes everything that waits, decides it in order
//    against view plus what it has decided before, and stages it as one batch.
// 2. The batch is durable by one sync. Only then is its layer published, and only after that does
//    anybody get an answer, the refused ones too: what they were refused for must be durable.
// 3. A batch that did not become durable leaves no trace in memory: its layer, state, tree and
//    clock are dropped together.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "fhir/json.h"
#include "fhir/reader_pool.h"
#include "journal/checkpoint.h"
#include "journal/open.h"
#include "node/applier.h"
#include "node/entry_clock.h"
#include "node/fold.h"
#include "node/node.h"
#include "node/payload.h"
#include "pathway/definition.h"
#include "views/hot_kv.h"
#include "views/view.h"

namespace holdfast::node {

/// What open() has put together.
struct SequencerParts {
  World world;
  Options options;
  journal::Opened journal;
  std::unique_ptr<views::BodyCodec> codec;
  std::unique_ptr<Epochs> epochs;
  Folded folded;
  journal::SigningKey signing_key;
  Bytes link_secret;
  std::string behind;                                    ///< as Moment::behind
  std::shared_ptr<const pathway::Definitions> pathways;  ///< in force; null: none
};

class Sequencer final : public Node {
 public:
  Sequencer(SequencerParts parts, views::Kv& kv);
  ~Sequencer() override = default;

  /// Journals that opening cut torn bytes, then begins to take commands.
  Task<Result<void>> start();

  Task<Result<Committed>> submit(Executor& from, decide::Prepared prepared) override;
  Task<Result<Position>> define(Executor& from, std::vector<Bytes> search_parameters) override;
  [[nodiscard]] const fhir::SearchParams& extracting() const override {
    return *epochs_->newest().params;
  }
  [[nodiscard]] const fhir::SearchParams* definitions(Position epoch) const override {
    const Epoch* const found = epochs_->at(epoch);
    return found == nullptr ? nullptr : found->params.get();
  }
  Task<Result<Position>> define_pathways(Executor& from, std::vector<pathway::File> files) override;
  [[nodiscard]] const pathway::Definitions* pathways() const override { return pathways_.load(); }
  void watch(OutboxWatcher* watcher) override { watcher_ = watcher; }
  [[nodiscard]] Moment view() const override;
  Task<Result<void>> drain() override;
  [[nodiscard]] Result<std::pair<Command, Outcome>> read_entry(Position position) override;
  [[nodiscard]] Result<journal::Record> read_record(Position position) override;
  [[nodiscard]] Result<Time> entry_time(Position position) override;
  [[nodiscard]] Result<std::string> checkpoint() override {
    return checkpoint_at(view().state.position);
  }
  [[nodiscard]] Result<std::string> checkpoint_at(Position last) override;
  [[nodiscard]] Result<std::vector<Hash>> inclusion_proof(Position position,
                                                          std::uint64_t size) override;
  [[nodiscard]] Result<std::vector<Hash>> consistency_proof(std::uint64_t from,
                                                            std::uint64_t to) override;
  [[nodiscard]] Result<std::string> sign_statement(std::string_view text) override;
  [[nodiscard]] std::string verifier() const override { return signing_key_.verifier().text(); }
  [[nodiscard]] journal::Community community() const override { return community_; }
  [[nodiscard]] Health health() const override;
  [[nodiscard]] const Counts& counts() const override { return counts_; }
  [[nodiscard]] Load load() const override {
    return {queue_.size(),
            options_.queue_max,
            published_.layer_bytes(),
            options_.overlay_bytes_max,
            bodies_.bytes(),
            applier_.rows_to_compress(),
            applier_.build_counts().resources,
            applier_.build_counts().of};
  }
  [[nodiscard]] Budget& budget() override { return budget_; }
  [[nodiscard]] const views::BodyCodec& codec() const override { return *codec_; }
  [[nodiscard]] views::BodyCache& bodies() override { return bodies_; }
  [[nodiscard]] search::HotLists& hot_lists() override { return hot_lists_; }
  [[nodiscard]] BytesView link_secret() const override { return link_secret_; }

 private:
  struct Submission;
  struct Batch;
  /// An entry that is no command: a dictionary, definitions, their activation.
  struct Note {
    EntryKind kind = EntryKind::dictionary;
    Bytes payload;
    Answer<Result<Position>>* answer = nullptr;  ///< for whoever waits
  };
  /// What the sequencer is asked to do: a submission, a note, or else a seal.
  struct Work {
    Submission* submission = nullptr;
    std::shared_ptr<const Note> note;
  };

  Task<void> run();
  Task<void> run_works(const std::vector<Work>& works);
  void take(const std::vector<Work>& works, std::size_t& next, Batch& batch);
  /// Nothing: it does not fit into this batch; an empty one takes it.
  Result<std::optional<Committed>> decide_one(Submission& submission, Batch& batch);
  Result<std::optional<Committed>> append_one(Submission& submission, Batch& batch,
                                              Outcome outcome);
  /// As a batch of its own.
  void append_note(const std::shared_ptr<const Note>& note, Batch& batch);
  Result<Position> write_note(const Note& note, Batch& batch);
  /// That they may follow those in force. Nothing: they are in force.
  Result<std::shared_ptr<const pathway::Definitions>> read_pathways(const Note& note,
                                                                    const Batch& batch) const;
  Task<Result<Position>> submit_note(Executor& from, EntryKind kind, Bytes payload);
  bool push_note(EntryKind kind, Bytes payload);
  Task<void> finish(Batch& batch);
  void publish(Batch& batch);
  void answer(Batch& batch);
  /// Waits until the overlay has room. Code::no_space while it cannot have any.
  Task<Result<void>> make_room();
  void refuse(const std::vector<Work>& works, std::size_t from, const Error& why);
  Task<void> seal_when_idle();
  void arm_seal();
  void arm_preparation();
  Task<void> prepare_segments();
  void note_refusal(const Error& error);
  Result<void> writable() const;

  World world_;
  const Options options_;
  const std::string behind_;
  journal::OpeningReport opening_;
  std::unique_ptr<journal::Reader> reader_;
  std::unique_ptr<journal::Writer> writer_;  ///< none: the journal is damaged, read-only
  std::unique_ptr<views::BodyCodec> codec_;
  views::BodyCache bodies_;
  std::unique_ptr<Epochs> epochs_;
  views::HotKv kv_;
  views::Published published_;
  Counts counts_;
  Applier applier_;
  Folded folded_;  ///< of what is published; the sequencer's
  EntryClock clock_;
  fhir::JsonReader json_reader_;  ///< the sequencer's
  Budget budget_;
  search::HotLists hot_lists_;
  const journal::SigningKey signing_key_;
  const journal::Community community_;
  const Bytes link_secret_;
  Queue<Work> queue_;
  std::atomic<OutboxWatcher*> watcher_ = nullptr;
  std::vector<std::shared_ptr<const pathway::Definitions>> pathway_sets_;  ///< all that were
  std::atomic<const pathway::Definitions*> pathways_ = nullptr;            ///< in force
  fhir::ReaderPool readers_;  ///< for bodies that pathways look at
  Answer<Result<void>> ended_;
  std::uint64_t activity_ = 0;  ///< batches so far, to see idleness by
  bool seal_armed_ = false;
  bool preparing_ = false;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  ///< timers look before they touch us

  mutable std::mutex moment_mutex_;
  mutable std::shared_ptr<const views::View> moment_view_;
  mutable views::State moment_state_;
  mutable std::mutex health_mutex_;
  Health health_;
};

}  // namespace holdfast::node
