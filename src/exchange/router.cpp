#include "exchange/router.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/check.h"
#include "fhir/member.h"
#include "fhir/path/compile.h"
#include "fhir/path/evaluate.h"
#include "fhir/path/types.h"
#include "hl7v2/message.h"

namespace holdfast::exchange {

/// One route of one channel.
struct Router::Rule {
  const Channel* channel = nullptr;
  const Route* route = nullptr;
  std::optional<fhir::path::Program> when;
};

/// What one call adds up.
struct Router::Work {
  std::vector<Delivery> deliveries;
  std::optional<fhir::Json> json;  ///< of the body that is looked at, once it is needed
  bool failed = false;             ///< it is none

  void owe(const Channel& channel, std::uint32_t operation, std::string lane = {}) {
    const bool twice = std::ranges::any_of(deliveries, [&](const Delivery& one) {
      return one.operation == operation && one.channel == channel.name;
    });
    if (!twice) {
      deliveries.push_back({channel.name, std::move(lane), operation, {}, {}});
    }
  }
};

namespace {

/// Evaluators keep their memory.
fhir::path::Evaluator& evaluator() {
  thread_local fhir::path::Evaluator one;
  return one;
}

/// Of a message as it came: the patient by the number that its sender gives. With a blank, so that
/// it is nobody's id here.
std::string lane_of(const hl7v2::Message& message) {
  const auto pid = message.find("PID");
  if (!pid) {
    return {};
  }
  const auto number = pid->field(3).repetition(1);
  return fmt::format("PID-3 {}|{}", number.component(1).text(), number.component(4).text());
}

/// Nobody else's matter yet, as mappings/out/events.csv has it.
bool is_no_order_yet(fhir::JsonValue order) {
  const std::string intent = fhir::text_member(order, "intent");
  return fhir::text_member(order, "status") == "draft" || intent == "proposal" ||
         intent == "plan" || intent == "option";
}
bool is_ended(fhir::JsonValue order) {
  const std::string status = fhir::text_member(order, "status");
  return status == "completed" || status == "revoked" || status == "entered-in-error";
}

bool comes_from(const Command& command, const Channel& channel) {
  return !channel.neighbour.empty() &&
         command.principal.name == fmt::format("neighbour:{}", channel.neighbour);
}

}  // namespace

Router::Router(const Channels& channels) : channels_(channels), by_type_(fhir::type_count) {
  for (const Channel& channel : channels_.all()) {
    for (const Route& route : channel.routes) {
      Rule rule{&channel, &route, {}};
      if (!route.when.empty()) {
        auto program =
            fhir::path::compile(route.when, {.type = *fhir::path::fhir_type(route.type)});
        check(program.has_value(), "Channels::of() has compiled it");
        rule.when = *std::move(program);
      }
      if (route.type.empty()) {
        of_messages_.push_back(std::move(rule));
      } else if (channel.provider && route.type == "ServiceRequest") {
        of_providers_.push_back(std::move(rule));
      } else {
        by_type_[fhir::type_id(route.type)->value].push_back(std::move(rule));
      }
    }
  }
}

Router::~Router() = default;

const fhir::Json* Router::read(const Operation& operation, Work& work) const {
  if (!work.json && !work.failed) {
    auto parsed = readers_.take()->read(operation.body);
    work.failed = !parsed;
    if (parsed) {
      work.json = *std::move(parsed);
    }
  }
  return work.json ? &*work.json : nullptr;
}

bool Router::takes(const Rule& rule, const Operation& operation, Work& work) const {
  if (!rule.when) {
    return true;
  }
  const fhir::Json* const json = read(operation, work);
  if (json == nullptr) {
    return true;
  }
  const fhir::path::Surroundings surroundings;
  const auto decided =
      evaluator().holds(*rule.when, fhir::path::resource_value(json->root()), surroundings);
  return !decided || *decided;
}

void Router::route_order(const Command& command, std::uint32_t index, Work& work) const {
  const Operation& operation = command.operations[index];
  if (of_providers_.empty() || operation.type != "ServiceRequest") {
    return;
  }
  if (operation.verb == Verb::remove) {
    for (const Rule& rule : of_providers_) {
      if (rule.channel->kind == ChannelKind::fhir && !comes_from(command, *rule.channel)) {
        work.owe(*rule.channel, index);
      }
    }
    return;
  }
  Delivery delivery;
  delivery.operation = index;
  Provision& provision = delivery.provision.emplace();
  const fhir::Json* const json = read(operation, work);
  const bool nobodys = json != nullptr && is_no_order_yet(json->root());
  provision.ended = json != nullptr && is_ended(json->root());
  for (const Rule& rule : of_providers_) {
    if (comes_from(command, *rule.channel) &&
        std::ranges::find(provision.sources, rule.channel->name) == provision.sources.end()) {
      provision.sources.push_back(rule.channel->name);
    }
    if (delivery.channel.empty() && !nobodys && takes(rule, operation, work)) {
      delivery.channel = rule.channel->name;
    }
  }
  work.deliveries.push_back(std::move(delivery));
}

void Router::route_operation(const Command& command, std::uint32_t index, Work& work) const {
  const Operation& operation = command.operations[index];
  const auto type = fhir::type_id(operation.type);
  if (!type) {
    return;
  }
  work.json.reset();
  work.failed = false;
  route_order(command, index, work);
  for (const Rule& rule : by_type_[type->value]) {
    if (comes_from(command, *rule.channel)) {
      continue;
    }
    if (operation.verb == Verb::remove) {
      if (rule.channel->kind == ChannelKind::fhir) {
        work.owe(*rule.channel, index);
      }
      continue;
    }
    if (takes(rule, operation, work)) {
      work.owe(*rule.channel, index);
    }
  }
}

void Router::route_message(const Command& command, std::uint32_t index, Work& work) const {
  const Message& message = *command.message;
  const auto parsed = hl7v2::Message::parse(message.bytes);
  if (!parsed) {
    return;
  }
  for (const Rule& rule : of_messages_) {
    const auto& from = rule.route->from;
    const bool theirs = from.empty() || std::ranges::find(from, message.neighbour) != from.end();
    if (theirs && !comes_from(command, *rule.channel) && rule.route->message->accepts(*parsed)) {
      work.owe(*rule.channel, index, lane_of(*parsed));
    }
  }
}

void Router::route(decide::Prepared& prepared) const {
  Command& command = prepared.command;
  Work work;
  for (std::uint32_t i = 0; i < command.operations.size(); ++i) {
    if (std::ranges::find(command.deliveries, std::optional(i), &Delivery::operation) !=
        command.deliveries.end()) {
      continue;  // whoever made the Command has said where it goes
    }
    route_operation(command, i, work);
    const bool stands_for_message = command.message && command.message->attempt == 1 &&
                                    !of_messages_.empty() &&
                                    command.message->disposition != Disposition::refused &&
                                    command.operations[i].type == "Binary" &&
                                    command.operations[i].id == command.message->evidence;
    if (stands_for_message) {
      route_message(command, i, work);
    }
  }
  if (work.deliveries.empty()) {
    return;
  }
  // Before those that name a resource, and behind those of operations that somebody asked for.
  const auto named =
      std::ranges::find_if(command.deliveries, [](const Delivery& one) { return !one.operation; });
  command.deliveries.insert(named, std::make_move_iterator(work.deliveries.begin()),
                            std::make_move_iterator(work.deliveries.end()));
  std::ranges::stable_sort(command.deliveries, {}, [](const Delivery& one) {
    return one.operation ? std::uint64_t{*one.operation} : UINT64_MAX;
  });
}

}  // namespace holdfast::exchange
