// hl7v2/delimiters.cpp: each character once, and none that texts are made of.
#include "hl7v2/delimiters.h"

#include <fmt/format.h>

#include <array>
#include <string>

namespace holdfast::hl7v2 {
namespace {

bool divides(char c) {
  const auto byte = static_cast<unsigned char>(c);
  const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
  const bool digit = byte >= '0' && byte <= '9';
  return byte > ' ' && byte < 0x7f && !letter && !digit && byte != '"';
}

std::string shown(BytesView text) {
  std::string safe;
  for (const char c : text.substr(0, 16)) {
    const auto byte = static_cast<unsigned char>(c);
    safe += byte < ' ' || byte >= 0x7f ? fmt::format("<{:02x}>", byte) : std::string(1, c);
  }
  return safe;
}

}  // namespace

Result<Delimiters> read_delimiters(BytesView segment) {
  if (segment.size() < 4) {
    return fail(Code::syntax, "the segment ends before its field separator", "MSH-1");
  }
  Delimiters found;
  found.field = segment[3];
  if (!divides(found.field)) {
    return fail(Code::syntax,
                fmt::format("'{}' cannot separate fields", shown(segment.substr(3, 1))), "MSH-1");
  }
  BytesView named = segment.substr(4);
  named = named.substr(0, named.find(found.field));
  std::string once(named.substr(0, 2));
  for (const char c : named.substr(once.size())) {
    if (c != '\\' || !once.ends_with('\\')) {
      once.push_back(c);
    }
  }
  if (once.size() > 5) {
    return fail(Code::syntax, fmt::format("'{}' names more than five characters", shown(named)),
                "MSH-2");
  }
  const std::array into{&found.component, &found.repetition, &found.escape, &found.subcomponent,
                        &found.truncation};
  for (std::size_t i = 0; i < into.size(); ++i) {
    *into[i] = i < once.size() ? once[i] : '\0';
    if (i >= once.size()) {
      continue;
    }
    if (!divides(once[i])) {
      return fail(Code::syntax,
                  fmt::format("'{}' cannot divide anything", shown(once.substr(i, 1))), "MSH-2");
    }
    if (once[i] == found.field || once.find(once[i]) != i) {
      return fail(
          Code::syntax,
          fmt::format("'{}' divides in two ways in '{}'", once[i], shown(segment.substr(3, 6))),
          "MSH-2");
    }
  }
  return found;
}

}  // namespace holdfast::hl7v2
