// sim/population.h: all who have to do with the simulated server: clients over HTTP, neighbours
// that send, and neighbours that receive.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "server/config.h"
#include "sim/client.h"
#include "sim/neighbour.h"
#include "sim/receiver.h"

namespace holdfast::sim {

class Population {
 public:
  /// Each gets a seed of its own from `random`. All borrowed.
  Population(SimScheduler& scheduler, SimNetwork& network, SimRandom& random, Ledger& ledger,
             std::uint64_t requests_max);

  /// What the server has to know of them.
  static void configure(server::Config& config);
  void start();
  /// Whether none of them sends anything more.
  [[nodiscard]] bool done() const;

 private:
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::unique_ptr<Neighbour>> neighbours_;
  std::vector<std::unique_ptr<Receiver>> receivers_;
};

}  // namespace holdfast::sim
