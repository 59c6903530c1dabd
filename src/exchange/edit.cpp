#include "exchange/edit.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "fhir/json_writer.h"

namespace holdfast::exchange {
namespace {

/// The operation that writes that resource; nothing if none does.
std::optional<std::size_t> operation_on(const Resolved& resolved, std::string_view type,
                                        std::string_view name) {
  const auto& operations = resolved.prepared.command.operations;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const Operation& one = operations[i];
    if (one.full_url == name ||
        (one.type == type && name == fmt::format("{}/{}", one.type, one.id))) {
      return i;
    }
  }
  return {};
}

}  // namespace

Bytes with_element(std::optional<fhir::JsonValue> array, BytesView element) {
  fhir::JsonWriter to;
  to.open('[');
  if (array) {
    for (const fhir::JsonValue one : array->children()) {
      to.raw(one.raw());
    }
  }
  to.raw(element);
  to.close(']');
  return to.take();
}

Result<void> edit(Resolved& resolved, const Ground& ground, fhir::TypeId type,
                  std::string_view name, const Edit& edit) {
  if (const auto index = operation_on(resolved, fhir::name(type), name)) {
    Operation& operation = resolved.prepared.command.operations[*index];
    TRY(const fhir::Json json, ground.reader.read(operation.body));
    TRY(resolved.prepared.operations[*index],
        put_body(operation, edit(json.root()), ground.reader, ground.extracting));
    return ok();
  }
  const std::string id(name.substr(std::min(name.find('/') + 1, name.size())));
  TRY(const Stored before, read_stored(ground, type, id));
  TRY(const fhir::Json json, ground.reader.read(before.body));
  Bytes after = edit(json.root());
  if (after == before.body) {
    return ok();
  }
  Operation operation;
  operation.verb = Verb::update;
  operation.id = id;
  operation.if_match = before.version;
  TRY_OK(add_operation(resolved.prepared, std::move(operation), std::move(after), ground.reader,
                       ground.extracting));
  resolved.written.emplace_back(name);
  return ok();
}

}  // namespace holdfast::exchange
