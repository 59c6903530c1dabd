// sim/judge_deliveries.cpp: what was owed to neighbours: each change that has to be told was owed
// with its entry, each that counts as delivered was acknowledged by its receiver, and of one
// patient nothing came before what was owed earlier had been acknowledged.
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "exchange/parcel.h"
#include "hl7v2/message.h"
#include "sim/judge.h"
#include "views/outbox.h"

namespace holdfast::sim {
namespace {

using ChannelDuty = std::pair<std::string, DutyName>;

/// A duty as the journal says.
struct Due {
  ChannelDuty name;
  std::string lane;
  std::string control_id;
  std::optional<Settled> ended;
  std::string answer;
};

class Deliveries {
 public:
  Deliveries(node::Node& node, Ledger& ledger) : node_(node), ledger_(ledger) {}

  void read() {
    const std::uint64_t head = node_.view().state.position.value;
    for (std::uint64_t at = 1; at <= head; ++at) {
      if (const auto entry = node_.read_entry(Position{at})) {
        read(Position{at}, entry->first, entry->second);
      }
    }
  }

  void judge(bool all_is_over) {
    std::map<std::pair<std::string, std::string>, const Due*> before;  // channel, lane
    for (const Due& due : dues_) {
      judge(due, all_is_over);
      const Due*& previous = before[{due.name.first, due.lane}];
      if (previous != nullptr) {
        judge_order(*previous, due);
      }
      if (due.ended != Settled::dead && due.ended != Settled::needless) {
        previous = &due;
      }
    }
  }

 private:
  void read(Position position, const Command& command, const Outcome& outcome) {
    std::map<std::string, std::size_t> expected;
    for (std::size_t i = 0; i < outcome.results.size(); ++i) {
      const Status status = outcome.results[i].status;
      const bool written = status == Status::created || status == Status::updated;
      if (written && command.operations[i].type == "Patient") {
        ++expected["r0"];
      }
    }
    const bool kept = command.message && command.message->disposition != Disposition::refused &&
                      command.message->bytes.find("|ADT^") != Bytes::npos;
    expected["r1"] += kept ? 1U : 0U;
    std::map<std::string, std::size_t> found;
    for (const MadeDuty& made : duties_of(command, outcome)) {
      const std::uint32_t i = made.index;
      const Delivery& delivery = *made.delivery;
      ++found[delivery.channel];
      Due due;
      due.name = {delivery.channel, {position, i}};
      if (delivery.channel == "r0") {
        due.lane = outcome.results[*delivery.operation].id;
        due.control_id = exchange::control_id_of(node_.link_secret(), {position, i});
      } else {
        const auto message = hl7v2::Message::parse(command.message->bytes);
        due.control_id =
            name_of_received("r1", message->header().field(10).text(), command.message->bytes);
      }
      index_[due.name] = dues_.size();
      dues_.push_back(std::move(due));
    }
    for (const auto& [channel, count] : expected) {
      if (found[channel] != count) {
        ledger_.violated(fmt::format("entry {} owes {} message(s) to channel {}, not {}",
                                     position.value, found[channel], channel, count));
      }
    }
    for (const Settlement& one : command.settlements) {
      const auto due = index_.find({one.channel, one.duty});
      if (due == index_.end()) {
        ledger_.violated(fmt::format("entry {} settles what was never owed", position.value));
        continue;
      }
      if (dues_[due->second].ended) {
        ledger_.violated(fmt::format("entry {} settles what was settled", position.value));
      }
      dues_[due->second].ended = one.settled;
      dues_[due->second].answer = one.answer;
    }
  }

  [[nodiscard]] const Received* received(const Due& due) const {
    const auto found = ledger_.received.find({due.name.first, due.control_id});
    return found == ledger_.received.end() ? nullptr : &found->second;
  }

  [[nodiscard]] static std::string named(const Due& due) {
    return fmt::format("message {} of channel {} (entry {}, number {})", due.control_id,
                       due.name.first, due.name.second.position.value, due.name.second.index);
  }

  void judge(const Due& due, bool all_is_over) {
    const Received* const there = received(due);
    if (due.ended == Settled::delivered && (there == nullptr || there->accepted == 0)) {
      ledger_.violated(named(due) + " counts as delivered, and its receiver has not accepted it");
    }
    if (due.ended == Settled::dead && there != nullptr) {
      ledger_.violated(named(due) + " counts as not sent, and came");
    }
    if (all_is_over && !due.ended) {
      ledger_.violated(named(due) + " was never delivered");
    }
  }

  void judge_order(const Due& first, const Due& second) {
    const Received* const earlier = received(first);
    const Received* const later = received(second);
    if (later == nullptr || first.control_id == second.control_id) {
      return;
    }
    if (earlier == nullptr || earlier->accepted == 0 || earlier->accepted > later->arrived) {
      ledger_.violated(fmt::format("{} came before {} was accepted", named(second), named(first)));
    }
  }

  node::Node& node_;
  Ledger& ledger_;
  std::vector<Due> dues_;
  std::map<ChannelDuty, std::size_t> index_;
};

}  // namespace

void judge_deliveries(node::Node& node, Ledger& ledger, bool all_is_over) {
  Deliveries deliveries(node, ledger);
  deliveries.read();
  deliveries.judge(all_is_over);
}

bool all_is_delivered(node::Node& node) {
  const node::Moment moment = node.view();
  for (const char* channel : {"r0", "r1"}) {
    const auto counts = views::read_outbox_counts(*moment.reader, channel);
    if (!counts || counts->owed > 0) {
      return false;
    }
  }
  return true;
}

}  // namespace holdfast::sim
