// cli/serve.cpp: `holdfast serve`: the server on this machine. Prints one ready line, logs to
// stderr, and ends by draining on SIGTERM or SIGINT.
#include <CLI/CLI.hpp>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>

#include "cli/certificates.h"
#include "cli/command.h"
#include "cli/machine.h"
#include "cli/overlays.h"
#include "cli/packages.h"
#include "cli/pathway_files.h"
#include "server/assembly.h"
#include "server/config.h"
#include "server/directory.h"
#include "server/log.h"
#include "views/rocks/rocks_kv.h"

namespace holdfast::cli {
namespace {

constexpr std::uint64_t config_file_bytes_max = 1 << 20;

// The one thing that a signal handler may touch. A second signal while draining changes nothing:
// whoever is in a hurry has SIGKILL, and loses nothing that was acknowledged.
std::atomic<bool> asked_to_end = false;
static_assert(std::atomic<bool>::is_always_lock_free);

extern "C" void on_signal(int) { asked_to_end.store(true, std::memory_order_relaxed); }

std::atomic<bool> asked_to_renew = false;
extern "C" void on_renewal(int) { asked_to_renew.store(true, std::memory_order_relaxed); }

void watch_signals() {
  struct ::sigaction action{};
  action.sa_handler = on_signal;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  action.sa_handler = SIG_IGN;  // a closed pipe is an error of that write
  ::sigaction(SIGPIPE, &action, nullptr);
}

/// SIGHUP: certificates are read again. Without any it ends the process, as of any program whose
/// terminal is closed.
void watch_renewals() {
  struct ::sigaction action{};
  action.sa_handler = on_renewal;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGHUP, &action, nullptr);
}

struct ServeOptions {
  server::Origins origins;
  std::vector<std::string> texts;  ///< one a setting, where flags write to
  std::vector<CLI::Option*> flags;
};

Result<server::Config> read_settings(ServeOptions& options) {
  std::size_t index = 0;
  for (const server::Setting& setting : server::settings()) {
    const CLI::Option& flag = *options.flags[index];
    if (flag.count() > 0) {
      options.origins.flags[std::string(setting.key)] =
          setting.shape == server::Shape::presence ? "true" : options.texts[index];
    }
    ++index;
  }
  options.origins.environment = [](const std::string& variable) -> std::optional<std::string> {
    const char* const text = std::getenv(variable.c_str());
    return text == nullptr ? std::nullopt : std::optional<std::string>(text);
  };
  if (!options.origins.file.empty()) {
    TRY(options.origins.file_text, read_text_file(options.origins.file, config_file_bytes_max));
  }
  TRY(auto config, server::read_config(options.origins));
  if (config.data.empty()) {
    return fail(Code::usage, "which data directory? --data DIR, made by `holdfast init DIR`");
  }
  TRY_OK(server::check_loopback(config.http));
  if (!config.mllp.empty()) {
    TRY_OK(server::check_loopback(config.mllp));
  }
  if (!config.mllp_tls.empty()) {
    TRY_OK(server::check_loopback(config.mllp_tls));
  }
  TRY_OK(server::make_tls(config, certificate_reader(), RealClock().wall()));
  TRY_OK(read_overlays(config));
  if (!config.packages_folder.empty()) {
    TRY(config.packages, read_packages(config.packages_folder));
  }
  if (!config.pathways_folder.empty()) {
    TRY(config.pathways, read_pathway_files(config.pathways_folder));
  }
  return config;
}

/// The server, from the open directory to its end. Its parts go in the order in which they are
/// not needed any more: first the threads, last the world.
class Service {
 public:
  Service(const server::Config& config, std::unique_ptr<RealDisk> disk)
      : config_(config),
        root_(disk->root()),
        real_(std::move(disk), config.io_threads == 0 ? usable_cores() : config.io_threads),
        log_(clock_, config.log_level) {}

  int run() {
    views::RocksOptions store;
    store.path = root_ + "/" + std::string(server::views_folder);
    store.block_cache_bytes = config_.view_cache_bytes;
    store.write_buffer_bytes = config_.view_write_bytes;
    auto kv = views::open_rocks(store);
    if (!kv) {
      return give_up("cannot open the views", kv.error());
    }
    kv_ = *std::move(kv);
    Executor& home = *real_.world().io.front();
    auto listener = real_.world().network.listen(home, config_.http);
    if (!listener) {
      return give_up("cannot listen", listener.error());
    }
    listener_ = *std::move(listener);
    if (!config_.mllp.empty()) {
      auto mllp = real_.world().network.listen(home, config_.mllp);
      if (!mllp) {
        return give_up("cannot listen for MLLP", mllp.error());
      }
      mllp_ = *std::move(mllp);
    }
    if (!config_.mllp_tls.empty()) {
      auto mllp = real_.world().network.listen(home, config_.mllp_tls);
      if (!mllp) {
        return give_up("cannot listen for MLLP over TLS", mllp.error());
      }
      mllp_tls_ = *std::move(mllp);
    }
    real_.start();
    const int code = wait_for(home, serve());
    real_.stop();
    assembly_.reset();
    listener_.reset();
    mllp_.reset();
    mllp_tls_.reset();
    kv_.reset();
    log_.info("ended", {{"exit", code}});
    return code;
  }

