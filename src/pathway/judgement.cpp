#include "pathway/judgement.h"

#include <algorithm>
#include <array>
#include <optional>

#include "fhir/member.h"

namespace holdfast::pathway {
namespace {

constexpr std::array<std::string_view, 5> critical_codes{"HH", "LL", "AA", "HU", "LU"};

/// The worst of all codes in the list of interpretations; nothing where there is no code.
std::optional<Judgement> judge_codes(fhir::JsonValue of) {
  const auto interpretations = of.find("interpretation");
  std::optional<Judgement> worst;
  if (!interpretations) {
    return worst;
  }
  for (const fhir::JsonValue one : interpretations->children()) {
    const auto coding = one.find("coding");
    if (!coding) {
      continue;
    }
    for (const fhir::JsonValue each : coding->children()) {
      const std::string code = fhir::text_member(each, "code");
      const Judgement judged = code == "N" ? Judgement::normal
                               : std::ranges::find(critical_codes, code) != critical_codes.end()
                                   ? Judgement::critical
                                   : Judgement::abnormal;
      worst = std::max(worst.value_or(Judgement::normal), judged);
    }
  }
  return worst;
}

}  // namespace

std::string_view urgency_of(Judgement judgement) {
  switch (judgement) {
    case Judgement::normal: return "normal";
    case Judgement::critical: return "critical";
    case Judgement::unjudged:
    case Judgement::abnormal: break;
  }
  return "abnormal";
}

Judgement judge(fhir::JsonValue observation) {
  const auto own = judge_codes(observation);
  const auto components = observation.find("component");
  if (!components || components->size() == 0) {
    return own.value_or(Judgement::unjudged);
  }
  Judgement worst = own.value_or(Judgement::normal);
  for (const fhir::JsonValue one : components->children()) {
    // What is said of all stands for a part that nothing is said of.
    worst = std::max(worst, judge_codes(one).value_or(own.value_or(Judgement::unjudged)));
  }
  return worst;
}

}  // namespace holdfast::pathway
