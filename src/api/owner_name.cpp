#include "api/owner_name.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/stored.h"
#include "fhir/member.h"
#include "fhir/sites.h"

namespace holdfast::api {
namespace {

// https://hl7.org/fhir/R4/datatypes.html#HumanName: text, or else given and family.
std::string human_name(fhir::JsonValue name) {
  std::string text = fhir::text_member(name, "text");
  if (!text.empty()) {
    return text;
  }
  for (const std::string_view list : {"prefix", "given"}) {
    if (const auto words = name.find(list)) {
      for (const fhir::JsonValue word : words->children()) {
        text += word.is_string() ? word.text() + " " : std::string();
      }
    }
  }
  text += fhir::text_member(name, "family");
  return text;
}

/// Of a CareTeam, an Organization, a Practitioner or a PractitionerRole; empty where it says none.
std::string name_in(fhir::JsonValue resource) {
  const auto name = resource.find("name");
  if (name && name->is_string()) {
    return name->text();
  }
  if (name && name->is_array() && name->size() > 0) {
    return human_name(*name->children().begin());
  }
  const auto practitioner = resource.find("practitioner");
  return practitioner ? fhir::text_member(*practitioner, "display") : std::string();
}

}  // namespace

Result<NamedOwner> name_owner(const Parts& parts, const node::Moment& moment,
                              const views::Owner& owner) {
  NamedOwner named;
  if (owner.starts_with("team:")) {
    named.name = owner.substr(5);
    std::ranges::replace(named.name, '-', ' ');
    named.is_team = true;
    return named;
  }
  named.name = owner;
  const auto literal = fhir::parse_literal(owner);
  if (!literal) {
    named.is_gone = true;
    return named;
  }
  named.is_team = fhir::name(literal->type) == "CareTeam";
  TRY(const auto current, views::read_current(*moment.reader, literal->type, literal->id));
  if (!current || current->presence == views::Presence::deleted) {
    named.is_gone = true;
    return named;
  }
  TRY(const views::Body body, stored_row(parts, moment, current->row));
  fhir::ReaderPool::Lease reader = parts.readers.take();
  TRY(const fhir::Json json, reader->read(body.bytes));
  if (std::string name = name_in(json.root()); !name.empty()) {
    named.name = std::move(name);
  }
  return named;
}

}  // namespace holdfast::api
