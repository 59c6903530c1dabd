// api/history.cpp: https://hl7.org/fhir/R4/http.html#history of one resource, of a type, or of
// everything; newest first, or with `_sort=_lastUpdated` oldest first. All pages of one history
// show what there was at the first: `next` carries that moment, signed, in `_page`, and since a
// version never changes, it does so for ever. `_list` is refused.
#include <algorithm>

#include <fmt/format.h>

#include "api/history_link.h"
#include "api/interactions.h"
#include "api/stored.h"
#include "base/text.h"
#include "base/time.h"
#include "fhir/json_writer.h"
#include "fhir/subset.h"
#include "views/timeline.h"

namespace holdfast::api {
namespace {

constexpr std::size_t history_count_default = 50;
constexpr std::size_t history_count_max = 500;
// A page ends early rather than grow past this.
constexpr std::size_t history_page_bytes_max = std::size_t{16} << 20U;
// Versions of a type that are counted for the total.
constexpr std::size_t history_counted_max = 1000;
// Versions that a page looks at to find those that `_at` wants: then it ends, with what it has.
constexpr std::size_t history_looked_at_max = 2000;

constexpr std::string_view page_parameter = "_page";

/// What the parameters ask for.
struct Question {
  std::size_t count = history_count_default;
  views::Direction direction = views::Direction::backward;
  std::optional<TimeRange> since;
  std::optional<TimeRange> at;
  fhir::Subset subset;
  std::string understood;  ///< for links
};

Result<TimeRange> moment_of(const Parameter& parameter) {
  if (const auto range = parse_search_date(parameter.value)) {
    return *range;
  }
  return fail(Code::value,
              fmt::format("{} is a date or time such as 2026-11-23T20:35:01Z, not '{}'",
                          parameter.name, parameter.value),
              fmt::format("http.{}", parameter.name));
}

Result<Question> read_question(const std::vector<Parameter>& parameters) {
  Question question;
  std::optional<std::string_view> summary;
  std::optional<std::string_view> elements;
  for (const Parameter& parameter : parameters) {
    const std::string_view name = parameter.name;
    if (name == "_count") {
      const auto count = parse_count(parameter.value);
      if (!count) {
        return fail(Code::value, fmt::format("_count is a number, not '{}'", parameter.value),
                    "http._count");
      }
      question.count = std::min<std::uint64_t>(*count, history_count_max);
    } else if (name == "_since") {
      TRY(question.since, moment_of(parameter));
    } else if (name == "_at") {
      TRY(question.at, moment_of(parameter));
    } else if (name == "_sort") {
      if (parameter.value != "_lastUpdated" && parameter.value != "-_lastUpdated") {
        return fail(Code::unsupported,
                    fmt::format("a history is sorted by -_lastUpdated or _lastUpdated, not by '{}'",
                                parameter.value),
                    "http._sort");
      }
      question.direction =
          parameter.value.starts_with('-') ? views::Direction::backward : views::Direction::forward;
    } else if (name == "_summary") {
      summary = parameter.value;
    } else if (name == "_elements") {
      elements = parameter.value;
    } else {
      continue;
    }
    question.understood += fmt::format("{}{}={}", question.understood.empty() ? "" : "&", name,
                                       percent_encode(parameter.value, ":,"));
  }
  TRY(question.subset, fhir::parse_subset(summary, elements));
  return question;
}

/// The rows that a history may show, and among them those that `_at` wants: made before `until`,
/// and the current one still at `from` or made after it.
struct Bounds {
  views::RowRange range;
  std::optional<RowId> at_from;
};

Result<Bounds> bounds_of(const views::Reader& reader, const Question& question, RowId newest) {
  Bounds bounds;
  bounds.range.last = newest;
  if (question.since) {
    TRY(bounds.range.first, views::first_row_at(reader, question.since->from, newest));
  }
  if (question.at) {
    TRY(const RowId until, views::first_row_at(reader, question.at->until, newest));
    bounds.range.last = RowId{until.value - 1};
    // The version before one of this row was current for some time after `from`.
    TRY(bounds.at_from, views::first_row_at(reader, Time{question.at->from.ms + 1}, newest));
  }
  return bounds;
}

/// Whether what is in `row` was current in the interval that `_at` names.
Result<bool> was_current(const views::Reader& reader, const Bounds& bounds, RowId row) {
  if (!bounds.at_from || row >= *bounds.at_from) {
    return true;
  }
  TRY(const auto successor, views::successor_of(reader, row));
  return !successor || *successor >= *bounds.at_from;
}

/// A page's rows, and where the next one goes on.
struct Rows {
  std::vector<RowId> shown;
  std::optional<RowId> next_after;  ///< nothing: there is no more
};

Result<Rows> find_rows(const views::Reader& reader, const HistoryLink& link,
                       const Question& question, const Bounds& bounds) {
  Rows rows;
  std::optional<RowId> after = link.after;
  std::size_t looked_at = 0;
  for (;;) {
    TRY(const std::vector<RowId> some,
        views::read_timeline(reader, link.scope, bounds.range, question.direction, after,
                             question.count + 1));
    for (const RowId row : some) {
      if (rows.shown.size() == question.count || looked_at == history_looked_at_max) {
        rows.next_after = after;
        return rows;
      }
      TRY(const bool wanted, was_current(reader, bounds, row));
      if (wanted) {
        rows.shown.push_back(row);
      }
      after = row;
      ++looked_at;
    }
    if (some.size() <= question.count) {
      return rows;
    }
  }
}

// Of a history with `_at` each version must be looked at.
Result<std::uint64_t> count_rows(const views::Reader& reader, const HistoryLink& link,
                                 Question question, const Bounds& bounds) {
  question.count = history_looked_at_max;
  TRY(const Rows rows, find_rows(reader, link, question, bounds));
  if (rows.next_after) {
    return fail(Code::too_costly,
                fmt::format("with _at no more than {} versions are counted; ask for pages instead",
                            history_looked_at_max));
  }
  return rows.shown.size();
}

struct Made {
  std::string_view method;
  std::string url;
  int status;
};

// The request that made the version; a condition that selected the resource is not kept with it.
Made made(const views::BodyHeader& header) {
  const std::string_view type = fhir::name(header.type);
  const std::string local = fmt::format("{}/{}", type, header.id);
  switch (header.made_by) {
    case views::MadeBy::create: return {"POST", std::string(type), 201};
    case views::MadeBy::put_new: return {"PUT", local, 201};
    case views::MadeBy::put: return {"PUT", local, 200};
    case views::MadeBy::patch: return {"PATCH", local, 200};
    case views::MadeBy::meta_add: return {"POST", local + "/$meta-add", 200};
    case views::MadeBy::meta_delete: return {"POST", local + "/$meta-delete", 200};
    case views::MadeBy::remove: return {"DELETE", local, 204};
  }
  return {"", local, 500};
}

void write_entry(fhir::JsonWriter& json, const views::BodyHeader& header, BytesView resource,
                 std::string_view base) {
  const Made by = made(header);
  json.open('{');
  if (!base.empty()) {
    json.text("fullUrl", fmt::format("{}/{}/{}", base, fhir::name(header.type), header.id));
  }
  if (header.presence == views::Presence::present) {
    json.raw("resource", resource);
  }
  json.open("request", '{');
  json.text("method", by.method);
  json.text("url", by.url);
  json.close('}');
  json.open("response", '{');
  json.text("status", status_line(by.status));
  json.text("etag", entity_tag(header.version));
  json.text("lastModified", to_instant(header.time));
  json.close('}');
  json.close('}');
}

struct Entries {
  Bytes json;  ///< without the brackets
  std::size_t count = 0;
};

Result<Entries> write_entries(const Parts& parts, const node::Moment& moment,
                              const std::vector<RowId>& rows, const fhir::Subset& subset,
                              std::string_view base) {
  fhir::JsonWriter json(rows.size() * 1536);
  Entries entries;
  for (const RowId row : rows) {
    TRY(views::Body body, stored_row(parts, moment, row));
    TRY_OK(show_subset(parts, body.bytes, subset));
    if (entries.count > 0 && json.size() + body.bytes.size() > history_page_bytes_max) {
      break;
    }
    write_entry(json, body.header, body.bytes, base);
    ++entries.count;
  }
  entries.json = json.take();
  return entries;
}

/// One history, at its first page or at a later one.
struct Inquiry {
  HistoryLink link;
  Question question;
};

Result<Inquiry> first_page(const Call& call, const node::Moment& moment,
                           views::TimelineScope scope) {
  TRY_OK(check_parameters(call, {"_count", "_since", "_at", "_sort", "_summary", "_elements"}));
  Inquiry inquiry;
  TRY(inquiry.question, read_question(call.parameters));
  if (scope.type) {
    TRY_OK(fhir::check_elements(inquiry.question.subset, *scope.type));
  }
  inquiry.link.scope = std::move(scope);
  inquiry.link.query = inquiry.question.understood;
  inquiry.link.newest = moment.state.last_row;
  return inquiry;
}

Result<Inquiry> later_page(const Parts& parts, const Call& call, const node::Moment& moment,
                           const views::TimelineScope& scope, std::string_view token) {
  TRY_OK(check_parameters(call, {page_parameter}));
  Inquiry inquiry;
  TRY(inquiry.link, open_history_link(token, parts.node.link_secret()));
  if (inquiry.link.scope != scope) {
    return fail(Code::value, "this page link belongs to another address", "http._page");
  }
  if (inquiry.link.newest > moment.state.last_row) {
    return fail(Code::expired,
                "this page link shows a moment that this record does not have; ask again from the "
                "first page",
                "http._page");
  }
  TRY(const auto parameters, parse_parameters(inquiry.link.query));
  TRY(inquiry.question, read_question(parameters));
  return inquiry;
}

std::string address_of(std::string_view base, const views::TimelineScope& scope) {
  std::string address(base);
  for (const std::string_view part : {scope.type ? fhir::name(*scope.type) : std::string_view(),
                                      std::string_view(scope.id), std::string_view("_history")}) {
    if (!part.empty()) {
      address.append(address.empty() ? "" : "/").append(part);
    }
  }
  return address;
}

void write_link(fhir::JsonWriter& json, std::string_view relation, std::string_view address,
                std::string_view query) {
  json.open('{');
  json.text("relation", relation);
  json.text("url", fmt::format("{}{}{}", address, query.empty() ? "" : "?", query));
  json.close('}');
}

Result<views::TimelineScope> scope_of(const Call& call, const node::Moment& moment) {
  views::TimelineScope scope;
  const Match& match = call.match;
  if (match.interaction != Interaction::history_system) {
    scope.type = match.type;
  }
  if (match.interaction == Interaction::history) {
    scope.id = match.id;
    TRY(const auto current, views::read_current(*moment.reader, match.type, match.id));
    if (!current) {
      return fail(Code::not_found,
                  fmt::format("there is no {}/{}", fhir::name(match.type), match.id));
    }
  }
  return scope;
}

}  // namespace

Result<Reply> history(const Parts& parts, const Call& call, const node::Moment& moment) {
  TRY(const views::TimelineScope scope, scope_of(call, moment));
  const auto token = parameter(call, page_parameter);
  TRY(const Inquiry inquiry,
      token ? later_page(parts, call, moment, scope, *token) : first_page(call, moment, scope));
  const auto& [link, question] = inquiry;
  TRY(const Bounds bounds, bounds_of(*moment.reader, question, link.newest));
  const bool count_only =
      question.count == 0 || question.subset.summary == fhir::SummaryKind::count;
  const std::string base = base_url(parts.options, call.request);
  Rows rows;
  Entries entries;
  if (!count_only) {
    TRY(rows, find_rows(*moment.reader, link, question, bounds));
    TRY(entries, write_entries(parts, moment, rows.shown, question.subset, base));
  }
  if (entries.count < rows.shown.size()) {
    rows.next_after = rows.shown[entries.count - 1];
  }
  auto total = link.total;
  if (!token && !bounds.at_from) {
    TRY(total, views::count_timeline(*moment.reader, scope, bounds.range, history_counted_max));
  }
  if (!total && count_only && bounds.at_from) {
    TRY(total, count_rows(*moment.reader, link, question, bounds));
  }
  if (!total && !rows.next_after && !count_only) {
    total = link.shown + entries.count;
  }

  fhir::JsonWriter json(entries.json.size() + 1024);
  json.open('{');
  json.text("resourceType", "Bundle");
  json.text("type", "history");
  if (total) {
    json.number("total", *total);
  }
  json.open("link", '[');
  const std::string address = address_of(base, scope);
  write_link(json, "self", address,
             token ? fmt::format("{}={}", page_parameter, *token) : question.understood);
  if (rows.next_after) {
    HistoryLink next = link;
    next.after = rows.next_after;
    next.shown += entries.count;
    next.total = total;
    write_link(json, "next", address,
               fmt::format("{}={}", page_parameter, seal(next, parts.node.link_secret())));
  }
  json.close(']');
  if (entries.count > 0) {
    json.open("entry", '[');
    json.fragment(entries.json);
    json.close(']');
  }
  json.close('}');
  Reply reply;
  reply.headers.add("Content-Type", fhir_json);
  reply.body = json.take();
  return reply;
}

}  // namespace holdfast::api
