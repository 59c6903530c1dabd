#include "exchange/endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "exchange/edit.h"
#include "fhir/json_writer.h"
#include "fhir/member.h"
#include "hl7v2/rendering/probe.h"
#include "views/versions.h"

namespace holdfast::exchange {
namespace {

using fhir::JsonWriter;

struct Connection {
  std::string_view system;
  std::string_view code;
  std::string_view scheme;  ///< before the address
};

Connection connection_of(ChannelKind kind) {
  constexpr std::string_view standard =
      "http://terminology.hl7.org/CodeSystem/endpoint-connection-type";
  switch (kind) {
    case ChannelKind::mllp: return {standard, "hl7v2-mllp", "mllp://"};
    case ChannelKind::fhir: return {standard, "hl7-fhir-rest", ""};
    case ChannelKind::folder: return {"urn:holdfast:connection-type", "folder", "file:"};
  }
  return {};
}

void write_identifier(JsonWriter& to, std::string_view system, std::string_view value) {
  to.open("identifier", '[');
  to.open('{');
  to.text("system", system);
  to.text("value", value);
  to.close('}');
  to.close(']');
}

/// What the configuration says; the rest of the resource is anybody's.
constexpr std::array configured{std::string_view("identifier"), std::string_view("connectionType"),
                                std::string_view("name"), std::string_view("payloadType"),
                                std::string_view("address")};

/// The text of our extension with that URL; empty where there is none.
std::string extension_text(fhir::JsonValue resource, std::string_view url, std::string_view key) {
  const auto one = fhir::extension_of(resource, url);
  auto value = one ? one->find(key) : std::nullopt;
  if (value && value->is_object()) {
    value = value->find("reference");
  }
  return value && value->is_string() ? value->text() : std::string();
}

bool is_ours(fhir::JsonValue extension) {
  const auto url = extension.find("url");
  return url && url->is_string() &&
         (url->equals(channel_state_url) || url->equals(channel_why_url) ||
          url->equals(channel_episode_url) || url->equals(channel_header_url) ||
          url->equals(channel_provider_url));
}

/// As the Endpoint shows it; empty where no message can have such a header.
std::string header_of(const Channel& channel) {
  return hl7v2::probe_header(channel.envelope).value_or(Bytes());
}

/// Our extensions, and behind them those that others have put there.
Bytes extensions_of(const Channel& channel, const ChannelSays& says,
                    std::optional<fhir::JsonValue> before) {
  JsonWriter to(256);
  to.open('[');
  to.open('{');
  to.text("url", channel_state_url);
  to.text("valueCode", name_of(says.state));
  to.close('}');
  if (!says.why.empty()) {
    to.open('{');
    to.text("url", channel_why_url);
    to.text("valueString", says.why);
    to.close('}');
  }
  if (!says.episode.empty()) {
    to.open('{');
    to.text("url", channel_episode_url);
    to.open("valueReference", '{');
    to.text("reference", fmt::format("Task/{}", says.episode));
    to.close('}');
    to.close('}');
  }
  if (const std::string header = header_of(channel); !header.empty()) {
    to.open('{');
    to.text("url", channel_header_url);
    to.text("valueString", header);
    to.close('}');
  }
  if (channel.provider) {
    to.open('{');
    to.text("url", channel_provider_url);
    to.boolean("valueBoolean", true);
    to.close('}');
  }
  if (before) {
    for (const fhir::JsonValue one : before->children()) {
      const bool asked = fhir::text_member(one, "url") == channel_anew_url;
      if (!is_ours(one) && !(asked && says.begun_anew)) {
        to.raw(one.raw());
      }
    }
  }
  to.close(']');
  return to.take();
}

/// As it is where nobody has written anything else.
Bytes new_endpoint(const Channel& channel, const ChannelSays& says) {
  const Connection connection = connection_of(channel.kind);
  JsonWriter to(768);
  to.open('{');
  to.text("resourceType", "Endpoint");
  to.text("id", endpoint_id(channel.name));
  to.raw("extension", extensions_of(channel, says, std::nullopt));
  write_identifier(to, "urn:holdfast:channel", channel.name);
  to.text("status", code_of(says.status));
  to.open("connectionType", '{');
  to.text("system", connection.system);
  to.text("code", connection.code);
  to.close('}');
  to.text("name", channel.title);
  if (!channel.neighbour.empty()) {
    to.open("managingOrganization", '{');
    to.open("identifier", '{');
    to.text("system", "urn:holdfast:neighbour");
    to.text("value", channel.neighbour);
    to.close('}');
    to.close('}');
  }
  to.open("payloadType", '[');
  to.open('{');
  to.text("text", channel.kind == ChannelKind::fhir ? "FHIR R4 resources" : "HL7 v2 messages");
  to.close('}');
  to.close(']');
  to.text("address", fmt::format("{}{}", connection.scheme, channel.to));
  to.close('}');
  return to.take();
}

}  // namespace

std::string_view code_of(ChannelStatus status) {
  switch (status) {
    case ChannelStatus::active: return "active";
    case ChannelStatus::error: return "error";
    case ChannelStatus::suspended: return "suspended";
    case ChannelStatus::off: return "off";
  }
  return "";
}

Result<ChannelRecord> read_channel_record(const node::Moment& moment, const views::BodyCodec& codec,
                                          std::string_view channel, fhir::JsonReader& reader) {
  ChannelRecord record;
  TRY(const auto current,
      views::read_current(*moment.reader, *fhir::type_id("Endpoint"), endpoint_id(channel)));
  if (!current) {
    return record;
  }
  record.version = current->version;
  record.status = ChannelStatus::suspended;
  if (current->presence == views::Presence::deleted) {
    return record;
  }
  TRY(views::Body body, views::read_body(*moment.reader, codec, current->row));
  record.body = std::move(body.bytes);
  TRY(const fhir::Json json, reader.read(record.body));
  const auto status = json.root().find("status");
  for (const CircuitState one : {CircuitState::degraded, CircuitState::down}) {
    if (extension_text(json.root(), channel_state_url, "valueCode") == name_of(one)) {
      record.state = one;
    }
  }
  const std::string episode = extension_text(json.root(), channel_episode_url, "valueReference");
  if (episode.starts_with("Task/")) {
    record.episode = episode.substr(5);
  }
  record.begins_anew = !extension_text(json.root(), channel_anew_url, "valueString").empty();
  for (const ChannelStatus one :
       {ChannelStatus::active, ChannelStatus::error, ChannelStatus::off}) {
    if (status && status->is_string() && status->equals(code_of(one))) {
      record.status = one;
    }
  }
  return record;
}

Result<Bytes> endpoint_body(const Channel& channel, const ChannelSays& says, const Bytes& before,
                            fhir::JsonReader& reader) {
  Bytes fresh = new_endpoint(channel, says);
  if (before.empty()) {
    return fresh;
  }
  TRY(const fhir::Json ours, reader.read(std::move(fresh)));
  TRY(fhir::Json body, reader.read(before));
  const auto put = [&](std::string_view key, const Bytes& value) -> Result<void> {
    TRY(body, reader.read(with_member(body.root(), key, value)));
    return ok();
  };
  TRY_OK(put("extension", extensions_of(channel, says, body.root().find("extension"))));
  for (const std::string_view key : configured) {
    TRY_OK(put(key, Bytes(ours.root().find(key)->raw())));
  }
  TRY_OK(put("status", Bytes(ours.root().find("status")->raw())));
  return Bytes(body.root().raw());
}

Result<bool> is_described(const Channel& channel, const ChannelRecord& record,
                          fhir::JsonReader& reader) {
  if (record.body.empty()) {
    return false;
  }
  TRY(const fhir::Json ours, reader.read(new_endpoint(channel, {})));
  TRY(const fhir::Json theirs, reader.read(record.body));
  if (extension_text(theirs.root(), channel_header_url, "valueString") != header_of(channel) ||
      fhir::extension_of(theirs.root(), channel_provider_url).has_value() != channel.provider) {
    return false;
  }
  return std::ranges::all_of(configured, [&](std::string_view key) {
    const auto there = theirs.root().find(key);
    return there && there->raw() == ours.root().find(key)->raw();
  });
}

Bytes organization_body(const Neighbour& neighbour, const std::vector<std::string>& channels) {
  JsonWriter to(512);
  to.open('{');
  to.text("resourceType", "Organization");
  write_identifier(to, "urn:holdfast:neighbour", neighbour.name);
  to.text("name", neighbour.title);
  if (!channels.empty()) {
    to.open("endpoint", '[');
    for (const std::string& channel : channels) {
      to.open('{');
      to.text("reference", fmt::format("Endpoint/{}", endpoint_id(channel)));
      to.close('}');
    }
    to.close(']');
  }
  to.close('}');
  return to.take();
}

}  // namespace holdfast::exchange
