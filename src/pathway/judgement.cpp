#include "pathway/judgement.h"

#include "base/check.h"
#include "clinical/observation.h"
#include "clinical/shipped.h"

namespace holdfast::pathway {
namespace {

const clinical::FlagTable& flags() {
  static const clinical::FlagTable table = [] {
    const clinical::TableText& text = clinical::shipped_table("results");
    auto read = clinical::read_flags(text.text, text.file);
    check(read.has_value(), read ? "" : read.error().what.c_str());
    return *std::move(read);
  }();
  return table;
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
  const auto read = clinical::read_observation(observation);
  return read ? clinical::judge(flags(), *read).judgement : Judgement::unjudged;
}

}  // namespace holdfast::pathway
