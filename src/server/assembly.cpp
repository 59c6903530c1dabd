#include "server/assembly.h"

#include <utility>

namespace holdfast::server {

/// The FHIR handler, and beside it what belongs to the process.
class Assembly::Door final : public api::Handler {
 public:
  Door(World& world, node::Node& node, const api::Options& options,
       const Surroundings& surroundings)
      : node_(node), surroundings_(surroundings), fhir_(node, world, options) {}

  /// Known once the server exists, before it starts.
  void watch(const http::Counts& edge) { edge_ = &edge; }

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
    reply.body = metrics_text(node_, budget.used(), budget.bytes_max(), *edge_, surroundings_);
    return reply;
  }

  node::Node& node_;
  const Surroundings& surroundings_;
  const http::Counts* edge_ = nullptr;
  api::FhirHandler fhir_;
};

Assembly::Assembly(Parts parts, const Config& config, node::Opened opened)
    : parts_(std::move(parts)),
      home_(*parts_.world.io.front()),
      drain_time_max_(config.drain_time_max),
      node_(std::move(opened.node)),
      door_(std::make_unique<Door>(parts_.world, *node_, config.api, parts_.surroundings)),
      server_(std::make_unique<http::Server>(home_, parts_.world.io, parts_.listener, *door_,
                                             node_->budget(), parts_.world.clock,
                                             parts_.world.random, config.limits)) {
  door_->watch(server_->counts());
  log_opening(opened.report);
}

Assembly::~Assembly() = default;

Task<Result<std::unique_ptr<Assembly>>> Assembly::open(Parts parts, const Config& config) {
  World& world = parts.world;
  co_await world.sequencer.turn();
  auto opened = co_await node::open(world, parts.kv, config.node);
  co_await world.io.front()->turn();
  if (!opened) {
    co_return fail(std::move(opened).error());
  }
  co_return std::unique_ptr<Assembly>(new Assembly(std::move(parts), config, *std::move(opened)));
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

void Assembly::start() { server_->start(); }

Task<End> Assembly::run() {
  End end = End::stopped;
  std::string refused_before;
  while (!stopping_.load(std::memory_order_relaxed)) {
    const node::Health health = node_->health();
    if (health.writes_refused != refused_before) {  // one line an episode, not one a look
      refused_before = health.writes_refused;
      if (refused_before.empty()) {
        parts_.log.info("writes are accepted again");
      } else {
        parts_.log.error("writes are refused", {{"why", refused_before}});
      }
    }
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
  co_await server_->drain(home_.now() + patience);
  co_await parts_.world.sequencer.turn();
  const auto drained = co_await node_->drain();
  co_await home_.turn();
  if (!drained) {
    parts_.log.error("the node did not end cleanly", {{"why", drained.error().what}});
    end = End::failed;
  }
  co_return end;
}

}  // namespace holdfast::server
