#include "hl7v2/mapping/naming.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "fhir/primitive.h"

namespace holdfast::hl7v2 {
namespace {

using tables::text;

bool among(const std::vector<std::string>& names, std::string_view name) {
  return !name.empty() && std::ranges::find(names, name) != names.end();
}

bool digits_and_dots(std::string_view name) {
  return !name.empty() && name.find_first_not_of("0123456789.") == std::string_view::npos &&
         name.find('.') != std::string_view::npos;
}

/// The row of that code; null if there is none.
const tables::CodeRow* code_row(const tables::CodeMapRow& map, std::string_view code) {
  std::uint32_t low = map.first;
  std::uint32_t high = map.first + map.count;
  while (low < high) {
    const std::uint32_t middle = (low + high) / 2;
    const int order = text(tables::codes[middle].from).compare(code);
    if (order == 0) {
      return &tables::codes[middle];
    }
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return nullptr;
}

}  // namespace

std::string local_urn(std::string_view kind, std::string_view name) {
  return fmt::format("urn:holdfast:{}:{}", kind, percent_encode(trimmed(name), "+*()!'"));
}

std::string authority_system(Reading& reading, std::string_view name, std::string_view universal,
                             std::string_view type) {
  const auto& known = reading.overlay().authorities;
  for (const std::string_view one : {universal, name}) {
    const auto found = one.empty() ? known.end() : known.find(one);
    if (found != known.end()) {
      reading.used("authorities", {}, found->first);
      return found->second;
    }
  }
  if (!universal.empty()) {
    if (type == "ISO" || (type.empty() && digits_and_dots(universal))) {
      const std::string oid = fmt::format("urn:oid:{}", universal);
      if (fhir::is_oid(oid)) {
        return oid;
      }
    } else if (type == "UUID" || type == "GUID") {
      const std::string uuid = fmt::format("urn:uuid:{}", universal);
      if (fhir::is_uuid(uuid)) {
        return uuid;
      }
    } else if ((type == "URI" || type == "URL") && fhir::is_uri(universal)) {
      return std::string(universal);
    }
  }
  const std::string_view chosen = name.empty() ? universal : name;
  return chosen.empty() ? std::string() : local_urn("authority", chosen);
}

std::string sender_system(Reading& reading, std::string_view kind) {
  const Segment header = reading.message().header();
  for (const std::uint16_t number : {std::uint16_t{4}, std::uint16_t{3}}) {
    const Value field = reading.field(header, tables::segment_name("MSH"), number);
    const std::string_view name = reading.text(reading.leaf(field));
    if (!name.empty()) {
      return local_urn(kind, name);
    }
  }
  return local_urn(kind, "unnamed");
}

std::optional<BusinessId> read_identity(Reading& reading, const Value& in, IdentityParts parts) {
  const Value number = reading.leaf(reading.part(in, parts.value));
  const std::string_view value = trimmed(reading.text(number));
  if (value.empty()) {
    return std::nullopt;
  }
  std::string_view name;
  std::string_view universal;
  std::string_view kind;
  if (parts.authority != 0) {
    const bool spread = parts.type == 0;  // EI: the authority's parts are parts of the value
    const Value authority = spread ? in : reading.part(in, parts.authority);
    const std::size_t first = spread ? parts.authority : 1;
    name = trimmed(reading.part_text(authority, first));
    universal = trimmed(reading.part_text(authority, first + 1));
    kind = reading.part_text(authority, first + 2);
    for (std::size_t i = first; i < first + 3; ++i) {
      reading.take_part(authority, i);
    }
  }
  reading.take(number);
  const std::string_view type =
      parts.type == 0 ? std::string_view() : trimmed(reading.part_text(in, parts.type));
  const IdentifierPolicy& policy = reading.identifiers();
  const bool authority_is_nhs =
      among(policy.nhs_number_authorities, name) || among(policy.nhs_number_authorities, universal);
  if (authority_is_nhs || among(policy.nhs_number_types, type)) {
    if (std::optional<std::string> checked = nhs_number(value)) {
      return BusinessId{policy.nhs_number_system, *std::move(checked)};
    }
    reading.found(Finding::Kind::bad_identifier, number.raw,
                  "is said to be an NHS number and is none; kept under a local system");
  }
  std::string system = authority_system(reading, name, universal, kind);
  if (system == policy.nhs_number_system) {  // an overlay's name for it: only checked numbers
    if (std::optional<std::string> checked = nhs_number(value)) {
      return BusinessId{std::move(system), *std::move(checked)};
    }
    reading.found(Finding::Kind::bad_identifier, number.raw,
                  "is said to be an NHS number and is none; kept under a local system");
    system = local_urn("authority", name.empty() ? universal : name);
  }
  if (system.empty()) {
    system = sender_system(reading, "authority");
  }
  return BusinessId{std::move(system), std::string(value)};
}

std::string_view coding_system(Reading& reading, std::string_view name, BytesView raw) {
  name = trimmed(name);
  if (name.empty()) {
    return {};
  }
  const auto& own = reading.overlay().coding_systems;
  if (const auto found = own.find(name); found != own.end()) {
    reading.used("coding-systems", {}, found->first);
    return found->second;
  }
  if (tables::coding_systems != tables::none) {
    if (const auto* row = code_row(tables::code_maps[tables::coding_systems], name)) {
      return text(row->code);
    }
  }
  if (name.size() == 7 && name.starts_with("HL7") &&
      name.find_first_not_of("0123456789", 3) == std::string_view::npos) {
    return reading.keep(fmt::format("http://terminology.hl7.org/CodeSystem/v2-{}", name.substr(3)));
  }
  if (digits_and_dots(name)) {
    const std::string oid = fmt::format("urn:oid:{}", name);
    if (fhir::is_oid(oid)) {
      return reading.keep(oid);
    }
  }
  if ((name.starts_with("http://") || name.starts_with("https://") || name.starts_with("urn:")) &&
      fhir::is_uri(name)) {
    return name;
  }
  const bool said = std::ranges::any_of(reading.findings(), [&](const RawFinding& one) {
    return one.kind == Finding::Kind::unmapped_system && one.raw == raw;
  });
  if (!said) {
    reading.found(Finding::Kind::unmapped_system, raw, "names a coding system without a URI");
  }
  return reading.keep(local_urn("coding-system", name));
}

std::optional<CodeFound> find_code(const Reading& reading, std::uint16_t map,
                                   std::string_view code) {
  if (map == tables::none) {
    return std::nullopt;
  }
  const tables::CodeMapRow& row = tables::code_maps[map];
  const auto& own = reading.overlay().codes;
  for (const std::string_view name : {text(row.name), text(row.table)}) {
    if (const auto table = own.find(name); table != own.end()) {
      if (const auto found = table->second.find(code); found != table->second.end()) {
        reading.used("codes", table->first, found->first);
        return CodeFound{found->second.system, found->second.code, found->second.display, true};
      }
    }
  }
  const tables::CodeRow* found = code_row(row, code);
  if (found != nullptr && found->code.bytes != 0) {
    return CodeFound{text(found->system), text(found->code), text(found->display), true};
  }
  if (row.has_other) {
    const tables::CodeRow& other = tables::codes[row.first + row.count];
    return CodeFound{text(other.system), text(other.code), text(other.display), false};
  }
  return std::nullopt;
}

}  // namespace holdfast::hl7v2
