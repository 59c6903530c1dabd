#include "fhir/member.h"

#include <string>

#include "base/check.h"
#include "base/hash.h"
#include "fhir/json_writer.h"

namespace holdfast::fhir {

Bytes with_member(JsonValue resource, std::string_view key, const std::optional<Bytes>& value) {
  JsonWriter to(resource.raw().size() + 64);
  to.open('{');
  bool written = false;
  for (const JsonValue member : resource.children()) {
    std::string scratch;
    const std::string_view name = member.key(scratch);
    if (name != key) {
      to.raw(name, member.raw());
    } else if (value) {
      to.raw(name, *value);
      written = true;
    }
  }
  if (value && !written) {
    to.raw(key, *value);
  }
  to.close('}');
  return to.take();
}

std::string text_member(JsonValue object, std::string_view key) {
  const auto member = object.find(key);
  return member && member->is_string() ? member->text() : std::string();
}

std::optional<JsonValue> extension_of(JsonValue element, std::string_view url) {
  if (const auto all = element.find("extension")) {
    for (const JsonValue one : all->children()) {
      if (text_member(one, "url") == url) {
        return one;
      }
    }
  }
  return std::nullopt;
}

Bytes with_data(Bytes binary, BytesView data) {
  check(binary.ends_with('}'), "a resource is an object");
  binary.pop_back();
  binary += R"(,"data":")";
  binary += to_base64(data);
  binary += R"("})";
  return binary;
}

}  // namespace holdfast::fhir
