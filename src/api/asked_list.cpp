// api/asked_list.cpp: what $reconcile is given: a neighbour's list in one of its forms, whose it
// is, and what it claims to cover.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "api/channels.h"
#include "api/operation_input.h"
#include "api/reconciling.h"
#include "base/hash.h"
#include "fhir/member.h"
#include "pathway/calendar.h"
#include "pathway/definition.h"

namespace holdfast::api {
namespace {

constexpr std::size_t source_bytes_max = 200;

Result<std::string> read_source(const OperationInput& input) {
  std::string source(input.text("source"));
  const bool readable =
      !source.empty() && source.size() <= source_bytes_max &&
      std::ranges::none_of(source, [](char c) { return static_cast<unsigned char>(c) < 0x20; }) &&
      source.front() != ' ' && source.back() != ' ';
  if (!readable) {
    return fail(Code::required,
                "it needs `source`: the neighbour's name, the same each time, without blanks at "
                "its ends",
                "http.source");
  }
  return source;
}

Result<std::string> read_day(const OperationInput& input, std::string_view name) {
  const std::string_view text = input.text(name);
  if (!text.empty() && !pathway::parse_day(text)) {
    return fail(Code::value, fmt::format("{} is a day, as 2026-11-30, not '{}'", name, text),
                fmt::format("http.{}", name));
  }
  return std::string(text);
}

Result<reconcile::Scope> read_scope(const OperationInput& input) {
  reconcile::Scope scope;
  for (const std::string_view kind : input.texts("kind")) {
    scope.kinds.emplace(kind);
  }
  TRY(scope.from, read_day(input, "from"));
  TRY(scope.to, read_day(input, "to"));
  if (!scope.from.empty() && !scope.to.empty() && scope.to < scope.from) {
    return fail(Code::value, "`to` is a day before `from`", "http.to");
  }
  scope.organisation = input.text("organisation");
  return scope;
}

Result<reconcile::List> read_file(const Parts& parts, fhir::JsonValue binary,
                                  const std::string& default_system) {
  const auto data = from_base64(fhir::text_member(binary, "data"));
  if (!data) {
    return fail(Code::value, "Binary.data is not base64", "Binary.data");
  }
  fhir::ReaderPool::Lease reader = parts.readers.take();
  return reconcile::read_list(*data, fhir::text_member(binary, "contentType"), *reader,
                              default_system);
}

/// A line is compared whatever it says that it belongs to; only the item says it.
void drop_unknown_kinds(const Parts& parts, reconcile::List& list) {
  const pathway::Definitions* const all = parts.node.pathways();
  for (reconcile::Row& row : list.rows) {
    if (!row.kind.empty() && (all == nullptr || all->find(row.kind) == nullptr)) {
      list.notes.add(reconcile::note_kind, fmt::format("{}: {}", row.place, row.kind));
      row.kind.clear();
    }
  }
}

}  // namespace

Result<AskedList> read_asked_list(const Parts& parts, const Call& call) {
  TRY(const OperationInput input,
      OperationInput::read(parts, call,
                           OperationInput::Names{"$reconcile",
                                                 {"source", "list", "from", "to", "organisation",
                                                  "identifier-system", "dry-run"},
                                                 {"kind", "state"},
                                                 "list"}));
  AskedList asked;
  TRY(asked.source, read_source(input));
  TRY(asked.scope, read_scope(input));
  TRY(asked.is_dry_run, input.flag("dry-run", false));
  asked.identifier_system = input.text("identifier-system");
  for (const std::string_view rule : input.texts("state")) {
    TRY_OK(asked.states.add(rule));
  }
  TRY(const auto list, input.object("list"));
  if (!list) {
    return fail(Code::required,
                "it needs `list`: a Bundle, or a Binary with the file as it is (contentType "
                "text/csv, application/fhir+json or x-application/hl7-v2+er7)",
                "http.list");
  }
  if (fhir::text_member(*list, "resourceType") == "Binary") {
    TRY(asked.list, read_file(parts, *list, asked.identifier_system));
  } else {
    TRY(asked.list, reconcile::read_resource(*list, asked.identifier_system));
  }
  // What is not there for the lack of a page is not missing.
  drop_unknown_kinds(parts, asked.list);
  if (std::ranges::any_of(asked.list.stated, &reconcile::Stated::differs)) {
    asked.scope = {};
    asked.is_incomplete = true;
  }
  return asked;
}

}  // namespace holdfast::api
