// api/duties.cpp: $retry, $skip and $resend of a Task about a message that a neighbour did not
// take: what becomes of the duty and of its Task is one Command.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "api/channels.h"
#include "api/edited_message.h"
#include "api/interactions.h"
#include "api/stored.h"
#include "api/writing.h"
#include "fhir/member.h"
#include "fhir/task_status.h"
#include "views/outbox.h"

namespace holdfast::api {
namespace {

/// A Task about a duty, and the duty as it is.
struct DutyTask {
  Version version;
  Bytes body;
  std::string code;  ///< item_undelivered or item_not_sent
  std::string channel;
  DutyName name;
  RowId row;  ///< the version that was to be sent
  std::string lane;
  bool held = false;  ///< it is owed, and waits for somebody; else it was not sent
};

/// What a person asks for.
struct Asked {
  Interaction interaction{};
  std::string reason;
  std::optional<EditedMessage> message;
};

// https://hl7.org/fhir/R4/valueset-task-status.html
bool is_over(std::string_view status) {
  constexpr std::array over{"completed", "cancelled", "failed", "rejected", "entered-in-error"};
  return std::ranges::find(over, status) != over.end();
}

/// The code that the Task has of a coding system of items.
std::string item_code(fhir::JsonValue task) {
  const auto code = task.find("code");
  const auto codings = code ? code->find("coding") : std::nullopt;
  if (codings) {
    for (const fhir::JsonValue one : codings->children()) {
      if (fhir::text_member(one, "system") == item_system) {
        return fhir::text_member(one, "code");
      }
    }
  }
  return {};
}

/// Channel and duty that the Task is about.
std::optional<std::pair<std::string, DutyName>> duty_in(fhir::JsonValue task) {
  if (const auto identifiers = task.find("identifier")) {
    for (const fhir::JsonValue one : identifiers->children()) {
      const std::string system = fhir::text_member(one, "system");
      const auto name = duty_named(fhir::text_member(one, "value"));
      if (system.starts_with(duty_system_prefix) && name) {
        return std::pair{system.substr(duty_system_prefix.size()), *name};
      }
    }
  }
  return {};
}

Result<DutyTask> read_task(const Parts& parts, const Call& call, const node::Moment& moment) {
  const std::string name = fmt::format("Task/{}", call.match.id);
  TRY(const auto current,
      views::read_current(*moment.reader, *fhir::type_id("Task"), call.match.id));
  if (!current) {
    return fail(Code::not_found, fmt::format("there is no {}", name));
  }
  if (current->presence == views::Presence::deleted) {
    return fail(Code::deleted, fmt::format("{} was deleted", name));
  }
  TRY(views::Body body, stored_row(parts, moment, current->row));
  DutyTask task;
  task.version = current->version;
  task.body = std::move(body.bytes);
  fhir::ReaderPool::Lease reader = parts.readers.take();
  TRY(const fhir::Json json, reader->read(task.body));
  task.code = item_code(json.root());
  auto duty = duty_in(json.root());
  if (!duty || (task.code != item_undelivered && task.code != item_not_sent)) {
    return fail(
        Code::unsupported,
        fmt::format("{} is not about a message that a channel owes: it has no code {}|{} or "
                    "|{} with an identifier {}CHANNEL",
                    name, item_system, item_undelivered, item_not_sent, duty_system_prefix));
  }
  const std::string status = fhir::text_member(json.root(), "status");
  if (is_over(status)) {
    const auto why = json.root().find("statusReason");
    const std::string text = why ? fhir::text_member(*why, "text") : std::string();
    return fail(Code::conflict,
                fmt::format("{} is {} already{}{}", name, status, text.empty() ? "" : ": ", text));
  }
  task.channel = std::move(duty->first);
  task.name = duty->second;
  return task;
}

/// Whether the duty is still as its Task says.
Result<void> read_state(const node::Moment& moment, DutyTask& task) {
  TRY(const auto owed, views::read_duty(*moment.reader, task.channel, task.name));
  if (owed) {
    task.row = owed->row;
    task.lane = owed->lane;
    task.held = owed->held;
    if (!owed->held) {
      return fail(Code::conflict,
                  fmt::format("{} of channel '{}' is on its way already: it was released meanwhile",
                              text_of(task.name), task.channel));
    }
    return ok();
  }
  TRY(const auto past, views::read_settled(*moment.reader, task.channel, task.name));
  if (!past) {
    return fail(Code::conflict,
                fmt::format("{} was never owed to channel '{}'", text_of(task.name), task.channel));
  }
  if (past->settled != Settled::dead || task.code != item_not_sent) {
    return fail(Code::conflict,
                fmt::format("{} of channel '{}' was settled meanwhile, by entry {}: {}",
                            text_of(task.name), task.channel, past->by.value,
                            past->settled == Settled::delivered ? "it was delivered"
                            : past->settled == Settled::dead    ? "it was given up"
                                                                : "there was nothing to send"));
  }
  task.row = past->row;
  task.lane = past->lane;
  return ok();
}

Result<Bytes> completed(const Parts& parts, const DutyTask& task, std::string_view why) {
  fhir::ReaderPool::Lease reader = parts.readers.take();
  return fhir::with_task_status(*reader, task.body, "completed", "closed", why);
}

Settlement settlement_of(const DutyTask& task, Settled settled, std::string_view why) {
  Settlement one;
  one.channel = task.channel;
  one.duty = task.name;
  one.settled = settled;
  one.was_held = true;
  one.answer = why;
  return one;
}

/// Operations 1 and 2: the edited message and who edited it.
Result<void> add_edited(const Parts& parts, const Call& call, const Asked& asked,
                        const DutyTask& task, std::string_view of, decide::Prepared& prepared) {
  const std::string id = new_uuid(parts.random);
  Operation binary;
  binary.verb = Verb::create;
  binary.id = id;
  TRY_OK(add_operation(
      parts, prepared, std::move(binary),
      message_binary(id, task.channel, asked.message->type, asked.message->bytes, IsTest::no)));
  Operation author;
  author.verb = Verb::create;
  author.id = new_uuid(parts.random);
  TRY_OK(add_operation(parts, prepared, std::move(author),
                       edited_provenance({id, call.match.id, of, asked.reason},
                                         prepared.command.principal, parts.clock.wall())));
  prepared.command.deliveries.push_back({task.channel, task.lane, 1, {}, {}});
  return ok();
}

/// An edited message goes where messages go.
Result<void> check_takes_messages(const Parts& parts, const node::Moment& moment,
                                  const std::string& channel) {
  Call endpoint;
  endpoint.match.id = endpoint_id(channel);
  TRY(const ShownChannel shown, read_channel(parts, endpoint, moment));
  if (shown.connection == "hl7-fhir-rest") {
    return fail(Code::unsupported,
                fmt::format("channel '{}' sends resources, not messages: change the resource, and "
                            "$resend without `message`",
                            channel));
  }
  return ok();
}

Result<void> add_resend(const Parts& parts, const Call& call, const Asked& asked,
                        const node::Moment& moment, const DutyTask& task,
                        decide::Prepared& prepared) {
  TRY(const views::BodyHeader header, views::read_body_header(*moment.reader, task.row));
  const std::string_view type = fhir::name(header.type);
  if (asked.message) {
    TRY_OK(check_takes_messages(parts, moment, task.channel));
    return add_edited(parts, call, asked, task,
                      fmt::format("{}/{}/_history/{}", type, header.id, header.version.value),
                      prepared);
  }
  prepared.command.deliveries.push_back(
      {task.channel, task.lane, std::nullopt, std::string(type), header.id});
  return ok();
}

std::string said(const Asked& asked, const Principal& principal) {
  const std::string_view what =
      asked.interaction == Interaction::duty_retry  ? "Released, to be tried again"
      : asked.interaction == Interaction::duty_skip ? "Skipped: it is not sent"
      : asked.message                               ? "Sent again, edited"
                                                    : "Sent again, as it is now";
  return fmt::format("{}, by {}{}{}", what, principal.name, asked.reason.empty() ? "" : ": ",
                     asked.reason);
}

Result<std::optional<decide::Prepared>> make_deed(const Parts& parts, const Call& call,
                                                  const Asked& asked, const Deed& deed,
                                                  const node::Moment& moment) {
  TRY(DutyTask task, read_task(parts, call, moment));
  if (deed.if_match && *deed.if_match != task.version) {
    return fail(Code::conflict,
                fmt::format("If-Match names version {} of Task/{}, but version {} is current",
                            deed.if_match->value, call.match.id, task.version.value));
  }
  TRY_OK(read_state(moment, task));
  const bool resends = asked.interaction == Interaction::duty_resend;
  if (!task.held && !resends) {
    return fail(
        Code::unsupported,
        fmt::format("Task/{} is about a message that was not sent and does not wait: $resend "
                    "it, or complete the Task if it need not arrive",
                    call.match.id));
  }
  decide::Prepared prepared;
  prepared.command = deed.command;
  const std::string why = said(asked, deed.command.principal);
  TRY(Bytes body, completed(parts, task, why));
  Operation operation;
  operation.verb = Verb::update;
  operation.id = call.match.id;
  operation.if_match = task.version;
  TRY_OK(add_operation(parts, prepared, std::move(operation), std::move(body)));
  if (resends) {
    TRY_OK(add_resend(parts, call, asked, moment, task, prepared));
  }
  if (task.held) {
    const Settled settled =
        asked.interaction == Interaction::duty_retry ? Settled::released : Settled::dead;
    prepared.command.settlements.push_back(settlement_of(task, settled, why));
  }
  return prepared;
}

Result<Asked> read_asked(const Parts& parts, const Call& call) {
  Asked asked;
  asked.interaction = call.match.interaction;
  const OperationInput::Names retry{"$retry", {"reason"}, {}, {}};
  const OperationInput::Names skip{"$skip", {"reason"}, {}, {}};
  const OperationInput::Names resend{"$resend", {"reason", "message"}, {}, {}};
  TRY(const OperationInput input,
      OperationInput::read(parts, call,
                           asked.interaction == Interaction::duty_retry  ? retry
                           : asked.interaction == Interaction::duty_skip ? skip
                                                                         : resend));
  TRY(asked.reason, read_reason(input, asked.interaction == Interaction::duty_skip));
  TRY(asked.message, read_edited(input));
  return asked;
}

/// The Task as it is now, the new duty, and the message where it was edited.
Reply show_resent(const Parts& parts, const node::Committed& committed) {
  const OperationResult& task = committed.outcome.results.at(0);
  const auto body =
      stored_version(parts, parts.node.view(), *fhir::type_id("Task"), task.id, task.version);
  if (!body) {
    return refusal(body.error(), Origin::content);
  }
  ParametersWriter to;
  to.resource("return", body->bytes);
  fhir::ReaderPool::Lease reader = parts.readers.take();
  const auto json = reader->read(body->bytes);
  const auto duty = json ? duty_in(json->root()) : std::nullopt;
  const bool edited = committed.outcome.results.size() > 1;
  if (edited) {
    to.reference("message", fmt::format("Binary/{}", committed.outcome.results[1].id));
  }
  if (duty) {
    const auto made = duty_made(parts, committed.position,
                                edited ? std::optional(1U) : std::nullopt, duty->first);
    if (made && *made) {
      to.text("duty", "String", text_of(**made));
    }
  }
  Reply reply = to.reply();
  add_position(reply, committed.position);
  add_version_headers(reply.headers, task.version, committed.time);
  return reply;
}

}  // namespace

Task<Reply> change_duty(const Parts& parts, Call& call, Executor& on) {
  const auto asked = read_asked(parts, call);
  if (!asked) {
    co_return refusal(asked.error(), call.request.body.empty() ? Origin::request : Origin::content);
  }
  const auto deed = read_deed(parts, call);
  if (!deed) {
    co_return refusal(deed.error(), Origin::request);
  }
  const MakeCommand make = [&](const node::Moment& moment) {
    return make_deed(parts, call, *asked, *deed, moment);
  };
  const auto committed = co_await submit_made(parts, on, deed->command, make);
  if (!committed) {
    co_return refusal(committed.error(), Origin::content);
  }
  check(committed->has_value(), "a deed always completes its Task");
  co_return call.match.interaction == Interaction::duty_resend
      ? show_resent(parts, **committed)
      : show_written(parts, call, **committed, {});
}

}  // namespace holdfast::api
