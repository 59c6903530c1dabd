// node/node.h: the one place where order is made: submit -> decide -> journal -> apply -> publish.
// submit() answers only when the entry is durable and applied, so that whoever reads view()
// afterwards sees it; an answer that says no is given no earlier than what it rests on is durable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/planted.h"
#include "decide/prepared.h"
#include "fhir/search_params.h"
#include "journal/record.h"
#include "model/command.h"
#include "model/outcome.h"
#include "node/counts.h"
#include "node/entry_clock.h"
#include "node/outbox_hooks.h"
#include "search/hot_lists.h"
#include "views/body.h"
#include "views/body_cache.h"
#include "views/kv.h"
#include "views/state.h"
#include "world/queue.h"
#include "world/world.h"

namespace holdfast::pathway {
class Definitions;
struct File;
}  // namespace holdfast::pathway

namespace holdfast::node {

struct Options {
  std::uint64_t ingest_bytes_max = std::uint64_t{128} << 20U;    ///< admission, all doors
  std::uint64_t overlay_bytes_max = std::uint64_t{64} << 20U;    ///< published, not yet in Kv
  std::uint64_t unflushed_bytes_max = std::uint64_t{96} << 20U;  ///< bounds the replayed tail
  std::uint64_t body_cache_bytes = std::uint64_t{64} << 20U;     ///< unpacked bodies; 0: none
  std::uint64_t segment_bytes = std::uint64_t{64} << 20U;
  std::size_t queue_max = 8192;  ///< commands that wait
  /// A command of more operations begins a batch: what came before it is not kept waiting.
  std::size_t small_operations_max = 256;
  Duration seal_after = milliseconds(10);
  std::size_t hot_lists_bytes_max = std::size_t{16} << 20U;  ///< posting lists as sets of rows
  std::size_t hot_keys_bytes_max = std::size_t{16} << 20U;   ///< keys that searches read often
  AcceptClock accept_clock = AcceptClock::no;
  const Routes* routes = nullptr;  ///< outlives the node; null: nothing is owed to anybody
  Bug planted = Bug::none;
};

/// A Command that is durable and applied (or that needed no entry because nothing changed).
struct Committed {
  Position position;  ///< of its entry; of the last entry before it where nothing changed
  Time time;
  Outcome outcome;
  bool repeated = false;  ///< the key was used before: this is that Outcome, nothing new happened
};

/// One moment of the record. Immutable; from any thread.
struct Moment {
  std::shared_ptr<const views::Reader> reader;
  views::State state;
  /// Why entries that were acknowledged may be missing at its end: the journal is damaged there,
  /// and the views had not got so far. A version that is found is right; what is current, what
  /// there is and what there is not cannot be told. Empty on a sound node. As long-lived as the
  /// node.
  std::string_view behind{};
  /// The definitions that searches go by. Never null; as long-lived as the node.
  const fhir::SearchParams* params = nullptr;
};

enum class Fatal : std::uint8_t { no, yes };

/// Why writes or reads are refused, in words for a person; empty when they are not.
struct Health {
  std::string writes_refused;
  std::string reads_degraded;
  Fatal fatal = Fatal::no;  ///< it will not heal: log, stop, and let an operator look
  ClockHealth clock = ClockHealth::good;
  Duration clock_lead{};
  std::string indexes;  ///< what is wrong with those that new definitions need; searches are right
};

/// What waits inside, against its bounds. Each grows when the step after it falls behind.
struct Load {
  std::size_t waiting = 0;          ///< commands not decided yet
  std::size_t waiting_max = 0;      ///< more wait outside
  std::uint64_t overlay_bytes = 0;  ///< published, not yet in the Kv
  std::uint64_t overlay_bytes_max = 0;
  std::uint64_t body_cache_bytes = 0;  ///< bodies() holds so much
  std::uint64_t rows_to_compress = 0;  ///< bodies written before there was a dictionary
  std::uint64_t indexed = 0;     ///< resources read for indexes that are being made, in two passes
  std::uint64_t indexed_of = 0;  ///< of so many; 0: none are
};

class Node {
 public:
  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  virtual ~Node() = default;

  /// Decides and makes durable. From any executor; comes back on `from`.
  /// The refusals of decide; Code::key_reused; Code::unavailable or no_space when nothing can be
  /// written (nothing happened then, as far as a later reader will ever see).
  virtual Task<Result<Committed>> submit(Executor& from, decide::Prepared prepared) = 0;

