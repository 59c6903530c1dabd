#include "cli/parameters_reply.h"

#include "fhir/member.h"

namespace holdfast::cli {

std::string plain(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      c = '?';
    }
  }
  return text;
}

std::string value_in(fhir::JsonValue parameter) {
  std::string scratch;
  for (const fhir::JsonValue member : parameter.children()) {
    if (!member.key(scratch).starts_with("value")) {
      continue;
    }
    if (member.is_object()) {
      return plain(fhir::text_member(member, "reference"));
    }
    return plain(member.is_string() ? member.text() : std::string(member.raw()));
  }
  return {};
}

std::vector<std::string> parts(fhir::JsonValue group, std::string_view name) {
  std::vector<std::string> all;
  if (const auto there = group.find("part")) {
    for (const fhir::JsonValue one : there->children()) {
      if (fhir::text_member(one, "name") == name) {
        all.push_back(value_in(one));
      }
    }
  }
  return all;
}

std::string part(fhir::JsonValue group, std::string_view name) {
  const auto all = parts(group, name);
  return all.empty() ? std::string() : all.front();
}

}  // namespace holdfast::cli
