// api/divert.cpp: Endpoint/[id]/$divert, $end-diversion and $pass-on: another neighbour does what
// this one was to do (docs/adr/0026). The first two say where new orders go; the third moves orders
// that are there already, shown first.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "api/channels.h"
#include "api/each_open.h"
#include "api/interactions.h"
#include "api/stored.h"
#include "api/writing.h"
#include "base/time.h"
#include "decide/diversion.h"
#include "fhir/json_writer.h"
#include "fhir/member.h"
#include "pathway/definition.h"
#include "views/items.h"
#include "views/outbox.h"
#include "views/providers.h"

namespace holdfast::api {
namespace {

constexpr std::size_t orders_max = 1000;
constexpr std::size_t named_max = 100;
constexpr std::size_t places_max = 500'000;

/// "channel-b", "Endpoint/channel-b", or the name of the channel.
std::string channel_in(std::string_view text) {
  constexpr std::string_view type = "Endpoint/";
  if (text.starts_with(type)) {
    text.remove_prefix(type.size());
  }
  return std::string(channel_of_endpoint(text).value_or(text));
}

Result<void> check_does_orders(const ShownChannel& channel) {
  return channel.provider
             ? ok()
             : fail(Code::unsupported,
                    fmt::format("channel '{}' does no orders: it has no `provider = true` in the "
                                "configuration of this server",
                                channel.name));
}

/// The channel at which an order for `to` would begin, which has to be able to take what `from` was
/// to do: `to` may be diverted itself.
Result<std::string> last_target(const Parts& parts, const node::Moment& moment,
                                const std::string& from, const std::string& to) {
  if (to == from) {
    return fail(Code::value, fmt::format("`to` is channel '{}' itself", from), "http.to");
  }
  std::string last = to;
  for (int i = 0;; ++i) {
    TRY(const ShownChannel channel, read_channel(parts, endpoint_id(last), moment));
    TRY_OK(check_shown(channel));
    TRY_OK(check_does_orders(channel));
    if (channel.diverted_to == from) {
      return fail(Code::invariant,
                  fmt::format("channel '{}' is diverted to '{}' itself: $end-diversion there first",
                              last, from));
    }
    if (!channel.diverted_to.empty() && i < decide::diversions_max) {
      last = channel.diverted_to;
      continue;
    }
    if (channel.status != "active" && channel.status != "error") {
      return fail(Code::invariant,
                  fmt::format("channel '{}' sends nothing (its status is {}): $resume it first, or "
                              "choose another",
                              last, channel.status));
    }
    return last;
  }
}

/// The Endpoint with another diversion, or with none where `to` is empty.
Result<Bytes> diverted_endpoint(const Parts& parts, const ShownChannel& channel,
                                const std::string& to, std::string_view reason) {
  fhir::ReaderPool::Lease reader = parts.readers.take();
  TRY(const fhir::Json json, reader->read(channel.body));
  fhir::JsonWriter extensions;
  extensions.open('[');
  if (const auto before = json.root().find("extension")) {
    for (const fhir::JsonValue one : before->children()) {
      const std::string url = fhir::text_member(one, "url");
      if (url != channel_diverted_url && url != channel_diverted_reason_url) {
        extensions.raw(one.raw());
      }
    }
  }
  if (!to.empty()) {
    extensions.open('{');
    extensions.text("url", channel_diverted_url);
    extensions.open("valueReference", '{');
    extensions.text("reference", fmt::format("Endpoint/{}", endpoint_id(to)));
    extensions.close('}');
    extensions.close('}');
  }
  extensions.open('{');
  extensions.text("url", channel_diverted_reason_url);
  extensions.text("valueString", reason);
  extensions.close('}');
  extensions.close(']');
  return fhir::with_member(json.root(), "extension", extensions.take());
}

struct Diversion {
  std::string to;  ///< empty: it ends
  std::string reason;
};

Result<std::optional<decide::Prepared>> make_diversion(const Parts& parts, const Call& call,
                                                       const Deed& deed, const node::Moment& moment,
                                                       const Diversion& diversion) {
  TRY(const ShownChannel channel, read_channel(parts, call, moment));
  TRY_OK(check_shown(channel));
  TRY_OK(check_if_match(deed, channel));
  TRY_OK(check_does_orders(channel));
  if (channel.diverted_to == diversion.to) {
    return std::nullopt;
  }
  if (!diversion.to.empty()) {
    TRY_OK(last_target(parts, moment, channel.name, diversion.to));
  }
  decide::Prepared prepared;
  prepared.command = deed.command;
  TRY(Bytes body, diverted_endpoint(parts, channel, diversion.to, diversion.reason));
  Operation operation;
  operation.verb = Verb::update;
  operation.id = call.match.id;
  operation.if_match = channel.version;
  TRY_OK(add_operation(parts, prepared, std::move(operation), std::move(body)));
  return prepared;
}

struct PassOn {
  std::string to;  ///< empty: where it is diverted to
  std::string reason;
  std::set<std::string, std::less<>> states;  ///< empty: those that items begin in
  bool dry_run = true;
};

Result<PassOn> read_pass_on(const Parts& parts, const Call& call) {
  const OperationInput::Names names{"$pass-on", {"to", "reason", "dryRun"}, {"state"}, {}};
  TRY(const OperationInput input, OperationInput::read(parts, call, names));
  PassOn asked;
  asked.to = channel_in(input.text("to"));
  TRY(asked.dry_run, input.flag("dryRun", true));
  TRY(asked.reason, read_reason(input, !asked.dry_run));
  for (const std::string_view state : input.texts("state")) {
    asked.states.emplace(state);
  }
  return asked;
}

/// The orders that a channel's neighbour does and somebody still waits for.
struct Orders {
  std::vector<std::string> go;  ///< ids, sorted; at most orders_max
  std::uint64_t more = 0;       ///< that would, behind those
  std::map<std::pair<std::string, std::string>, std::uint64_t> stay;  ///< by pathway and state
  bool is_bound = false;  ///< more is open than was looked at
};

class Finder {
 public:
  Finder(const Parts& parts, const node::Moment& moment, const std::string& channel,
         const PassOn& asked)
      : parts_(parts), moment_(moment), channel_(channel), asked_(asked) {}

