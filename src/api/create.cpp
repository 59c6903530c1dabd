// api/create.cpp: https://hl7.org/fhir/R4/http.html#create. The id is drawn here; one in the
// content is replaced, as the standard says. With If-None-Exist (#ccreate) what exists already is
// the answer.
#include <fmt/format.h>

#include "api/interactions.h"
#include "api/writing.h"

namespace holdfast::api {
namespace {

Result<Terms> read_terms(const Parts& parts, const Call& call) {
  TRY_OK(check_parameters(call, {}));
  const Headers& headers = call.request.headers;
  TRY_OK(refuse_conditions(headers, {"If-Match", "If-None-Match"}, "a create"));
  Terms terms;
  terms.operation.verb = Verb::create;
  TRY(const auto query, condition(headers, "If-None-Exist"));
  terms.operation.condition = query.value_or("");
  TRY(terms.command, start_command(parts, call.request));
  terms.operation.id = new_uuid(parts.random);
  return terms;
}

Result<void> check_type(const Content& content, const Match& match) {
  if (content.type != match.type) {
    return fail(Code::structure,
                fmt::format("a {} cannot be created at the address of {}", fhir::name(content.type),
                            fhir::name(match.type)),
                fmt::format("{}.resourceType", fhir::name(content.type)));
  }
  return ok();
}

}  // namespace

Task<Reply> create(const Parts& parts, Call& call, Executor& on) {
  return write_content(parts, call, on, read_terms, check_type);
}

}  // namespace holdfast::api
