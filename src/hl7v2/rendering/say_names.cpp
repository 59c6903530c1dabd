// hl7v2/rendering/say_names.cpp: identifiers with whose they are, and the names of places.
#include <fmt/format.h>

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
  std::array<std::string_view, 5> parts{};  // 1 to 4
  const auto place = [&](std::size_t part, std::string_view name) {
    if (parts[part].empty()) {
      parts[part] = name;
    }
  };
  const auto kind_of = [&](const Item& location) -> std::string_view {
    const auto type = documents.member(location, "physicalType");
    const auto codings = type ? documents.member(*type, "coding") : std::nullopt;
    if (!codings || documents.at(*codings).size() == 0) {
      return "";
    }
    const Item first{location.document, codings->value + 1, location.via};
    return documents.member_text(first, "code");
  };
  std::optional<Item> at = one.item;
  std::optional<Item> number;
  for (int i = 0; at && i < places_max; ++i) {
    const std::string_view name = documents.member_text(*at, "name");
    const std::string_view kind = kind_of(*at);
    const std::size_t part = kind == "bd" ? 3 : kind == "ro" ? 2 : kind == "si" ? 4 : 1;
    if (!name.empty()) {
      place(part, name);
      if (parts[part] == name) {
        one.fields.will_carry(*documents.member(*at, "name"));
      }
    }
    if (const auto ids = documents.member(*at, "identifier");
        ids && documents.at(*ids).size() > 0) {
      const Item first{at->document, ids->value + 1, at->via};
      const std::string_view value = documents.member_text(first, "value");
      const std::size_t last = value.rfind('/');
      const bool is_named = last != std::string_view::npos ? value.substr(last + 1) == name
                                                           : value == name || value == "-";
      if (is_named || name.empty()) {
        number = number ? number : std::optional(first);
        one.fields.will_carry(first);
        std::size_t n = 1;
        for (std::string_view rest = value; value != "-" && n <= 3; ++n) {
          const std::size_t end = rest.find('/');
          place(n, rest.substr(0, end));
          if (end == std::string_view::npos) {
            break;
          }
          rest.remove_prefix(end + 1);
        }
      } else if (!number) {
        number = first;
      }
    }
    const auto up = documents.member(*at, "partOf");
    at = up ? documents.resolve(*up) : std::nullopt;
  }
  bool said = false;
  for (std::uint16_t part = 1; part <= 4; ++part) {
    said = one.fields.put(one.place.part(part), parts[part]) || said;
  }
  if (number && parts[4].empty()) {
    if (const auto system = documents.member(*number, "system")) {
      put_authority(one, one.fields.naming().authority(documents.text(*system)), 4, false);
      one.fields.will_carry(*system);
      said = true;
    }
  }
  return said;
}

}  // namespace holdfast::hl7v2
