// cli/bench_deliver.cpp: store and forward: messages that wait for a neighbour who is not there,
// and how fast they reach him when he is; passed on as they came, and rendered from the record.
// What waits is in the journal and the views: the memory of the server is told before and after.
#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cli/bench.h"
#include "cli/bench_messages.h"
#include "cli/machine.h"
#include "cli/remote.h"
#include "hl7v2/frame.h"
#include "hl7v2/message.h"

namespace holdfast::cli {
namespace {

constexpr unsigned lanes_default = 8;
constexpr unsigned senders = 100;
constexpr std::uint64_t messages_default = 20'000;
/// Of a longer queue only so many are waited for.
constexpr std::uint64_t delivered_max = 100'000;
/// Nobody answers for so long: something is wrong.
constexpr std::uint64_t idle_ms_max = 60'000;

constexpr std::string_view configuration = R"(
[[neighbour]]
name = "evidence"
senders = ["KEPT"]
take = "evidence"
[[neighbour]]
name = "laboratory"
senders = ["LAB"]
[[channel]]
name = "as-they-came"
to = "{0}"
lanes = {1}
[[channel.route]]
message = "MSH-3.1 = 'KEPT'"
[[channel]]
name = "rendered"
to = "{0}"
lanes = {1}
[[channel.route]]
type = "DiagnosticReport"
)";

Task<int> pause_on(RealExecutor& on, Duration time) {
  co_await on.sleep(time);
  co_return 0;
}

/// Accepts every message at once.
class Peer {
 public:
  static Result<std::unique_ptr<Peer>> make() {
    std::unique_ptr<Peer> peer(new Peer());
    TRY(peer->listener_, peer->network_.listen(peer->on_, "127.0.0.1:0"));
    peer->on_.spawn(peer->accept_all());
    peer->on_.start();
    return peer;
  }
  ~Peer() {
    on_.stop();
    on_.discard();
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  [[nodiscard]] std::string address() const { return listener_->address(); }
  [[nodiscard]] std::uint64_t received() const { return received_; }

 private:
  Peer() = default;

  Task<void> accept_all() {
    for (;;) {
      auto stream = co_await listener_->accept(on_);
      if (!stream) {
        co_return;
      }
      on_.spawn(serve(*std::move(stream)));
    }
  }

  Task<void> serve(std::unique_ptr<Stream> stream) {
    hl7v2::Deframer deframer;
    for (;;) {
      if (const auto arrived = deframer.next()) {
        if (arrived->kind == hl7v2::Arrival::Kind::message) {
          const Bytes reply = answer_to(arrived->bytes);
          ++received_;
          const auto sent = co_await stream->write(reply, never);
          if (!sent) {
            co_return;
          }
        }
        continue;
      }
      const auto got = co_await stream->read(deframer.space(), never);
      if (!got || *got == 0) {
        stream->close();
        co_return;
      }
      deframer.came(*got);
    }
  }

  static Bytes answer_to(BytesView bytes) {
    const auto message = hl7v2::Message::parse(bytes);
    return hl7v2::framed(fmt::format("MSH|^~\\&|R||H||20240301||ACK|A|P|2.4\rMSA|AA|{}\r",
                                     message ? message->header().field(10).text() : std::string()));
  }

  RealNetwork network_;
  RealExecutor on_{"bench-peer"};
  std::unique_ptr<Listener> listener_;
  std::atomic<std::uint64_t> received_ = 0;
};

void pause(Duration time) {
  RealExecutor on("bench-pause");
  on.start();
  wait_for(on, pause_on(on, time));
  on.stop();
  on.discard();
}

/// Pauses a channel, or lets it send.
Result<void> set_status(const std::string& url, std::string_view channel, std::string_view status) {
  TRY(const ServerAddress address, parse_server(url));
  RealNetwork network;
  RealExecutor on("bench-http");
  Remote remote(network, on, address);
  on.start();
  Remote::Question question;
  question.method = "PATCH";
  question.target = fmt::format("/fhir/Endpoint/channel-{}", channel);
  question.headers.add("Content-Type", "application/json-patch+json");
  question.body = std::make_shared<const Bytes>(
      fmt::format(R"([{{"op":"replace","path":"/status","value":"{}"}}])", status));
  auto asked = wait_for(on, remote.ask_once(question, seconds(60)));
  on.stop();
  on.discard();
  TRY(const http::Incoming reply, std::move(asked));
  if (reply.status != 200) {
    return fail(Code::io, fmt::format("the channel answers {}: {}", reply.status,
                                      diagnostics_of(reply.body)));
  }
  return ok();
}

/// From the first message on, until `count` have come; how long that took.
Task<Result<Duration>> all_have_come(RealExecutor& on, const Peer& peer, std::uint64_t before,
                                     std::uint64_t count) {
  Instant started{};
  std::uint64_t seen = before;
  std::uint64_t idle = 0;
  while (seen < before + count) {
    co_await on.sleep(milliseconds(1));
    const std::uint64_t now = peer.received();
    if (now == seen) {
      if (++idle > idle_ms_max) {
        co_return fail(Code::timeout,
                       fmt::format("{} of {} messages came, and then none", seen - before, count));
      }
      continue;
    }
    if (seen == before) {
      started = boot_time();
    }
    seen = now;
    idle = 0;
  }
  co_return boot_time() - started;
}

Result<Duration> wait_for_all(const Peer& peer, std::uint64_t before, std::uint64_t count) {
  RealExecutor on("bench-wait");
  on.start();
  auto took = wait_for(on, all_have_come(on, peer, before, count));
  on.stop();
  on.discard();
  return took;
}

/// Fills the queue while the channel is paused, then lets it go.
Result<void> deliver(BenchLine& line, Bed& bed, const Peer& peer, std::string_view channel,
                     std::string_view prefix, std::string_view application, std::uint64_t count) {
  TRY_OK(set_status(bed.url(), channel, "suspended"));
  pause(milliseconds(1500));  // it is noticed within a second
  Sessions load(bed.child()->mllp());
  TRY(const auto filled, load.run(senders, application, 0, count));
  line.figure(fmt::format("{}queued_per_second", prefix), rate_of(filled));
  TRY_OK(settle(bed.url()));
  TRY(const auto waiting, MetricsPage::fetch(bed.url()));
  line.number(fmt::format("{}resident_bytes_queued", prefix), waiting.of("resident_bytes"));
  const std::uint64_t before = peer.received();
  TRY_OK(set_status(bed.url(), channel, "active"));
  const std::uint64_t wanted = std::min(count, delivered_max);
  TRY(const Duration took, wait_for_all(peer, before, wanted));
  line.figure(fmt::format("{}delivered_per_second", prefix),
              static_cast<double>(wanted) * 1e9 / static_cast<double>(took.ns));
  TRY(const auto after, MetricsPage::fetch(bed.url()));
  line.number(fmt::format("{}resident_bytes_after", prefix), after.of("resident_bytes"));
  return ok();
}

}  // namespace

Result<void> bench_deliver(const BenchOptions& options) {
  if (!options.server.empty()) {
    return fail(Code::usage, "deliver starts a server of its own: it needs its channels");
  }
  const unsigned lanes = options.clients > 0 ? options.clients : lanes_default;
  const std::uint64_t count = options.size > 0 ? options.size : messages_default;
  TRY(const auto peer, Peer::make());
  TRY(const auto settings, TemporaryFolder::make(options.folder));
  const std::string file = settings->path() + "/holdfast.toml";
  TRY_OK(write_text(file, fmt::format(fmt::runtime(configuration), peer->address(), lanes)));
  TRY(const auto bed, Bed::make(options, {"--config", file, "--mllp", "127.0.0.1:0"}));
  BenchLine line("deliver");
  line.number("lanes", lanes);
  line.number("messages", count);
  TRY(const auto idle, MetricsPage::fetch(bed->url()));
  line.number("resident_bytes_idle", idle.of("resident_bytes"));
  TRY_OK(deliver(line, *bed, *peer, "as-they-came", "as_they_came_", "KEPT", count));
  TRY_OK(deliver(line, *bed, *peer, "rendered", "rendered_", "LAB",
                 std::min<std::uint64_t>(count, messages_default)));
  line.add_server_peak(*bed);
  return line.end(options, bed.get());
}

}  // namespace holdfast::cli
