// decide/follow_news2_patient.cpp: what the record says of whoever is scored: age, pregnancy, and
// whether a prescriber has asked for scale 2 of the saturation. Nothing that comes with the set
// itself chooses.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "base/time.h"
#include "decide/following.h"
#include "fhir/member.h"
#include "search/matches.h"
#include "views/versions.h"

namespace holdfast::decide {
namespace {

constexpr std::int64_t day_ms = 86'400'000;
/// Of one patient, of one kind.
constexpr std::size_t bodies_max = 64;

std::string query_of(const std::vector<clinical::Coding>& codes) {
  std::string text;
  for (const clinical::Coding& one : codes) {
    text += fmt::format("{}{}|{}", text.empty() ? "" : ",", one.system, one.code);
  }
  return percent_encode(text, ",");
}

/// Codes of a CodeableConcept; empty where there is none.
std::vector<clinical::Coding> codings_at(fhir::JsonValue resource, std::string_view key) {
  std::vector<clinical::Coding> all;
  const auto value = resource.find(key);
  const auto coding = value ? value->find("coding") : std::nullopt;
  if (coding) {
    for (const fhir::JsonValue one : coding->children()) {
      all.push_back({fhir::text_member(one, "system"), fhir::text_member(one, "code")});
    }
  }
  return all;
}

bool has_any(const std::vector<clinical::Coding>& said,
             const std::vector<clinical::Coding>& known) {
  return std::ranges::any_of(said, [&](const clinical::Coding& one) {
    return std::ranges::find(known, one) != known.end();
  });
}

bool has_code(const std::vector<clinical::Coding>& said, std::string_view code) {
  return std::ranges::find(said, code, &clinical::Coding::code) != said.end();
}

std::string reference_at(fhir::JsonValue resource, std::string_view key) {
  const auto value = resource.find(key);
  return value ? fhir::text_member(*value, "reference") : std::string();
}

/// https://hl7.org/fhir/R4/servicerequest.html, https://hl7.org/fhir/R4/flag.html: whoever may
/// prescribe is a person; a device or an organization is not.
bool is_by_prescriber(fhir::JsonValue resource) {
  const bool is_flag = fhir::text_member(resource, "resourceType") == "Flag";
  const std::string by = reference_at(resource, is_flag ? "author" : "requester");
  const std::string intent = fhir::text_member(resource, "intent");
  return (by.starts_with("Practitioner/") || by.starts_with("PractitionerRole/")) &&
         fhir::text_member(resource, "status") == "active" &&
         (is_flag || (intent != "proposal" && intent != "plan" && intent != "option"));
}

std::optional<Time> time_at(fhir::JsonValue resource,
                            std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (const auto range = parse_date_time(fhir::text_member(resource, key))) {
      return range->from;
    }
  }
  return {};
}

}  // namespace

Result<std::vector<std::pair<std::string, Bytes>>> Following::bodies_of(
    std::string_view type, const std::string& query, const std::string& patient) {
  std::vector<std::pair<std::string, Bytes>> all;
  const fhir::TypeId id = *fhir::type_id(type);
  TRY(const auto ids, search::matches({view_, codec_, params_}, id,
                                      fmt::format("patient={}{}", patient, query), bodies_max + 1));
  if (ids.size() > bodies_max) {
    not_read_.emplace(type);
  }
  for (const std::string& one : ids) {
    const std::string reference = fmt::format("{}/{}", type, one);
    bool is_written = false;
    for (std::size_t i = 0; i < outcome_.results.size(); ++i) {
      is_written = is_written || reference_to(i) == reference;
    }
    if (is_written) {
      continue;
    }
    TRY(const auto current, views::read_current(view_, id, one));
    TRY(views::Body stored, views::read_body(view_, codec_, current->row));
    all.emplace_back(reference, std::move(stored.bytes));
  }
  fhir::Json json;
  for (std::size_t i = 0; i < outcome_.results.size(); ++i) {
    if (!writes(i) || prepared_.operations[i].type != id) {
      continue;
    }
    Bytes body = resolved_body(i);
    TRY_OK(task_reader().read(body, json));
    if (reference_at(json.root(), "subject") == patient ||
        reference_at(json.root(), "patient") == patient) {
      all.emplace_back(reference_to(i), std::move(body));
    }
  }
  return all;
}

