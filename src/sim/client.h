// sim/client.h: one client of the simulated server: sends what its seed says over real HTTP, and
// writes into the ledger what it was promised.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/client.h"
#include "sim/ledger.h"
#include "world/sim/sim_executor.h"
#include "world/sim/sim_network.h"
#include "world/sim/sim_random.h"

namespace holdfast::sim {

class Client {
 public:
  /// Sends while ledger.requests < requests_max and the ledger is not closed. All borrowed.
  Client(SimScheduler& scheduler, SimNetwork& network, std::uint64_t seed, Ledger& ledger,
         std::uint64_t requests_max);

  void start() { executor_.spawn(run()); }
  [[nodiscard]] bool done() const { return done_; }

 private:
  struct Sent {
    std::string method;
    std::string target;
    std::string body;
    std::string key;
    std::string if_match;
    std::string if_none_exist;
    std::string tag;
  };
  /// A search between two pages.
  struct Open {
    Followed so_far;
    std::string next;  ///< path of the next page
    Instant begun;
  };

  Task<void> run();
  Task<void> act();
  Task<std::optional<http::Incoming>> send(const Sent& sent);
  Task<void> send_garbage();
  Task<bool> connect();

  Task<void> write_one();
  Task<void> write_bundle();
  Task<void> repeat_keyed();
  Task<void> read_one();
  Task<void> page();

  [[nodiscard]] Sent draw_write();
  void draw_condition(Sent& sent, const std::string& type, const std::string& id);
  void draw_patch(Sent& sent, const std::string& type, const std::string& id);
  [[nodiscard]] Sent draw_bundle();
  void spread(Sent& sent);
  [[nodiscard]] std::string draw_body(const std::string& type, const std::string& tag);
  [[nodiscard]] std::string draw_type();
  [[nodiscard]] std::string draw_identifier();
  [[nodiscard]] std::string draw_tag();
  [[nodiscard]] std::string draw_day();
  void draw_search(Open& open, std::uint64_t count);
  void judge_write(const Sent& sent, const http::Incoming& reply);
  void judge_bundle(const Sent& sent, const http::Incoming& reply);
  void remember_key(const Sent& sent, const std::optional<http::Incoming>& reply);
  void take_page(const http::Incoming& reply);
  void begin_followed();

  SimNetwork& network_;
  SimExecutor executor_;
  SimRandom random_;
  Ledger& ledger_;
  const std::uint64_t requests_max_;
  std::unique_ptr<http::Client> connection_;
  std::vector<Open> open_;
  bool done_ = false;
};

inline constexpr const char* server_address = "server:80";

}  // namespace holdfast::sim
