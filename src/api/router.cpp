#include "api/router.h"

#include <vector>

#include <fmt/format.h>

#include "api/target.h"
#include "fhir/primitive.h"

namespace holdfast::api {
namespace {

std::string_view take_segment(std::string_view& rest) {
  if (rest.starts_with('/')) {
    rest.remove_prefix(1);
  }
  const std::string_view segment = rest.substr(0, rest.find('/'));
  rest.remove_prefix(segment.size());
  return segment;
}

bool is_placeholder(std::string_view part) { return part.starts_with('{'); }

// Shape only: what a placeholder stands for is looked at when the route is chosen. Names that the
// standard reserves never stand for a type or an id.
bool fits(std::string_view pattern, const std::vector<std::string>& segments) {
  for (const std::string& segment : segments) {
    const std::string_view part = take_segment(pattern);
    if (part.empty()) {
      return false;
    }
    const bool reserved = segment == "metadata" || segment == "openapi.json" ||
                          segment.starts_with('_') || segment.starts_with('$');
    if (is_placeholder(part) ? reserved : part != segment) {
      return false;
    }
  }
  return pattern.empty();
}

Result<fhir::TypeId> known_type(std::string_view text) {
  if (const auto type = fhir::type_id(text)) {
    return *type;
  }
  return fail(Code::unknown_type, fmt::format("'{}' is no resource type of FHIR R4", text));
}

Result<Match> fill(const Route& route, const std::vector<std::string>& segments) {
  Match match;
  match.interaction = route.interaction;
  std::string_view pattern = route.pattern;
  for (const std::string& segment : segments) {
    const std::string_view part = take_segment(pattern);
    if (part == "{type}") {
      TRY(match.type, known_type(segment));
    } else if (part == "{id}") {
      if (!fhir::is_id(segment)) {
        return fail(
            Code::value,
            fmt::format("'{}' is no FHIR id: 1 to 64 letters, digits, '-' and '.'", segment));
      }
      match.id = segment;
    } else if (part == "{version}") {
      match.version = segment;
    } else if (part == "{other}" && segment != "*") {
      TRY(match.other, known_type(segment));
    } else if (const auto named = fhir::type_id(part)) {
      match.type = *named;
    }
  }
  return match;
}

std::unexpected<Error> nothing_there(std::string_view path,
                                     const std::vector<std::string>& segments) {
  if (!segments.empty() && segments.back().starts_with('$')) {
    return fail(Code::not_found, fmt::format("this server has no operation {}", segments.back()));
  }
  return fail(Code::not_found, fmt::format("nothing is at {}", path.substr(0, 200)));
}

}  // namespace

Result<Match> match(Method method, std::string_view path) {
  TRY(const std::vector<std::string> segments, parse_path(path));
  const Method wanted = method == Method::head ? Method::get : method;
  bool other_method = false;
  for (const Route& route : routes) {
    if (fits(route.pattern, segments)) {
      if (route.method == wanted) {
        return fill(route, segments);
      }
      other_method = true;
    }
  }
  if (!other_method) {
    return nothing_there(path, segments);
  }
  return fail(Code::method, fmt::format("{} does not take this method, only {}",
                                        path.substr(0, 200), allowed_methods(path)));
}

std::string allowed_methods(std::string_view path) {
  const auto segments = parse_path(path);
  if (!segments) {
    return {};
  }
  std::string methods;
  const auto add = [&methods](std::string_view method) {
    methods.append(methods.empty() ? "" : ", ").append(method);
  };
  for (const Route& route : routes) {
    if (fits(route.pattern, *segments)) {
      add(name(route.method));
      if (route.method == Method::get) {
        add("HEAD");
      }
    }
  }
  if (!methods.empty()) {
    add("OPTIONS");
  }
  return methods;
}

}  // namespace holdfast::api
