#include "fhir/extract.h"

#include "fhir/walk.h"

namespace holdfast::fhir {

void Extraction::clear() {
  values.clear();
  is_patient = false;
}

void examine(JsonValue resource, const SearchParams& params, Sites& sites, Extraction& extraction) {
  sites.clear();
  extraction.clear();
  ElementWalk(resource.document(), {nullptr, &sites, &extraction, &params}).run(resource);
}

void ElementWalk::note_value(JsonValue value, const ElementRow* row, std::uint16_t state) {
  for (const PathAction& action : wanted_.params->automaton().actions(state)) {
    const Selected here{row, value.index()};
    if (action.rest == no_rest) {
      wanted_.extraction->values.push_back({action.index, here});
      continue;
    }
    found_.clear();
    select(json_, here, wanted_.params->rest(action.rest).steps, found_);
    for (const Selected& one : found_) {
      wanted_.extraction->values.push_back({action.index, one});
    }
  }
}

}  // namespace holdfast::fhir
