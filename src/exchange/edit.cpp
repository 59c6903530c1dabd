#include "exchange/edit.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "fhir/check.h"
#include "fhir/json_writer.h"
#include "views/versions.h"

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

Result<void> prepare_again(Operation& operation, decide::PreparedOperation& prepared,
                           fhir::TypeId type, Bytes body, const Ground& ground) {
  TRY(fhir::Json json, ground.reader.read(std::move(body)));
  TRY_OK(fhir::check_resource(json.root()));
  json.minify();
  prepared = decide::prepare_operation(type, json.root(), ground.extracting);
  operation.body = json.release();
  return ok();
}

}  // namespace

Bytes with_member(fhir::JsonValue resource, std::string_view key,
                  const std::optional<Bytes>& value) {
  fhir::JsonWriter to(resource.raw().size() + 64);
  to.open('{');
  bool written = false;
  for (const fhir::JsonValue member : resource.children()) {
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
    return prepare_again(operation, resolved.prepared.operations[*index], type, edit(json.root()),
                         ground);
  }
  const std::string id(name.substr(std::min(name.find('/') + 1, name.size())));
  TRY(const auto current, views::read_current(*ground.moment.reader, type, id));
  if (!current || current->presence == views::Presence::deleted) {
    return fail(Code::not_found, fmt::format("there is no {}", name));
  }
  TRY(const views::Body before,
      views::read_body(*ground.moment.reader, ground.codec, current->row));
  TRY(const fhir::Json json, ground.reader.read(before.bytes));
  Bytes after = edit(json.root());
  if (after == before.bytes) {
    return ok();
  }
  Operation operation;
  operation.verb = Verb::update;
  operation.type = fhir::name(type);
  operation.id = id;
  operation.if_match = current->version;
  decide::PreparedOperation prepared;
  TRY_OK(prepare_again(operation, prepared, type, std::move(after), ground));
  resolved.prepared.command.operations.push_back(std::move(operation));
  resolved.prepared.operations.push_back(std::move(prepared));
  resolved.written.emplace_back(name);
  return ok();
}

}  // namespace holdfast::exchange
