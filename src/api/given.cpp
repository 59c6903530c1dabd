// api/given.cpp: what a caller says of his request: the key that it is repeated under, and what it
// is for (negotiation.h).
#include <algorithm>

#include <fmt/format.h>

#include "api/negotiation.h"

namespace holdfast::api {

Result<std::optional<std::string>> given_key(const Headers& headers) {
  const auto all = headers.all("Idempotency-Key");
  if (all.empty()) {
    return std::optional<std::string>();
  }
  const std::string_view key = all.front();
  const bool printable =
      std::all_of(key.begin(), key.end(), [](char c) { return c >= 0x21 && c <= 0x7e; });
  if (all.size() > 1 || key.empty() || key.size() > idempotency_key_bytes_max || !printable) {
    return fail(Code::value,
                fmt::format("Idempotency-Key is one value of 1 to {} printable ASCII characters "
                            "without spaces",
                            idempotency_key_bytes_max),
                "http.Idempotency-Key");
  }
  return std::optional(std::string(key));
}

Result<std::string> given_purpose(const Headers& headers) {
  const auto all = headers.all("Purpose-Of-Use");
  if (all.empty()) {
    return std::string();
  }
  const std::string_view purpose = all.front();
  const bool word = std::all_of(purpose.begin(), purpose.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (all.size() > 1 || purpose.empty() || purpose.size() > purpose_bytes_max || !word) {
    return fail(Code::value,
                fmt::format("Purpose-Of-Use is one word of 1 to {} letters, digits and hyphens",
                            purpose_bytes_max),
                "http.Purpose-Of-Use");
  }
  return std::string(purpose);
}

}  // namespace holdfast::api
