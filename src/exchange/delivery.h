// exchange/delivery.h: one channel's way out: reads what is owed in the order of the journal, sends
// it, and settles it (docs/adr/0017).
//
// 1. A duty ends by a Command and by nothing else: whatever happens to this process, what is not
//    settled is sent (again) by the next.
// 2. Of one lane one message is on its way at a time, and the next goes when the one before is
//    acknowledged, held back or settled otherwise.
// 3. What waits is not in memory: a window of it is.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/planted.h"
#include "exchange/carrier.h"
#include "exchange/channel.h"
#include "exchange/circuit.h"
#include "exchange/endpoint.h"
#include "exchange/evidence.h"
#include "fhir/reader_pool.h"
#include "node/node.h"
#include "views/outbox.h"
#include "world/bell.h"
#include "world/world.h"

namespace holdfast::exchange {

/// What became of tries since the start, for metrics: any time, any thread.
struct DeliveryCounts {
  std::atomic<std::uint64_t> accepted = 0;  ///< AA, CA, 2xx
  std::atomic<std::uint64_t> refused = 0;   ///< AE, AR and their like
  std::atomic<std::uint64_t> failed = 0;    ///< no connection, no answer, no answer to this message
  std::atomic<std::uint64_t> needless = 0;  ///< there was nothing to send
  std::atomic<std::uint64_t> unmade = 0;    ///< no message could be made
  std::atomic<std::uint64_t> left = 0;      ///< values that the messages do not say
  std::atomic<std::uint64_t> unsettled = 0;  ///< settlements that could not be written at once
  std::atomic<CircuitState> state = CircuitState::up;
  std::atomic<ChannelStatus> status = ChannelStatus::active;

  static void add(std::atomic<std::uint64_t>& count, std::uint64_t by = 1) {
    count.fetch_add(by, std::memory_order_relaxed);
  }
  void note_failure(std::string why) {
    const std::scoped_lock lock(mutex_);
    last_failure_ = std::move(why);
  }
  /// Why it failed last, for the log; empty: it did not.
  [[nodiscard]] std::string last_failure() const {
    const std::scoped_lock lock(mutex_);
    return last_failure_;
  }

 private:
  mutable std::mutex mutex_;
  std::string last_failure_;
};

/// Takes what a neighbour's answer says beside acknowledging, durably: Intake::take_answer().
using TakeAnswer =
    std::function<Task<Result<void>>(Executor& on, const Neighbour& neighbour, Bytes answer)>;

/// How soon a change of the channel's record, or of what is held, is noticed.
constexpr Duration look_interval = seconds(1);
/// Of an answer so much is kept beside what was sent.
constexpr std::size_t answer_bytes_max = 4096;

/// All on one executor, but for wake().
class ChannelSender {
 public:
  struct Parts {
    World& world;
    Executor& on;
    node::Node& node;
    const Channel& channel;
    Carriers& carriers;
    DeliveryCounts& counts;
    Bug planted = Bug::none;
    const Neighbour* neighbour = nullptr;  ///< whose the channel is
    TakeAnswer take_answer{};
  };
  /// All borrowed, and outliving it.
  explicit ChannelSender(const Parts& parts);
  ~ChannelSender();
  ChannelSender(const ChannelSender&) = delete;
  ChannelSender& operator=(const ChannelSender&) = delete;

  /// Begins to send. Once.
  void start();
  /// Something new is owed. From any thread.
  void wake();
  /// Sends nothing more, waits for what is on its way until `deadline`, closes the connections, and
  /// settles what was answered. On its executor, once, after start().
  [[nodiscard]] Task<void> drain(Instant deadline);

 private:
  /// A duty of the window.
  struct InHand {
    DutyName name;
    std::string lane;
    bool taken = false;
    std::string patient;  ///< the duty's lane
  };
  using Window = std::list<InHand>;
  /// What is to be written of one duty.
  struct Ending {
    DutyName name;
    std::string lane;
    Settlement settlement;
    std::optional<Item> item;
    std::string focus;  ///< what the item is about
  };

