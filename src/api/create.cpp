// api/create.cpp: https://hl7.org/fhir/R4/http.html#create. The id is drawn here; one in the
// content is replaced, as the standard says. With If-None-Exist (#ccreate) what exists already is
// the answer.
#include <fmt/format.h>

#include "api/interactions.h"
#include "api/writing.h"

namespace holdfast::api {
namespace {

struct Terms {
  Command command;
  std::string if_none_exist;
};

Result<Terms> read_terms(const Parts& parts, const Call& call) {
  TRY_OK(check_parameters(call, {}));
  const Headers& headers = call.request.headers;
  TRY_OK(refuse_conditions(headers, {"If-Match", "If-None-Match"}, "a create"));
  Terms terms;
  TRY(const auto query, condition(headers, "If-None-Exist"));
  terms.if_none_exist = query.value_or("");
  TRY(terms.command, start_command(parts, call.request));
  return terms;
}

}  // namespace

Task<Reply> create(const Parts& parts, Call& call, Executor& on) {
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
  const fhir::TypeId type = call.match.type;
  if (content->type != type) {
    const Error differs{Code::structure,
                        fmt::format("a {} cannot be created at the address of {}",
                                    fhir::name(content->type), fhir::name(type)),
                        fmt::format("{}.resourceType", fhir::name(content->type)),
                        {}};
    co_return refusal(differs, Origin::request);
  }
  Operation operation;
  operation.verb = Verb::create;
  operation.type = fhir::name(type);
  operation.id = new_uuid(parts.random);
  operation.if_none_exist = std::move(terms->if_none_exist);
  auto prepared = prepare_one(std::move(terms->command), std::move(operation), *std::move(content));
  co_return co_await write_one(parts, call, on, std::move(prepared), Origin::content);
}

}  // namespace holdfast::api
