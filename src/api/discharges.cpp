#include "api/discharges.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "api/stored.h"
#include "base/time.h"
#include "fhir/member.h"
#include "search/matches.h"

namespace holdfast::api {
namespace {

/// Inpatient, acute, non-acute, short stay, observation: pathways/letter.toml owes them a letter in
/// a day, too.
constexpr std::array<std::string_view, 5> inpatient_classes{"IMP", "ACUTE", "NONAC", "SS",
                                                            "OBSENC"};

}  // namespace

bool is_inpatient(fhir::JsonValue encounter) {
  const auto coding = encounter.find("class");
  return coding && std::ranges::find(inpatient_classes, fhir::text_member(*coding, "code")) !=
                       inpatient_classes.end();
}

Stay stay_of(fhir::JsonValue encounter, std::string_view id, Time written) {
  Stay stay;
  stay.id = id;
  const auto period = encounter.find("period");
  const auto end = period ? parse_date_time(fhir::text_member(*period, "end")) : std::nullopt;
  const auto start = period ? parse_date_time(fhir::text_member(*period, "start")) : std::nullopt;
  stay.until = end ? end->until : written;
  stay.from = start ? start->from : stay.until;
  return stay;
}

Result<const std::vector<Stay>*> Discharges::stays_of(const std::string& patient) {
  static const fhir::TypeId encounter = *fhir::type_id("Encounter");
  const auto known = stays_.find(patient);
  if (known != stays_.end()) {
    return &known->second;
  }
  std::vector<Stay> stays;
  if (patient.starts_with("Patient/")) {
    TRY(const auto ids,
        search::matches({*moment_.reader, parts_.node.codec(), *moment_.params}, encounter,
                        fmt::format("patient={}&status=finished&class={}", patient,
                                    fmt::join(inpatient_classes, ",")),
                        stays_max + 1));
    if (ids.size() > stays_max) {
      return fail(Code::too_costly,
                  fmt::format("{} has more than {} stays: none of them may be passed over", patient,
                              stays_max));
    }
    for (const std::string& id : ids) {
      TRY(const auto current, views::read_current(*moment_.reader, encounter, id));
      if (!current) {
        continue;
      }
      TRY(const views::Body body, stored_row(parts_, moment_, current->row));
      fhir::ReaderPool::Lease reader = parts_.readers.take();
      TRY(const fhir::Json json, reader->read(body.bytes));
      if (is_inpatient(json.root())) {
        stays.push_back(stay_of(json.root(), id, body.header.time));
      }
    }
  }
  std::ranges::sort(stays, [](const Stay& a, const Stay& b) { return b.until < a.until; });
  return &stays_.emplace(patient, std::move(stays)).first->second;
}

Result<const Stay*> Discharges::ended_behind(const views::Item& item) {
  if (!item.is_open()) {
    return nullptr;
  }
  TRY(const auto* const stays, stays_of(item.patient));
  for (const Stay& stay : *stays) {
    if (item.opened < stay.until && item.focus != "Encounter/" + stay.id) {
      return &stay;
    }
  }
  return nullptr;
}

Result<bool> Discharges::is_pending(const views::Item& item) {
  TRY(const Stay* const stay, ended_behind(item));
  return stay != nullptr;
}

}  // namespace holdfast::api
