// sim/receiver.h: a neighbour of the simulated server that receives HL7 v2 as real ones do: it is
// away for a while, thinks too long, answers twice, or about another message, or not at all, and
// breaks off. It writes down what came and what it acknowledged.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "exchange/channel.h"
#include "sim/ledger.h"
#include "world/sim/sim_executor.h"
#include "world/sim/sim_network.h"
#include "world/sim/sim_random.h"

namespace holdfast::sim {

class Receiver {
 public:
  /// All borrowed. Well-behaved once the ledger is closed, or `requests_max` have been sent.
  Receiver(SimScheduler& scheduler, SimNetwork& network, std::uint64_t seed, Ledger& ledger,
           std::uint64_t requests_max, std::size_t number);

  void start();
  /// The channel by which the server sends to it.
  [[nodiscard]] static exchange::Channel setting(std::size_t number);

 private:
  /// One connection, and what was not answered on it.
  struct Session {
    std::unique_ptr<Stream> stream;
    std::set<std::string> unanswered;
  };

  [[nodiscard]] bool behaves() const;
  Task<void> come_and_go();
  Task<void> accept_all(std::shared_ptr<Listener> listener);
  Task<void> serve(std::shared_ptr<Session> session);
  Task<void> answer(Session& session, Bytes bytes);
  void leave();

  SimNetwork& network_;
  SimExecutor executor_;
  SimRandom random_;
  Ledger& ledger_;
  const std::uint64_t requests_max_;
  const std::string channel_;
  const std::string address_;
  std::shared_ptr<Listener> listener_;
  std::vector<std::weak_ptr<Session>> sessions_;
  std::string last_id_;
};

}  // namespace holdfast::sim
