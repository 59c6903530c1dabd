// sim/reply.h: what a client takes out of replies, in the simplest way that the replies allow.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/json.h"
#include "http/client.h"
#include "sim/model.h"

namespace holdfast::sim {

[[nodiscard]] inline std::string header(const http::Incoming& reply, std::string_view name) {
  return std::string(reply.headers.find(name).value_or(""));
}

/// W/"3" -> 3
[[nodiscard]] inline std::uint64_t etag_version(std::string_view etag) {
  std::uint64_t version = 0;
  for (const char c : etag) {
    if (c >= '0' && c <= '9') {
      version = version * 10 + static_cast<std::uint64_t>(c - '0');
    }
  }
  return version;
}

/// "http://server:80/fhir/Patient/p1/_history/3" or "Patient/p1/_history/3" -> "Patient/p1"
[[nodiscard]] inline Name name_of_location(std::string_view location) {
  if (const std::size_t at = location.find("/_history"); at != std::string_view::npos) {
    location = location.substr(0, at);
  }
  const std::size_t id = location.rfind('/');
  if (id == std::string_view::npos || id == 0) {
    return {};
  }
  const std::size_t type = location.rfind('/', id - 1);
  return Name(location.substr(type == std::string_view::npos ? 0 : type + 1));
}

[[nodiscard]] inline std::uint64_t number(std::string_view text) { return etag_version(text); }

[[nodiscard]] inline std::optional<fhir::JsonValue> at(std::optional<fhir::JsonValue> value,
                                                       std::string_view key) {
  return value ? value->find(key) : std::nullopt;
}

[[nodiscard]] inline std::string text_at(std::optional<fhir::JsonValue> value,
                                         std::string_view key) {
  const auto found = at(value, key);
  return found && found->is_string() ? found->text() : std::string();
}

}  // namespace holdfast::sim
