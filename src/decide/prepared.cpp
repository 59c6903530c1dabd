#include "decide/prepared.h"

#include <fmt/format.h>

#include "fhir/extract.h"

namespace holdfast::decide {

PreparedOperation prepare_operation(fhir::TypeId type, fhir::JsonValue resource,
                                    const fhir::SearchParams& params) {
  PreparedOperation prepared;
  prepared.type = type;
  fhir::Extraction extraction;
  fhir::examine(resource, params, prepared.sites, extraction);
  views::prepare_postings(prepared.postings, resource, params, prepared.sites, extraction);
  return prepared;
}

Result<Prepared> prepare(Command command, fhir::JsonReader& reader,
                         const fhir::SearchParams& params) {
  Prepared prepared;
  prepared.params = &params;
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
    prepared.operations.push_back(prepare_operation(*type, json.root(), params));
  }
  prepared.command = std::move(command);
  return prepared;
}

}  // namespace holdfast::decide
