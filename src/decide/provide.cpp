// decide/provide.cpp: who does an order, and what neighbours are told when that changes
// (docs/adr/0026). Exactly one: whoever has it keeps it until somebody else has it, and hears of
// that in the same entry.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "decide/decision.h"
#include "decide/diversion.h"
#include "decide/following.h"
#include "fhir/member.h"
#include "fhir/sites.h"
#include "model/channel_words.h"
#include "views/outbox.h"
#include "views/providers.h"
#include "views/versions.h"

namespace holdfast::decide {
namespace {

constexpr std::string_view order_type = "ServiceRequest";

}  // namespace

std::optional<std::string> diverted_to(fhir::JsonValue endpoint) {
  const auto extension = fhir::extension_of(endpoint, channel_diverted_url);
  const auto value = extension ? extension->find("valueReference") : std::nullopt;
  const std::string reference = value ? fhir::text_member(*value, "reference") : std::string();
  const auto literal = fhir::parse_literal(reference);
  const auto channel = literal && fhir::name(literal->type) == "Endpoint"
                           ? channel_of_endpoint(literal->id)
                           : std::nullopt;
  return channel ? std::optional(std::string(*channel)) : std::nullopt;
}

Result<std::string> Decision::diverted(std::string channel) const {
  static const fhir::TypeId endpoint = *fhir::type_id("Endpoint");
  for (int i = 0; i < diversions_max && !channel.empty(); ++i) {
    TRY(const auto current, views::read_current(view_, endpoint, endpoint_id(channel)));
    if (!current || current->presence == views::Presence::deleted) {
      break;
    }
    TRY(const views::Body body, views::read_body(view_, codec_, current->row));
    fhir::Json json;
    TRY_OK(task_reader().read(body.bytes, json));
    auto next = diverted_to(json.root());
    if (!next) {
      break;
    }
    channel = *std::move(next);
  }
  return channel;
}

Result<void> Decision::provide(std::uint32_t index) {
  const Delivery& delivery = prepared_.command.deliveries[index];
  const Provision& provision = *delivery.provision;
  RowId row;
  std::string order = delivery.id;
  bool is_new = false;
  if (delivery.operation) {
    if (*delivery.operation >= outcome_.results.size() ||
        operation(*delivery.operation).type != order_type) {
      return fail(Code::structure, "a provision is of an operation that writes an order");
    }
    const OperationResult& result = outcome_.results[*delivery.operation];
    if (result.status != Status::created && result.status != Status::updated) {
      return ok();
    }
    order = result.id;
    is_new = result.version == Version{1};
  } else {
    TRY(row, row_named(delivery));
    if (delivery.type != order_type) {
      return fail(Code::structure, "a provision is of an order");
    }
  }
  if (!provided_.insert(order).second) {
    return fail(Code::structure,
                fmt::format("a Command says twice who does {}/{}", order_type, order));
  }
  std::optional<views::OrderProvider> before;
  if (!is_new) {
    TRY(before, views::read_provider(view_, order));
  }
  const auto add = [&](Provided what, const std::string& channel) {
    outcome_.providers.push_back({index, what, channel, row});
  };
  const auto knows = [&](const std::string& channel) {
    return std::ranges::find(provision.sources, channel) != provision.sources.end();
  };
  const bool has_ended = before && before->what == Provided::ends;
  if (provision.ended) {
    const std::string whose = before ? before->channel : (is_new ? "" : delivery.channel);
    if (!whose.empty() && !knows(whose)) {
      add(Provided::goes_on, whose);
    }
    if (before && !whose.empty() && !has_ended) {
      add(Provided::ends, whose);
    }
    return ok();
  }
  const bool is_theirs = before && !before->channel.empty() && !has_ended;
  if (!delivery.operation && !is_theirs) {
    return ok();  // what is nobody's, a draft or what has ended, is not passed on
  }
  // Whoever has it keeps it while its routes say what they said: that a diversion ends takes
  // nothing away from anybody.
  std::string target;
  if (delivery.operation && is_theirs && before->meant == delivery.channel) {
    target = before->channel;
  } else {
    TRY(target, diverted(delivery.channel));
  }
  // Before there were providers it went by its routes alone: they know it.
  if (before ? before->channel == target && !has_ended : !is_new) {
    if (!delivery.operation || target.empty()) {
      return ok();  // where it is to be
    }
    if (!before || before->meant != delivery.channel) {
      add(Provided::known, target);
    }
    if (!knows(target)) {
      add(Provided::goes_on, target);
    }
    return ok();
  }
  if (is_theirs && !knows(before->channel) && planted_ != Bug::keep_old_provider) {
    add(Provided::withdrawn, before->channel);
  }
  add(target.empty()  ? Provided::nobody
      : knows(target) ? Provided::known
                      : Provided::begins,
      target);
  return ok();
}

}  // namespace holdfast::decide
