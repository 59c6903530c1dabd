// cli/hl7_listen.cpp: `holdfast hl7 listen`: a receiver that prints what comes and answers as told.
#include <CLI/CLI.hpp>

#include <atomic>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "cli/certificates.h"
#include "cli/hl7.h"
#include "cli/machine.h"
#include "exchange/answer.h"
#include "hl7v2/frame.h"
#include "hl7v2/message.h"
#include "world/acceptor.h"
#include "world/real/real_clock.h"
#include "world/real/real_executor.h"
#include "world/real/real_network.h"
#include "world/real/real_random.h"
#include "world/tls/tls_network.h"

namespace holdfast::cli {
namespace {

constexpr Duration idle_time_max = seconds(24 * 3600);
constexpr Duration write_time_max = seconds(20);
constexpr std::size_t connections_max = 1000;

struct ListenOptions {
  std::string on;
  std::string answer = "AA";
  std::uint64_t count = 0;
  bool tls = false;
  CertificateFlags certificates;
};

Disposition disposition_of(std::string_view answer) {
  return answer == "AE"   ? Disposition::faulty
         : answer == "AR" ? Disposition::refused
                          : Disposition::applied;
}

/// Segments one to a line; control characters shown as <hh>, so that a terminal stays sane.
std::string printable(BytesView message) {
  std::string text;
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\r') {
      text.push_back('\n');
    } else if (byte < ' ' && c != '\n') {
      text += fmt::format("<{:02x}>", byte);
    } else {
      text.push_back(c);
    }
  }
  return text;
}

class ListenProtocol final : public Protocol {
 public:
  ListenProtocol(const ListenOptions& options, std::atomic<std::uint64_t>& came)
      : options_(options), came_(came) {}
  std::unique_ptr<Connection> connection(Executor& on, std::unique_ptr<Stream> stream) override {
    return std::make_unique<Session>(*this, on, std::move(stream));
  }

 private:
  class Session final : public Connection {
   public:
    Session(ListenProtocol& owner, Executor& on, std::unique_ptr<Stream> stream)
        : owner_(owner), on_(on), stream_(std::move(stream)) {}
    Task<void> serve() override {
      for (;;) {  // ends: with the connection
        const auto arrived = deframer_.next();
        if (!arrived) {
          const auto space = deframer_.space();
          const auto got = co_await stream_->read(space, on_.now() + idle_time_max);
          if (!got || *got == 0) {
            owner_.say_why(stream_->peer(), got);
            break;
          }
          deframer_.came(*got);
          continue;
        }
        const Bytes wire = owner_.take(*arrived, stream_->peer());
        if (wire.empty()) {
          continue;
        }
        const auto written = co_await stream_->write(wire, on_.now() + write_time_max);
        if (!written) {
          break;
        }
      }
      stream_->close();
    }
    Task<void> turn_away() override {
      stream_->close();
      co_return;
    }
    void stop_if_idle() override { stream_->close(); }
    void stop_now() override { stream_->close(); }

   private:
    ListenProtocol& owner_;
    Executor& on_;
    std::unique_ptr<Stream> stream_;
    hl7v2::Deframer deframer_;
  };

  void say_why(const std::string& peer, const Result<std::size_t>& ended) {
    if (!ended && options_.tls) {
      fmt::print(stderr, "hl7 listen: {}: {}\n", peer, ended.error().what);
    }
  }

