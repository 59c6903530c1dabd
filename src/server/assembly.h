// server/assembly.h: a node with its doors, over whatever world it is given: the machine under
// `serve`, a simulated one under `simulate`.
// 1. Nothing is accepted before the node has opened.
// 2. It ends by draining: no new requests, those in flight are answered, everything moves into the
//    store, the journal is sealed. Asked twice, it still drains once.
// 3. A node that can no longer write because a sync failed is not tried again: reads that are in
//    flight end, and the process does.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/handler.h"
#include "http/server.h"
#include "node/node.h"
#include "server/carriers.h"
#include "server/config.h"
#include "server/log.h"
#include "server/metrics.h"
#include "server/ticker.h"
#include "views/kv.h"
#include "world/world.h"

namespace holdfast::server {

struct Exchange;
struct Serving;

/// Why run() ended.
enum class End : std::uint8_t {
  stopped,  ///< stop() was called, and everything is on the disk
  failed,   ///< the node cannot go on; the log says why
};

/// How often stop() and the node's health are looked at.
constexpr Duration watch_interval = milliseconds(50);
/// What reads in flight get when the node cannot go on.
constexpr Duration failed_drain_time_max = seconds(2);

class Assembly {
 public:
  /// Everything borrowed, and outliving the Assembly. `listener` belongs to world.io.front().
  struct Parts {
    World& world;
    views::Kv& kv;
    Listener& listener;
    Listener* mllp;  ///< null: no MLLP
    Log& log;
    Surroundings surroundings;
    OpenFolder open_folder{};  ///< null: channels have no folders
    Listener* mllp_tls =
        nullptr;  ///< null: no MLLP over TLS; else the configuration has its context
  };

  /// Opens the node; logs what that found. From any executor; ends on world.io.front().
  /// Errors of node::open; those of Node::define for what the configuration has.
  static Task<Result<std::unique_ptr<Assembly>>> open(Parts parts, const Config& config);

  ~Assembly();
  Assembly(const Assembly&) = delete;
  Assembly& operator=(const Assembly&) = delete;

  /// Begins to accept. On world.io.front().
  void start();
  /// Until stop() or a fault; drained then, and may go away once its executors do nothing more.
  /// On world.io.front().
  Task<End> run();
  /// New certificates of the same listener and channels: for connections that begin from now on. On
  /// world.io.front().
  void renew(const TlsContexts& tls);
  /// From any thread, and from a signal handler.
  void stop() { stopping_.store(true, std::memory_order_relaxed); }

  [[nodiscard]] node::Node& node() { return *node_; }

 private:
  class Door;
  Assembly(Parts parts, const Config& config, std::unique_ptr<Exchange> exchange,
           node::Opened opened, std::unique_ptr<const api::Definitions> definitions);
  void log_opening(const node::OpeningReport& report);
  void warn_of_calendar();
  void show_certificates(std::vector<TlsExpiry> expiries);
  Task<Result<void>> define(std::vector<Bytes> search_parameters);
  /// `files`, or those that ship where there are none in force. Those that may not follow leave the
  /// ones in force as they are, and are logged.
  Task<Result<void>> define_pathways(std::vector<pathway::File> files);
  /// On home, before and after; nothing runs in the node any more then.
  Task<Result<void>> drain_node();
  /// One line an episode, not one a look.
  struct Said {
    std::string writes_refused;
    std::string indexes;
    std::string mllp_close;
    std::string feed_trouble;
    std::string time_trouble;
    std::map<const void*, std::string> folder_troubles;
    std::string tls_failure;
    std::map<std::string, std::string> failures;  ///< of channels
    Position active;
    bool building = false;
  };
  void log_changes(const node::Health& health, Said& said);

  Parts parts_;
  Executor& home_;
  const Duration drain_time_max_;
  std::unique_ptr<Exchange> exchange_;  ///< its routes outlive the node
  std::unique_ptr<node::Node> node_;
  std::unique_ptr<Door> door_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<Serving> serving_;
  Ticker ticker_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace holdfast::server
