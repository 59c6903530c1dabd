// api/remove.cpp: https://hl7.org/fhir/R4/http.html#delete. Deleting is a new version; the ones
// before stay readable. Deleting what is not there succeeds and changes nothing. At the address of
// the type the query selects the resource (#cdelete); if it selects several, all of them are
// deleted or none: none, unless the operator allows that many.
#include <fmt/format.h>

#include "api/condition.h"
#include "api/interactions.h"
#include "api/writing.h"
#include "search/matches.h"

namespace holdfast::api {
namespace {

Result<decide::Prepared> prepare(const Parts& parts, const Call& call) {
  const Headers& headers = call.request.headers;
  TRY_OK(refuse_conditions(headers, {"If-None-Match", "If-None-Exist"}, "a delete"));
  Operation operation;
  operation.verb = Verb::remove;
  operation.type = fhir::name(call.match.type);
  if (call.match.interaction == Interaction::remove_selected) {
    TRY(operation.condition, address_condition(parts, call.match.type, call.request.query()));
  } else {
    TRY_OK(check_parameters(call, {}));
    operation.id = call.match.id;
  }
  TRY(const auto tag, condition(headers, "If-Match"));
  if (tag) {
    TRY(operation.if_match, if_match(*tag));
  }
  decide::Prepared prepared;
  TRY(prepared.command, start_command(parts, call.request));
  prepared.command.operations.push_back(std::move(operation));
  prepared.operations.emplace_back();
  prepared.operations.back().type = call.match.type;
  return prepared;
}

// One operation for each resource that the condition selects now.
Result<decide::Prepared> name_all(const Parts& parts, const decide::Prepared& one) {
  const std::size_t max = parts.options.conditional_delete_max;
  const Operation& pattern = one.command.operations[0];
  const fhir::TypeId type = one.operations[0].type;
  const node::Moment moment = parts.node.view();
  TRY(const auto ids, search::matches({*moment.reader, parts.node.codec(), *moment.params}, type,
                                      pattern.condition, max + 1));
  if (ids.size() > max) {
    return fail(Code::multiple_matches,
                fmt::format("the condition {}?{} selects more than {} resources; make it narrower",
                            pattern.type, pattern.condition, max));
  }
  if (ids.size() < 2) {
    return one;  // others went meanwhile
  }
  decide::Prepared all = one;
  all.command.operations.assign(ids.size(), pattern);
  all.operations.assign(ids.size(), one.operations[0]);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    all.command.operations[i].id = ids[i];
  }
  return all;
}

// Made anew where other writes came between; each attempt that fails means that one of those went
// through.
constexpr std::size_t remove_attempts_max = 32;

Task<Result<node::Committed>> submit_removal(const Parts& parts, Executor& on,
                                             decide::Prepared one) {
  decide::Prepared first = one;
  auto committed = co_await parts.node.submit(on, std::move(first));
  for (std::size_t attempt = 0; attempt < remove_attempts_max; ++attempt) {
    const bool several = !committed && parts.options.conditional_delete_max > 1 &&
                         (committed.error().code == Code::multiple_matches ||
                          (attempt > 0 && committed.error().code == Code::conflict));
    if (!several || one.command.operations[0].if_match) {
      break;
    }
    CO_TRY(decide::Prepared all, name_all(parts, one));
    committed = co_await parts.node.submit(on, std::move(all));
  }
  co_return committed;
}

Reply show_removed(const Parts& parts, const Call& call, const node::Committed& committed) {
  const std::size_t count = committed.outcome.results.size();
  if (count == 1) {
    return show_written(parts, call, committed, {});
  }
  Reply reply;
  reply.status = http_status(Status::removed);
  add_position(reply, committed.position);
  if (call.prefer.content == Return::operation_outcome) {
    reply.status = 200;
    reply.headers.add("Content-Type", fhir_json);
    reply.body = success_outcome(
        fmt::format("{} resources of type {} are deleted", count, fhir::name(call.match.type)));
  }
  return reply;
}

}  // namespace

Task<Reply> remove(const Parts& parts, Call& call, Executor& on) {
  auto prepared = prepare(parts, call);
  if (!prepared) {
    co_return refusal(prepared.error(), Origin::request);
  }
  const auto committed = co_await submit_removal(parts, on, *std::move(prepared));
  co_return committed ? show_removed(parts, call, *committed)
                      : refusal(committed.error(), Origin::request);
}

}  // namespace holdfast::api