  /// Prints it; the frames of the answer.
  Bytes take(const hl7v2::Arrival& arrived, const std::string& peer) {
    if (arrived.kind != hl7v2::Arrival::Kind::message) {
      fmt::print("--- from {}: a frame that was cut off\n{}\n", peer, printable(arrived.bytes));
      std::fflush(stdout);
      return {};
    }
    fmt::print("--- from {}\n{}\n", peer, printable(arrived.bytes));
    std::fflush(stdout);
    Bytes wire;
    if (options_.answer != "none") {
      const auto message = hl7v2::Message::parse(arrived.bytes);
      const exchange::Verdict verdict{disposition_of(options_.answer),
                                      exchange::Fault::internal,
                                      "answered as told: --answer " + options_.answer,
                                      {}};
      const std::string id = fmt::format("{:016x}", random_.next());
      for (const Bytes& answer :
           exchange::acknowledge(message ? &*message : nullptr, verdict, {}, clock_.wall(), id)) {
        wire += hl7v2::framed(answer);
      }
    }
    came_.fetch_add(1);
    return wire;
  }

  const ListenOptions& options_;
  std::atomic<std::uint64_t>& came_;
  RealClock clock_;
  RealRandom random_;
};

Task<int> listen_until(Executor& on, Acceptor& acceptor, const ListenOptions& options,
                       std::atomic<std::uint64_t>& came) {
  acceptor.start();
  while (options.count == 0 || came.load() < options.count) {
    co_await on.sleep(milliseconds(20));
  }
  co_await acceptor.drain(on.now() + seconds(2));
  co_return exit_ok;
}

int run_listen(const ListenOptions& options) {
  std::shared_ptr<const TlsContext> context;
  if (options.tls) {
    auto made = server_context(options.certificates);
    if (!made) {
      return end_with("hl7 listen", made.error());
    }
    context = *std::move(made);
  }
  RealNetwork network;
  RealExecutor on("listen");
  auto listener = network.listen(on, options.on);
  if (!listener) {
    return end_with("hl7 listen", listener.error());
  }
  const RealClock clock;
  const auto handshakes = std::make_shared<TlsCounts>();
  std::optional<TlsListener> tls;
  if (context) {
    tls.emplace(**listener, clock, std::move(context), handshakes);
  }
  fmt::print("ready {}={}\n", tls ? "mllps" : "mllp", (*listener)->address());
  std::fflush(stdout);
  std::atomic<std::uint64_t> came = 0;
  ListenProtocol protocol(options, came);
  AcceptCounts counts;
  Listener& door = tls ? static_cast<Listener&>(*tls) : **listener;
  Acceptor acceptor(on, {&on}, door, protocol, AcceptLimits{connections_max, 0}, counts);
  on.start();
  const int code = wait_for(on, listen_until(on, acceptor, options, came));
  on.stop();
  on.discard();
  return code;
}

}  // namespace

Command add_hl7_listen(CLI::App& parent) {
  auto options = std::make_shared<ListenOptions>();
  CLI::App* const app =
      parent.add_subcommand("listen", "receive messages over MLLP and print them");
  app->add_option("--on", options->on, "address to listen on; port 0 picks one")->required();
  app->add_option("--answer", options->answer, "what to say of each")
      ->capture_default_str()
      ->check(CLI::IsMember({"AA", "AE", "AR", "none"}));
  app->add_option("--count", options->count, "end after so many messages; 0: never")
      ->capture_default_str();
  CLI::Option* const tls = app->add_flag("--tls", options->tls, "over TLS");
  app->add_option("--cert", options->certificates.certificate, "PEM file: what to show of oneself")
      ->needs(tls);
  app->add_option("--key", options->certificates.key, "PEM file: its private key")->needs(tls);
  app->add_option("--ca", options->certificates.ca,
                  "PEM file: who vouches for senders; each then has to show a certificate")
      ->needs(tls);
  app->footer(
      "Answers before anything is kept: for a look at what a sender sends, never for its real "
      "work.\n"
      "  holdfast hl7 listen --on 127.0.0.1:2576\n"
      "  holdfast hl7 listen --on 127.0.0.1:2576 --answer AE --count 1\n"
      "  holdfast hl7 listen --on 127.0.0.1:2576 --tls --cert me.pem --key me.key");
  return {app, [options] { return run_listen(*options); }};
}

}  // namespace holdfast::cli
