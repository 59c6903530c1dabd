// cli/hl7_send.cpp: `holdfast hl7 send`: messages of files to a receiver, one after the other, with
// what it said of each.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "cli/hl7.h"
#include "cli/machine.h"
#include "exchange/mllp_client.h"
#include "hl7v2/message.h"
#include "world/real/real_executor.h"
#include "world/real/real_network.h"

namespace holdfast::cli {
namespace {

struct SendOptions {
  std::string to;
  std::vector<std::string> paths;
  unsigned seconds_max = 30;
};

class Sender {
 public:
  explicit Sender(const SendOptions& options) : options_(options) {}
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
      auto connected = co_await exchange::MllpClient::connect(network_, on_, options_.to, deadline);
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
  RealNetwork network_;
  RealExecutor on_{"send"};
  std::unique_ptr<exchange::MllpClient> client_;
};

int run_send(const SendOptions& options) {
  const auto found = read_messages(options.paths);
  if (!found) {
    return end_with("hl7 send", found.error());
  }
  for (const std::string& fault : found->faults) {
    fmt::print(stderr, "hl7 send: {}\n", fault);
  }
  return Sender(options).run(*found);
}

}  // namespace

Command add_hl7_send(CLI::App& parent) {
  auto options = std::make_shared<SendOptions>();
  CLI::App* const app = parent.add_subcommand("send", "send messages over MLLP");
  app->add_option("--to", options->to, "receiver, HOST:PORT")->required();
  app->add_option("--seconds", options->seconds_max, "how long to wait for each answer")
      ->capture_default_str()
      ->check(CLI::Range(1U, 3600U));
  app->add_option("PATH", options->paths, "files, and folders with all below them")->required();
  app->footer(
      "Line ends become CR; batches are taken apart. Prints what the receiver said of each "
      "message;\n"
      "exit 1 unless all were accepted (AA, CA). Where a message asks for the application's\n"
      "acknowledgement too (MSH-16 AL), that is waited for behind a CA.\n"
      "  holdfast hl7 send --to 127.0.0.1:2575 message.hl7\n"
      "  holdfast hl7 send --to 127.0.0.1:2575 folder/");
  return {app, [options] { return run_send(*options); }};
}

}  // namespace holdfast::cli
