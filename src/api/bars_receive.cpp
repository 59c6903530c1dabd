#include "api/bars_receive.h"

#include <utility>

#include <fmt/format.h>

#include "api/bars_answer.h"
#include "api/bundle_plan.h"
#include "api/format.h"
#include "api/operation_input.h"
#include "api/writing.h"
#include "fhir/check.h"

namespace holdfast::api::bars {
namespace {

/// As base64 in a Binary it must still be JSON that can be read (fhir::json_bytes_max).
constexpr std::size_t message_bytes_max = std::size_t{16} << 20U;

Result<fhir::Json> read_body(const Parts& parts, const Call& call, Format format) {
  if (call.request.body.empty()) {
    return fail(Code::required, "the body is a Bundle of type message, and there is none");
  }
  if (call.request.body.size() > message_bytes_max) {
    return fail(Code::too_large, fmt::format("a message has at most {} bytes", message_bytes_max));
  }
  TRY(fhir::Json json, read_content(parts, call));
  const auto listed = json.root().find("entry");
  if (listed && listed->is_array() && listed->size() > bundle_entries_max) {
    return fail(
        Code::too_large,
        fmt::format("{} entries in one message; at most {}", listed->size(), bundle_entries_max),
        "Bundle.entry");
  }
  if (auto good = fhir::check_resource(json.root()); !good) {
    return fail(placed_in(format, std::move(good).error()));
  }
  return json;
}

}  // namespace

Result<Received> receive(const Parts& parts, const Call& call, Command command) {
  Received received;
  TRY(received.format, content_format(call.request.headers));
  TRY(received.json, read_body(parts, call, received.format));
  TRY(received.head, read_head(received.json.root()));
  received.command = std::move(command);
  received.command.key = message_key(parts.options.principal, received.head);
  received.command.key_origin = KeyOrigin::given;
  received.command.request_hash = sha256(call.request.body);
  return received;
}

Result<void> judge(const Parts& parts, const Call& call, const Received& received) {
  validation::BundleEntries all(received.json.root());
  for (const fhir::JsonValue entry : received.json.root().find("entry")->children()) {
    if (const auto resource = entry.find("resource")) {
      if (auto issues = parts.judge.judge(*resource, telling(call), &all); !issues) {
        return fail(placed_in(received.format, std::move(issues).error()));
      }
    }
  }
  return ok();
}

}  // namespace holdfast::api::bars
