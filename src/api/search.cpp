// api/search.cpp: https://hl7.org/fhir/R4/http.html#search, of a type or of a patient's
// compartment, by address or by form. All pages of one search show the record at one position:
// `next` carries it, signed, in `_page`, and nothing is kept here. The total is given when it is
// asked for, or when the last page shows it anyway.
#include <fmt/format.h>

#include "api/interactions.h"
#include "api/json_writer.h"
#include "api/stored.h"
#include "search/criteria.h"
#include "search/page.h"
#include "search/page_link.h"

namespace holdfast::api {
namespace {

constexpr std::string_view page_parameter = "_page";
// A page ends early rather than grow past this.
constexpr std::size_t search_page_bytes_max = std::size_t{16} << 20U;

// One search, at its first page or at a later one.
struct Inquiry {
  search::PageLink link;  ///< scope, query, handling, snapshot; `after` counts for later pages only
  std::optional<RowId> after;
  search::Criteria criteria;
  search::Total asked = search::Total::unasked;
};

Result<search::Scope> scope_of(const Match& match) {
  search::Scope scope;
  const bool compartment = match.interaction == Interaction::compartment ||
                           match.interaction == Interaction::compartment_form;
  if (!compartment) {
    scope.type = match.type;
    return scope;
  }
  if (fhir::name(match.type) != "Patient") {
    return fail(Code::unsupported,
                fmt::format("there is no compartment of {}/{} here, only those of Patients",
                            fhir::name(match.type), match.id));
  }
  scope.type = match.other;
  scope.patient = match.id;
  return scope;
}

bool same_scope(const search::Scope& a, const search::Scope& b) {
  return a.type == b.type && a.patient == b.patient;
}

Result<Inquiry> first_page(const Call& call, const node::Moment& moment, search::Scope scope) {
  Inquiry inquiry;
  inquiry.link.query = call.request.query();
  if (!call.request.body.empty()) {
    inquiry.link.query.append(inquiry.link.query.empty() ? "" : "&").append(call.request.body);
  }
  inquiry.link.handling = call.prefer.handling == Handling::lenient ? search::Handling::lenient
                                                                    : search::Handling::strict;
  TRY(inquiry.criteria, search::parse(scope, inquiry.link.query, inquiry.link.handling));
  inquiry.asked = inquiry.criteria.total;
  inquiry.link.scope = std::move(scope);
  inquiry.link.snapshot = search::snapshot_of(moment.state);
  return inquiry;
}

Result<Inquiry> later_page(const Parts& parts, const Call& call, const search::Scope& scope,
                           std::string_view token) {
  TRY_OK(check_parameters(call, {page_parameter}));
  Inquiry inquiry;
  TRY(inquiry.link, search::open_link(token, parts.node.link_secret()));
  if (!same_scope(inquiry.link.scope, scope)) {
    return fail(Code::value, "this page link belongs to another address", "http._page");
  }
  TRY(inquiry.criteria,
      search::parse(inquiry.link.scope, inquiry.link.query, inquiry.link.handling));
  inquiry.after = inquiry.link.after;
  inquiry.asked = inquiry.criteria.total;
  inquiry.criteria.total = search::Total::none;  // counted once, carried in the link
  return inquiry;
}

std::string address_of(const Parts& parts, const Call& call) {
  const std::string base = base_url(parts.options, call.request);
  const Match& match = call.match;
  std::string address =
      fmt::format("{}{}{}", base, base.empty() ? "" : "/", fhir::name(match.type));
  if (!match.id.empty()) {
    address += fmt::format("/{}/{}", match.id, match.other ? fhir::name(*match.other) : "*");
  }
  return address;
}

void write_link(JsonWriter& json, std::string_view relation, std::string_view url) {
  json.open('{');
  json.text("relation", relation);
  json.text("url", url);
  json.close('}');
}

// https://hl7.org/fhir/R4/search.html#errors: what was left out of account is said.
void write_ignored(JsonWriter& json, const std::vector<std::string>& ignored) {
  Error said{Code::unsupported, "these parameters are not known here and were ignored:", {}, {}};
  for (const std::string& name : ignored) {
    said.what.append(" ").append(name);
  }
  json.open('{');
  json.open("resource", '{');
  json.text("resourceType", "OperationOutcome");
  json.open("issue", '[');
  json.open('{');
  json.text("severity", "warning");
  json.text("code", meaning(said.code, Origin::request).issue);
  json.text("diagnostics", said.what);
  json.close('}');
  json.close(']');
  json.close('}');
  json.open("search", '{');
  json.text("mode", "outcome");
  json.close('}');
  json.close('}');
}

struct Entries {
  Bytes json;             ///< without the brackets
  std::size_t shown = 0;  ///< rows of the page that found room
};

Result<Entries> write_entries(const Parts& parts, const Call& call, const node::Moment& moment,
                              const search::Page& page) {
  const std::string base = base_url(parts.options, call.request);
  JsonWriter json(page.rows.size() * 1536);
  Entries entries;
  for (const RowId row : page.rows) {
    TRY(const views::Body body, stored_row(parts, moment, row));
    if (entries.shown > 0 && json.size() + body.bytes.size() > search_page_bytes_max) {
      break;
    }
    json.open('{');
    if (!base.empty()) {
      json.text("fullUrl",
                fmt::format("{}/{}/{}", base, fhir::name(body.header.type), body.header.id));
    }
    json.raw("resource", body.bytes);
    json.open("search", '{');
    json.text("mode", "match");
    json.close('}');
    json.close('}');
    ++entries.shown;
  }
  entries.json = json.take();
  return entries;
}

Reply finish(JsonWriter& json) {
  json.close('}');
  Reply reply;
  reply.headers.add("Content-Type", fhir_json);
  reply.body = json.take();
  return reply;
}

}  // namespace

Result<Reply> search(const Parts& parts, const Call& call, const node::Moment& moment) {
  TRY(const search::Scope scope, scope_of(call.match));
  const auto token = parameter(call, page_parameter);
  TRY(Inquiry inquiry,
      token ? later_page(parts, call, scope, *token) : first_page(call, moment, scope));
  const search::Criteria& criteria = inquiry.criteria;
  search::PageLimits limits;
  limits.planted = parts.options.planted;
  TRY(const search::Page page,
      search::run(*moment.reader, criteria, inquiry.link.snapshot, inquiry.after, limits));
  const bool count_only = criteria.summary == search::Summary::count || criteria.count == 0;
  Entries entries;
  if (!count_only) {
    TRY(entries, write_entries(parts, call, moment, page));
  }
  const bool more = !count_only && (page.cursor || entries.shown < page.rows.size());
  auto total = token ? inquiry.link.total : page.total;
  if (!total && !more && !count_only && inquiry.asked != search::Total::none) {
    total = inquiry.link.shown + entries.shown;
  }

  JsonWriter json(entries.json.size() + 1024);
  json.open('{');
  json.text("resourceType", "Bundle");
  json.text("type", "searchset");
  if (total) {
    json.number("total", *total);
  }
  const std::string address = address_of(parts, call);
  json.open("link", '[');
  const std::string query =
      token ? fmt::format("{}={}", page_parameter, *token) : criteria.understood;
  write_link(json, "self", fmt::format("{}{}{}", address, query.empty() ? "" : "?", query));
  if (more) {
    search::PageLink next = inquiry.link;
    next.after = entries.shown < page.rows.size() ? page.rows[entries.shown - 1] : *page.cursor;
    next.shown += entries.shown;
    next.total = total;
    // Whoever asked in the address for XML asks there for the next page too.
    const bool asks_for_xml = call.format == Format::xml && parameter(call, "_format");
    write_link(json, "next",
               fmt::format("{}?{}={}{}", address, page_parameter,
                           search::seal(next, parts.node.link_secret()),
                           asks_for_xml ? "&_format=xml" : ""));
  }
  json.close(']');
  if (!entries.json.empty() || !criteria.ignored.empty()) {
    json.open("entry", '[');
    if (!criteria.ignored.empty()) {
      write_ignored(json, criteria.ignored);
      if (!entries.json.empty()) {
        json.fragment(",");
      }
    }
    json.fragment(entries.json);
    json.close(']');
  }
  return finish(json);
}

}  // namespace holdfast::api
