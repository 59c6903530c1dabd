// api/remove.cpp: https://hl7.org/fhir/R4/http.html#delete. Deleting is a new version; the ones
// before stay readable. Deleting what is not there succeeds and changes nothing. At the address of
// the type the query selects the resource (#cdelete); if it selects several, nothing is deleted.
#include <fmt/format.h>

#include "api/condition.h"
#include "api/interactions.h"
#include "api/writing.h"

namespace holdfast::api {
namespace {

Result<decide::Prepared> prepare(const Parts& parts, const Call& call) {
  const Headers& headers = call.request.headers;
  TRY_OK(refuse_conditions(headers, {"If-None-Match", "If-None-Exist"}, "a delete"));
  Operation operation;
  operation.verb = Verb::remove;
  operation.type = fhir::name(call.match.type);
  if (call.match.interaction == Interaction::remove_selected) {
    TRY(operation.condition, address_condition(call.match.type, call.request.query()));
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

}  // namespace

Task<Reply> remove(const Parts& parts, Call& call, Executor& on) {
  auto prepared = prepare(parts, call);
  if (!prepared) {
    co_return refusal(prepared.error(), Origin::request);
  }
  co_return co_await write_one(parts, call, on, *std::move(prepared), Origin::request);
}

}  // namespace holdfast::api
