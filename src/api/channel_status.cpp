// api/channel_status.cpp: $pause, $resume, $fence and $test of a channel's Endpoint. What a channel
// may do is the status of its Endpoint; who changed it, when and why is its history.
#include <fmt/format.h>

#include "api/channels.h"
#include "api/interactions.h"
#include "api/stored.h"
#include "api/writing.h"
#include "fhir/json_writer.h"
#include "fhir/member.h"
#include "hl7v2/rendering/probe.h"

namespace holdfast::api {
namespace {

/// MSH-10 has 20 characters until v2.6.
constexpr std::size_t test_id_digits = 15;

/// The extensions with another of that URL, or without one where the text is empty.
Bytes with_text(fhir::JsonValue endpoint, std::string_view url, std::string_view text) {
  fhir::JsonWriter to;
  to.open('[');
  if (const auto extensions = endpoint.find("extension")) {
    for (const fhir::JsonValue one : extensions->children()) {
      if (fhir::text_member(one, "url") != url) {
        to.raw(one.raw());
      }
    }
  }
  if (!text.empty()) {
    to.open('{');
    to.text("url", url);
    to.text("valueString", text);
    to.close('}');
  }
  to.close(']');
  return to.take();
}

/// Of a channel that numbers its messages.
enum class Numbers : std::uint8_t { go_on, anew };
struct Change {
  std::string_view status;
  std::string reason;
  Numbers numbers = Numbers::go_on;
};

Result<Bytes> changed_endpoint(const Parts& parts, const ShownChannel& channel,
                               const Change& change) {
  fhir::ReaderPool::Lease reader = parts.readers.take();
  TRY(fhir::Json json, reader->read(channel.body));
  TRY(json,
      reader->read(fhir::with_member(json.root(), "status", fmt::format("\"{}\"", change.status))));
  const auto put = [&](std::string_view url, std::string_view text) -> Result<void> {
    Bytes extensions = with_text(json.root(), url, text);
    const bool none = extensions == "[]";
    TRY(json, reader->read(fhir::with_member(
                  json.root(), "extension",
                  none ? std::optional<Bytes>() : std::optional(std::move(extensions)))));
    return ok();
  };
  TRY_OK(put(channel_reason_url, change.numbers == Numbers::anew ? "" : change.reason));
  if (change.numbers == Numbers::anew) {
    TRY_OK(put(channel_anew_url, change.reason));
  }
  return Bytes(json.root().raw());
}

/// What $pause, $resume and $fence make of a channel.
struct Wanted {
  std::string_view operation;
  std::string_view status;
  bool needs_reason;
};
Wanted wanted(Interaction interaction) {
  switch (interaction) {
    case Interaction::channel_pause: return {"$pause", "suspended", true};
    case Interaction::channel_fence: return {"$fence", "off", true};
    default: return {"$resume", "active", false};
  }
}

/// A reason is asked for where numbers begin anew, too: what the receiver misses is not noticed
/// then.
Result<Change> read_change(const OperationInput& input, const Wanted& what) {
  Change change{what.status, {}, Numbers::go_on};
  if (const std::string_view numbers = input.text("numbers"); numbers == "anew") {
    change.numbers = Numbers::anew;
  } else if (input.has("numbers")) {
    return fail(Code::value, "numbers: only `anew` can be asked for");
  }
  const bool needs_reason = what.needs_reason || change.numbers == Numbers::anew;
  TRY(change.reason, read_reason(input, needs_reason));
  return change;
}

bool is_so_already(const ShownChannel& channel, std::string_view status) {
  return channel.status == status || (status == "active" && channel.status == "error");
}

Result<std::optional<decide::Prepared>> make_change(const Parts& parts, const Call& call,
                                                    const Deed& deed, const node::Moment& moment,
                                                    const Change& change) {
  TRY(const ShownChannel channel, read_channel(parts, call, moment));
  TRY_OK(check_shown(channel));
  TRY_OK(check_if_match(deed, channel));
  if (change.numbers == Numbers::go_on && is_so_already(channel, change.status)) {
    return std::nullopt;
  }
  decide::Prepared prepared;
  prepared.command = deed.command;
  TRY(Bytes body, changed_endpoint(parts, channel, change));
  Operation operation;
  operation.verb = Verb::update;
  operation.id = call.match.id;
  operation.if_match = channel.version;
  TRY_OK(add_operation(parts, prepared, std::move(operation), std::move(body)));
  return prepared;
}

std::string test_control_id(std::string_view binary) {
  std::string id = "T";
  for (const char c : binary) {
    if (c != '-' && id.size() <= test_id_digits) {
      id.push_back(c);
    }
  }
  return id;
}

Result<std::optional<decide::Prepared>> make_test(const Parts& parts, const Call& call,
                                                  const Deed& deed, const node::Moment& moment) {
  TRY(const ShownChannel channel, read_channel(parts, call, moment));
  TRY_OK(check_shown(channel));
  if (channel.header.empty()) {
    return fail(
        Code::unsupported,
        fmt::format("Endpoint/{} does not say how its messages begin: its channel has never "
                    "run here",
                    call.match.id));
  }
  const std::string id = new_uuid(parts.random);
  TRY(const Bytes message,
      hl7v2::probe_message(channel.header, parts.clock.wall(), test_control_id(id),
                           fmt::format("end-to-end test of channel {} by {}", channel.name,
                                       deed.command.principal.name)));
  decide::Prepared prepared;
  prepared.command = deed.command;
  Operation operation;
  operation.verb = Verb::create;
  operation.id = id;
  TRY_OK(add_operation(parts, prepared, std::move(operation),
                       message_binary(id, channel.name, hl7v2::probe_type, message, IsTest::yes)));
  prepared.command.deliveries.push_back({channel.name, std::string(test_lane), 0, {}, {}});
  return prepared;
}

Reply show_test(const Parts& parts, const Call& call, const node::Committed& committed) {
  const auto channel = read_channel(parts, call, parts.node.view());
  const std::string name(channel_of_endpoint(call.match.id).value_or(""));
  const auto duty = duty_made(parts, committed.position, 0, name);
  ParametersWriter writer;
  const std::string& id = committed.outcome.results.at(0).id;
  writer.reference("message", fmt::format("Binary/{}", id));
  writer.text("controlId", "String", test_control_id(id));
  if (duty && *duty) {
    writer.text("duty", "String", text_of(**duty));
  }
  if (channel) {
    writer.text("status", "Code", channel->status);
  }
  Reply reply = writer.reply();
  add_position(reply, committed.position);
  return reply;
}

}  // namespace

Task<Reply> set_channel(const Parts& parts, Call& call, Executor& on) {
  const Wanted what = wanted(call.match.interaction);
  const Origin origin = call.request.body.empty() ? Origin::request : Origin::content;
  const bool resumes = call.match.interaction == Interaction::channel_resume;
  const OperationInput::Names resuming{what.operation, {"reason", "numbers"}, {}, {}};
  const OperationInput::Names stopping{what.operation, {"reason"}, {}, {}};
  const auto input = OperationInput::read(parts, call, resumes ? resuming : stopping);
  if (!input) {
    co_return refusal(input.error(), origin);
  }
  auto change = read_change(*input, what);
  if (!change) {
    co_return refusal(change.error(), origin);
  }
  const auto deed = read_deed(parts, call);
  if (!deed) {
    co_return refusal(deed.error(), Origin::request);
  }
  const MakeCommand make = [&](const node::Moment& moment) {
    return make_change(parts, call, *deed, moment, *change);
  };
  const auto committed = co_await submit_made(parts, on, deed->command, make);
  if (!committed) {
    co_return refusal(committed.error(), Origin::content);
  }
  co_return *committed ? show_written(parts, call, **committed, {}) : show_endpoint(parts, call);
}

Task<Reply> test_channel(const Parts& parts, Call& call, Executor& on) {
  const OperationInput::Names names{"$test", {}, {}, {}};
  const auto input = OperationInput::read(parts, call, names);
  if (!input) {
    co_return refusal(input.error(), call.request.body.empty() ? Origin::request : Origin::content);
  }
  const auto deed = read_deed(parts, call);
  if (!deed) {
    co_return refusal(deed.error(), Origin::request);
  }
  const MakeCommand make = [&](const node::Moment& moment) {
    return make_test(parts, call, *deed, moment);
  };
  const auto committed = co_await submit_made(parts, on, deed->command, make);
  co_return committed ? show_test(parts, call, **committed)
                      : refusal(committed.error(), Origin::content);
}

}  // namespace holdfast::api