 private:
  int give_up(std::string_view what, const Error& error) {
    log_.error(what, {{"why", error.what}, {"where", error.where}});
    return end_with("serve", error);
  }

  Task<int> serve() {
    server::Assembly::Parts parts{real_.world(), *kv_, *listener_,
                                  mllp_.get(),   log_, surroundings()};
    parts.open_folder = [](const std::string& folder) -> Result<std::unique_ptr<Disk>> {
      TRY(std::unique_ptr<Disk> disk, RealDisk::open_root(folder, RootMode::create));
      return disk;
    };
    parts.mllp_tls = mllp_tls_.get();
    auto assembly = co_await server::Assembly::open(std::move(parts), config_);
    if (!assembly) {
      co_return give_up("cannot open the record", assembly.error());
    }
    assembly_ = *std::move(assembly);
    assembly_->start();
    fmt::print("ready http=http://{}{}{}\n", listener_->address(),
               mllp_ ? " mllp=" + mllp_->address() : std::string(),
               mllp_tls_ ? " mllps=" + mllp_tls_->address() : std::string());
    std::fflush(stdout);
    log_.info("ready", {{"http", listener_->address()},
                        {"mllp", mllp_ ? mllp_->address() : std::string()},
                        {"mllps", mllp_tls_ ? mllp_tls_->address() : std::string()},
                        {"data", root_}});
    real_.world().io.front()->spawn(pass_on_signals());
    const server::End end = co_await assembly_->run();
    co_return end == server::End::stopped ? exit_ok : exit_failed;
  }

  Task<void> pass_on_signals() {
    while (!asked_to_end.load(std::memory_order_relaxed)) {
      if (asked_to_renew.exchange(false, std::memory_order_relaxed)) {
        renew_certificates();
      }
      co_await real_.world().io.front()->sleep(server::watch_interval);
    }
    assembly_->stop();
  }

  /// All of them, or none: what is wrong with a file is no reason to be without the one before.
  void renew_certificates() {
    const auto tls = server::read_tls(config_, certificate_reader(), clock_.wall());
    if (!tls) {
      log_.error("certificates could not be read again: those of before count",
                 {{"why", tls.error().what}});
      return;
    }
    assembly_->renew(*tls);
  }

  server::Surroundings surroundings() {
    server::Surroundings known;
    known.resident_bytes = [] { return memory_of_process().resident_bytes; };
    known.unflushed_bytes = [this] { return kv_->unflushed_bytes(); };
    known.free_bytes = [this] { return real_.disk().free_bytes().value_or(0); };
    return known;
  }

  const server::Config& config_;
  const std::string root_;
  RealClock clock_;
  RealWorld real_;
  server::Log log_;
  std::unique_ptr<views::Kv> kv_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Listener> mllp_;
  std::unique_ptr<Listener> mllp_tls_;
  std::unique_ptr<server::Assembly> assembly_;
};

int run_serve(ServeOptions& options) {
  const auto config = read_settings(options);
  if (!config) {
    return end_with("serve", config.error());
  }
  keep_files_private();
  raise_open_files();
  watch_signals();
  if (!config->tls.expiries().empty()) {
    watch_renewals();
  }
  auto disk = open_directory(config->data);
  if (!disk) {
    return end_with("serve", disk.error());
  }
  return Service(*config, *std::move(disk)).run();
}

}  // namespace

Command add_serve(CLI::App& parent) {
  auto options = std::make_shared<ServeOptions>();
  CLI::App* const app = parent.add_subcommand("serve", "serve a data directory over HTTP");
  app->add_option("--config", options->origins.file, "TOML file with any of the settings below");
  const auto defaults = server::Config();
  options->texts.resize(server::settings().size());
  std::size_t index = 0;
  for (const server::Setting& setting : server::settings()) {
    const std::string shown = setting.show(defaults);
    const std::string help = fmt::format("{}{}", setting.what,
                                         shown.empty() || setting.shape == server::Shape::presence
                                             ? std::string()
                                             : fmt::format(" [{}]", shown));
    options->flags.push_back(
        setting.shape == server::Shape::presence
            ? app->add_flag(server::flag_of(setting), help)
            : app->add_option(server::flag_of(setting), options->texts[index], help));
    ++index;
  }
  app->footer(
      "Each setting is also a key of the TOML file (ingest_bytes_max) and an environment\n"
      "variable (HOLDFAST_INGEST_BYTES_MAX). Flag over environment over file.\n"
      "Examples:\n"
      "  holdfast serve --data data/st-mary\n"
      "  holdfast serve --data data/st-mary --http 127.0.0.1:0 --log-level warn\n"
      "  holdfast serve --data data/st-mary --packages packages");
  return {app, [options] { return run_serve(*options); }};
}

}  // namespace holdfast::cli
