#include "decide/prepared.h"

#include <algorithm>

#include <fmt/format.h>

#include "fhir/extract.h"

namespace holdfast::decide {

PreparedOperation prepare_operation(fhir::TypeId type, fhir::JsonValue resource,
                                    const fhir::SearchParams& params) {
  PreparedOperation prepared;
  prepared.type = type;
  prepared.params = &params;
  fhir::Extraction extraction;
  fhir::examine(resource, params, prepared.sites, extraction);
  views::prepare_postings(prepared.postings, resource, params, prepared.sites, extraction);
  return prepared;
}

Result<Prepared> prepare(Command command, fhir::JsonReader& reader,
                         const fhir::SearchParams& params) {
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
      prepared.operations.push_back(PreparedOperation{*type, nullptr, {}, {}});
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

bool is_prepared_under(const Prepared& prepared, const fhir::SearchParams& params) {
  return std::ranges::all_of(prepared.operations, [&](const PreparedOperation& one) {
    return one.params == nullptr || one.params == &params;
  });
}

}  // namespace holdfast::decide
