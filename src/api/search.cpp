// api/search.cpp: https://hl7.org/fhir/R4/http.html#search, of a type or of a patient's
// compartment, or of everything, by address or by form. All pages of one search show the record at
// one position: `next` carries it, signed, in `_page`, and nothing is kept here. The total is given
// when it is asked for, or when the last page shows it anyway.
#include <fmt/format.h>

#include "api/interactions.h"
#include "api/operation_input.h"
#include "api/stored.h"
#include "fhir/json_writer.h"
#include "search/criteria.h"
#include "search/include.h"
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
  std::optional<search::PageCursor> after;
  search::Criteria criteria;
  search::Total asked = search::Total::unasked;
  const fhir::SearchParams* params = nullptr;  ///< of all pages: those of the first
};

bool is_of_everything(Interaction interaction) {
  return interaction == Interaction::search_all || interaction == Interaction::search_all_form ||
         interaction == Interaction::explain_all || interaction == Interaction::explain_all_form;
}

Result<search::Scope> scope_of(const Match& match) {
  search::Scope scope;
  const bool compartment = match.interaction == Interaction::compartment ||
                           match.interaction == Interaction::compartment_form;
  if (is_of_everything(match.interaction)) {
    return scope;
  }
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

search::Source source_of(const Parts& parts, const node::Moment& moment, const Inquiry& inquiry) {
  return {*moment.reader, parts.node.codec(), *inquiry.params, &parts.node.hot_lists()};
}

Result<Inquiry> first_page(const Call& call, const node::Moment& moment, search::Scope scope) {
  Inquiry inquiry;
  inquiry.link.query = call.request.query();
  if (!call.request.body.empty()) {
    inquiry.link.query.append(inquiry.link.query.empty() ? "" : "&").append(call.request.body);
  }
  inquiry.link.handling = call.prefer.handling == Handling::lenient ? search::Handling::lenient
                                                                    : search::Handling::strict;
  inquiry.link.snapshot = search::snapshot_of(moment.state);
  inquiry.link.definitions = moment.state.active;
  inquiry.params = moment.params;
  TRY(inquiry.criteria, search::parse(*inquiry.params, scope, inquiry.link.query,
                                      inquiry.link.handling, inquiry.link.snapshot.time));
  inquiry.asked = inquiry.criteria.total;
  inquiry.link.scope = std::move(scope);
  return inquiry;
}

Result<Inquiry> later_page(const Parts& parts, const Call& call, const search::Scope& scope,
                           std::string_view token) {
  TRY_OK(check_parameters(call, {page_parameter}));
  Inquiry inquiry;
  TRY(inquiry.link, search::open_link(token, parts.node.link_secret()));
  if (inquiry.link.scope != scope) {
    return fail(Code::value, "this page link belongs to another address", "http._page");
  }
  inquiry.params = parts.node.definitions(inquiry.link.definitions);
  if (inquiry.params == nullptr) {
    return fail(Code::expired,
                "this page link goes by search parameters that this record has not; search again "
                "from the first page");
  }
  TRY(inquiry.criteria, search::parse(*inquiry.params, inquiry.link.scope, inquiry.link.query,
                                      inquiry.link.handling, inquiry.link.snapshot.time));
  inquiry.after = inquiry.link.after;
  inquiry.asked = inquiry.criteria.total;
  inquiry.criteria.total = search::Total::none;  // counted once, carried in the link
  return inquiry;
}

std::string address_of(const Parts& parts, const Call& call) {
  std::string base = base_url(parts.options, call.request);
  const Match& match = call.match;
  if (is_of_everything(match.interaction)) {
    return base;
  }
  std::string address =
      fmt::format("{}{}{}", base, base.empty() ? "" : "/", fhir::name(match.type));
  if (!match.id.empty()) {
    address += fmt::format("/{}/{}", match.id, match.other ? fhir::name(*match.other) : "*");
  }
  return address;
}

void write_link(fhir::JsonWriter& json, std::string_view relation, std::string_view url) {
  json.open('{');
  json.text("relation", relation);
  json.text("url", url);
  json.close('}');
}

// https://hl7.org/fhir/R4/search.html#errors: what was left out of account is said.
void write_ignored(fhir::JsonWriter& json, const std::vector<std::string>& ignored) {
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
  Bytes json;                ///< without the brackets
  std::vector<RowId> shown;  ///< rows of the page that found room
};

void write_entry(fhir::JsonWriter& json, std::string_view base, const views::Body& body,
                 std::string_view mode) {
  json.open('{');
  if (!base.empty()) {
    json.text("fullUrl",
              fmt::format("{}/{}/{}", base, fhir::name(body.header.type), body.header.id));
  }
  json.raw("resource", body.bytes);
  json.open("search", '{');
  json.text("mode", mode);
  json.close('}');
  json.close('}');
}

Result<Entries> write_entries(const Parts& parts, const Call& call, const node::Moment& moment,
                              const Inquiry& inquiry, const search::Page& page) {
  const std::string base = base_url(parts.options, call.request);
  fhir::JsonWriter json(page.found.size() * 1536);
  Entries entries;
  for (const search::Found& found : page.found) {
    views::Body body;
    if (found.body) {
      body = *found.body;
    } else {
      TRY(body, stored_row(parts, moment, found.row));
    }
    TRY_OK(show_subset(parts, body.bytes, inquiry.criteria.subset));
    if (!entries.shown.empty() && json.size() + body.bytes.size() > search_page_bytes_max) {
      break;
    }
    write_entry(json, base, body, "match");
    entries.shown.push_back(found.row);
  }
  TRY(const auto included,
      search::included_rows(source_of(parts, moment, inquiry), inquiry.criteria.includes,
                            inquiry.link.snapshot, entries.shown));
  const std::size_t matched_bytes = json.size();
  for (const RowId row : included) {
    TRY(views::Body body, stored_row(parts, moment, row));
    TRY_OK(show_subset(parts, body.bytes, inquiry.criteria.subset));
    if (json.size() + body.bytes.size() > matched_bytes + search_page_bytes_max) {
      return fail(Code::too_costly,
                  fmt::format("what this page includes has more than {} bytes; ask for fewer with "
                              "_count, or include less",
                              search_page_bytes_max));
    }
    write_entry(json, base, body, "include");
  }
  entries.json = json.take();
  return entries;
}

Reply finish(fhir::JsonWriter& json) {
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
  TRY(const search::Page page, search::run(source_of(parts, moment, inquiry), criteria,
                                           inquiry.link.snapshot, inquiry.after, limits));
  const bool count_only = criteria.counts_only();
  Entries entries;
  if (!count_only) {
    TRY(entries, write_entries(parts, call, moment, inquiry, page));
  }
  const bool more = page.more || entries.shown.size() < page.found.size();
  auto total = token ? inquiry.link.total : page.total;
  if (!total && !more && !count_only && inquiry.asked != search::Total::none) {
    total = inquiry.link.shown + entries.shown.size();
  }

  fhir::JsonWriter json(entries.json.size() + 1024);
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
    next.after = page.cursor_after(entries.shown.size() - 1);
    next.shown += entries.shown.size();
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

namespace {

void write_part(ParametersWriter& to, const search::Explanation::Part& part) {
  to.open("criterion");
  to.text("type", "Code", fhir::name(part.type));
  to.text("asked", "String", part.asked);
  for (const std::string& index : part.indexes) {
    to.text("index", "String", index);
  }
  to.text("plan", "String", part.plan);
  if (part.measured) {
    to.raw("measured", "Integer", std::to_string(*part.measured));
  }
  to.close();
}

}  // namespace

Result<Reply> explain(const Parts& parts, const Call& call, const node::Moment& moment) {
  TRY(search::Scope scope, scope_of(call.match));
  TRY(const Inquiry inquiry, first_page(call, moment, std::move(scope)));
  TRY(const search::Explanation said,
      search::explain(source_of(parts, moment, inquiry), inquiry.criteria, inquiry.link.snapshot));
  ParametersWriter to;
  to.text("query", "String",
          fmt::format("{}?{}", address_of(parts, call), inquiry.criteria.understood));
  to.raw("position", "Decimal", std::to_string(inquiry.link.snapshot.position.value));
  to.text("text", "String", search::text_of(said));
  for (const search::Explanation::Part& part : said.parts) {
    write_part(to, part);
  }
  to.text("order", "String", said.order);
  if (!said.refused.empty()) {
    to.text("refused", "String", said.refused);
  } else {
    to.raw("found", "Integer", std::to_string(said.found));
    to.boolean("more", said.more);
  }
  to.raw("spent", "Decimal", std::to_string(said.spent));
  return to.reply();
}

}  // namespace holdfast::api
