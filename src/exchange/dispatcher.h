// exchange/dispatcher.h: all channels of a node: each with its sender, and what is owed to channels
// that nobody has configured.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/planted.h"
#include "exchange/channel.h"
#include "exchange/delivery.h"
#include "exchange/neighbour.h"
#include "node/node.h"
#include "world/world.h"

namespace holdfast::exchange {

class Dispatcher final : public node::OutboxWatcher {
 public:
  struct Parts {
    World& world;
    node::Node& node;
    const Neighbours& neighbours;
    const Channels& channels;
    Carriers& carriers;
    Bug planted = Bug::none;
    TakeAnswer take_answer{};  ///< null: answers are acknowledgements and no more
  };
  /// All borrowed, and outliving it.
  explicit Dispatcher(const Parts& parts);
  ~Dispatcher() override;

  /// Begins to send. From world.io.front(), once. Neighbours become Organizations, channels
  /// Endpoints; whatever is owed to a channel that is not configured becomes an item.
  void start();
  /// As ChannelSender::drain(), of all at once. From world.io.front(), once, after start().
  [[nodiscard]] Task<void> drain(Instant deadline);

  void owed(std::string_view channel) override;
  /// Whether a channel of that neighbour is fenced. From any thread.
  [[nodiscard]] bool is_fenced(std::string_view neighbour) const;

  [[nodiscard]] const std::map<std::string, std::unique_ptr<DeliveryCounts>, std::less<>>& counts()
      const {
    return counts_;
  }

 private:
  struct Seat;
  Task<void> introduce();
  Task<Result<void>> introduce(const Neighbour& neighbour);
  Task<Result<void>> ask_about(const std::string& channel, std::uint64_t owed);
  Task<Result<void>> submit(Operation operation, Bytes body);
  Task<void> drain_one(Seat& seat, Instant deadline, Bell& done);

  World& world_;
  Executor& home_;
  node::Node& node_;
  const Neighbours& neighbours_;
  const Channels& channels_;
  fhir::ReaderPool readers_;
  std::map<std::string, std::unique_ptr<DeliveryCounts>, std::less<>> counts_;
  std::map<std::string, std::unique_ptr<Seat>, std::less<>> seats_;
  Bell bell_;
  bool introducing_ = false;
  bool stopping_ = false;
  std::size_t draining_ = 0;
};

}  // namespace holdfast::exchange
