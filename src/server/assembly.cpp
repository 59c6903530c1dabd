#include "server/assembly.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "pathway/shipped.h"
#include "server/serving.h"

namespace holdfast::server {
namespace {

/// What packages bring beside search parameters. What of their profiles is not checked is said now,
/// and again by each validation.
Result<std::unique_ptr<const api::Definitions>> read_definitions(const Packages& packages,
                                                                 Log& log) {
  std::vector<Bytes> terminology = packages.code_systems;
  terminology.insert(terminology.end(), packages.value_sets.begin(), packages.value_sets.end());
  auto read = api::Definitions::over(terminology, packages.structure_definitions);
  if (!read) {
    return fail(Code::usage, fmt::format("the packages cannot be used: {}", read.error().what),
                read.error().where);
  }
  for (const std::string& what : (*read)->validator().library().problems()) {
    log.warn("something in a package is not checked by validation", {{"what", what}});
  }
  return read;
}

}  // namespace

/// The FHIR handler, and beside it what belongs to the process.
class Assembly::Door final : public api::Handler {
 public:
  Door(World& world, node::Node& node, const api::Options& options,
       std::unique_ptr<const api::Definitions> definitions, const Surroundings& surroundings)
      : node_(node),
        clock_(world.clock),
        surroundings_(surroundings),
        fhir_(node, world, options, std::move(definitions)) {}

  /// Known once the server exists, before it starts.
  void watch(const http::Counts& edge) { edge_ = &edge; }
  void set_taker(api::MessageTaker& taker) { fhir_.set_taker(taker); }
  void watch(const exchange::Dispatcher& dispatcher) { dispatcher_ = &dispatcher; }
  void watch(const Exchange& exchange, const AcceptCounts* plain, const AcceptCounts* tls,
             const TlsCounts* handshakes) {
    exchange_ = &exchange;
    mllp_ = plain;
    mllp_tls_ = tls;
    tls_ = handshakes;
  }
  /// From any thread.
  void watch(std::shared_ptr<const std::vector<TlsExpiry>> expiries) {
    expiries_.store(std::move(expiries));
  }

  [[nodiscard]] std::uint64_t body_bytes_max(const api::Request& head) const override {
    return head.path() == metrics_path ? 0 : fhir_.body_bytes_max(head);
  }

  Task<api::Reply> handle(api::Request request, Executor& on) override {
    if (request.path() == metrics_path) {
      co_return show_metrics(request);
    }
    co_return co_await fhir_.handle(std::move(request), on);
  }

 private:
  static constexpr std::string_view metrics_path = "/metrics";

  [[nodiscard]] api::Reply show_metrics(const api::Request& request) {
    if (request.method != api::Method::get && request.method != api::Method::head) {
      const Error error{Code::method, "/metrics takes GET and HEAD", {}, {}};
      api::Reply refused = api::refusal(error, api::Origin::request);
      refused.headers.add("Allow", "GET, HEAD");
      return refused;
    }
    api::Reply reply;
    reply.headers.add("Content-Type", metrics_media_type);
    reply.headers.add("Cache-Control", "no-store");
    Budget& budget = node_.budget();
    const auto expiries = expiries_.load();
    reply.body = metrics_text(
        {node_, budget, *edge_, fhir_.judged(), exchange_ == nullptr ? nullptr : &exchange_->counts,
         mllp_, dispatcher_, mllp_tls_, tls_, *expiries, clock_.wall(),
         exchange_ == nullptr ? nullptr : &exchange_->neighbours},
        surroundings_);
    return reply;
  }

