#include "api/outcome.h"

#include <algorithm>

#include <fmt/format.h>

#include "fhir/json_writer.h"

namespace holdfast::api {
namespace {

std::string_view severity(Code code) {
  return code == Code::corrupt || code == Code::io ? "fatal"
         : code == Code::remark                    ? "warning"
                                                   : "error";
}

// Seconds after which the same request may go through; none where it will not.
std::string_view retry_after(Code code) {
  switch (code) {
    case Code::overloaded: return "1";
    case Code::unavailable:
    case Code::closed: return "5";
    case Code::no_space: return "30";
    default: return {};
  }
}

void write_issue(fhir::JsonWriter& json, std::string_view severity_, std::string_view code,
                 std::string_view what, std::string_view place) {
  json.open('{');
  json.text("severity", severity_);
  json.text("code", code);
  json.text("diagnostics", what);
  const fhir::Where where = fhir::split_where(place);
  if (!where.place.empty()) {
    json.open("location", '[');
    json.text(where.place);
    json.close(']');
  }
  if (!where.expression.empty()) {
    json.open("expression", '[');
    json.text(where.expression);
    json.close(']');
  }
  json.close('}');
}

void write_issue(fhir::JsonWriter& json, const Error& error, Origin origin) {
  write_issue(json, severity(error.code), meaning(error.code, origin).issue, error.what,
              error.where);
}

void write_issues(fhir::JsonWriter& json, const Issues& issues) {
  for (const validation::Issue& issue : issues) {
    write_issue(json, name(issue.severity), name(issue.type), issue.text, issue.where);
  }
}

}  // namespace

// https://hl7.org/fhir/R4/http.html#Status-Codes
Meaning meaning(Code code, Origin origin) {
  const bool content = origin == Origin::content;
  switch (code) {
    case Code::syntax: return {400, content ? "structure" : "invalid"};
    case Code::structure: return {content ? 422 : 400, content ? "structure" : "invalid"};
    case Code::required: return {content ? 422 : 400, "required"};
    case Code::value: return {content ? 422 : 400, "value"};
    case Code::invariant: return {422, "invariant"};
    case Code::code_invalid: return {422, "code-invalid"};
    case Code::remark: return {422, "informational"};
    case Code::unsupported: return {content ? 422 : 400, "not-supported"};
    case Code::unknown_type: return {content ? 422 : 404, "not-supported"};
    case Code::not_found: return {404, "not-found"};
    case Code::deleted: return {410, "deleted"};
    case Code::conflict: return {412, "conflict"};
    case Code::precondition: return {412, "business-rule"};
    case Code::mismatch: return {400, "value"};
    case Code::multiple_matches: return {412, "multiple-matches"};
    case Code::unmatched: return {422, "not-found"};
    case Code::key_reused: return {422, "business-rule"};
    case Code::expired: return {410, "not-found"};
    case Code::too_large: return {413, "too-long"};
    case Code::too_costly: return {403, "too-costly"};
    case Code::media_type: return {content ? 415 : 406, "not-supported"};
    case Code::method: return {405, "not-supported"};
    case Code::forbidden: return {403, "forbidden"};
    case Code::overloaded: return {503, "throttled"};
    case Code::unavailable: return {503, "transient"};
    case Code::timeout: return {504, "timeout"};
    case Code::closed: return {503, "transient"};
    case Code::io: return {500, "exception"};
    case Code::no_space: return {503, "no-store"};
    case Code::corrupt: return {500, "exception"};
    case Code::usage: return {500, "exception"};
  }
  return {500, "exception"};
}

std::string status_line(int status) {
  const auto reason = [status]() -> std::string_view {
    switch (status) {
      case 200: return " OK";
      case 201: return " Created";
      case 204: return " No Content";
      case 304: return " Not Modified";
      case 400: return " Bad Request";
      case 403: return " Forbidden";
      case 404: return " Not Found";
      case 405: return " Method Not Allowed";
      case 406: return " Not Acceptable";
      case 409: return " Conflict";
      case 410: return " Gone";
      case 412: return " Precondition Failed";
      case 413: return " Content Too Large";
      case 415: return " Unsupported Media Type";
      case 422: return " Unprocessable Content";
      case 500: return " Internal Server Error";
      case 503: return " Service Unavailable";
      case 504: return " Gateway Timeout";
      default: return "";
    }
  };
  return fmt::format("{}{}", status, reason());
}

Bytes operation_outcome(const Error& error, Origin origin) {
  fhir::JsonWriter json(256);
  json.open('{');
  json.text("resourceType", "OperationOutcome");
  json.open("issue", '[');
  write_issue(json, error, origin);
  const std::size_t shown = std::min(error.more.size(), issues_max - 2);
  for (std::size_t i = 0; i < shown; ++i) {
    write_issue(json, error.more[i], origin);
  }
  if (shown < error.more.size()) {
    const Error rest{error.code,
                     fmt::format("{} further issues are not shown", error.more.size() - shown),
                     {},
                     {}};
    write_issue(json, rest, origin);
  }
  json.close(']');
  json.close('}');
  return json.take();
}

Bytes success_outcome(std::string_view diagnostics, const Issues& issues) {
  fhir::JsonWriter json(160);
  json.open('{');
  json.text("resourceType", "OperationOutcome");
  json.open("issue", '[');
  write_issue(json, "information", "informational", diagnostics, {});
  write_issues(json, issues);
  json.close(']');
  json.close('}');
  return json.take();
}

Bytes issues_outcome(const Issues& issues) {
  fhir::JsonWriter json(512);
  json.open('{');
  json.text("resourceType", "OperationOutcome");
  json.open("issue", '[');
  write_issues(json, issues);
  json.close(']');
  json.close('}');
  return json.take();
}

Reply refusal(const Error& error, Origin origin) {
  Reply reply;
  reply.status = meaning(error.code, origin).status;
  reply.headers.add("Content-Type", fhir_json);
  if (const std::string_view after = retry_after(error.code); !after.empty()) {
    reply.headers.add("Retry-After", after);
  }
  reply.body = operation_outcome(error, origin);
  return reply;
}

}  // namespace holdfast::api
