#include "exchange/mllp.h"

#include <algorithm>
#include <utility>

namespace holdfast::exchange {
namespace {

/// What a connection may hold without asking the Budget.
constexpr std::size_t free_bytes = std::size_t{64} << 10U;
/// How often a connection that may not read looks again.
constexpr Duration budget_step = milliseconds(20);
constexpr std::size_t turned_away_max = 16;

}  // namespace

class MllpServer::Session final : public Connection {
 public:
  Session(MllpServer& server, Executor& on, std::unique_ptr<Stream> stream)
      : server_(server),
        on_(on),
        stream_(std::move(stream)),
        caller_{stream_->peer(), {}},
        deframer_(server.limits_.frame_bytes_max) {}

  Task<void> serve() override {
    for (;;) {  // ends: each turn takes a frame, or reads within a deadline, or ends
      const Next next = co_await arrival();
      if (next == Next::end) {
        break;
      }
    }
    // What had begun and did not end is evidence; nobody was told that it came.
    if (const auto rest = deframer_.rest()) {
      Bytes bytes(rest->bytes);
      co_await server_.intake_.keep_broken(on_, caller_, manners_, std::move(bytes));
    }
    count_noise();
    stream_->close();
  }

  /// MLLP has no way to say so: the sender tries again later.
  Task<void> turn_away() override {
    stream_->close();
    co_return;
  }

  void stop_if_idle() override {
    if (idle_) {
      stream_->close();
    }
  }
  void stop_now() override { stream_->close(); }

 private:
  enum class Next : std::uint8_t { go_on, end };

  Task<Next> arrival() {
    const auto arrived = deframer_.next();
    if (!arrived) {
      co_return co_await read();
    }
    began_.reset();
    if (arrived->kind == hl7v2::Arrival::Kind::too_long) {
      Counts::add(server_.counts_.frames_too_long);
      co_return Next::end;  // its beginning is kept by serve()
    }
    Bytes bytes(arrived->bytes);
    if (arrived->kind == hl7v2::Arrival::Kind::broken) {
      co_await server_.intake_.keep_broken(on_, caller_, manners_, std::move(bytes));
      co_return manners_.broken > bad_frames_max ? Next::end : Next::go_on;
    }
    co_return co_await answer(std::move(bytes));
  }

  Task<Next> answer(Bytes message) {
    Reply reply = co_await server_.intake_.take(on_, caller_, manners_, std::move(message));
    deframer_.shrink();
    give_back();
    Bytes wire;
    for (const Bytes& one : reply.messages) {
      wire += hl7v2::framed(one);
    }
    if (!wire.empty()) {
      const Instant deadline = on_.now() + server_.limits_.write_time_max;
      const auto written = co_await stream_->write(wire, deadline);
      if (!written) {
        co_return Next::end;
      }
    }
    if (reply.close) {
      server_.counts_.note_close(std::move(reply.why));
      co_return Next::end;
    }
    co_return Next::go_on;
  }

  Task<Next> read() {
    const bool inside = deframer_.inside();
    if (!inside && server_.draining_.load(std::memory_order_relaxed)) {
      co_return Next::end;
    }
    // A frame's time begins with it: not with noise before it, but also if it came with what was
    // taken already.
    if (!inside) {
      began_.reset();
    } else if (!began_) {
      began_ = on_.now();
    }
    const auto space = deframer_.space();
    const bool admitted = co_await admit();
    if (!admitted) {
      Counts::add(server_.counts_.frames_slow);
      co_return Next::end;
    }
    idle_ = !inside;
    const auto got = co_await stream_->read(space, deadline());
    idle_ = false;
    if (!got || *got == 0) {
      if (!got && got.error().code == Code::timeout && inside) {
        Counts::add(server_.counts_.frames_slow);
      }
      co_return Next::end;
    }
    caller_.certificate = stream_->certificate();  // known by now, if there is one
    deframer_.came(*got);
    if (!began_) {
      began_ = on_.now();
    }
    co_return Next::go_on;
  }

  [[nodiscard]] Instant deadline() const {
    const MllpLimits& limits = server_.limits_;
    if (!deframer_.inside() || !began_) {
      return on_.now() + limits.idle_time_max;
    }
    const std::uint64_t rate = std::max<std::uint64_t>(1, limits.frame_bytes_per_second_min);
    const auto earned = static_cast<std::int64_t>(deframer_.held() * 1000 / rate);
    return *began_ + limits.frame_time_grace + milliseconds(earned);
  }

  /// Waits until what the buffer has grown to is reserved, or the frame's time is over.
  Task<bool> admit() {
    while (deframer_.capacity() > free_bytes + reserved_bytes_) {
      const std::uint64_t wanted = deframer_.capacity() - free_bytes - reserved_bytes_;
      if (auto share = server_.budget_.reserve(wanted)) {
        reserved_bytes_ += wanted;
        shares_.push_back(std::move(*share));
        break;
      }
      if (on_.now() >= deadline()) {
        co_return false;
      }
      co_await on_.sleep(budget_step);
    }
    co_return true;
  }

  void give_back() {
    if (deframer_.capacity() <= free_bytes) {
      shares_.clear();
      reserved_bytes_ = 0;
    }
  }

  void count_noise() { Counts::add(server_.counts_.noise_bytes, deframer_.noise()); }

  MllpServer& server_;
  Executor& on_;
  std::unique_ptr<Stream> stream_;
  Caller caller_;
  hl7v2::Deframer deframer_;
  Manners manners_;
  std::optional<Instant> began_;  ///< when the first bytes of what is held came
  std::vector<Budget::Share> shares_;
  std::uint64_t reserved_bytes_ = 0;
  bool idle_ = false;
};

MllpServer::MllpServer(Executor& home, World& world, Listener& listener, Intake& intake,
                       Budget& budget, Counts& counts, MllpLimits limits)
    : intake_(intake),
      budget_(budget),
      counts_(counts),
      limits_(limits),
      acceptor_(home, world.io, listener, *this,
                AcceptLimits{limits.connections_max, turned_away_max}, connections_) {}

std::unique_ptr<Connection> MllpServer::connection(Executor& on, std::unique_ptr<Stream> stream) {
  return std::make_unique<Session>(*this, on, std::move(stream));
}

Task<void> MllpServer::drain(Instant deadline) {
  draining_.store(true, std::memory_order_relaxed);
  co_await acceptor_.drain(deadline);
}

}  // namespace holdfast::exchange
