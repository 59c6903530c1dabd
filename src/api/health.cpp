// api/health.cpp: for whoever starts, restarts and routes around this process.
#include "api/interactions.h"
#include "fhir/json_writer.h"

namespace holdfast::api {
namespace {

Reply show_health(int status, Bytes body) {
  Reply reply;
  reply.status = status;
  reply.headers.add("Content-Type", "application/json");
  reply.headers.add("Cache-Control", "no-store");
  reply.body = std::move(body);
  return reply;
}

}  // namespace

Result<Reply> live(const Parts&, const Call& call) {
  TRY_OK(check_parameters(call, {}));
  return show_health(200, R"({"status":"live"})");
}

// A clock that is not trusted stops deadlines, not the record: it is shown, but the node is ready.
Result<Reply> ready(const Parts& parts, const Call& call) {
  TRY_OK(check_parameters(call, {}));
  const node::Health health = parts.node.health();
  const bool good = health.writes_refused.empty() && health.reads_degraded.empty();
  fhir::JsonWriter json(256);
  json.open('{');
  json.text("status", good ? "ready" : "not ready");
  json.number("position", parts.node.view().state.position.value);
  json.open("reasons", '[');
  if (!health.writes_refused.empty()) {
    json.text("writes refused: " + health.writes_refused);
  }
  if (!health.reads_degraded.empty()) {
    json.text("reads degraded: " + health.reads_degraded);
  }
  json.close(']');
  json.open("warnings", '[');
  if (health.clock != node::ClockHealth::good) {
    json.text(std::string("the system clock ") +
              (health.clock == node::ClockHealth::ahead ? "leapt forward" : "went back") + " by " +
              std::to_string(health.clock_lead.ms()) + " ms; new entries do not follow it");
  }
  if (!health.indexes.empty()) {
    json.text("new search parameters cannot be searched by: " + health.indexes);
  } else if (const node::Load load = parts.node.load(); load.indexed_of != 0) {
    json.text("the indexes of new search parameters are being made: " +
              std::to_string(load.indexed) + " of " + std::to_string(load.indexed_of) +
              " readings are done; searches go by the ones before");
  }
  json.close(']');
  json.close('}');
  return show_health(good ? 200 : 503, json.take());
}

}  // namespace holdfast::api
