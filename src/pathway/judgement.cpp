#include "pathway/judgement.h"

#include <algorithm>
#include <string>

namespace holdfast::pathway {
namespace {

bool is_vital(const clinical::News2Table& table, const std::vector<clinical::Coding>& codes) {
  return std::ranges::any_of(table.codes, [&](const clinical::VitalCode& one) {
    return std::ranges::find(codes, one.code) != codes.end();
  });
}

}  // namespace

std::optional<std::int64_t> age_at(std::string_view born, Time now) {
  const auto range = parse_date_time(born);
  if (!range || range->from > now) {
    return std::nullopt;
  }
  const std::string then = to_instant(range->from);  // both begin with YYYY-MM-DD
  const std::string today = to_instant(now);
  const auto year = [](const std::string& text) { return std::stoll(text.substr(0, 4)); };
  const bool is_before_birthday = today.substr(5, 5) < then.substr(5, 5);
  return year(today) - year(then) - (is_before_birthday ? 1 : 0);
}

std::string_view urgency_of(Judgement judgement) {
  switch (judgement) {
    case Judgement::normal: return "normal";
    case Judgement::critical: return "critical";
    case Judgement::unjudged:
    case Judgement::abnormal: break;
  }
  return "abnormal";
}

clinical::Assessment assess(const clinical::Tables& tables,
                            const clinical::Observation& observation,
                            std::optional<std::int64_t> age_years) {
  clinical::PhonePatient patient;
  patient.age_years = age_years;
  clinical::Assessment all = clinical::assess(tables.results, tables.phone, observation, patient);
  std::erase_if(all.unmapped,
                [&](const clinical::Unmapped& one) { return is_vital(tables.news2, one.codes); });
  return all;
}

std::string_view urgency_of(const clinical::News2& score) {
  if (score.became == clinical::News2Became::not_for_this_patient) {
    return "other";
  }
  return score.total == 0 ? "zero" : clinical::name(score.risk);
}

bool is_vitals_only(const clinical::News2Table& table, const clinical::Observation& observation) {
  const auto belongs = [&](const clinical::Measurement& measured) {
    const auto& beside = table.beside;
    return is_vital(table, measured.codes) ||
           std::ranges::any_of(measured.codes, [&](const clinical::Coding& one) {
             return std::ranges::find(beside, one) != beside.end();
           });
  };
  return (observation.own.kind == clinical::ValueKind::none || belongs(observation.own)) &&
         std::ranges::all_of(observation.components, belongs);
}

bool has_vital(const clinical::News2Table& table, const clinical::Observation& observation) {
  return is_vital(table, observation.own.codes) ||
         std::ranges::any_of(observation.components, [&](const clinical::Measurement& measured) {
           return is_vital(table, measured.codes);
         });
}

}  // namespace holdfast::pathway
