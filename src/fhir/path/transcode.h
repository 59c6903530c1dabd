// fhir/path/transcode.h: texts in other spellings: base64, hex, HTML, JSON. Inside this folder
// only. https://hl7.org/fhirpath/#additional-string-functions
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace holdfast::fhir::path {

// Each is false for a form that it does not know, and leaves `to` empty where the text is not in
// that form. decode() gives nothing either where the bytes are not UTF-8.
/// hex, base64, urlbase64.
[[nodiscard]] bool encode(std::string_view text, std::string_view form,
                          std::optional<std::string>& to);
[[nodiscard]] bool decode(std::string_view text, std::string_view form,
                          std::optional<std::string>& to);
/// html, json.
[[nodiscard]] bool escape(std::string_view text, std::string_view form,
                          std::optional<std::string>& to);
[[nodiscard]] bool unescape(std::string_view text, std::string_view form,
                            std::optional<std::string>& to);

}  // namespace holdfast::fhir::path
