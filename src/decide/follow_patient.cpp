// decide/follow_patient.cpp: who an item is about, and what items need to know of them.
#include "base/time.h"
#include "decide/following.h"
#include "fhir/member.h"
#include "fhir/patient_link.h"
#include "fhir/sites.h"
#include "views/versions.h"

namespace holdfast::decide {
namespace {

/// Merges behind each other; more are a circle.
constexpr int hops_max = 16;

/// Whole years since a date of FHIR; of a year or month alone, since it began.
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

}  // namespace

Result<std::string> Following::patient_of(std::size_t index, const pathway::Signal& signal) {
  std::string patient = signal.patient ? target(index, *signal.patient) : reference_to(index);
  if (!patient.starts_with("Patient/")) {
    return std::string();
  }
  for (int hop = 0; hop < hops_max; ++hop) {
    TRY(const PatientFacts facts, facts_of(patient));
    if (facts.replaced_by.empty()) {
      break;
    }
    patient = facts.replaced_by;
  }
  return patient;
}

Result<Following::PatientFacts> Following::facts_of(const std::string& patient) {
  const auto literal = fhir::parse_literal(patient);
  if (!literal || fhir::name(literal->type) != "Patient") {
    return PatientFacts{};
  }
  const auto known = patients_.find(patient);
  if (known != patients_.end()) {
    return known->second;
  }
  Bytes body;
  for (std::size_t i = 0; i < outcome_.results.size(); ++i) {
    if (writes(i) && reference_to(i) == patient) {
      body = resolved_body(i);
    }
  }
  if (body.empty()) {
    TRY(const auto current, views::read_current(view_, literal->type, literal->id));
    if (current && current->presence == views::Presence::present) {
      TRY(views::Body stored, views::read_body(view_, codec_, current->row));
      body = std::move(stored.bytes);
    }
  }
  PatientFacts facts;
  if (!body.empty()) {
    fhir::Json json;
    TRY_OK(task_reader().read(body, json));
    facts.age = age_at(fhir::text_member(json.root(), "birthDate"), rules_.now);
    facts.gender = fhir::text_member(json.root(), "gender");
    const std::string id = fhir::replacing_id(json.root());
    facts.replaced_by = id.empty() ? id : "Patient/" + id;
  }
  patients_.emplace(patient, facts);
  return facts;
}

}  // namespace holdfast::decide
