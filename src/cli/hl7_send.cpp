// cli/hl7_send.cpp: `holdfast hl7 send`: messages of files to a receiver, one after the other, with
// what it said of each.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "cli/certificates.h"
#include "cli/hl7.h"
#include "cli/machine.h"
#include "exchange/mllp_client.h"
#include "hl7v2/message.h"
#include "world/real/real_clock.h"
#include "world/real/real_executor.h"
#include "world/real/real_network.h"
#include "world/tls/tls_network.h"

namespace holdfast::cli {
namespace {

struct SendOptions {
  std::string to;
  std::vector<std::string> paths;
  unsigned seconds_max = 30;
  bool tls = false;
  CertificateFlags certificates;
  std::string server_name;
};

class Sender {
 public:
  /// `context` null: plain.
  Sender(const SendOptions& options, std::shared_ptr<const TlsContext> context)
      : options_(options) {
    if (context) {
      tls_.emplace(plain_, clock_, std::move(context), options.server_name);
    }
  }
  ~Sender() {
    on_.stop();
    on_.discard();
  }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  int run(const FileMessages& found) {
    on_.start();
    return wait_for(on_, send_all(found));
  }

 private:
  Task<int> send_all(const FileMessages& found) {
    std::size_t accepted = 0;
    for (const FileMessage& message : found.messages) {
      const bool good = co_await send_one(message);
      accepted += good ? 1U : 0U;
    }
    fmt::print("sent={} accepted={} not_accepted={}\n", found.messages.size(), accepted,
               found.messages.size() - accepted);
    co_return accepted == found.messages.size() ? exit_ok : exit_failed;
  }

  Task<bool> send_one(const FileMessage& message) {
    const Instant began = on_.now();
    const Instant deadline = began + seconds(options_.seconds_max);
    if (!client_ || !client_->usable()) {
      Network& network = tls_ ? static_cast<Network&>(*tls_) : plain_;
      auto connected = co_await exchange::MllpClient::connect(network, on_, options_.to, deadline);
      if (!connected) {
        fmt::print("{}: not sent: {}\n", message.name, connected.error().what);
        co_return false;
      }
      client_ = *std::move(connected);
    }
    const auto answer = co_await client_->send(message.bytes, deadline);
    if (!answer) {
      fmt::print("{}: no acknowledgement: {}\n", message.name, answer.error().what);
      co_return false;
    }
    fmt::print("{}: {}{}{} ({} ms)\n", message.name, answer->code, answer->text.empty() ? "" : ": ",
               answer->text, (on_.now() - began).ms());
    co_return answer->accepted();
  }

  const SendOptions& options_;
  RealClock clock_;
  RealNetwork plain_;
  std::optional<TlsNetwork> tls_;
  RealExecutor on_{"send"};
  std::unique_ptr<exchange::MllpClient> client_;
};

int run_send(const SendOptions& options) {
  std::shared_ptr<const TlsContext> context;
  if (options.tls) {
    auto made = client_context(options.certificates);
    if (!made) {
      return end_with("hl7 send", made.error());
    }
    context = *std::move(made);
  }
  const auto found = read_messages(options.paths);
  if (!found) {
    return end_with("hl7 send", found.error());
  }
  for (const std::string& fault : found->faults) {
    fmt::print(stderr, "hl7 send: {}\n", fault);
  }
  return Sender(options, std::move(context)).run(*found);
}

}  // namespace

Command add_hl7_send(CLI::App& parent) {
  auto options = std::make_shared<SendOptions>();
  CLI::App* const app = parent.add_subcommand("send", "send messages over MLLP");
  app->add_option("--to", options->to, "receiver, HOST:PORT")->required();
  app->add_option("--seconds", options->seconds_max, "how long to wait for each answer")
      ->capture_default_str()
      ->check(CLI::Range(1U, 3600U));
  CLI::Option* const tls = app->add_flag("--tls", options->tls, "over TLS");
  app->add_option("--ca", options->certificates.ca, "PEM file: who vouches for the receiver")
      ->needs(tls);
  app->add_option("--cert", options->certificates.certificate, "PEM file: what to show of oneself")
      ->needs(tls);
  app->add_option("--key", options->certificates.key, "PEM file: its private key")->needs(tls);
  app->add_option("--name", options->server_name,
                  "whom the receiver's certificate has to be for [the host of --to]")
      ->needs(tls);
  app->add_option("PATH", options->paths, "files, and folders with all below them")->required();
  app->footer(
      "Line ends become CR; batches are taken apart. Prints what the receiver said of each "
      "message;\n"
      "exit 1 unless all were accepted (AA, CA). Where a message asks for the application's\n"
      "acknowledgement too (MSH-16 AL), that is waited for behind a CA.\n"
      "  holdfast hl7 send --to 127.0.0.1:2575 message.hl7\n"
      "  holdfast hl7 send --to 127.0.0.1:2575 folder/\n"
      "  holdfast hl7 send --to 127.0.0.1:2576 --tls --ca ca.pem --cert me.pem --key me.key a.hl7");
  return {app, [options] { return run_send(*options); }};
}

}  // namespace holdfast::cli
