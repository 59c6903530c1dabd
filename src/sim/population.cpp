#include "sim/population.h"

#include <algorithm>

namespace holdfast::sim {
namespace {

constexpr std::size_t client_count = 5;
constexpr std::size_t neighbour_count = 2;
constexpr std::size_t receiver_count = 2;

}  // namespace

Population::Population(SimScheduler& scheduler, SimNetwork& network, SimRandom& random,
                       Ledger& ledger, std::uint64_t requests_max) {
  for (std::size_t i = 0; i < client_count; ++i) {
    clients_.push_back(
        std::make_unique<Client>(scheduler, network, random.next(), ledger, requests_max));
  }
  for (std::size_t i = 0; i < neighbour_count; ++i) {
    neighbours_.push_back(
        std::make_unique<Neighbour>(scheduler, network, random.next(), ledger, requests_max, i));
  }
  for (std::size_t i = 0; i < receiver_count; ++i) {
    receivers_.push_back(
        std::make_unique<Receiver>(scheduler, network, random.next(), ledger, requests_max, i));
  }
}

void Population::configure(server::Config& config) {
  for (std::size_t i = 0; i < neighbour_count; ++i) {
    config.neighbours.push_back(Neighbour::setting(i));
  }
  for (std::size_t i = 0; i < receiver_count; ++i) {
    config.channels.push_back(Receiver::setting(i));
  }
}

void Population::start() {
  for (const auto& client : clients_) {
    client->start();
  }
  for (const auto& neighbour : neighbours_) {
    neighbour->start();
  }
  for (const auto& receiver : receivers_) {
    receiver->start();
  }
}

bool Population::done() const {
  return std::ranges::all_of(clients_, [](const auto& one) { return one->done(); }) &&
         std::ranges::all_of(neighbours_, [](const auto& one) { return one->done(); });
}

}  // namespace holdfast::sim