  /// Changes the search parameters beside those that are built in to exactly these SearchParameter
  /// resources, and answers when that is durable, with its position; searches go by them when their
  /// indexes are made (Moment::state, `active`). The position they have where they are the newest
  /// already. Code::value, syntax, too_large name what cannot be used. As submit() otherwise.
  virtual Task<Result<Position>> define(Executor& from, std::vector<Bytes> search_parameters) = 0;
  /// The definitions to prepare commands under. As long-lived as the node. From any thread.
  [[nodiscard]] virtual const fhir::SearchParams& extracting() const = 0;
  /// The definitions under that name (Moment::state, `active`); null if this record never had them.
  [[nodiscard]] virtual const fhir::SearchParams* definitions(Position epoch) const = 0;

  /// Brings other definitions of pathways into force, and answers when that is durable; the
  /// position they have where they are in force already. Code::usage names what is wrong with a
  /// file, invariant why they may not follow those in force (pathway::check_change). As submit()
  /// otherwise.
  virtual Task<Result<Position>> define_pathways(Executor& from,
                                                 std::vector<pathway::File> files) = 0;
  /// Those in force; null before the first. As long-lived as the node. From any thread.
  [[nodiscard]] virtual const pathway::Definitions* pathways() const = 0;

  /// From now on `watcher` hears what is owed; null: nobody does. It outlives the node, or the
  /// executors of its world. From any thread.
  virtual void watch(OutboxWatcher* watcher) = 0;

  /// What is published now: every acknowledged entry and nothing that is not durable.
  [[nodiscard]] virtual Moment view() const = 0;

  /// Takes no more commands, finishes those it has, moves everything into the Kv, flushes, seals.
  /// Runs on the sequencer's executor.
  virtual Task<Result<void>> drain() = 0;

  /// The Outcome and Command of an entry, from the journal. From any thread.
  [[nodiscard]] virtual Result<std::pair<Command, Outcome>> read_entry(Position position) = 0;
  /// An entry of any kind as it lies in the journal, verified. From any thread.
  [[nodiscard]] virtual Result<journal::Record> read_record(Position position) = 0;
  /// When an entry of any kind was made. From any thread.
  [[nodiscard]] virtual Result<Time> entry_time(Position position) = 0;

  /// Signed statement of what is durable now; proofs under it (RFC 6962 section 2.1).
  [[nodiscard]] virtual Result<std::string> checkpoint() = 0;
  /// The same of the journal as it was with that entry as the last. Code::value for one to come.
  [[nodiscard]] virtual Result<std::string> checkpoint_at(Position last) = 0;
  [[nodiscard]] virtual Result<std::vector<Hash>> inclusion_proof(Position position,
                                                                  std::uint64_t size) = 0;
  [[nodiscard]] virtual Result<std::vector<Hash>> consistency_proof(std::uint64_t from,
                                                                    std::uint64_t to) = 0;
  /// `text` as a note that the key of the checkpoints has signed (journal/checkpoint.h). Its first
  /// line has a blank in it, so that it is never taken for a checkpoint (check).
  [[nodiscard]] virtual Result<std::string> sign_statement(std::string_view text) = 0;
  /// The key that verifies them, as other tools write it; and what entries are hashed with.
  [[nodiscard]] virtual std::string verifier() const = 0;
  [[nodiscard]] virtual journal::Community community() const = 0;

  [[nodiscard]] virtual Health health() const = 0;
  [[nodiscard]] virtual const Counts& counts() const = 0;
  [[nodiscard]] virtual Load load() const = 0;
  [[nodiscard]] virtual Budget& budget() = 0;
  /// Decodes the bodies in view().
  [[nodiscard]] virtual const views::BodyCodec& codec() const = 0;
  /// Bodies of view() that were read lately. Not for decide, which sees more than that.
  [[nodiscard]] virtual views::BodyCache& bodies() = 0;
  /// For searches of what view() gave. From any thread.
  [[nodiscard]] virtual search::HotLists& hot_lists() = 0;
  /// 32 secret bytes of this data directory, for signing page links.
  [[nodiscard]] virtual BytesView link_secret() const = 0;
};

/// What opening found and did, for the log.
struct OpeningReport {
  Position head;                  ///< last entry of the journal
  std::uint64_t replayed = 0;     ///< entries folded into the view because it had not flushed them
  std::uint64_t rewritten = 0;    ///< entries written again because nothing proved them durable
  std::vector<std::string> torn;  ///< "segments/…torn: …" each also an audit entry
  std::vector<std::string> damage;  ///< read-only if any entry is lost by it
};

struct Opened {
  std::unique_ptr<Node> node;
  OpeningReport report;
};

/// Opens the journal by its rules, replays the tail into the view, and begins to take commands.
/// `world.disk` is rooted at the data directory, which has keys/checkpoint.pem and
/// keys/link.secret. On the sequencer's executor. The node ends with drain(), or with its world.
/// Code::corrupt when view and journal do not agree: then verify, and rebuild the view.
[[nodiscard]] Task<Result<Opened>> open(World& world, views::Kv& kv, Options options);

}  // namespace holdfast::node
