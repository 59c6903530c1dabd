#include "exchange/newer_evidence.h"

#include <fmt/format.h>

#include "base/time.h"
#include "search/matches.h"
#include "views/versions.h"

namespace holdfast::exchange {
namespace {

/// A resource that more messages have spoken of than this has newer evidence for certain.
constexpr std::size_t provenances_max = 1000;

std::string text_at(fhir::JsonValue from, std::initializer_list<std::string_view> path) {
  std::optional<fhir::JsonValue> at = from;
  for (const std::string_view step : path) {
    at = at->find(step);
    if (at && at->is_array()) {
      if (at->size() == 0) {
        return {};
      }
      at = *at->children().begin();
    }
    if (!at) {
      return {};
    }
  }
  return at->is_string() ? at->text() : std::string();
}

}  // namespace

Result<bool> has_newer_evidence(const node::Moment& moment, const views::BodyCodec& codec,
                                fhir::JsonReader& reader, const Taken& taken, fhir::TypeId type,
                                std::string_view id) {
  const fhir::TypeId provenance = *fhir::type_id("Provenance");
  const search::Source source{*moment.reader, codec, *moment.params};
  TRY(const auto found,
      search::matches(source, provenance, fmt::format("target={}/{}", fhir::name(type), id),
                      provenances_max));
  if (found.size() == provenances_max) {
    return true;
  }
  const auto happened = parse_date_time(taken.occurred);
  for (const std::string& one : found) {
    TRY(const auto current, views::read_current(*moment.reader, provenance, one));
    TRY(const views::Body body, views::read_body(*moment.reader, codec, current->row));
    TRY(const fhir::Json json, reader.read(body.bytes));
    const bool theirs =
        text_at(json.root(), {"agent", "who", "identifier", "value"}) == taken.neighbour;
    const bool itself = text_at(json.root(), {"entity", "what", "reference"}) ==
                        fmt::format("Binary/{}", taken.evidence);
    if (!theirs || itself) {
      continue;
    }
    const auto then = parse_date_time(text_at(json.root(), {"occurredDateTime"}));
    const bool newer =
        then && happened ? then->from > happened->from : body.header.time > taken.came;
    if (newer) {
      return true;
    }
  }
  return false;
}

}  // namespace holdfast::exchange
