#include "pathway/judgement.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "clinical/shipped.h"

namespace holdfast::pathway {
namespace {

/// A table of the program's own: that it can be read is a test's matter.
template <class Table>
Table shipped(std::string_view name, Result<Table> (*read)(std::string_view, std::string_view)) {
  const clinical::TableText& text = clinical::shipped_table(name);
  auto table = read(text.text, text.file);
  check(table.has_value(), table ? "" : table.error().what.c_str());
  return *std::move(table);
}

const clinical::FlagTable& flags() {
  static const clinical::FlagTable table = shipped("results", clinical::read_flags);
  return table;
}
const clinical::PhoneTable& limits() {
  static const clinical::PhoneTable table = shipped("phone", clinical::read_phone);
  return table;
}

bool is_vital(const std::vector<clinical::Coding>& codes) {
  return std::ranges::any_of(news2_table().codes, [&](const clinical::VitalCode& one) {
    return std::ranges::find(codes, one.code) != codes.end();
  });
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

clinical::Assessment assess(const clinical::Observation& observation,
                            std::optional<std::int64_t> age_years) {
  clinical::PhonePatient patient;
  patient.age_years = age_years;
  clinical::Assessment all = clinical::assess(flags(), limits(), observation, patient);
  std::erase_if(all.unmapped, [](const clinical::Unmapped& one) { return is_vital(one.codes); });
  return all;
}

std::string edition_of_limits() { return limits().edition.text(); }

std::string_view urgency_of(const clinical::News2& score) {
  if (score.became == clinical::News2Became::not_for_this_patient) {
    return "other";
  }
  return score.total == 0 ? "zero" : clinical::name(score.risk);
}

const clinical::News2Table& news2_table() {
  static const clinical::News2Table table = shipped("news2", clinical::read_news2);
  return table;
}

const clinical::BloodTable& blood_table() {
  static const clinical::BloodTable table = shipped("blood", clinical::read_blood);
  return table;
}

bool is_vitals_only(const clinical::Observation& observation) {
  const auto belongs = [](const clinical::Measurement& measured) {
    const auto& beside = news2_table().beside;
    return is_vital(measured.codes) ||
           std::ranges::any_of(measured.codes, [&](const clinical::Coding& one) {
             return std::ranges::find(beside, one) != beside.end();
           });
  };
  return (observation.own.kind == clinical::ValueKind::none || belongs(observation.own)) &&
         std::ranges::all_of(observation.components, belongs);
}

bool has_vital(const clinical::Observation& observation) {
  return is_vital(observation.own.codes) ||
         std::ranges::any_of(observation.components, [](const clinical::Measurement& measured) {
           return is_vital(measured.codes);
         });
}

}  // namespace holdfast::pathway