  Result<Orders> find() {
    TRY(const bool all,
        each_open(moment_, places_max, [this](const views::Item& item) { return look_at(item); }));
    orders_.is_bound = !all;
    return done();
  }

 private:
  Result<void> look_at(const views::Item& item) {
    constexpr std::string_view orders = "ServiceRequest/";
    if (!item.focus.starts_with(orders)) {
      return ok();
    }
    const std::string order = item.focus.substr(orders.size());
    TRY(const auto provider, views::read_provider(*moment_.reader, order));
    if (!provider || provider->channel != channel_) {
      return ok();
    }
    if (may_go(item)) {
      go_.insert(order);
    } else {
      stay_.insert(order);
      ++orders_.stay[{item.pathway, item.state}];
    }
    return ok();
  }

  [[nodiscard]] bool may_go(const views::Item& item) const {
    if (!asked_.states.empty()) {
      return asked_.states.contains(item.state);
    }
    const pathway::Definitions* const definitions = parts_.node.pathways();
    const pathway::Definition* const definition =
        definitions == nullptr ? nullptr : definitions->find(item.pathway);
    return definition != nullptr &&
           std::ranges::any_of(definition->opens, [&](const pathway::Open& open) {
             return fhir::name(open.on) == "ServiceRequest" && open.state == item.state;
           });
  }

  /// Of an order with several items, one that stays keeps it.
  Orders done() {
    for (const std::string& order : go_) {
      if (stay_.contains(order)) {
        continue;
      }
      if (orders_.go.size() < orders_max) {
        orders_.go.push_back(order);
      } else {
        ++orders_.more;
      }
    }
    return std::move(orders_);
  }

