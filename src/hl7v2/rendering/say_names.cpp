// hl7v2/rendering/say_names.cpp: identifiers with whose they are, and the names of places.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "hl7v2/rendering/fields.h"

namespace holdfast::hl7v2 {
namespace {

/// Steps from a bed to the building: partOf may run in a circle.
constexpr int places_max = 8;

std::string_view kept(const Saying& one, std::string text) {
  return text.empty() ? std::string_view() : one.fields.documents().keep(std::move(text));
}

/// An HD in a part of the place, or spread over three from there.
void put_authority(const Saying& one, Authority authority, std::uint16_t part, bool spread) {
  const FieldPlace at = spread ? one.place : one.place.part(part);
  const std::uint16_t first = spread ? part : 1;
  if (!at.has_parts()) {  // a subcomponent has room for one name
    one.fields.put(at, kept(one, authority.name.empty() ? std::move(authority.universal)
                                                        : std::move(authority.name)));
    return;
  }
  one.fields.put(at.part(first), kept(one, std::move(authority.name)));
  if (!authority.universal.empty()) {
    one.fields.put(at.part(static_cast<std::uint16_t>(first + 1)),
                   kept(one, std::move(authority.universal)));
    one.fields.put(at.part(static_cast<std::uint16_t>(first + 2)),
                   kept(one, std::move(authority.kind)));
  }
}

/// The code of HL7 table 0203 that an identifier's type has; nothing else fits its place.
std::optional<Item> type_coding(Documents& documents, const Item& identifier) {
  const auto type = documents.member(identifier, "type");
  const auto codings = type ? documents.member(*type, "coding") : std::nullopt;
  if (!codings || !documents.at(*codings).is_array()) {
    return std::nullopt;
  }
  for (const fhir::JsonValue one : documents.at(*codings).children()) {
    const Item coding{identifier.document, one.index(), identifier.via};
    if (documents.member_text(coding, "system") ==
            "http://terminology.hl7.org/CodeSystem/v2-0203" &&
        !documents.member_text(coding, "code").empty()) {
      return coding;
    }
  }
  return std::nullopt;
}

void put_type(const Saying& one, std::uint16_t part, bool is_nhs) {
  Documents& documents = one.fields.documents();
  const auto coding = type_coding(documents, one.item);
  if (coding) {
    one.fields.put(one.place.part(part), documents.member_text(*coding, "code"));
    one.fields.will_carry(*coding);
  } else if (is_nhs) {
    one.fields.put(one.place.part(part), nhs_number_type);
  }
}

constexpr std::uint16_t facility_part = 4;
/// Names by the part of PL, from 1.
using PlaceParts = std::array<std::string_view, facility_part + 1>;

/// The first of an array, if there is one.
std::optional<Item> first_of(Documents& documents, const Item& of, std::string_view name) {
  const auto all = documents.member(of, name);
  return all && documents.at(*all).is_array() && documents.at(*all).size() > 0
             ? std::optional(Item{of.document, all->value + 1, of.via})
             : std::nullopt;
}

/// https://hl7.org/fhir/R4/valueset-location-physical-type.html; anything else is a ward.
std::size_t part_of(Documents& documents, const Item& location) {
  const auto type = documents.member(location, "physicalType");
  const auto coding = type ? first_of(documents, *type, "coding") : std::nullopt;
  const std::string_view code =
      coding ? documents.member_text(*coding, "code") : std::string_view();
  return code == "bd" ? 3 : code == "ro" ? 2 : code == "si" ? facility_part : 1;
}

void add_name(const Saying& one, const Item& location, PlaceParts& parts) {
  Documents& documents = one.fields.documents();
  const auto name = documents.member(location, "name");
  if (!name) {
    return;
  }
  std::string_view& part = parts[part_of(documents, location)];
  part = part.empty() ? documents.text(*name) : part;
  if (part == documents.text(*name)) {
    one.fields.will_carry(*name);
  }
}

/// Takes the names out of a number that is made of them; `number` is the first that names whose it
/// is.
void add_number(const Saying& one, const Item& location, PlaceParts& parts,
                std::optional<Item>& number) {
  Documents& documents = one.fields.documents();
  const auto first = first_of(documents, location, "identifier");
  if (!first) {
    return;
  }
  const std::string_view name = documents.member_text(location, "name");
  const std::string_view value = documents.member_text(*first, "value");
  const std::size_t last = value.rfind('/');
  const bool is_named = name.empty() || value == "-" ||
                        value.substr(last == std::string_view::npos ? 0 : last + 1) == name;
  number = number ? number : first;
  if (!is_named) {
    return;
  }
  one.fields.will_carry(*first);
  std::string_view rest = value == "-" ? std::string_view() : value;
  for (std::size_t n = 1; n < facility_part && !rest.empty(); ++n) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    parts[n] = parts[n].empty() ? rest.substr(0, end) : parts[n];
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

}  // namespace

/// The arguments are the parts of the number, its authority (0: none) and its type (0: the
/// authority's three parts stand in the value itself, as in EI).
bool say_identity(const Saying& one) {
  Documents& documents = one.fields.documents();
  const auto value = documents.member(one.item, "value");
  const auto system = documents.member(one.item, "system");
  const std::string_view uri = system ? documents.text(*system) : std::string_view();
  const std::uint16_t number_part = one.rule.arguments[0];
  if (!value || Naming::is_own_key(uri) || (!one.place.has_parts() && number_part != 1)) {
    return false;
  }
  const FieldPlace number = one.place.has_parts() ? one.place.part(number_part) : one.place;
  if (!one.fields.put(number, documents.text(*value))) {
    return false;
  }
  one.fields.will_carry(*value);
  const std::uint16_t authority = one.rule.arguments[1];
  const std::uint16_t type = one.rule.arguments[2];
  if (!one.place.has_parts()) {
    return true;
  }
  if (authority != 0 && system) {
    put_authority(one, one.fields.naming().authority(uri), authority, type == 0);
    one.fields.will_carry(*system);
  }
  if (type != 0) {
    put_type(one, type, one.fields.naming().is_nhs_number(uri));
  }
  return true;
}

/// The id in our record, under the name of who sends in the part that the argument names.
bool say_own(const Saying& one) {
  Documents& documents = one.fields.documents();
  if (!one.place.has_parts() || !one.fields.put(one.place.part(1), documents.text(one.item))) {
    return false;
  }
  const std::string& facility = one.fields.envelope().sending_facility.empty()
                                    ? one.fields.envelope().sending_application
                                    : one.fields.envelope().sending_facility;
  const std::string_view name = std::string_view(facility).substr(0, facility.find('^'));
  one.fields.put(one.place.part(one.rule.arguments[0]), name);
  return true;
}

/// PL: point of care, room, bed, facility. What each of the places on the way up is says which part
/// its name belongs to; a number made of such names ("WARD/ROOM/BED") gives those in between.
bool say_place(const Saying& one) {
  Documents& documents = one.fields.documents();
  if (!one.place.has_parts()) {
    return false;
  }
  PlaceParts parts{};
  std::optional<Item> number;
  std::optional<Item> at = one.item;
  for (int i = 0; at && i < places_max; ++i) {
    add_name(one, *at, parts);
    add_number(one, *at, parts, number);
    const auto up = documents.member(*at, "partOf");
    at = up ? documents.resolve(*up) : std::nullopt;
  }
  bool said = false;
  for (std::uint16_t part = 1; part <= facility_part; ++part) {
    said = one.fields.put(one.place.part(part), parts[part]) || said;
  }
  const auto system = number ? documents.member(*number, "system") : std::nullopt;
  if (system && parts[facility_part].empty()) {
    put_authority(one, one.fields.naming().authority(documents.text(*system)), facility_part,
                  false);
    one.fields.will_carry(*system);
    said = true;
  }
  return said;
}

}  // namespace holdfast::hl7v2
