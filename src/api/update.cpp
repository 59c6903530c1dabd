// api/update.cpp: https://hl7.org/fhir/R4/http.html#update, also as create (#upsert). The content
// must name the id of the address (400 otherwise). If-Match makes it an update of that version
// only.
#include <fmt/format.h>

#include "api/interactions.h"
#include "api/writing.h"

namespace holdfast::api {
namespace {

struct Terms {
  Command command;
  std::optional<Version> if_match;
};

Result<Terms> read_terms(const Parts& parts, const Call& call) {
  TRY_OK(check_parameters(call, {}));
  const Headers& headers = call.request.headers;
  TRY_OK(refuse_conditions(headers, {"If-None-Match", "If-None-Exist"}, "an update"));
  Terms terms;
  TRY(const auto tag, condition(headers, "If-Match"));
  if (tag) {
    TRY(terms.if_match, if_match(*tag));
  }
  TRY(terms.command, start_command(parts, call.request));
  return terms;
}

Result<void> check_identity(const Content& content, const Match& match) {
  const std::string_view type = fhir::name(match.type);
  if (content.type != match.type) {
    return fail(Code::structure,
                fmt::format("a {} cannot be stored at the address of {}/{}",
                            fhir::name(content.type), type, match.id),
                fmt::format("{}.resourceType", fhir::name(content.type)));
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
  if (const auto good = check_content_type(call.request.headers); !good) {
    co_return refusal(good.error(), Origin::content);
  }
  auto terms = read_terms(parts, call);
  if (!terms) {
    co_return refusal(terms.error(), Origin::request);
  }
  auto content = read_content(parts.readers, std::move(call.request.body));
  if (!content) {
    co_return refusal(content.error(), Origin::content);
  }
  if (const auto same = check_identity(*content, call.match); !same) {
    co_return refusal(same.error(), Origin::request);
  }
  Operation operation;
  operation.verb = Verb::update;
  operation.type = fhir::name(call.match.type);
  operation.id = call.match.id;
  operation.if_match = terms->if_match;
  auto prepared = prepare_one(std::move(terms->command), std::move(operation), *std::move(content));
  co_return co_await write_one(parts, call, on, std::move(prepared), Origin::content);
}

}  // namespace holdfast::api
