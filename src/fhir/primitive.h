// fhir/primitive.h: the value space of each FHIR primitive type, decided by hand-written grammars.
// https://hl7.org/fhir/R4/datatypes.html#primitive
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "fhir/definitions.h"
#include "fhir/json.h"

namespace holdfast::fhir {

/// "Note that strings SHALL NOT exceed 1MB in size"; also for markdown. Unescaped bytes.
constexpr std::size_t string_bytes_max = std::size_t{1} << 20U;

/// The JSON kind that a primitive of this kind is written as.
[[nodiscard]] JsonKind json_kind_of(ElementKind primitive);

/// The name of a kind as the standard spells it: "positiveInt".
[[nodiscard]] std::string_view name(ElementKind kind);

/// Why the value is outside the type's value space, as the end of a sentence ("is not a date: …");
/// nothing where it is inside. The JSON kind is right already.
[[nodiscard]] std::optional<std::string_view> find_fault(ElementKind kind, JsonValue value);

// The grammars of unescaped texts, for whoever has no JSON (query parameters, HL7 v2 mapping).
[[nodiscard]] bool is_id(std::string_view text);
[[nodiscard]] bool is_code(std::string_view text);
[[nodiscard]] bool is_uri(std::string_view text);
[[nodiscard]] bool is_oid(std::string_view text);
[[nodiscard]] bool is_uuid(std::string_view text);
[[nodiscard]] bool is_date(std::string_view text);
[[nodiscard]] bool is_date_time(std::string_view text);
[[nodiscard]] bool is_instant(std::string_view text);
[[nodiscard]] bool is_time(std::string_view text);
[[nodiscard]] bool is_base64(std::string_view text);

}  // namespace holdfast::fhir
