#include "exchange/patient_links.h"

#include <fmt/format.h>

#include <cstddef>
#include <optional>
#include <utility>

#include "exchange/edit.h"
#include "fhir/json_writer.h"
#include "fhir/patient_link.h"

namespace holdfast::exchange {
namespace {

using fhir::JsonValue;

constexpr unsigned replacements_max = 8;

std::string text_at(JsonValue of, std::string_view first, std::string_view second) {
  const auto outer = of.find(first);
  const auto inner = outer ? outer->find(second) : std::nullopt;
  return inner && inner->is_string() ? inner->text() : std::string();
}

std::string type_of_link(JsonValue link) {
  const auto type = link.find("type");
  return type && type->is_string() ? type->text() : std::string();
}

Bytes link_to(std::string_view name, std::string_view type) {
  fhir::JsonWriter to;
  to.open('{');
  to.open("other", '{');
  to.text("reference", name);
  to.close('}');
  to.text("type", type);
  to.close('}');
  return to.take();
}

/// Where a `replaced-by` leads; empty if there is none.
Result<std::string> replaced_by(const Stored& patient, fhir::JsonReader& reader) {
  if (patient.body.find("replaced-by") == Bytes::npos) {
    return std::string();
  }
  TRY(const fhir::Json json, reader.read(patient.body));
  return fhir::replacing_id(json.root());
}

}  // namespace

Bytes with_link(JsonValue patient, std::string_view name, std::string_view type) {
  const auto links = patient.find("link");
  if (links) {
    for (const JsonValue link : links->children()) {
      if (text_at(link, "other", "reference") == name && type_of_link(link) == type) {
        return Bytes(patient.raw());
      }
    }
  }
  return with_member(patient, "link", with_element(links, link_to(name, type)));
}

Bytes without_links(JsonValue patient, std::string_view name) {
  const auto links = patient.find("link");
  if (!links) {
    return Bytes(patient.raw());
  }
  fhir::JsonWriter kept;
  kept.open('[');
  std::size_t left = 0;
  for (const JsonValue link : links->children()) {
    if (text_at(link, "other", "reference") != name) {
      kept.raw(link.raw());
      ++left;
    }
  }
  kept.close(']');
  return left == 0 ? with_member(patient, "link", std::nullopt)
                   : with_member(patient, "link", kept.take());
}

Result<Stored> survivor_of(const Ground& ground, const std::string& id) {
  const fhir::TypeId patient = *fhir::type_id("Patient");
  TRY(Stored at, read_stored(ground, patient, id));
  for (unsigned steps = 0; steps < replacements_max; ++steps) {
    TRY(const std::string next, replaced_by(at, ground.reader));
    if (next.empty()) {
      return at;
    }
    auto after = read_stored(ground, patient, next);
    if (!after && after.error().code == Code::not_found) {
      return at;  // merged into somebody who was deleted since
    }
    if (!after) {
      return after;
    }
    at = *std::move(after);
  }
  return fail(Code::mismatch,
              fmt::format("Patient/{} was merged more than {} times over", id, replacements_max));
}

}  // namespace holdfast::exchange
