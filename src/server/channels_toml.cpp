#include "server/channels_toml.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/toml_table.h"
#include "hl7v2/charset.h"
#include "hl7v2/filter.h"

namespace holdfast::server {
namespace {

using exchange::Channel;
using exchange::ChannelKind;
using exchange::OnRefusal;
using exchange::Route;

/// One of a few words.
template <class Value, std::size_t count>
Result<Value> word_in(const toml::node& node,
                      const std::array<std::pair<std::string_view, Value>, count>& words) {
  TRY(const std::string text, text_in(node));
  std::string known;
  for (const auto& [word, value] : words) {
    if (text == word) {
      return value;
    }
    known += fmt::format("{}{}", known.empty() ? "" : ", ", word);
  }
  return fail(Code::usage, fmt::format("is '{}', not one of {}", text, known));
}

Result<OnRefusal> refusal_in(const toml::node& node) {
  return word_in<OnRefusal, 3>(
      node, {{{"hold", OnRefusal::hold}, {"skip", OnRefusal::skip}, {"retry", OnRefusal::retry}}});
}

Result<Duration> milliseconds_in(const toml::node& node) {
  TRY(const std::int64_t number, number_in(node, 1, 86'400'000));
  return milliseconds(number);
}

/// "APPLICATION|FACILITY"
Result<std::pair<std::string, std::string>> header_in(const toml::node& node) {
  TRY(const std::string text, text_in(node));
  const std::size_t bar = text.find('|');
  return std::pair{text.substr(0, bar),
                   bar == std::string::npos ? std::string() : text.substr(bar + 1)};
}

constexpr std::string_view route_help = "type, when, message, from";

constexpr std::array route_keys{
    TableKey<Route>{"type",
                    [](Route& to, const toml::node& node) -> Result<void> {
                      TRY(to.type, text_in(node));
                      return ok();
                    }},
    TableKey<Route>{"when",
                    [](Route& to, const toml::node& node) -> Result<void> {
                      TRY(to.when, text_in(node));
                      return ok();
                    }},
    TableKey<Route>{"message",
                    [](Route& to, const toml::node& node) -> Result<void> {
                      TRY(const std::string text, text_in(node));
                      TRY(to.message, hl7v2::Filter::parse(text));
                      return ok();
                    }},
    TableKey<Route>{"from",
                    [](Route& to, const toml::node& node) -> Result<void> {
                      TRY(to.from, texts_in(node));
                      return ok();
                    }},
};

Result<void> set_routes(Channel& to, const toml::node& node) {
  const toml::array* const array = node.as_array();
  if (array == nullptr || !array->is_homogeneous<toml::table>()) {
    return fail(Code::usage, "is written as [[channel.route]]");
  }
  for (const toml::node& one : *array) {
    Route route;
    if (const auto read = read_table(route, *one.as_table(), route_keys, route_help); !read) {
      return fail(Code::usage, fmt::format("{}: {}", to.routes.size() + 1, read.error().what));
    }
    to.routes.push_back(std::move(route));
  }
  return ok();
}

Result<void> set_version(Channel& to, const toml::node& node) {
  TRY(to.envelope.version, text_in(node));
  constexpr std::array known{"2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8"};
  if (std::ranges::find(known, to.envelope.version) == known.end()) {
    return fail(Code::usage, fmt::format("is '{}', not 2.3 to 2.8", to.envelope.version));
  }
  return ok();
}

constexpr std::array channel_keys{
    TableKey<Channel>{"name",
                      [](Channel& to, const toml::node& node) -> Result<void> {
                        TRY(to.name, text_in(node));
                        return ok();
                      }},
    TableKey<Channel>{"title",
                      [](Channel& to, const toml::node& node) -> Result<void> {
                        TRY(to.title, text_in(node));
                        return ok();
                      }},
    TableKey<Channel>{"neighbour",
                      [](Channel& to, const toml::node& node) -> Result<void> {
                        TRY(to.neighbour, text_in(node));
                        return ok();
                      }},
    TableKey<Channel>{"kind",
                      [](Channel& to, const toml::node& node) -> Result<void> {
                        TRY(to.kind,
                            (word_in<ChannelKind, 3>(node, {{{"mllp", ChannelKind::mllp},
                                                             {"fhir", ChannelKind::fhir},
                                                             {"folder", ChannelKind::folder}}})));
                        return ok();
                      }},
    TableKey<Channel>{"to",
                      [](Channel& to, const toml::node& node) -> Result<void> {
                        TRY(to.to, text_in(node));
                        return ok();
                      }},
    TableKey<Channel>{"lanes",
                      [](Channel& to, const toml::node& node) -> Result<void> {
                        TRY(const std::int64_t lanes, number_in(node, 1, exchange::lanes_max));
                        to.lanes = static_cast<std::uint32_t>(lanes);
                        return ok();
                      }},
    TableKey<Channel>{"sequence",
                      [](Channel& to, const toml::node& node) -> Result<void> {
                        TRY(to.sequence, truth_in(node));
                        return ok();
                      }},
    TableKey<Channel>{"provider",
                      [](Channel& to, const toml::node& node) -> Result<void> {
                        TRY(to.provider, truth_in(node));
                        return ok();
                      }},
    TableKey<Channel>{"owner",
                      [](Channel& to, const toml::node& node) -> Result<void> {
                        TRY(to.owner, text_in(node));
                        return ok();
                      }},
    TableKey<Channel>{"sender",
                      [](Channel& to, const toml::node& node) -> Result<void> {
                        TRY(auto both, header_in(node));
                        to.envelope.sending_application = std::move(both.first);
                        to.envelope.sending_facility = std::move(both.second);
                        return ok();
                      }},
    TableKey<Channel>{"receiver",
                      [](Channel& to, const toml::node& node) -> Result<void> {
                        TRY(auto both, header_in(node));
                        to.envelope.receiving_application = std::move(both.first);
                        to.envelope.receiving_facility = std::move(both.second);
                        return ok();
                      }},
    TableKey<Channel>{"version", set_version},
    TableKey<Channel>{"processing",
                      [](Channel& to, const toml::node& node) -> Result<void> {
                        TRY(to.envelope.processing,
                            (word_in<char, 3>(node, {{{"P", 'P'}, {"T", 'T'}, {"D", 'D'}}})));
                        return ok();
                      }},
    TableKey<Channel>{"charset",
                      [](Channel& to, const toml::node& node) -> Result<void> {
                        TRY(const std::string text, text_in(node));
                        TRY(to.envelope.charset, hl7v2::charset_named(text));
                        return ok();
                      }},
    TableKey<Channel>{"zone",
                      [](Channel& to, const toml::node& node) -> Result<void> {
                        TRY(const std::string text, text_in(node));
                        TRY(to.envelope.zone, hl7v2::Zone::named(text));
                        return ok();
                      }},
    TableKey<Channel>{
        "orders",
        [](Channel& to, const toml::node& node) -> Result<void> {
          TRY(to.envelope.order,
              (word_in<hl7v2::OrderMessage, 2>(
                  node, {{{"ORM", hl7v2::OrderMessage::orm}, {"OML", hl7v2::OrderMessage::oml}}})));
          return ok();
        }},
    TableKey<Channel>{
        "acknowledge",
        [](Channel& to, const toml::node& node) -> Result<void> {
          using hl7v2::AckCondition;
          TRY(to.envelope.accept_ack,
              (word_in<AckCondition, 2>(node, {{{"original", AckCondition::unsaid},
                                                {"enhanced", AckCondition::always}}})));
          to.envelope.application_ack = to.envelope.accept_ack;
          return ok();
        }},
    TableKey<Channel>{"answer_ms_max",
                      [](Channel& to, const toml::node& node) -> Result<void> {
                        TRY(to.answer_time_max, milliseconds_in(node));
                        return ok();
                      }},
    TableKey<Channel>{"pause_ms_min",
                      [](Channel& to, const toml::node& node) -> Result<void> {
                        TRY(to.pause_min, milliseconds_in(node));
                        return ok();
                      }},
    TableKey<Channel>{"pause_ms_max",
                      [](Channel& to, const toml::node& node) -> Result<void> {
                        TRY(to.pause_max, milliseconds_in(node));
                        return ok();
                      }},
    TableKey<Channel>{"on_error",
                      [](Channel& to, const toml::node& node) -> Result<void> {
                        TRY(to.on_error, refusal_in(node));
                        return ok();
                      }},
    TableKey<Channel>{"on_reject",
                      [](Channel& to, const toml::node& node) -> Result<void> {
                        TRY(to.on_reject, refusal_in(node));
                        return ok();
                      }},
    TableKey<Channel>{"route", set_routes},
    TableKey<Channel>{"tls",
                      [](Channel& to, const toml::node& node) -> Result<void> {
                        TRY(to.tls.on, truth_in(node));
                        return ok();
                      }},
    TableKey<Channel>{"tls_ca",
                      [](Channel& to, const toml::node& node) -> Result<void> {
                        TRY(to.tls.ca, text_in(node));
                        return ok();
                      }},
    TableKey<Channel>{"tls_certificate",
                      [](Channel& to, const toml::node& node) -> Result<void> {
                        TRY(to.tls.certificate, text_in(node));
                        return ok();
                      }},
    TableKey<Channel>{"tls_key",
                      [](Channel& to, const toml::node& node) -> Result<void> {
                        TRY(to.tls.key, text_in(node));
                        return ok();
                      }},
    TableKey<Channel>{"tls_name",
                      [](Channel& to, const toml::node& node) -> Result<void> {
                        TRY(to.tls.name, text_in(node));
                        return ok();
                      }},
};

}  // namespace

std::string_view channel_help() {
  return "name, title, neighbour, kind, to, lanes, sequence, provider, owner, sender, receiver, "
         "version, processing, charset, zone, orders, acknowledge, answer_ms_max, pause_ms_min, "
         "pause_ms_max, on_error, "
         "on_reject, tls, tls_ca, tls_certificate, tls_key, tls_name, route";
}

Result<std::vector<Channel>> read_channels(const toml::node& node, std::string_view file) {
  const toml::array* const array = node.as_array();
  if (array == nullptr || !array->is_homogeneous<toml::table>()) {
    return fail(Code::usage, fmt::format("{}: channels are written as [[channel]]", file));
  }
  std::vector<Channel> all;
  for (const toml::node& one : *array) {
    Channel channel;
    const toml::table& table = *one.as_table();
    const auto named = table["name"].value<std::string>();
    if (const auto read = read_table(channel, table, channel_keys, channel_help()); !read) {
      return fail(Code::usage,
                  fmt::format("{}: channel {}: {}", file,
                              named ? *named : fmt::format("number {}", all.size() + 1),
                              read.error().what));
    }
    all.push_back(std::move(channel));
  }
  return all;
}

}  // namespace holdfast::server