  const Parts& parts_;
  const node::Moment& moment_;
  const std::string& channel_;
  const PassOn& asked_;
  std::set<std::string> go_;
  std::set<std::string> stay_;
  Orders orders_;
};

/// Who passed what on, from whom to whom, and why.
Bytes provenance_of(const std::vector<std::string>& orders, const std::string& from,
                    const std::string& to_channel, const PassOn& asked, std::string_view who,
                    Time now) {
  fhir::JsonWriter to(orders.size() * 64 + 512);
  to.open('{');
  to.text("resourceType", "Provenance");
  to.open("target", '[');
  for (const std::string& order : orders) {
    to.open('{');
    to.text("reference", fmt::format("ServiceRequest/{}", order));
    to.close('}');
  }
  to.close(']');
  to.text("recorded", to_instant(now));
  to.open("reason", '[');
  to.open('{');
  to.text("text", asked.reason);
  to.close('}');
  to.close(']');
  to.open("activity", '{');
  to.text("text", fmt::format("passed on from channel {} to channel {}", from, to_channel));
  to.close('}');
  to.open("agent", '[');
  to.open('{');
  to.open("who", '{');
  to.text("display", who.empty() ? "unknown" : who);
  to.close('}');
  to.close('}');
  to.close(']');
  to.close('}');
  return to.take();
}

struct Passed {
  std::string from;
  std::string to;
  Orders orders;
};

Result<std::optional<decide::Prepared>> make_pass_on(const Parts& parts, const Call& call,
                                                     const Deed& deed, const node::Moment& moment,
                                                     const PassOn& asked, Passed& passed) {
  TRY(const ShownChannel channel, read_channel(parts, call, moment));
  TRY_OK(check_shown(channel));
  passed.from = channel.name;
  const std::string& to = asked.to.empty() ? channel.diverted_to : asked.to;
  if (to.empty()) {
    return fail(Code::required,
                fmt::format("it needs `to`: the channel that takes these orders, since '{}' is not "
                            "diverted to any",
                            channel.name),
                "http.to");
  }
  TRY(passed.to, last_target(parts, moment, channel.name, to));
  TRY(passed.orders, Finder(parts, moment, channel.name, asked).find());
  if (asked.dry_run || passed.orders.go.empty()) {
    return std::nullopt;
  }
  decide::Prepared prepared;
  prepared.command = deed.command;
  Operation operation;
  operation.verb = Verb::create;
  operation.id = new_uuid(parts.random);
  TRY_OK(add_operation(parts, prepared, std::move(operation),
                       provenance_of(passed.orders.go, passed.from, passed.to, asked,
                                     deed.command.principal.name, parts.clock.wall())));
  for (const std::string& order : passed.orders.go) {
    Delivery delivery;
    delivery.channel = passed.to;
    delivery.type = "ServiceRequest";
    delivery.id = order;
    delivery.provision.emplace();
    prepared.command.deliveries.push_back(std::move(delivery));
  }
  return prepared;
}

Reply show_passed(const Passed& passed, bool dry_run) {
  ParametersWriter to;
  to.boolean("dryRun", dry_run);
  to.reference("from", fmt::format("Endpoint/{}", endpoint_id(passed.from)));
  to.reference("to", fmt::format("Endpoint/{}", endpoint_id(passed.to)));
  to.number("count", passed.orders.go.size());
  to.number("more", passed.orders.more);
  for (const auto& [state, count] : passed.orders.stay) {
    to.open("stays");
    to.text("pathway", "Code", state.first);
    to.text("state", "Code", state.second);
    to.number("count", count);
    to.close();
  }
  if (passed.orders.is_bound) {
    to.text("text", "String",
            fmt::format("of all that is open the first {} items were looked at", places_max));
  }
  const auto& go = passed.orders.go;
  for (const std::string& order : std::span(go).first(std::min(named_max, go.size()))) {
    to.reference("order", fmt::format("ServiceRequest/{}", order));
  }
  return to.reply();
}

/// Under an Idempotency-Key that was used before: what it came to then, from the journal.
Result<Reply> show_repeated(const Parts& parts, const node::Committed& committed) {
  TRY(const auto entry, parts.node.read_entry(committed.position));
  ParametersWriter to;
  to.boolean("dryRun", false);
  to.boolean("repeated", true);
  to.number("count", entry.first.deliveries.size());
  return to.reply();
}

}  // namespace

Task<Reply> divert_channel(const Parts& parts, Call& call, Executor& on) {
  const bool ends = call.match.interaction == Interaction::channel_end_diversion;
  const OperationInput::Names ending{"$end-diversion", {"reason"}, {}, {}};
  const OperationInput::Names diverting{"$divert", {"to", "reason"}, {}, {}};
  const Origin origin = call.request.body.empty() ? Origin::request : Origin::content;
  const auto input = OperationInput::read(parts, call, ends ? ending : diverting);
  if (!input) {
    co_return refusal(input.error(), origin);
  }
  auto reason = read_reason(*input, true);
  if (!reason) {
    co_return refusal(reason.error(), origin);
  }
  const Diversion diversion{ends ? std::string() : channel_in(input->text("to")),
                            *std::move(reason)};
  if (!ends && diversion.to.empty()) {
    co_return refusal({Code::required,
                       "it needs `to`: the channel whose neighbour does new orders instead",
                       "http.to",
                       {}},
                      origin);
  }
  const auto deed = read_deed(parts, call);
  if (!deed) {
    co_return refusal(deed.error(), Origin::request);
  }
  const MakeCommand make = [&](const node::Moment& moment) {
    return make_diversion(parts, call, *deed, moment, diversion);
  };
  const auto committed = co_await submit_made(parts, on, deed->command, make);
  if (!committed) {
    co_return refusal(committed.error(), Origin::content);
  }
  co_return *committed ? show_written(parts, call, **committed, {}) : show_endpoint(parts, call);
}

Task<Reply> pass_on(const Parts& parts, Call& call, Executor& on) {
  const auto asked = read_pass_on(parts, call);
  if (!asked) {
    co_return refusal(asked.error(), call.request.body.empty() ? Origin::request : Origin::content);
  }
  const auto deed = read_deed(parts, call);
  if (!deed) {
    co_return refusal(deed.error(), Origin::request);
  }
  Passed passed;  // as the newest call of `make` found it
  const MakeCommand make = [&](const node::Moment& moment) {
    return make_pass_on(parts, call, *deed, moment, *asked, passed);
  };
  const auto committed = co_await submit_made(parts, on, deed->command, make);
  if (!committed) {
    co_return refusal(committed.error(), Origin::content);
  }
  auto reply = *committed && (*committed)->repeated
                   ? show_repeated(parts, **committed)
                   : Result<Reply>(show_passed(passed, asked->dry_run));
  if (!reply) {
    co_return refusal(reply.error(), Origin::content);
  }
  if (*committed) {
    add_position(*reply, (*committed)->position);
  }
  co_return *std::move(reply);
}

}  // namespace holdfast::api
