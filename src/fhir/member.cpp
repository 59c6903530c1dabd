#include "fhir/member.h"

#include <string>

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

}  // namespace holdfast::fhir
