#include "exchange/channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "fhir/path/compile.h"
#include "fhir/path/types.h"
#include "fhir/type.h"

namespace holdfast::exchange {
namespace {

constexpr std::size_t channel_name_max = 48;

/// It becomes part of a resource's id. https://hl7.org/fhir/R4/datatypes.html#id
bool is_channel_name(std::string_view text) {
  return is_name(text) && text.size() <= channel_name_max &&
         text.find('_') == std::string_view::npos;
}

Result<void> check_route(const Route& route, const Neighbours& neighbours) {
  for (const std::string& from : route.from) {
    if (neighbours.named(from) == nullptr) {
      return fail(Code::usage, fmt::format("there is no neighbour '{}'", from));
    }
  }
  if (route.type.empty()) {
    if (!route.message || !route.when.empty()) {
      return fail(Code::usage,
                  "a route has a type (and perhaps `when`), or a message filter, not both");
    }
    return ok();
  }
  if (route.message || !route.from.empty()) {
    return fail(Code::usage, "a route has a type or a message filter, not both");
  }
  if (!fhir::type_id(route.type)) {
    return fail(Code::usage, fmt::format("'{}' is no resource type of R4", route.type));
  }
  if (!route.when.empty()) {
    const fhir::path::CompileOptions options{.type = *fhir::path::fhir_type(route.type)};
    if (const auto program = fhir::path::compile(route.when, options); !program) {
      return fail(Code::usage,
                  fmt::format("`{}` of {}: {}", route.when, route.type, program.error().what));
    }
  }
  return ok();
}

Result<void> check_tls(const Channel& channel) {
  const ChannelTls& tls = channel.tls;
  const bool https = channel.to.starts_with("https://");
  if (channel.kind == ChannelKind::fhir && https != tls.on) {
    return fail(Code::usage,
                https ? "https:// takes tls = true, and tls_ca: who vouches for the server"
                      : "tls = true takes an address that begins with https://");
  }
  if (!tls.on) {
    return tls.ca.empty() && tls.certificate.empty() && tls.key.empty() && tls.name.empty()
               ? ok()
               : fail(Code::usage,
                      "tls_ca, tls_certificate, tls_key and tls_name go with tls = true");
  }
  if (channel.kind == ChannelKind::folder) {
    return fail(Code::usage, "tls is for channels over MLLP and to FHIR servers");
  }
  if (tls.ca.empty()) {
    return fail(Code::usage,
                "tls needs tls_ca: a PEM file with whoever vouches for the receiver's certificate");
  }
  if (tls.certificate.empty() != tls.key.empty()) {
    return fail(Code::usage, "tls_certificate and tls_key go together");
  }
  return ok();
}

Result<void> check_channel(const Channel& channel, const Neighbours& neighbours) {
  if (!is_channel_name(channel.name)) {
    return fail(Code::usage,
                fmt::format("it needs a name of at most {} letters, digits, '-' and '.'",
                            channel_name_max));
  }
  if (channel.to.empty()) {
    return fail(Code::usage, "it needs `to`: host:port, URL or folder");
  }
  TRY_OK(check_tls(channel));
  if (!is_name(channel.owner)) {
    return fail(Code::usage, fmt::format("'{}' is no name of a team", channel.owner));
  }
  if (!channel.neighbour.empty() && neighbours.named(channel.neighbour) == nullptr) {
    return fail(Code::usage, fmt::format("there is no neighbour '{}'", channel.neighbour));
  }
  if (channel.lanes < 1 || channel.lanes > lanes_max) {
    return fail(Code::usage, fmt::format("it has {} lanes, not 1 to {}", channel.lanes, lanes_max));
  }
  if (channel.sequence && (channel.kind != ChannelKind::mllp || channel.lanes != 1)) {
    return fail(Code::usage,
                "sequence is for channels over MLLP with one lane: numbered messages (MSH-13) go "
                "one after the other, whoever they are about");
  }
  const bool takes_orders = std::ranges::any_of(
      channel.routes, [](const Route& route) { return route.type == "ServiceRequest"; });
  if (channel.provider && (channel.kind == ChannelKind::folder || !takes_orders)) {
    return fail(Code::usage,
                "provider is for channels over MLLP or to FHIR servers with a route of type "
                "ServiceRequest: whoever has an order must be able to take it and give it back");
  }
  if (channel.routes.empty()) {
    return fail(Code::usage, "it needs at least one [[channel.route]]");
  }
  for (std::size_t i = 0; i < channel.routes.size(); ++i) {
    if (const auto sound = check_route(channel.routes[i], neighbours); !sound) {
      return fail(Code::usage, fmt::format("route {}: {}", i + 1, sound.error().what));
    }
  }
  return ok();
}

}  // namespace

Result<Channels> Channels::of(std::vector<Channel> all, const Neighbours& neighbours) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    Channel& channel = all[i];
    if (const auto sound = check_channel(channel, neighbours); !sound) {
      return fail(Code::usage,
                  fmt::format("channel {} ('{}'): {}", i + 1, channel.name, sound.error().what));
    }
    if (channel.title.empty()) {
      channel.title = channel.name;
    }
    for (std::size_t other = 0; other < i; ++other) {
      if (all[other].name == channel.name) {
        return fail(Code::usage, fmt::format("two channels are named '{}'", channel.name));
      }
    }
  }
  Channels channels;
  channels.all_ = std::move(all);
  return channels;
}

const Channel* Channels::named(std::string_view name) const {
  const auto found = std::ranges::find(all_, name, &Channel::name);
  return found == all_.end() ? nullptr : &*found;
}

}  // namespace holdfast::exchange
