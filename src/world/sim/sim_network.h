// world/sim/sim_network.h: connections within the simulator. Bytes arrive in order, in pieces and
// after delays that the seed fixes; connections break at a seeded rate.
//
// The model
// ---------
// 1. A write is done when its bytes are on the wire. At most wire_bytes_max of one direction are on
//    the wire or unread; a write beyond that waits for the reader.
// 2. shut_write() arrives after the bytes written before it. close() does too, if everything that
//    had come was read, and otherwise breaks the connection, as TCP does.
// 3. A connection breaks by its seed, by reset_all(), when an end that lives on a killed executor
//    is destroyed (its machine crashed), or when bytes arrive at an end that is closed. Then what
//    was on the wire is lost; what had arrived can still be read; then both ends get Code::closed.
// 4. Connecting to an address where nobody listens, or whose backlog is full, is Code::closed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "world/sim/sim_executor.h"
#include "world/sim/sim_random.h"
#include "world/stream.h"

namespace holdfast {

struct SimNetworkOptions {
  std::uint64_t wire_bytes_max = 64 * 1024;
  std::size_t backlog_max = 128;
  Duration delay_min = microseconds(20);
  Duration delay_max = microseconds(500);
  /// So many of a million pieces are late by late_by.
  std::uint32_t late_per_million = 1'000;
  Duration late_by = milliseconds(200);
  /// So many of a million pieces break their connection instead of arriving.
  std::uint32_t resets_per_million = 0;
};

struct NetworkCounts {
  std::uint64_t connections = 0;
  std::uint64_t refused = 0;
  std::uint64_t pieces = 0;
  std::uint64_t resets = 0;
};

struct SimLink;
struct SimDoor;

class SimNetwork final : public Network {
 public:
  SimNetwork(SimScheduler& scheduler, std::uint64_t seed, SimNetworkOptions options = {});
  ~SimNetwork() override;

  Result<std::unique_ptr<Listener>> listen(Executor& on, const std::string& address) override;
  Task<Result<std::unique_ptr<Stream>>> connect(Executor& on, std::string address,
                                                Instant deadline) override;

  /// Breaks every connection that exists.
  void reset_all();
  void set_options(SimNetworkOptions options) { options_ = options; }
  [[nodiscard]] const SimNetworkOptions& options() const { return options_; }
  [[nodiscard]] const NetworkCounts& counts() const { return counts_; }

 private:
  friend struct SimLink;
  friend class SimStream;
  friend class SimListener;

  [[nodiscard]] Duration delay();
  /// How many of `bytes` travel together.
  [[nodiscard]] std::size_t piece(std::size_t bytes);
  void remember(const std::shared_ptr<SimLink>& link);

  SimScheduler& scheduler_;
  SimRandom random_;
  SimNetworkOptions options_;
  SimExecutor wire_;  ///< what is under way; survives the machines
  std::map<std::string, std::weak_ptr<SimDoor>> doors_;
  std::vector<std::weak_ptr<SimLink>> links_;
  std::uint16_t next_port_ = 49'152;
  NetworkCounts counts_;
};

}  // namespace holdfast
