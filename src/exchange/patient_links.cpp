#include "exchange/patient_links.h"

#include <fmt/format.h>

#include <cstddef>
#include <optional>
#include <utility>

#include "exchange/edit.h"
#include "fhir/json_writer.h"
#include "fhir/member.h"
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

bool is_extension(JsonValue extension, std::string_view url, std::string_view name) {
  return fhir::text_member(extension, "url") == url &&
         (name.empty() || text_at(extension, "valueReference", "reference") == name);
}

/// Where a `replaced-by` leads; empty if there is none.
Result<std::string> replaced_by(const Stored& stored, fhir::TypeId type, fhir::JsonReader& reader) {
  if (stored.body.find("replaced-by") == Bytes::npos) {
    return std::string();
  }
  TRY(const fhir::Json json, reader.read(stored.body));
  if (fhir::name(type) == "Patient") {
    return fhir::replacing_id(json.root());
  }
  const std::string prefix = fmt::format("{}/", fhir::name(type));
  const auto extensions = json.root().find("extension");
  if (!extensions) {
    return std::string();
  }
  for (const JsonValue extension : extensions->children()) {
    if (is_extension(extension, replaced_by_extension, {})) {
      const std::string name = text_at(extension, "valueReference", "reference");
      return name.starts_with(prefix) ? name.substr(prefix.size()) : std::string();
    }
  }
  return std::string();
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

Bytes with_reference(JsonValue resource, std::string_view url, std::string_view name) {
  const auto extensions = resource.find("extension");
  if (extensions) {
    for (const JsonValue extension : extensions->children()) {
      if (is_extension(extension, url, name)) {
        return Bytes(resource.raw());
      }
    }
  }
  fhir::JsonWriter to;
  to.open('{');
  to.text("url", url);
  to.open("valueReference", '{');
  to.text("reference", name);
  to.close('}');
  to.close('}');
  return with_member(resource, "extension", with_element(extensions, to.take()));
}

Result<Stored> survivor_of(const Ground& ground, fhir::TypeId type, const std::string& id) {
  TRY(Stored at, read_stored(ground, type, id));
  for (unsigned steps = 0; steps < replacements_max; ++steps) {
    TRY(const std::string next, replaced_by(at, type, ground.reader));
    if (next.empty()) {
      return at;
    }
    auto after = read_stored(ground, type, next);
    if (!after && after.error().code == Code::not_found) {
      return at;  // merged into one that was deleted since
    }
    if (!after) {
      return after;
    }
    at = *std::move(after);
  }
  return fail(Code::mismatch, fmt::format("{}/{} was merged more than {} times over",
                                          fhir::name(type), id, replacements_max));
}

}  // namespace holdfast::exchange
