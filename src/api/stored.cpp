#include "api/stored.h"

#include <fmt/format.h>

#include "base/time.h"

namespace holdfast::api {

Result<views::Body> stored_row(const Parts& parts, const node::Moment& moment, RowId row) {
  return views::read_body(*moment.reader, parts.node.codec(), row, parts.node.bodies());
}

Result<views::Body> stored_version(const Parts& parts, const node::Moment& moment,
                                   fhir::TypeId type, std::string_view id, Version version) {
  TRY(const std::optional<RowId> row, views::read_version(*moment.reader, type, id, version));
  if (!row) {
    return fail(Code::not_found, fmt::format("there is no version {} of {}/{}", version.value,
                                             fhir::name(type), id));
  }
  return stored_row(parts, moment, *row);
}

Result<fhir::Subset> asked_subset(const Call& call, fhir::TypeId type) {
  TRY(auto subset, fhir::parse_subset(parameter(call, "_summary"), parameter(call, "_elements")));
  if (subset.summary == fhir::SummaryKind::count) {
    return fail(Code::value,
                "_summary=count counts what a search or a history finds, not the parts "
                "of one resource",
                "http._summary");
  }
  TRY_OK(fhir::check_elements(subset, type));
  return subset;
}

Result<void> show_subset(const Parts& parts, Bytes& body, const fhir::Subset& what) {
  if (what.whole() || body.empty()) {
    return ok();
  }
  fhir::ReaderPool::Lease reader = parts.readers.take();
  TRY(const fhir::Json json, reader->read(std::move(body)));
  body.clear();
  return fhir::append_subset(body, json.root(), what);
}

void add_version_headers(Headers& headers, Version version, Time modified) {
  headers.add("ETag", entity_tag(version));
  headers.add("Last-Modified", to_http_date(modified));
}

Result<Reply> show(const Parts& parts, const Call& call, views::Body body) {
  TRY(const fhir::Subset subset, asked_subset(call, body.header.type));
  Reply reply;
  const views::BodyHeader& header = body.header;
  if (header.presence == views::Presence::deleted) {
    const Error gone{Code::deleted,
                     fmt::format("{}/{} was deleted; that deletion is its version {}",
                                 fhir::name(header.type), header.id, header.version.value),
                     {},
                     {}};
    reply = refusal(gone, Origin::request);
    add_version_headers(reply.headers, header.version, header.time);
    return reply;
  }
  reply.headers.reserve(4, 160);
  add_version_headers(reply.headers, header.version, header.time);
  // https://hl7.org/fhir/R4/http.html#cread
  if (is_not_modified(call.request.headers.find("If-None-Match"),
                      call.request.headers.find("If-Modified-Since"), header.version,
                      header.time)) {
    reply.status = 304;
    return reply;
  }
  TRY_OK(show_subset(parts, body.bytes, subset));
  reply.headers.add("Content-Type", fhir_json);
  reply.body = std::move(body.bytes);
  return reply;
}

}  // namespace holdfast::api
