#include "api/item_bundle.h"

#include <fmt/format.h>

#include "api/stored.h"
#include "base/text.h"

namespace holdfast::api {
namespace {

// A page ends early rather than grow past this.
constexpr std::size_t page_bytes_max = std::size_t{16} << 20U;

}  // namespace

void write_issue(fhir::JsonWriter& json, std::string_view severity, std::string_view code,
                 std::string_view text) {
  json.open('{');
  json.text("severity", severity);
  json.text("code", code);
  json.open("details", '{');
  json.text("text", text);
  json.close('}');
  json.close('}');
}

Result<std::size_t> write_tasks(const Parts& parts, const Call& call, const node::Moment& moment,
                                const std::vector<views::Place>& places, fhir::JsonWriter& json) {
  static const fhir::TypeId task = *fhir::type_id("Task");
  const std::string base = base_url(parts.options, call.request);
  std::size_t shown = 0;
  for (const views::Place& place : places) {
    TRY(const auto current, views::read_current(*moment.reader, task, place.id));
    if (!current) {
      return fail(Code::corrupt, fmt::format("Task/{} is on a work-list and is not there; run "
                                             "`holdfast verify`, then `holdfast rebuild`",
                                             place.id));
    }
    TRY(const views::Body body, stored_row(parts, moment, current->row));
    if (shown > 0 && json.size() + body.bytes.size() > page_bytes_max) {
      break;
    }
    json.open('{');
    if (!base.empty()) {
      json.text("fullUrl", fmt::format("{}/Task/{}", base, place.id));
    }
    json.raw("resource", body.bytes);
    json.open("search", '{');
    json.text("mode", "match");
    json.close('}');
    json.close('}');
    ++shown;
  }
  return shown;
}

std::string self_query(const Call& call) {
  std::string query;
  for (const Parameter& one : call.parameters) {
    query += fmt::format("{}{}={}", query.empty() ? "?" : "&", one.name,
                         percent_encode(one.value, "/:"));
  }
  return query;
}

void write_link(fhir::JsonWriter& json, std::string_view relation, std::string_view url) {
  json.open('{');
  json.text("relation", relation);
  json.text("url", url);
  json.close('}');
}

}  // namespace holdfast::api
