// exchange/take_up.cpp: a message that is in the record, mapped once more: after its mapping or the
// record was mended.
#include <fmt/format.h>

#include <utility>

#include "exchange/intake.h"
#include "exchange/resolve.h"
#include "fhir/task_status.h"
#include "search/matches.h"
#include "views/versions.h"

namespace holdfast::exchange {
namespace {

constexpr unsigned tries_max = 20;
/// Items about one message that are closed with it: there are never more than a few.
constexpr std::size_t items_max = 100;

}  // namespace

Result<void> Intake::close_items(decide::Prepared& prepared, const node::Moment& moment,
                                 const std::string& binary) {
  const fhir::TypeId type = *fhir::type_id("Task");
  const search::Source source{*moment.reader, node_.codec(), *moment.params};
  TRY(const auto items,
      search::matches(source, type,
                      fmt::format("focus=Binary/{}&status=requested,received,accepted,in-progress,"
                                  "on-hold",
                                  binary),
                      items_max));
  auto reader = readers_.take();
  for (const std::string& item : items) {
    TRY(const auto current, views::read_current(*moment.reader, type, item));
    TRY(const auto body, views::read_body(*moment.reader, node_.codec(), current->row));
    TRY(Bytes closed, fhir::with_task_status(*reader, body.bytes, "completed", "closed",
                                             "The message was taken up again."));
    Operation operation;
    operation.verb = Verb::update;
    operation.id = item;
    operation.if_match = current->version;
    TRY_OK(add_operation(prepared, std::move(operation), std::move(closed), *reader,
                         node_.extracting()));
  }
  return ok();
}

Result<Intake::TakenUp> Intake::make_take_up(const std::string& binary, const Principal& author,
                                             std::optional<Made>& made) {
  const node::Moment moment = node_.view();
  const fhir::TypeId type = *fhir::type_id("Binary");
  const auto none = [&] {
    return fail(Code::not_found, fmt::format("Binary/{} stands for no message", binary));
  };
  TRY(const auto first, views::read_version(*moment.reader, type, binary, Version{1}));
  if (!first) {
    return none();
  }
  TRY(const auto header, views::read_body_header(*moment.reader, *first));
  TRY(const auto entry, node_.read_entry(header.position));
  const auto& message = entry.first.message;
  if (!message || message->evidence != binary) {
    return none();
  }
  const Neighbour* const neighbour = neighbours_.named(message->neighbour);
  if (neighbour == nullptr) {
    return fail(
        Code::unavailable,
        fmt::format("the neighbour '{}' of this message is not configured", message->neighbour));
  }
  const Incoming incoming(*neighbour, message->bytes);
  if (incoming.refusal || message->disposition == Disposition::refused) {
    return fail(Code::forbidden,
                fmt::format("it was refused, and is not taken: {}",
                            incoming.refusal ? incoming.refusal->what
                                             : "its sender was told to send it again"));
  }
  if (!is_mapped(*neighbour, *incoming.message)) {
    return fail(Code::unsupported,
                fmt::format("messages like it are kept and not looked into: {} has `take` or "
                            "`filter` so",
                            neighbour->title));
  }
  TRY(const auto known,
      views::read_message(*moment.reader, {neighbour->name, incoming.control_id, incoming.hash}));
  if (!known.newest) {
    return none();
  }
  const Again again{known.newest->attempt + 1, known.newest->disposition, binary, header.time,
                    author};
  TRY(made, maker_.make_again(incoming, moment, Standing{known.others, {}, {}}, again));
  TakenUp taken;
  taken.attempt = again.attempt;
  taken.outdated = made->outdated;
  for (const Operation& one : made->prepared.command.operations) {
    if (one.type != "Provenance") {
      auto& into = one.verb == Verb::create ? taken.created : taken.updated;
      into.push_back(fmt::format("{}/{}", one.type, one.id));
    }
  }
  TRY_OK(close_items(made->prepared, moment, binary));
  return taken;
}

Task<Result<Intake::TakenUp>> Intake::take_up(Executor& on, std::string binary, Principal author,
                                              Carry carry) {
  for (unsigned tries = 1;; ++tries) {
    std::optional<Made> made;
    CO_TRY(TakenUp taken, make_take_up(binary, author, made));
    if (carry == Carry::out_not) {
      co_return taken;
    }
    const auto committed = co_await node_.submit(on, std::move(made->prepared));
    if (committed) {
      taken.done = true;
      co_return taken;
    }
    if (!is_stale(committed.error().code) || tries == tries_max) {
      co_return fail(committed.error());
    }
  }
}

}  // namespace holdfast::exchange
