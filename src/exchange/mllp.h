// exchange/mllp.h: HL7 v2 over MLLP as a protocol of connections: frames in, acknowledgements out.
//
// 1. One message after the other on a connection, answered in their order; what is pipelined waits.
// 2. Every wait has a deadline: a connection without a frame, a frame that does not end, an answer
//    that nobody takes.
// 3. Bytes beyond a small buffer are reserved from the Budget; while there are none, nothing is
//    read: the sender waits.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "exchange/intake.h"
#include "hl7v2/frame.h"
#include "world/acceptor.h"
#include "world/queue.h"

namespace holdfast::exchange {

struct MllpLimits {
  std::size_t connections_max = 2'000;
  std::size_t frame_bytes_max = hl7v2::frame_bytes_default;
  /// A connection without a frame is closed after this. Senders hold theirs open for days.
  Duration idle_time_max = seconds(24 * 3600);
  /// A frame has this long, plus its bytes at frame_bytes_per_second_min.
  Duration frame_time_grace = seconds(30);
  std::uint64_t frame_bytes_per_second_min = std::uint64_t{16} << 10U;
  Duration write_time_max = seconds(20);
};

class MllpServer final : private Protocol {
 public:
  /// All borrowed. `home` is the listener's executor.
  MllpServer(Executor& home, World& world, Listener& listener, Intake& intake, Budget& budget,
             Counts& counts, MllpLimits limits);

  void start() { acceptor_.start(); }
  /// As Acceptor::drain().
  [[nodiscard]] Task<void> drain(Instant deadline);
  [[nodiscard]] const AcceptCounts& connections() const { return connections_; }

 private:
  class Session;
  std::unique_ptr<Connection> connection(Executor& on, std::unique_ptr<Stream> stream) override;

  Intake& intake_;
  Budget& budget_;
  Counts& counts_;
  const MllpLimits limits_;
  std::atomic<bool> draining_ = false;
  AcceptCounts connections_;
  Acceptor acceptor_;
};

}  // namespace holdfast::exchange
