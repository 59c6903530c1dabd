// sim/neighbour.h: a neighbour of the simulated server that sends HL7 v2 as real ones do: one
// message after the other, each again until it is acknowledged; some twice, some cut in the middle,
// some that no mapping knows, some under an id that was used before. It writes down what it was
// told.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "exchange/mllp_client.h"
#include "server/config.h"
#include "sim/ledger.h"
#include "world/sim/sim_executor.h"
#include "world/sim/sim_network.h"
#include "world/sim/sim_random.h"

namespace holdfast::sim {

inline constexpr const char* mllp_address = "server:2575";

class Neighbour {
 public:
  /// Sends while ledger.requests < requests_max and the ledger is not closed. All borrowed.
  Neighbour(SimScheduler& scheduler, SimNetwork& network, std::uint64_t seed, Ledger& ledger,
            std::uint64_t requests_max, std::size_t number);

  void start() { executor_.spawn(run()); }
  [[nodiscard]] bool done() const { return done_; }
  /// As the server knows it.
  [[nodiscard]] static server::NeighbourSetting setting(std::size_t number);

 private:
  Task<void> run();
  /// Until it is acknowledged, or there is no more to be sent.
  Task<void> deliver(SentMessage message);
  Task<bool> connect();
  Task<void> send_half(const Bytes& message);
  [[nodiscard]] SentMessage draw();
  [[nodiscard]] bool goes_on() const;

  SimNetwork& network_;
  SimExecutor executor_;
  SimRandom random_;
  Ledger& ledger_;
  const std::uint64_t requests_max_;
  const std::string name_;
  std::unique_ptr<exchange::MllpClient> connection_;
  std::uint64_t messages_ = 0;
  bool done_ = false;
};

}  // namespace holdfast::sim
