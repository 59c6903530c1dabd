// api/update.cpp: https://hl7.org/fhir/R4/http.html#update, also as create (#upsert). The content
// must name the id of the address (400 otherwise). If-Match makes it an update of that version
// only. At the address of the type the query selects the resource (#cond-update), and the content
// need not name its id.
#include <fmt/format.h>

#include "api/condition.h"
#include "api/interactions.h"
#include "api/writing.h"

namespace holdfast::api {
namespace {

Result<Terms> read_terms(const Parts& parts, const Call& call) {
  const Headers& headers = call.request.headers;
  TRY_OK(refuse_conditions(headers, {"If-None-Match", "If-None-Exist"}, "an update"));
  Terms terms;
  terms.operation.verb = Verb::update;
  if (call.match.interaction == Interaction::update_selected) {
    TRY(terms.operation.condition, address_condition(parts, call.match.type, call.request.query()));
    terms.operation.id = new_uuid(parts.random);  // for a resource that is not there yet
  } else {
    TRY_OK(check_parameters(call, {}));
    terms.operation.id = call.match.id;
  }
  TRY(const auto tag, condition(headers, "If-Match"));
  if (tag) {
    TRY(terms.operation.if_match, if_match(*tag));
  }
  TRY(terms.command, start_command(parts, call.request));
  return terms;
}

Result<void> check_identity(const Content& content, const Match& match) {
  const std::string_view type = fhir::name(match.type);
  if (content.type != match.type) {
    return fail(Code::structure,
                fmt::format("a {} cannot be stored at the address of {}{}{}",
                            fhir::name(content.type), type, match.id.empty() ? "" : "/", match.id),
                fmt::format("{}.resourceType", fhir::name(content.type)));
  }
  if (match.interaction == Interaction::update_selected) {
    return ok();
  }
  if (!content.id) {
    return fail(Code::required,
                fmt::format("the content must name its id, which is {} by its address", match.id),
                fmt::format("{}.id", type));
  }
  if (*content.id != match.id) {
    return fail(Code::value,
                fmt::format("the content names the id {}, its address {}", *content.id, match.id),
                fmt::format("{}.id", type));
  }
  return ok();
}

}  // namespace

Task<Reply> update(const Parts& parts, Call& call, Executor& on) {
  return write_content(parts, call, on, read_terms, check_identity);
}

}  // namespace holdfast::api
