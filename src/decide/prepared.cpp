#include "decide/prepared.h"

#include <fmt/format.h>

namespace holdfast::decide {

PreparedOperation prepare_operation(fhir::TypeId type, fhir::JsonValue resource) {
  PreparedOperation prepared;
  prepared.type = type;
  fhir::examine(resource, prepared.sites, prepared.extraction);
  return prepared;
}

Result<Prepared> prepare(Command command, fhir::JsonReader& reader) {
  Prepared prepared;
  prepared.operations.reserve(command.operations.size());
  fhir::Json json;
  for (const Operation& operation : command.operations) {
    const auto type = fhir::type_id(operation.type);
    if (!type) {
      return fail(Code::corrupt, fmt::format("command: {} is no resource type of these definitions",
                                             operation.type));
    }
    if (operation.verb == Verb::remove) {
      prepared.operations.push_back(PreparedOperation{*type, {}, {}});
      continue;
    }
    TRY_OK(reader.read(operation.body, json));
    json.minify();
    if (json.bytes() != operation.body) {
      return fail(Code::corrupt, "command: a body is not minified JSON");
    }
    prepared.operations.push_back(prepare_operation(*type, json.root()));
  }
  prepared.command = std::move(command);
  return prepared;
}

}  // namespace holdfast::decide
