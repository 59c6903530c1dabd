// api/history.cpp: https://hl7.org/fhir/R4/http.html#history of one resource, newest first.
// Versions are numbered without gaps and never change, so "before version N" is a cursor that
// repeats and omits nothing. `_since` and `_at` are refused, not ignored.
#include <algorithm>

#include <fmt/format.h>

#include "api/interactions.h"
#include "api/json_writer.h"
#include "api/stored.h"
#include "base/time.h"

namespace holdfast::api {
namespace {

constexpr std::size_t history_count_default = 50;
constexpr std::size_t history_count_max = 500;
// A page ends early rather than grow past this.
constexpr std::size_t history_page_bytes_max = std::size_t{16} << 20U;

Result<std::uint64_t> number(const Call& call, std::string_view name, std::uint64_t otherwise) {
  const auto text = parameter(call, name);
  if (!text) {
    return otherwise;
  }
  if (const auto value = parse_count(*text)) {
    return *value;
  }
  return fail(Code::value, fmt::format("{} is a number, not '{}'", name, *text),
              fmt::format("http.{}", name));
}

// The interaction that made the version is not kept with it. PUT is what would make it again under
// the same id, for a version that came by POST too.
void write_entry(JsonWriter& json, const views::Body& body, std::string_view base,
                 views::Presence before) {
  const views::BodyHeader& header = body.header;
  const bool deleted = header.presence == views::Presence::deleted;
  const bool created =
      !deleted && (header.version.value == 1 || before == views::Presence::deleted);
  const std::string local = fmt::format("{}/{}", fhir::name(header.type), header.id);
  json.open('{');
  if (!base.empty()) {
    json.text("fullUrl", fmt::format("{}/{}", base, local));
  }
  if (!deleted) {
    json.raw("resource", body.bytes);
  }
  json.open("request", '{');
  json.text("method", deleted ? "DELETE" : "PUT");
  json.text("url", local);
  json.close('}');
  json.open("response", '{');
  json.text("status", status_line(deleted ? 204 : created ? 201 : 200));
  json.text("etag", entity_tag(header.version));
  json.text("lastModified", to_instant(header.time));
  json.close('}');
  json.close('}');
}

void write_link(JsonWriter& json, std::string_view relation, std::string_view base,
                std::string_view local, std::uint64_t count, std::uint64_t before) {
  json.open('{');
  json.text("relation", relation);
  const std::string root = base.empty() ? std::string() : fmt::format("{}/", base);
  const std::string cursor = before == 0 ? std::string() : fmt::format("&before={}", before);
  json.text("url", fmt::format("{}{}/_history?_count={}{}", root, local, count, cursor));
  json.close('}');
}

}  // namespace

Result<Reply> history(const Parts& parts, const Call& call, const node::Moment& moment) {
  TRY_OK(check_parameters(call, {"_count", "before"}));
  const Match& match = call.match;
  TRY(const std::uint64_t asked, number(call, "_count", history_count_default));
  TRY(const std::uint64_t before, number(call, "before", 0));
  const std::uint64_t count = std::min<std::uint64_t>(asked, history_count_max);
  TRY(const auto current, views::read_current(*moment.reader, match.type, match.id));
  if (!current) {
    return fail(Code::not_found,
                fmt::format("there is no {}/{}", fhir::name(match.type), match.id));
  }
  const Version below{before == 0 ? UINT64_MAX : before};
  // One more than the page, to see whether a version followed a deletion, and whether there is
  // more.
  TRY(const std::vector<RowId> rows,
      views::read_history(*moment.reader, match.type, match.id, below, count + 1));

  const std::string base = base_url(parts.options, call.request);
  const std::string local = fmt::format("{}/{}", fhir::name(match.type), match.id);
  JsonWriter entries(4096);
  std::uint64_t oldest_shown = 0;
  std::size_t shown = 0;
  for (; shown < std::min<std::size_t>(rows.size(), count); ++shown) {
    TRY(const views::Body body, stored_row(parts, moment, rows[shown]));
    auto presence_before = views::Presence::present;
    if (shown + 1 < rows.size()) {
      TRY(const auto older, views::read_body_header(*moment.reader, rows[shown + 1]));
      presence_before = older.presence;
    }
    if (shown > 0 && entries.size() + body.bytes.size() > history_page_bytes_max) {
      break;
    }
    write_entry(entries, body, base, presence_before);
    oldest_shown = body.header.version.value;
  }

  JsonWriter json(entries.size() + 512);
  json.open('{');
  json.text("resourceType", "Bundle");
  json.text("type", "history");
  json.number("total", current->version.value);
  json.open("link", '[');
  write_link(json, "self", base, local, count, before);
  if (shown > 0 && shown < rows.size()) {
    write_link(json, "next", base, local, count, oldest_shown);
  }
  json.close(']');
  if (shown > 0) {
    json.open("entry", '[');
    json.fragment(entries.take());
    json.close(']');
  }
  json.close('}');
  Reply reply;
  reply.headers.add("Content-Type", fhir_json);
  reply.body = json.take();
  return reply;
}

}  // namespace holdfast::api
