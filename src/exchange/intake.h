// exchange/intake.h: what becomes of a frame: durable and applied first, then acknowledged.
//
// 1. A positive acknowledgement is made from a Committed, never before.
// 2. Whatever has a sender and an id is in the journal, byte for byte, before any answer: mapped,
//    or kept with an item that somebody owns.
// 3. What cannot be written is not answered: the connection closes, and the sender keeps it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/task.h"
#include "exchange/answer.h"
#include "exchange/counts.h"
#include "exchange/incoming.h"
#include "exchange/making.h"
#include "exchange/neighbour.h"
#include "hl7v2/batch.h"
#include "node/node.h"
#include "views/messages.h"
#include "world/clock.h"
#include "world/random.h"
#include "world/world.h"

namespace holdfast::exchange {

struct IntakeOptions {
  Ourselves us;
  std::string strangers_owner = "integration";  ///< the team that sees to unknown senders
  /// What cannot be written: by default the connection closes without an answer, since senders drop
  /// a message after a few refusals. True: AR with ERR-3 207 instead, for those that need one.
  bool reject_unwritten = false;
  /// Whether nothing of that neighbour is to be taken (its channel is fenced); null: of none.
  std::function<bool(std::string_view neighbour)> fenced{};
  Bug planted = Bug::none;
};

/// A connection with more broken or refused frames than this is closed.
constexpr std::uint32_t bad_frames_max = 64;
/// Of a broken frame so much is kept.
constexpr std::size_t broken_bytes_max = std::size_t{64} << 10U;

/// A larger message is taken apart on an executor for bulk, so that small ones need not wait.
constexpr std::size_t large_message_bytes = std::size_t{64} << 10U;

/// What goes back over the connection.
struct Reply {
  std::vector<Bytes> messages;  ///< without frames, in their order
  /// Close instead of going on; nothing was written of what came, or the sender is no neighbour.
  bool close = false;
  std::string why;  ///< of a close, for the log
};

class Intake {
 public:
  /// All borrowed.
  Intake(World& world, node::Node& node, const Neighbours& neighbours, IntakeOptions options,
         Counts& counts);

  /// One whole frame from there. On `on`, before and after.
  [[nodiscard]] Task<Reply> take(Executor& on, const Caller& caller, Manners& manners, Bytes frame);
  /// A file of a neighbour's folder: a message, or several, whatever its lines end with. What
  /// became of the worst of them. Code::syntax where there is no message in it; and what
  /// Node::submit says, or that the neighbour is fenced: nothing is known to be written then.
  [[nodiscard]] Task<Result<Disposition>> take_file(Executor& on, const Neighbour& neighbour,
                                                    Bytes file);
  /// What a neighbour answered to a message of ours, where that says more than an acknowledgement:
  /// as a message of its own. Errors as of take_file().
  [[nodiscard]] Task<Result<void>> take_answer(Executor& on, const Neighbour& neighbour,
                                               Bytes answer);
  /// The beginning of a frame that did not end. Kept as evidence; there is nobody to answer.
  [[nodiscard]] Task<void> keep_broken(Executor& on, const Caller& caller, Manners& manners,
                                       Bytes bytes);

  /// What taking a message up again does, or would do.
  struct TakenUp {
    std::vector<std::string> created;  ///< "Observation/7": those that the record does not have yet
    std::vector<std::string> updated;
    std::vector<std::string> outdated;  ///< left as they are: newer evidence has spoken of them
    std::uint32_t attempt = 0;
    bool done = false;  ///< and it is so now
  };
  /// Maps the message that a Binary stands for once more, and carries it out in the name of
  /// `author`; items about it are closed in the same entry. With Carry::out_not nothing is written.
  /// Code::not_found (no such message), unavailable (its neighbour is not configured), and why it
  /// cannot be taken as it is today: then nothing changes.
  enum class Carry : std::uint8_t { out, out_not };
  [[nodiscard]] Task<Result<TakenUp>> take_up(Executor& on, std::string binary, Principal author,
                                              Carry carry);

 private:
  Result<TakenUp> make_take_up(const std::string& binary, const Principal& author,
                               std::optional<Made>& made);
  Result<void> close_items(decide::Prepared& prepared, const node::Moment& moment,
                           const std::string& binary);
  /// How one message ended: a verdict, or nothing could be written.
  struct Ended {
    Verdict verdict;
    bool unwritten = false;
    bool fenced = false;  ///< not even looked at
    std::string why;
  };

  Task<void> submit_later(Executor& on, decide::Prepared prepared);  ///< a planted bug's
  Task<Ended> settle(Executor& on, const Incoming& incoming, Manners& manners);
  struct Looked {
    views::KnownMessage known;
    Standing standing;
  };
  [[nodiscard]] static Result<Looked> look_at(const Incoming& incoming, const node::Moment& moment);
  /// Of a message that is there already: its answer is what became of it.
  [[nodiscard]] static Verdict verdict_of(const Incoming& incoming, const views::MessageRow& row,
                                          const Turn& turn);
  static void count(const Made& made, const Incoming& incoming, std::uint32_t others,
                    NeighbourCounts& counts, Manners& manners);
  Task<Reply> take_batch(Executor& on, const Caller& caller, Manners& manners, Bytes frame);
  Task<Ended> keep_batch_faults(Executor& on, const Incoming& whole, const hl7v2::Batch& batch);
  /// Kept with its item, unless it is there.
  Task<Ended> keep(Executor& on, const Incoming& incoming, Verdict verdict,
                   std::optional<Item> item);
  [[nodiscard]] std::string answer_id();
  [[nodiscard]] Executor& executor_for(Executor& on, std::size_t bytes);

  World& world_;
  node::Node& node_;
  const Neighbours& neighbours_;
  const IntakeOptions options_;
  Counts& counts_;
  Maker maker_;
  fhir::ReaderPool readers_;
  std::atomic<std::size_t> bulk_turn_ = 0;
};

}  // namespace holdfast::exchange
