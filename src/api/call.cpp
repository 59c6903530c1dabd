#include "api/call.h"

#include <algorithm>

#include <fmt/format.h>

namespace holdfast::api {
namespace {

// RFC 3986 section 3.2 without user information: what may stand between "http://" and "/fhir".
bool is_plain_authority(std::string_view text) {
  return !text.empty() && text.size() <= 255 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == ':' || c == '[' || c == ']';
  });
}

}  // namespace

std::string base_url(const Options& options, const Request& request) {
  if (!options.base_url.empty()) {
    return options.base_url;
  }
  return is_plain_authority(request.host) ? fmt::format("http://{}/fhir", request.host)
                                          : std::string();
}

Result<void> check_parameters(const Call& call, std::initializer_list<std::string_view> known) {
  if (call.prefer.handling == Handling::lenient) {
    return ok();
  }
  for (const Parameter& parameter : call.parameters) {
    const bool expected = parameter.name == "_format" || parameter.name == "_pretty" ||
                          std::find(known.begin(), known.end(), parameter.name) != known.end();
    if (!expected) {
      return fail(Code::unsupported,
                  fmt::format("parameter '{}' means nothing here; leave it out, or send Prefer: "
                              "handling=lenient",
                              parameter.name),
                  fmt::format("http.{}", parameter.name));
    }
    const auto same = [&](const Parameter& other) { return other.name == parameter.name; };
    if (std::count_if(call.parameters.begin(), call.parameters.end(), same) > 1) {
      return fail(Code::value,
                  fmt::format("parameter '{}' comes twice; send it once", parameter.name),
                  fmt::format("http.{}", parameter.name));
    }
  }
  return ok();
}

std::optional<std::string_view> parameter(const Call& call, std::string_view name) {
  const auto found = std::find_if(call.parameters.rbegin(), call.parameters.rend(),
                                  [name](const Parameter& p) { return p.name == name; });
  return found == call.parameters.rend() ? std::nullopt
                                         : std::optional<std::string_view>(found->value);
}

void add_position(Reply& reply, Position position) {
  reply.headers.set("Holdfast-Position", std::to_string(position.value));
}

}  // namespace holdfast::api
