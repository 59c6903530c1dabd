// server/serving.h: the exchange of one process: who the neighbours are and what they are owed, and
// what serves them. Made from a configuration that was checked; everything borrowed
// outlives what is made here.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "api/handler.h"
#include "exchange/dispatcher.h"
#include "exchange/feed_watch.h"
#include "exchange/folder_intake.h"
#include "exchange/intake.h"
#include "exchange/mllp.h"
#include "exchange/router.h"
#include "server/carriers.h"
#include "server/config.h"
#include "world/tls/tls_network.h"

namespace holdfast::server {

/// Who the neighbours are and what they are owed: what the node asks.
struct Exchange {
  explicit Exchange(const Config& config);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  exchange::Neighbours neighbours;
  exchange::Counts counts;
  exchange::Channels channels;
  std::unique_ptr<exchange::Router> router;
};

/// The exchange as the API asks it.
class TakeUp final : public api::MessageTaker {
 public:
  explicit TakeUp(exchange::Intake& intake) : intake_(intake) {}
  Task<Result<Taken>> take_up(Executor& on, std::string binary, Principal author,
                              Carry carry) override;

 private:
  exchange::Intake& intake_;
};

/// What serves them, in the order in which each needs the one before.
struct Serving {
  /// Where neighbours call; null: not there.
  struct Doors {
    Listener* mllp;
    Listener* mllp_tls;
  };
  Serving(Executor& executor, World& world, node::Node& node, Exchange& served, Doors doors,
          const OpenFolder& open_folder, const Config& config);
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  /// Those that neighbours put files into.
  Result<void> open_folders(const OpenFolder& open_folder, const Config& config);

  Executor& home;
  Exchange& exchange;
  ServerCarriers carriers;
  exchange::FeedWatch feeds;
  exchange::Dispatcher dispatcher;
  exchange::Intake intake;
  TakeUp taker{intake};
  std::optional<exchange::MllpServer> server;
  const std::shared_ptr<TlsCounts> handshakes = std::make_shared<TlsCounts>();
  std::optional<TlsListener> tls_listener;
  std::optional<exchange::MllpServer> tls_server;
  std::vector<std::unique_ptr<exchange::FolderIntake>> folders;

 private:
  exchange::IntakeOptions intake_options(const Config& config);
};

}  // namespace holdfast::server
