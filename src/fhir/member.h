// fhir/member.h: one member of a resource: its text, put in in the place of another, or taken out;
// one extension of an element.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "fhir/json.h"

namespace holdfast::fhir {

/// The resource with that member, in the place of the one that is there; without it for nothing.
[[nodiscard]] Bytes with_member(JsonValue resource, std::string_view key,
                                const std::optional<Bytes>& value);

/// The text of a member; empty where it is none, or not there.
[[nodiscard]] std::string text_member(JsonValue object, std::string_view key);

/// The first of its extensions with that URL. https://hl7.org/fhir/R4/extensibility.html
[[nodiscard]] std::optional<JsonValue> extension_of(JsonValue element, std::string_view url);

/// A Binary without data, minified, with that data at its end.
[[nodiscard]] Bytes with_data(Bytes binary, BytesView data);

}  // namespace holdfast::fhir
