// api/channels.cpp: what all operations on channels and duties share.
#include "api/channels.h"

#include <fmt/format.h>

#include "api/stored.h"
#include "api/writing.h"
#include "base/hash.h"
#include "base/text.h"
#include "decide/diversion.h"
#include "fhir/check.h"
#include "fhir/json_writer.h"
#include "fhir/member.h"
#include "model/message.h"
#include "views/outbox.h"

namespace holdfast::api {
namespace {

constexpr std::size_t attempts_max = 32;
constexpr std::size_t reason_bytes_max = 1000;

std::string extension_text(fhir::JsonValue resource, std::string_view url) {
  const auto one = fhir::extension_of(resource, url);
  return one ? fhir::text_member(*one, "valueString") : std::string();
}

}  // namespace

Result<ShownChannel> read_channel(const Parts& parts, const Call& call,
                                  const node::Moment& moment) {
  return read_channel(parts, call.match.id, moment);
}

Result<ShownChannel> read_channel(const Parts& parts, const std::string& endpoint,
                                  const node::Moment& moment) {
  const auto name = channel_of_endpoint(endpoint);
  if (!name) {
    return fail(Code::not_found,
                fmt::format("Endpoint/{} is no channel of this server: those are Endpoint/{}NAME",
                            endpoint, channel_endpoint_prefix));
  }
  ShownChannel channel;
  channel.name = *name;
  TRY(const auto current,
      views::read_current(*moment.reader, *fhir::type_id("Endpoint"), endpoint));
  if (!current) {
    TRY(const views::OutboxCounts counts, views::read_outbox_counts(*moment.reader, *name));
    if (counts == views::OutboxCounts{}) {
      return fail(
          Code::not_found,
          fmt::format("there is no channel '{}': the configuration names them, and each has "
                      "its Endpoint",
                      *name));
    }
    return channel;
  }
  TRY(views::Body body, stored_row(parts, moment, current->row));
  channel.version = current->version;
  channel.time = body.header.time;
  if (current->presence == views::Presence::deleted) {
    return channel;
  }
  fhir::ReaderPool::Lease reader = parts.readers.take();
  channel.body = std::move(body.bytes);
  TRY(const fhir::Json json, reader->read(channel.body));
  channel.status = fhir::text_member(json.root(), "status");
  if (const auto connection = json.root().find("connectionType")) {
    channel.connection = fhir::text_member(*connection, "code");
  }
  channel.header = extension_text(json.root(), channel_header_url);
  channel.reason = extension_text(json.root(), channel_reason_url);
  channel.why = extension_text(json.root(), channel_why_url);
  channel.provider = fhir::extension_of(json.root(), channel_provider_url).has_value();
  channel.diverted_to = decide::diverted_to(json.root()).value_or("");
  return channel;
}

Result<void> check_shown(const ShownChannel& channel) {
  if (!channel.status.empty()) {
    return ok();
  }
  return fail(
      channel.version.value > 0 ? Code::deleted : Code::not_found,
      fmt::format("channel '{}' has no Endpoint now: a channel that is configured writes it "
                  "anew, suspended",
                  channel.name));
}

Result<Deed> read_deed(const Parts& parts, const Call& call) {
  const Headers& headers = call.request.headers;
  TRY_OK(refuse_conditions(headers, {"If-None-Match", "If-None-Exist"}, "an operation"));
  Deed deed;
  TRY(const auto tag, condition(headers, "If-Match"));
  if (tag) {
    TRY(deed.if_match, if_match(*tag));
  }
  TRY(deed.command, start_command(parts, call.request));
  return deed;
}

Result<void> check_if_match(const Deed& deed, const ShownChannel& channel) {
  return !deed.if_match || *deed.if_match == channel.version
             ? ok()
             : fail(Code::conflict,
                    fmt::format(
                        "If-Match names version {} of Endpoint/{}, but version {} is current",
                        deed.if_match->value, endpoint_id(channel.name), channel.version.value));
}

Reply show_endpoint(const Parts& parts, const Call& call) {
  const auto channel = read_channel(parts, call, parts.node.view());
  if (!channel) {
    return refusal(channel.error(), Origin::request);
  }
  Reply reply;
  add_version_headers(reply.headers, channel->version, channel->time);
  reply.headers.add("Content-Type", fhir_json);
  reply.body = channel->body;
  return reply;
}

Result<std::string> read_reason(const OperationInput& input, bool required) {
  const std::string_view reason = input.text("reason");
  if (reason.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    if (required) {
      return fail(Code::required, "it needs a `reason`: a sentence for whoever looks at it next",
                  "http.reason");
    }
    return std::string();
  }
  const bool has_control = reason.find('\0') != std::string_view::npos;
  if (reason.size() > reason_bytes_max || has_control || find_bad_utf8(reason)) {
    return fail(Code::value, fmt::format("a reason is text of at most {} bytes", reason_bytes_max),
                "http.reason");
  }
  return std::string(reason);
}

Task<Result<std::optional<node::Committed>>> submit_made(const Parts& parts, Executor& on,
                                                         Command command, const MakeCommand& make) {
  for (std::size_t attempt = 0; attempt < attempts_max; ++attempt) {
    const node::Moment moment = parts.node.view();
    if (!moment.behind.empty()) {
      co_return fail(Code::unavailable, std::string(moment.behind));
    }
    std::optional<decide::Prepared> made;
    CO_TRY(const bool used, was_used(command, moment));
    if (used) {
      made.emplace();
      made->command = command;  // the node answers with what became of it then
    } else {
      CO_TRY(made, make(moment));
    }
    if (!made) {
      co_return std::optional<node::Committed>();
    }
    auto committed = co_await parts.node.submit(on, *std::move(made));
    if (committed) {
      co_return std::optional(*std::move(committed));
    }
    // What it was made from has changed; made anew it says itself what does not fit any more.
    const Code code = committed.error().code;
    if (code != Code::conflict && code != Code::precondition && code != Code::not_found) {
      co_return fail(std::move(committed).error());
    }
    if (code == Code::not_found && attempt > 0) {
      co_return fail(std::move(committed).error());
    }
  }
  co_return fail(Code::overloaded, "others change this all the time; send the same again");
}

Result<void> add_operation(const Parts& parts, decide::Prepared& prepared, Operation operation,
                           Bytes body) {
  fhir::ReaderPool::Lease reader = parts.readers.take();
  TRY(fhir::Json json, reader->read(std::move(body)));
  json.minify();
  TRY(const fhir::TypeId type, fhir::type_of(json.root()));
  prepared.operations.push_back(
      decide::prepare_operation(type, json.root(), parts.node.extracting()));
  operation.type = fhir::name(type);
  operation.body = json.release();
  prepared.command.operations.push_back(std::move(operation));
  return ok();
}

Bytes message_binary(std::string_view id, std::string_view channel, std::string_view tag,
                     BytesView message, IsTest is_test) {
  fhir::JsonWriter to(message.size() * 4 / 3 + 512);
  to.open('{');
  to.text("resourceType", "Binary");
  to.text("id", id);
  to.open("meta", '{');
  to.text("source", fmt::format("urn:holdfast:channel:{}", channel));
  if (is_test == IsTest::yes) {
    // https://hl7.org/fhir/R4/security-labels.html#hcs: test data, wherever it ends up
    to.open("security", '[');
    to.open('{');
    to.text("system", "http://terminology.hl7.org/CodeSystem/v3-ActReason");
    to.text("code", "HTEST");
    to.close('}');
    to.close(']');
  }
  if (!tag.empty()) {
    to.open("tag", '[');
    to.open('{');
    to.text("system", message_type_system);
    to.text("code", tag);
    to.close('}');
    to.close(']');
  }
  to.close('}');
  to.text("contentType", hl7v2_media_type);
  to.text("data", to_base64(message));
  to.close('}');
  return to.take();
}

Result<std::optional<DutyName>> duty_made(const Parts& parts, Position position,
                                          std::optional<std::uint32_t> operation,
                                          std::string_view channel) {
  TRY(const auto entry, parts.node.read_entry(position));
  const auto& [command, outcome] = entry;
  for (const MadeDuty& made : duties_of(command, outcome)) {
    if (made.delivery->operation == operation && made.channel == channel) {
      return DutyName{position, made.index};
    }
  }
  return std::nullopt;
}

Result<std::optional<DutyName>> duty_of(const OperationInput& input, std::string_view name) {
  if (!input.has(name)) {
    return std::nullopt;
  }
  const auto duty = duty_named(input.text(name));
  if (!duty) {
    return fail(
        Code::value,
        fmt::format("{} is a duty as $queue names it, \"12.0\", not '{}'", name, input.text(name)),
        fmt::format("http.{}", name));
  }
  return duty;
}

}  // namespace holdfast::api
