#include "fhir/validation/equal.h"

#include <algorithm>

#include "fhir/decimal.h"

namespace holdfast::fhir::validation {
namespace {

bool is_same_primitive(JsonValue a, JsonValue b) {
  if (a.kind() != b.kind()) {
    return false;
  }
  if (a.kind() == JsonKind::number) {
    const auto left = Decimal::parse(a.raw());
    const auto right = Decimal::parse(b.raw());
    return left && right && *left == *right;
  }
  if (a.is_string() && (a.has_escapes() || b.has_escapes())) {
    return a.text() == b.text();
  }
  return a.raw() == b.raw();
}

bool is_container(JsonValue value) { return value.is_object() || value.is_array(); }

}  // namespace

// As deep as the reader lets through: json_depth_max.
bool is_same(JsonValue a, JsonValue b) {
  if (a.kind() != b.kind() || a.size() != b.size()) {
    return false;
  }
  if (!is_container(a)) {
    return is_same_primitive(a, b);
  }
  if (a.is_array()) {
    const auto left = a.children();
    const auto right = b.children();
    return std::equal(left.begin(), left.end(), right.begin(),
                      [](JsonValue x, JsonValue y) { return is_same(x, y); });
  }
  const auto members = a.children();
  return std::all_of(members.begin(), members.end(), [&](JsonValue member) {
    std::string scratch;
    const auto other = b.find(member.key(scratch));
    return other && is_same(member, *other);
  });
}

bool fits(JsonValue value, JsonValue pattern) {
  if (!is_container(pattern)) {
    return is_same_primitive(value, pattern);
  }
  if (value.kind() != pattern.kind()) {
    return false;
  }
  const auto wanted = pattern.children();
  if (pattern.is_array()) {
    const auto items = value.children();
    return std::all_of(wanted.begin(), wanted.end(), [&](JsonValue item) {
      return std::any_of(items.begin(), items.end(),
                         [&](JsonValue candidate) { return fits(candidate, item); });
    });
  }
  return std::all_of(wanted.begin(), wanted.end(), [&](JsonValue member) {
    std::string scratch;
    const auto other = value.find(member.key(scratch));
    return other && fits(*other, member);
  });
}

}  // namespace holdfast::fhir::validation
