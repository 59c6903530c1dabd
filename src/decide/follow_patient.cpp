// decide/follow_patient.cpp: who an item is about, and what items need to know of them.
#include "decide/following.h"
#include "fhir/member.h"
#include "fhir/patient_link.h"
#include "fhir/sites.h"
#include "views/versions.h"

namespace holdfast::decide {
namespace {

/// Merges behind each other; more are a circle.
constexpr int hops_max = 16;

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
    facts.age = pathway::age_at(fhir::text_member(json.root(), "birthDate"), rules_.now);
    facts.gender = fhir::text_member(json.root(), "gender");
    const std::string id = fhir::replacing_id(json.root());
    facts.replaced_by = id.empty() ? id : "Patient/" + id;
  }
  patients_.emplace(patient, facts);
  return facts;
}

}  // namespace holdfast::decide