  Task<void> run_lane();
  Task<void> settle_all();
  Task<void> keep_record();
  /// Takes over what the record says of the channel, and writes what it should say. Whether it
  /// wrote anything, which is to be read back.
  Task<Result<bool>> look_at_record();
  /// Why it does not get on, for the log; empty: it does again.
  void note(std::string why);

  /// The next duty that may be sent now; end() where there is none.
  Window::iterator take();
  Window::iterator next_free();
  /// Of a channel that numbers its messages all are in one.
  [[nodiscard]] std::string lane_of(const views::Duty& duty) const {
    return channel_.sequence ? std::string() : duty.lane;
  }
  [[nodiscard]] Result<void> put_number(Parcel& parcel, const node::Moment& moment);
  void refill(const node::Moment& moment);
  /// Reads the queue from its beginning again: something behind us may be free now.
  void look_again();
  [[nodiscard]] Instant look_until() const;

  Task<void> send(Carrier& carrier, Window::iterator one);
  /// Durably, before a new order goes out: whether a neighbour may have it decides what becomes of
  /// it when it is another's (docs/adr/0026).
  Task<Result<void>> note_try(DutyName name);
  /// An ORR, ORL or RRI is more than an acknowledgement: it changes what it is about. Before the
  /// duty ends, so that nothing of it is lost.
  Task<Result<void>> take_over(const Acknowledgement& answer);
  void answered(Window::iterator one, const Parcel& parcel, Acknowledgement answer);
  /// Held, or left out; where the policy is to retry, held: trying again would make the same of it.
  void refused(Window::iterator one, OnRefusal policy, Settlement settlement, const Parcel& parcel,
               const std::string& what);
  void failed(Window::iterator one, const Error& why);
  void end(Window::iterator one, Settlement settlement, std::optional<Item> item = {},
           std::string focus = {});
  void let_go(Window::iterator one);

  Task<Result<void>> commit(const std::vector<Ending>& endings);
  [[nodiscard]] Result<decide::Prepared> command_of(const std::vector<Ending>& endings);
  /// Those of `endings` that are still to be written.
  [[nodiscard]] std::vector<Ending> still_owed(std::vector<Ending> endings) const;

  Task<Result<void>> write_record(const ChannelRecord& record, ChannelStatus status);
  [[nodiscard]] Result<void> add_episode(decide::Prepared& prepared, const ChannelRecord& record,
                                         std::string& episode, fhir::JsonReader& reader);

  World& world_;
  Executor& on_;
  node::Node& node_;
  const Channel& channel_;
  Carriers& carriers_;
  DeliveryCounts& counts_;
  const Bug planted_;
  const Neighbour* const neighbour_;
  const TakeAnswer take_answer_;
  fhir::ReaderPool readers_;
  Bell bell_;
  Circuit circuit_;
  std::string why_;     ///< of the newest failure
  bool tried_ = false;  ///< anything was answered, or failed, since the start
  ChannelRecord record_;
  /// The record is whole, and has the Endpoint. Until then nothing goes out: of a damaged journal
  /// it cannot be told what is owed.
  bool record_known_ = false;
  bool stuck_ = false;  ///< endings cannot be written: what is sent now would be sent again
  bool noted_ = false;

  Window window_;
  std::optional<DutyName> read_up_to_;
  bool more_ = true;                         ///< there may be duties behind read_up_to_
  std::uint64_t freed_seen_ = 0;             ///< duties that somebody has released or skipped
  std::set<std::string> busy_;               ///< lanes with a message on its way
  std::set<std::string> held_;               ///< lanes that wait for somebody
  std::set<DutyName> in_hand_;               ///< in the window, or not settled durably yet
  std::map<DutyName, std::string> holding_;  ///< lanes of those that are not durably held yet
  std::vector<Ending> endings_;
  std::size_t settling_ = 0;    ///< endings that are being written
  bool numbered_anew_ = false;  ///< as somebody asked for; the record does not say so yet
  std::size_t trying_ = 0;
  std::size_t running_ = 0;  ///< coroutines
  std::size_t lanes_running_ = 0;
  bool stopping_ = false;
  std::vector<Carrier*> open_;
  std::atomic<bool> woken_ = false;
};

}  // namespace holdfast::exchange
