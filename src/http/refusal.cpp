#include "http/refusal.h"

#include <fmt/format.h>

namespace holdfast::http {
namespace {

// https://hl7.org/fhir/R4/valueset-issue-type.html
std::string_view issue_type(Refused reason) {
  switch (reason) {
    case Refused::syntax: return "structure";
    case Refused::head_too_large: return "too-long";
    case Refused::body_too_large: return "too-long";
    case Refused::unsupported: return "not-supported";
    case Refused::slow: return "timeout";
    case Refused::overloaded: return "throttled";
    case Refused::connection_limit: return "throttled";
  }
  return "processing";
}

}  // namespace

api::Reply refusal_reply(const Refusal& refusal, const Limits& limits) {
  api::Reply reply;
  reply.status = refusal.status;
  reply.connection = api::Connection::close;
  reply.headers.add("Content-Type", "application/fhir+json; charset=utf-8");
  if (refusal.status == 503) {
    reply.headers.add("Retry-After", fmt::format("{}", limits.retry_after_seconds));
  }
  // The sentences are literals of ours without quotes or backslashes, so they need no escaping.
  reply.body = fmt::format(
      R"({{"resourceType":"OperationOutcome","issue":[{{"severity":"error","code":"{}",)"
      R"("diagnostics":"{}"}}]}})",
      issue_type(refusal.reason), refusal.why);
  return reply;
}

}  // namespace holdfast::http
