// api/process_message.cpp: https://hl7.org/fhir/R4/messageheader-operation-process-message.html, of
// messages of the NHS Booking and Referral Standard. A message is one Command: its resources, the
// items that they open or move, the message as it came and where it came from. Its key is who sent
// it and its id, so that it happens once, whoever sends it again and when.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "api/bars_answer.h"
#include "api/bars_lookup.h"
#include "api/bars_message.h"
#include "api/bars_plan.h"
#include "api/bars_receive.h"
#include "api/bundle_plan.h"
#include "api/channels.h"
#include "api/interactions.h"
#include "api/stored.h"
#include "api/writing.h"
#include "pathway/signals.h"

namespace holdfast::api {
namespace {

Result<Command> read_terms(const Parts& parts, const Call& call) {
  for (const std::string_view name : {"async", "response-url"}) {
    if (parameter(call, name)) {
      return fail(Code::unsupported,
                  fmt::format("messages are answered at once, never later: leave {} out", name),
                  fmt::format("http.{}", name));
    }
  }
  TRY_OK(check_parameters(call, {}));
  TRY_OK(refuse_conditions(call.request.headers,
                           {"If-Match", "If-None-Match", "If-None-Exist", "Idempotency-Key"},
                           "a message, whose own id says that it was sent before"));
  return start_command(parts, call.request);
}

/// A message on its way into the record.
struct Work {
  bars::Message message;
  std::vector<bars::Outside> outside;
};

Result<Work> read_work(const Parts& parts, const Call& call, const bars::Received& received,
                       std::string_view base) {
  // What was taken is not judged again: by other rules the answer might be another.
  TRY(const bool used, was_used(received.command, parts.node.view()));
  if (!used) {
    TRY_OK(bars::judge(parts, call, received));
  }
  Work work;
  TRY(work.message, bars::read_message(received.head, received.json.root()));
  fhir::ReaderPool::Lease reader = parts.readers.take();
  TRY(work.outside, bars::link_entries(work.message, base, *reader));
  return work;
}

Result<void> add_evidence(const Parts& parts, const Call& call, const bars::Message& message,
                          decide::Prepared& prepared) {
  Operation binary;
  binary.verb = Verb::create;
  binary.id = new_uuid(parts.random);
  binary.full_url = fmt::format("urn:uuid:{}", binary.id);
  const std::string evidence = binary.full_url;
  const std::string media_type(call.request.headers.find("Content-Type").value_or(fhir_json));
  TRY_OK(add_operation(parts, prepared, std::move(binary),
                       bars::evidence_body(message.head, media_type, call.request.body)));
  Operation provenance;
  provenance.verb = Verb::create;
  provenance.id = new_uuid(parts.random);
  return add_operation(parts, prepared, std::move(provenance),
                       bars::provenance_body(message.head, message.entries[message.focus].full_url,
                                             evidence, parts.clock.wall()));
}

// By the definitions that are in force, whoever wrote them: a referral is never taken in silence.
Result<void> check_are_followed(const Parts& parts, const bars::Message& message,
                                const std::vector<std::optional<bars::Known>>& known,
                                decide::Prepared& prepared) {
  {
    fhir::ReaderPool::Lease reader = parts.readers.take();
    decide::note_signals(prepared, parts.node.pathways(), *reader);
  }
  const auto opens = [](const pathway::Signal& one) { return one.open != nullptr; };
  for (std::size_t i = 0; i < message.entries.size(); ++i) {
    const bars::Entry& entry = message.entries[i];
    const bool is_new = !known[i] || known[i]->deleted;
    if (!is_new || entry.status != "active" || fhir::name(entry.type) != "ServiceRequest" ||
        (prepared.signals && std::ranges::any_of(prepared.signals->at(i).all, opens))) {
      continue;
    }
    return fail(Code::invariant,
                fmt::format("nobody would follow this referral: no pathway here takes its "
                            "category, code and intent; BaRS has intent plan and a category of {}",
                            bars::category_system),
                fmt::format("Bundle.entry[{}]", i));
  }
  return ok();
}

Result<std::optional<decide::Prepared>> make(const Parts& parts, const Call& call, Work& work,
                                             const Command& command, const node::Moment& moment) {
  TRY(const auto known, bars::look_up(parts, moment, work.message));
  TRY_OK(bars::check_outside(parts, moment, work.message, work.outside, known));
  std::vector<bars::Planned> all;
  {
    fhir::ReaderPool::Lease reader = parts.readers.take();
    TRY(all, bars::plan(work.message, known, *reader));
  }
  decide::Prepared prepared;
  prepared.command = command;
  for (bars::Planned& one : all) {
    TRY_OK(add_operation(parts, prepared, std::move(one.operation), std::move(one.body)));
  }
  TRY_OK(add_evidence(parts, call, work.message, prepared));
  TRY_OK(check_are_followed(parts, work.message, known, prepared));
  return prepared;
}

// decide counts operations, the sender entries: those behind the MessageHeader.
Error located(Error error, std::size_t entries) {
  std::vector<std::size_t> entry_of(entries);
  for (std::size_t i = 0; i < entries; ++i) {
    entry_of[i] = i + 1;
  }
  return by_entry(std::move(error), entry_of);
}

Reply refuse(const bars::Said& said, const Error& error) {
  if (error.code != Code::key_reused) {
    return bars::refused(said, refusal(error, Origin::content));
  }
  const Error other{Code::key_reused,
                    fmt::format("{} has sent another message with the id {} before: what is new "
                                "has a new id",
                                said.head.sender, said.head.id),
                    "Bundle.entry[0].resource.id",
                    {}};
  Reply reply = refusal(other, Origin::content);
  // As BaRS asks: its receivers answer REC_CONFLICT with 409.
  reply.status = 409;
  return bars::refused(said, std::move(reply));
}

Reply accept(const Parts& parts, const bars::Said& said, const bars::Message& message,
             const node::Committed& committed) {
  const fhir::TypeId type = message.entries[message.focus].type;
  const OperationResult& focus = committed.outcome.results.at(message.focus);
  auto body = stored_version(parts, parts.node.view(), type, focus.id, focus.version);
  if (!body) {
    return refuse(said, body.error());
  }
  Reply reply;
  reply.headers.add("Content-Type", fhir_json);
  add_position(reply, committed.position);
  reply.body = bars::accepted(said, fmt::format("{}/{}", fhir::name(type), focus.id), body->bytes);
  return reply;
}

}  // namespace

Task<Reply> process_message(const Parts& parts, Call& call, Executor& on) {
  auto command = read_terms(parts, call);
  if (!command) {
    co_return refusal(command.error(), Origin::request);
  }
  auto received = bars::receive(parts, call, *std::move(command));
  if (!received) {
    co_return refusal(received.error(), Origin::content);
  }
  const std::string base = base_url(parts.options, call.request);
  bars::Said said{received->head, received->command.key, base, parts.clock.wall()};
  auto work = read_work(parts, call, *received, base);
  if (!work) {
    co_return refuse(said, work.error());
  }
  const MakeCommand making = [&](const node::Moment& moment) {
    return make(parts, call, *work, received->command, moment);
  };
  const auto committed = co_await submit_made(parts, on, received->command, making);
  if (!committed) {
    co_return refuse(said, located(committed.error(), work->message.entries.size()));
  }
  check(committed->has_value(), "a message always leaves its evidence");
  said.time = (*committed)->time;
  co_return accept(parts, said, work->message, **committed);
}

}  // namespace holdfast::api