  node::Node& node_;
  const Clock& clock_;
  const Surroundings& surroundings_;
  const http::Counts* edge_ = nullptr;
  const exchange::Dispatcher* dispatcher_ = nullptr;
  const Exchange* exchange_ = nullptr;
  const AcceptCounts* mllp_ = nullptr;
  const AcceptCounts* mllp_tls_ = nullptr;
  const TlsCounts* tls_ = nullptr;
  std::atomic<std::shared_ptr<const std::vector<TlsExpiry>>> expiries_;
  api::FhirHandler fhir_;
};

Assembly::Assembly(Parts parts, const Config& config, std::unique_ptr<Exchange> exchange,
                   node::Opened opened, std::unique_ptr<const api::Definitions> definitions)
    : parts_(std::move(parts)),
      home_(*parts_.world.io.front()),
      drain_time_max_(config.drain_time_max),
      exchange_(std::move(exchange)),
      node_(std::move(opened.node)),
      door_(std::make_unique<Door>(parts_.world, *node_, config.api, std::move(definitions),
                                   parts_.surroundings)),
      server_(std::make_unique<http::Server>(home_, parts_.world.io, parts_.listener, *door_,
                                             node_->budget(), parts_.world.clock,
                                             parts_.world.random, config.limits)),
      ticker_(parts_.world, *node_) {
  door_->watch(server_->counts());
  log_opening(opened.report);
  const Serving::Doors doors{parts_.mllp, parts_.mllp_tls};
  serving_ = std::make_unique<Serving>(home_, parts_.world, *node_, *exchange_, doors,
                                       parts_.open_folder, config);
  door_->watch(serving_->dispatcher);
  door_->set_taker(serving_->taker);
  show_certificates(config.tls.expiries());
  if (serving_->server || serving_->tls_server) {
    if (exchange_->neighbours.all().empty()) {
      parts_.log.warn("no neighbour is configured: every message over MLLP will be refused",
                      {{"what to do", "add [[neighbour]] to the configuration file"}});
    }
    const auto& plain = serving_->server;
    const auto& tls = serving_->tls_server;
    door_->watch(*exchange_, plain ? &plain->connections() : nullptr,
                 tls ? &tls->connections() : nullptr, tls ? serving_->handshakes.get() : nullptr);
  }
}

Assembly::~Assembly() = default;

Task<Result<std::unique_ptr<Assembly>>> Assembly::open(Parts parts, const Config& config) {
  World& world = parts.world;
  CO_TRY(auto definitions, read_definitions(config.packages, parts.log));
  auto exchange = std::make_unique<Exchange>(config);
  node::Options options = config.node;
  options.routes = exchange->router.get();
  co_await world.sequencer.turn();
  auto opened = co_await node::open(world, parts.kv, options);
  co_await world.io.front()->turn();
  if (!opened) {
    co_return fail(std::move(opened).error());
  }
  std::unique_ptr<Assembly> assembly(new Assembly(std::move(parts), config, std::move(exchange),
                                                  *std::move(opened), std::move(definitions)));
  auto defined = assembly->serving_->open_folders(assembly->parts_.open_folder, config);
  if (defined) {
    defined = co_await assembly->define(config.packages.search_parameters);
  }
  if (defined) {
    defined = co_await assembly->define_pathways(config.pathways);
    assembly->warn_of_calendar();
  }
  if (!defined) {
    // The node runs by now: segments are being prepared, postings written.
    if (const auto drained = co_await assembly->drain_node(); !drained) {
      assembly->parts_.log.error("the node did not end cleanly", {{"why", drained.error().what}});
    }
    co_return fail(std::move(defined).error());
  }
  co_return assembly;
}

// The configuration says what counts beside the built-in parameters: what it has no longer, goes.
Task<Result<void>> Assembly::define(std::vector<Bytes> search_parameters) {
  if (!node_->health().writes_refused.empty()) {
    co_return ok();  // read-only: searches go on by what the journal says
  }
  const auto defined = co_await node_->define(home_, std::move(search_parameters));
  if (!defined) {
    const Error& why = defined.error();
    if (why.code == Code::unavailable || why.code == Code::no_space) {
      parts_.log.error("search parameters stay as they were", {{"why", why.what}});
      co_return ok();
    }
    co_return fail(why);
  }
  for (std::uint8_t i = 0; i < fhir::type_count; ++i) {
    for (const fhir::SearchParam& param : node_->extracting().of(fhir::TypeId{i})) {
      if (!param.unsupported.empty() && !param.url.starts_with("http://hl7.org/fhir/")) {
        parts_.log.warn("nobody can search by this parameter",
                        {{"type", fhir::name(fhir::TypeId{i})},
                         {"code", param.code},
                         {"url", param.url},
                         {"why", param.unsupported}});
      }
    }
  }
  co_return ok();
}

Task<Result<void>> Assembly::define_pathways(std::vector<pathway::File> files) {
  if (!node_->health().writes_refused.empty()) {
    co_return ok();
  }
  if (files.empty()) {
    // What is in force stays; a set from before clinical tables were part of it gets those of now.
    const pathway::Definitions* const in_force = node_->pathways();
    files = in_force == nullptr ? pathway::shipped_from(parts_.world.clock.wall())
                                : pathway::with_clinical_tables(in_force->files(), in_force);
    if (in_force != nullptr && files == in_force->files()) {
      co_return ok();
    }
  }
  const auto defined = co_await node_->define_pathways(home_, std::move(files));
  if (!defined) {
    const Error& why = defined.error();
    if (why.code == Code::usage) {
      co_return fail(why);
    }
    parts_.log.error("pathways stay as they were", {{"why", why.what}});
    co_return ok();
  }
  parts_.log.info("pathways in force", {{"definitions", defined->value}});
  co_return ok();
}

void Assembly::warn_of_calendar() {
  const pathway::Definitions* const pathways = node_->pathways();
  if (pathways == nullptr) {
    return;
  }
  const std::int64_t days = calendar_days_left(*pathways, parts_.world.clock.wall());
  if (days < calendar_warning_days) {
    parts_.log.warn(
        "holidays are known for less than a year: after that they count as working days",
        {{"days", days}, {"what to do", "add the holidays that were announced to calendar.toml"}});
  }
}

void Assembly::log_opening(const node::OpeningReport& report) {
  parts_.log.info("journal opened", {{"position", report.head.value},
                                     {"replayed", report.replayed},
                                     {"rewritten", report.rewritten},
                                     {"torn", report.torn.size()},
                                     {"damage", report.damage.size()}});
  for (const std::string& torn : report.torn) {
    parts_.log.warn("bytes that were never acknowledged were cut and kept", {{"where", torn}});
  }
  for (const std::string& damage : report.damage) {
    parts_.log.error("journal damaged: writes are refused", {{"where", damage}});
  }
}

void Assembly::show_certificates(std::vector<TlsExpiry> expiries) {
  for (const TlsExpiry& one : expiries) {
    const std::int64_t days = days_until(one.end, parts_.world.clock.wall());
    if (days < tls_expiry_warning_days) {
      parts_.log.warn("a certificate ends soon: connections will fail then",
                      {{"file", one.file},
                       {"days", days},
                       {"what to do", "put a new one into the file and send SIGHUP"}});
    }
  }
  door_->watch(std::make_shared<const std::vector<TlsExpiry>>(std::move(expiries)));
}

void Assembly::renew(const TlsContexts& tls) {
  if (serving_->tls_listener) {
    serving_->tls_listener->renew(tls.mllp);
  }
  serving_->carriers.renew(tls);
  show_certificates(tls.expiries());
  parts_.log.info("certificates were read again: connections that begin from now on have them");
}

void Assembly::start() {
  server_->start();
  serving_->dispatcher.start();
  serving_->feeds.start();
  ticker_.start();
  for (const auto& folder : serving_->folders) {
    folder->start();
  }
  if (serving_->server) {
    serving_->server->start();
  }
  if (serving_->tls_server) {
    serving_->tls_server->start();
  }
}

void Assembly::log_changes(const node::Health& health, Said& said) {
  if (health.writes_refused != said.writes_refused) {
    said.writes_refused = health.writes_refused;
    if (said.writes_refused.empty()) {
      parts_.log.info("writes are accepted again");
    } else {
      parts_.log.error("writes are refused", {{"why", said.writes_refused}});
    }
  }
  const node::Load load = node_->load();
  if (load.indexed_of != 0 && !said.building) {
    parts_.log.info("making the indexes of new search parameters",
                    {{"resources", load.indexed_of / 2}});
  }
  said.building = load.indexed_of != 0;
  if (const Position active = node_->view().state.active; active != said.active) {
    said.active = active;
    parts_.log.info("searches go by new search parameters", {{"definitions", active.value}});
  }
  for (const auto& [name, counts] : serving_->dispatcher.counts()) {
    std::string why = counts->last_failure();
    if (why == said.failures[name]) {
      continue;
    }
    said.failures[name] = why;
    if (why.empty()) {
      parts_.log.info("a channel delivers again", {{"channel", name}});
    } else {
      parts_.log.warn("a channel cannot deliver", {{"channel", name}, {"why", why}});
    }
  }
  if (std::string trouble = serving_->feeds.trouble(); trouble != said.feed_trouble) {
    said.feed_trouble = std::move(trouble);
    if (!said.feed_trouble.empty()) {
      parts_.log.warn("a feed cannot be watched", {{"why", said.feed_trouble}});
    }
  }
  if (std::string trouble = ticker_.trouble(); trouble != said.time_trouble) {
    said.time_trouble = std::move(trouble);
    if (!said.time_trouble.empty()) {
      parts_.log.error("items that are late cannot be escalated", {{"why", said.time_trouble}});
    }
  }
  for (const auto& folder : serving_->folders) {
    const std::string trouble = folder->trouble();
    std::string& before = said.folder_troubles[folder.get()];
    if (trouble != before && !trouble.empty()) {
      parts_.log.warn("files of a neighbour stay where they are", {{"why", trouble}});
    }
    before = trouble;
  }
  if (std::string why = serving_->handshakes->last_failure(); why != said.tls_failure) {
    said.tls_failure = std::move(why);
    parts_.log.warn("an MLLP connection over TLS was refused", {{"why", said.tls_failure}});
  }
  if (serving_->server || serving_->tls_server) {
    std::string why = exchange_->counts.last_close();
    if (why != said.mllp_close) {
      said.mllp_close = std::move(why);
      parts_.log.warn("an MLLP connection was closed; what it brought is not acknowledged",
                      {{"why", said.mllp_close}});
    }
  }
  if (health.indexes != said.indexes) {
    said.indexes = health.indexes;
    parts_.log.error("new search parameters cannot be searched by", {{"why", said.indexes}});
  }
}

Task<End> Assembly::run() {
  End end = End::stopped;
  Said said;
  said.active = node_->view().state.active;
  while (!stopping_.load(std::memory_order_relaxed)) {
    const node::Health health = node_->health();
    log_changes(health, said);
    if (health.fatal == node::Fatal::yes) {
      parts_.log.error("this node cannot go on: it ends, so that nobody takes it for alive",
                       {{"why", health.writes_refused}});
      end = End::failed;
      break;
    }
    co_await home_.sleep(watch_interval);
  }
  parts_.log.info("draining");
  const Duration patience = end == End::failed ? failed_drain_time_max : drain_time_max_;
  const Instant until = home_.now() + patience;
  if (serving_->server) {
    co_await serving_->server->drain(until);
  }
  if (serving_->tls_server) {
    co_await serving_->tls_server->drain(until);
  }
  co_await server_->drain(until);
  for (const auto& folder : serving_->folders) {
    co_await folder->drain();
  }
  co_await ticker_.drain();
  co_await serving_->feeds.drain();
  co_await serving_->dispatcher.drain(until);
  if (const auto drained = co_await drain_node(); !drained) {
    parts_.log.error("the node did not end cleanly", {{"why", drained.error().what}});
    end = End::failed;
  }
  co_return end;
}

Task<Result<void>> Assembly::drain_node() {
  co_await parts_.world.sequencer.turn();
  auto drained = co_await node_->drain();
  co_await home_.turn();
  co_return drained;
}

}  // namespace holdfast::server