Result<std::optional<bool>> Following::said_pregnant(const std::string& patient) {
  const clinical::News2Table& table = definitions_.clinical().news2;
  const Time since{rules_.now.ms - table.pregnancy_days * day_ms};
  std::optional<std::pair<Time, bool>> last;
  const auto note = [&](std::optional<Time> at, bool pregnant) {
    const Time when = std::min(at.value_or(rules_.now), rules_.now);
    if (when >= since && (!last || std::pair(when, pregnant) > *last)) {
      last = {when, pregnant};
    }
  };
  TRY(const auto observations,
      bodies_of("Observation",
                fmt::format("&code={}&status=final,amended,corrected&date=ge{}",
                            query_of(table.pregnancy_status), to_instant(since)),
                patient));
  fhir::Json json;
  for (const auto& [reference, body] : observations) {
    TRY_OK(task_reader().read(body, json));
    const std::string status = fhir::text_member(json.root(), "status");
    const bool counts = status == "final" || status == "amended" || status == "corrected";
    const auto said = codings_at(json.root(), "valueCodeableConcept");
    if (counts && !said.empty() &&
        has_any(codings_at(json.root(), "code"), table.pregnancy_status)) {
      note(time_at(json.root(), {"effectiveDateTime", "effectiveInstant", "issued"}),
           has_any(said, table.pregnant));
    }
  }
  TRY(const auto conditions, bodies_of("Condition", "&code=" + query_of(table.pregnant), patient));
  for (const auto& [reference, body] : conditions) {
    TRY_OK(task_reader().read(body, json));
    const auto clinical_status = codings_at(json.root(), "clinicalStatus");
    const auto verified = codings_at(json.root(), "verificationStatus");
    const bool is_over = has_code(clinical_status, "resolved") ||
                         has_code(clinical_status, "inactive") ||
                         has_code(clinical_status, "remission") || has_code(verified, "refuted") ||
                         has_code(verified, "entered-in-error");
    if (!is_over && has_any(codings_at(json.root(), "code"), table.pregnant)) {
      note(time_at(json.root(), {"onsetDateTime", "recordedDate"}), true);
    }
  }
  return last ? std::optional(last->second) : std::nullopt;
}

Result<std::string> Following::scale_two_by(const std::string& patient) {
  const clinical::News2Table& table = definitions_.clinical().news2;
  const std::array<std::pair<std::string_view, std::string>, 2> kinds{{
      {"ServiceRequest", "&status=active&code=" + query_of(table.scale_two)},
      {"Flag", ""},
  }};
  fhir::Json json;
  for (const auto& [type, query] : kinds) {
    TRY(const auto bodies, bodies_of(type, query, patient));
    for (const auto& [reference, body] : bodies) {
      TRY_OK(task_reader().read(body, json));
      if (has_any(codings_at(json.root(), "code"), table.scale_two) &&
          is_by_prescriber(json.root())) {
        return reference;
      }
    }
  }
  return std::string();
}

Result<Following::News2Of> Following::news2_patient(const std::string& patient) {
  News2Of of;
  if (patient.empty()) {
    return of;
  }
  not_read_.clear();
  TRY(const PatientFacts facts, facts_of(patient));
  of.patient.age_years = facts.age;
  TRY(const auto pregnant, said_pregnant(patient));
  if (pregnant) {
    of.patient.pregnancy = *pregnant ? clinical::Pregnancy::yes : clinical::Pregnancy::no;
  }
  TRY(const std::string by, scale_two_by(patient));
  if (!by.empty()) {
    of.patient.scale = clinical::SaturationScale::two;
    of.why = fmt::format("; saturation by scale 2, which {} asks for", by);
  }
  if (!not_read_.empty()) {
    of.why += fmt::format(
        "; more than {} of {} are on file of which not all were read: pregnancy or scale 2 may be "
        "among them",
        bodies_max, fmt::join(not_read_, ", "));
  }
  return of;
}

}  // namespace holdfast::decide
