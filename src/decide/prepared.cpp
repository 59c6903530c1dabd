#include "decide/prepared.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "fhir/extract.h"
#include "pathway/signals.h"

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

Result<void> prepare_made(Prepared& prepared, const Outcome& outcome, fhir::JsonReader& reader,
                          const fhir::SearchParams& params) {
  prepared.made.clear();
  prepared.made.reserve(outcome.made.size());
  fhir::Json json;
  for (const Made& made : outcome.made) {
    const std::string& type =
        made.operation ? prepared.command.operations[*made.operation].type : made.type;
    const auto known = fhir::type_id(type);
    if (!known) {
      return fail(Code::corrupt,
                  fmt::format("outcome: {} is no resource type of these definitions", type));
    }
    TRY_OK(reader.read(made.body, json));
    prepared.made.push_back(prepare_operation(*known, json.root(), params));
  }
  return ok();
}

void note_signals(Prepared& prepared, const pathway::Definitions* pathways,
                  fhir::JsonReader& reader) {
  if (prepared.signals_under == pathways) {
    return;
  }
  prepared.signals.reset();
  prepared.signals_under = pathways;
  if (pathways == nullptr) {
    return;
  }
  auto signals = std::make_shared<std::vector<pathway::Signals>>(prepared.operations.size());
  fhir::Json json;
  for (std::size_t i = 0; i < prepared.operations.size(); ++i) {
    const Operation& operation = prepared.command.operations[i];
    const PreparedOperation& one = prepared.operations[i];
    // Without a body: a removal, or what stands for a patch that could not be made.
    if (operation.body.empty() || !pathway::is_heard(*pathways, one.type)) {
      continue;
    }
    const auto read = reader.read(operation.body, json);
    check(read.has_value(), "the body was read before");
    (*signals)[i] = pathway::find_signals(*pathways, one.type, json.root(), one.sites);
  }
  prepared.signals = std::move(signals);
}

bool is_prepared_under(const Prepared& prepared, const fhir::SearchParams& params) {
  return std::ranges::all_of(prepared.operations, [&](const PreparedOperation& one) {
    return one.params == nullptr || one.params == &params;
  });
}

}  // namespace holdfast::decide
