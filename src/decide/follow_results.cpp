// decide/follow_results.cpp: whether a resource says anything new, and how the results that a
// report refers to are judged: the urgency that goes with it.
#include <algorithm>

#include "base/check.h"
#include "decide/following.h"
#include "fhir/sites.h"
#include "pathway/judgement.h"
#include "views/versions.h"

namespace holdfast::decide {
namespace {

/// All members but id and meta, as they are written.
Bytes without_meta(const Bytes& body) {
  fhir::Json json;
  const auto read = task_reader().read(body, json);
  check(read.has_value(), "it was read before");
  Bytes rest;
  for (const fhir::JsonValue member : json.root().children()) {
    if (member.raw_key() != "id" && member.raw_key() != "meta") {
      append_text(rest, member.raw_key());
      append_text(rest, member.raw());
    }
  }
  return rest;
}

}  // namespace

std::uint16_t urgency_named(const pathway::Definition& definition, std::string_view name) {
  const auto at = std::ranges::find(definition.urgencies, name, &pathway::Urgency::name);
  return static_cast<std::uint16_t>(
      at == definition.urgencies.end()
          ? definition.urgencies.size() - 1
          : static_cast<std::size_t>(at - definition.urgencies.begin()));
}

void take_urgency(views::Item& item, const pathway::Definition& definition, std::uint16_t urgency,
                  std::string_view priority) {
  const pathway::Urgency& one = definition.urgencies[urgency];
  item.urgency = one.name;
  item.priority = one.priority.empty() ? std::string(priority) : one.priority;
  if (item.priority.empty()) {
    item.priority = "routine";
  }
}

Result<bool> Following::says_something_new(std::size_t index) {
  const OperationResult& result = outcome_.results[index];
  if (result.status != Status::updated) {
    return true;
  }
  TRY(const auto before, views::read_current(view_, prepared_.operations[index].type, result.id));
  if (!before || before->presence == views::Presence::deleted) {
    return true;
  }
  TRY(const views::Body body, views::read_body(view_, codec_, before->row));
  return without_meta(body.bytes) != without_meta(resolved_body(index));
}

Result<std::shared_ptr<const clinical::Observation>> Following::observation_of(
    const std::string& reference) {
  using Seen = std::shared_ptr<const clinical::Observation>;
  for (std::size_t i = 0; i < signals_.size(); ++i) {
    if (writes(i) && reference_to(i) == reference) {
      return signals_[i].observation;
    }
  }
  const auto literal = fhir::parse_literal(reference);
  if (!literal || fhir::name(literal->type) != "Observation") {
    return Seen();
  }
  TRY(const auto current, views::read_current(view_, literal->type, literal->id));
  if (!current || current->presence == views::Presence::deleted) {
    return Seen();
  }
  TRY(const views::Body body, views::read_body(view_, codec_, current->row));
  fhir::Json json;
  TRY_OK(task_reader().read(body.bytes, json));
  auto observation = clinical::read_observation(json.root());
  return observation ? std::make_shared<const clinical::Observation>(*std::move(observation))
                     : Seen();
}

Result<pathway::Judgement> Following::judge(std::size_t index, const pathway::Signal& signal) {
  if (signal.results.empty()) {
    return pathway::Judgement::unjudged;
  }
  TRY(const std::string patient, patient_of(index, signal));
  TRY(const PatientFacts facts, facts_of(patient));
  pathway::Judgement worst = pathway::Judgement::normal;
  for (const std::uint32_t site : signal.results) {
    const std::string value = target(index, site);
    TRY(const auto observation, observation_of(value));
    if (!observation) {
      worst = std::max(worst, pathway::Judgement::unjudged);
      continue;
    }
    const auto assessment = pathway::assess(definitions_.clinical(), *observation, facts.age);
    TRY_OK(note_unmapped(assessment, value));
    worst = std::max(worst, assessment.judged.judgement);
  }
  return worst;
}

// A value that is not there, or that a member says, may be anything.
Result<bool> Following::is_vitals_only(std::size_t index, const pathway::Signal& signal) {
  const clinical::News2Table& news2 = definitions_.clinical().news2;
  bool any = false;
  for (const std::uint32_t site : signal.results) {
    TRY(const auto observation, observation_of(target(index, site)));
    if (!observation || observation->has_members || !pathway::is_vitals_only(news2, *observation)) {
      return false;
    }
    any = any || pathway::has_vital(news2, *observation);
  }
  return any;
}

Result<void> Following::take_judgement(views::Item& item, std::size_t index,
                                       const pathway::Signal& signal) {
  TRY(pathway::Judgement judged, judge(index, signal));
  if (planted_ == Bug::text_is_normal && judged == pathway::Judgement::unjudged) {
    judged = pathway::Judgement::normal;
  }
  take_urgency(item, *signal.definition,
               urgency_named(*signal.definition, pathway::urgency_of(judged)), item.priority);
  return ok();
}

}  // namespace holdfast::decide
