// decide/follow_blood_record.cpp: what the record, and the Command that is decided, say of the
// blood of one patient: groups, antibodies, requirements, transfusions, samples and units, as
// clinical/blood_record.h reads them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "base/time.h"
#include "decide/following.h"
#include "fhir/member.h"
#include "fhir/sites.h"
#include "search/matches.h"
#include "views/versions.h"

namespace holdfast::decide {
namespace {

/// Resources of one kind that are read of one patient, the oldest: that there are more is said.
constexpr std::size_t sources_max = 256;
/// How far back samples of a request are looked for: none is valid for longer.
constexpr std::int64_t sample_days = 31;
/// Old numbers of one patient.
constexpr std::size_t merged_max = 16;
constexpr std::int64_t day_ms = 86'400'000;

std::string codes_query(std::initializer_list<const std::vector<clinical::Coding>*> lists) {
  std::string codes;
  for (const auto* const list : lists) {
    for (const clinical::Coding& one : *list) {
      codes += fmt::format("{}{}|{}", codes.empty() ? "" : ",", one.system, one.code);
    }
  }
  return percent_encode(codes, ",");
}

}  // namespace

// What this Command writes counts as it is now: it may have become another patient's.
Result<std::vector<std::string>> Following::blood_sources(std::string_view type,
                                                          const std::string& query,
                                                          const std::string& patient) {
  const fhir::TypeId id = *fhir::type_id(type);
  TRY(const auto ids, search::matches({view_, codec_, params_}, id,
                                      fmt::format("patient={}{}", patient, query), sources_max));
  std::set<std::string> all;
  for (const std::string& one : ids) {
    all.insert(fmt::format("{}/{}", type, one));
  }
  for (std::size_t i = 0; i < signals_.size(); ++i) {
    if (prepared_.operations[i].type != id || !writes(i)) {
      continue;
    }
    all.erase(reference_to(i));
    if (signals_[i].blood_of) {
      pathway::Signal of;
      of.patient = signals_[i].blood_of;
      TRY(const std::string whose, patient_of(i, of));
      if (whose == patient || target(i, *of.patient) == patient) {
        all.insert(reference_to(i));
      }
    }
  }
  return std::vector<std::string>(all.begin(), all.end());
}

Result<std::optional<Bytes>> Following::blood_body(const std::string& reference) {
  for (std::size_t i = 0; i < outcome_.results.size(); ++i) {
    if (writes(i) && reference_to(i) == reference) {
      return resolved_body(i);
    }
  }
  TRY(const bool there, is_there(reference));
  if (!there) {
    return std::optional<Bytes>();
  }
  const auto literal = fhir::parse_literal(reference);
  TRY(const auto current, views::read_current(view_, literal->type, literal->id));
  TRY(views::Body stored, views::read_body(view_, codec_, current->row));
  return std::optional(std::move(stored.bytes));
}

Result<void> Following::read_blood(const std::string& reference, clinical::BloodRecord& to) {
  TRY(const auto body, blood_body(reference));
  if (!body) {
    return ok();
  }
  fhir::Json json;
  TRY_OK(task_reader().read(*body, json));
  Time received = rules_.now;
  if (const auto meta = json.root().find("meta")) {
    if (const auto range = parse_date_time(fhir::text_member(*meta, "lastUpdated"))) {
      received = range->from;
    }
  }
  clinical::read_blood_fact(definitions_.clinical().blood, json.root(), reference, received, to);
  return ok();
}

Result<std::vector<std::string>> Following::named_by(const Touched& touched,
                                                     std::string_view type) {
  std::set<std::string> all;
  if (touched.current.value > 0) {
    fhir::Json json;
    TRY_OK(task_reader().read(touched.stored, json));
    if (const auto inputs = json.root().find("input")) {
      for (const fhir::JsonValue one : inputs->children()) {
        const auto value = one.find("valueReference");
        std::string named = value ? fhir::text_member(*value, "reference") : std::string();
        const auto literal = fhir::parse_literal(named);
        if (literal && fhir::name(literal->type) == type) {
          all.insert(std::move(named));
        }
      }
    }
  }
  for (std::size_t i = 0; i < signals_.size(); ++i) {
    if (!writes(i) || prepared_.command.operations[i].type != type) {
      continue;
    }
    for (const pathway::Signal& signal : signals_[i].all) {
      const bool moves = signal.move != nullptr;
      TRY(const auto about, meant(i, moves ? signal.links : signal.whole,
                                  moves ? signal.named : signal.whole_named, *signal.definition));
      if (std::ranges::find(about, touched.item.focus) != about.end()) {
        all.insert(reference_to(i));
      }
    }
  }
  return std::vector<std::string>(all.begin(), all.end());
}

// Samples that were there before the request was, too.
Result<void> Following::read_samples(const Touched& touched, const std::string& patient,
                                     clinical::BloodRecord& to) {
  TRY(const auto named, named_by(touched, "Specimen"));
  std::set<std::string> all(named.begin(), named.end());
  const Time since{rules_.now.ms - sample_days * day_ms};
  TRY(const auto ids,
      search::matches({view_, codec_, params_}, *fhir::type_id("Specimen"),
                      fmt::format("patient={}&collected=ge{}", patient, to_instant(since)),
                      sources_max));
  for (const std::string& id : ids) {
    const std::string reference = "Specimen/" + id;
    TRY(const auto body, blood_body(reference));
    if (!body) {
      continue;  // this Command takes it away
    }
    fhir::Json json;
    TRY_OK(task_reader().read(*body, json));
    if (const auto requests = json.root().find("request")) {
      for (const fhir::JsonValue one : requests->children()) {
        if (fhir::text_member(one, "reference") == touched.item.focus) {
          all.insert(reference);
        }
      }
    }
  }
  for (const std::string& one : all) {
    TRY_OK(read_blood(one, to));
  }
  return ok();
}

// Who was merged into the patient has samples and groups under the old number.
Result<std::vector<std::string>> Following::all_numbers_of(const std::string& patient) {
  std::vector<std::string> all{patient};
  for (std::size_t i = 0; i < all.size() && all.size() < merged_max; ++i) {
    TRY(const auto merged, search::matches({view_, codec_, params_}, *fhir::type_id("Patient"),
                                           fmt::format("link={}", all[i]), merged_max));
    for (const std::string& id : merged) {
      const std::string other = "Patient/" + id;
      TRY(const PatientFacts facts, facts_of(other));
      if (facts.replaced_by == all[i] && std::ranges::find(all, other) == all.end()) {
        all.push_back(other);
      }
    }
  }
  return all;
}

Result<const Following::BloodOnFile*> Following::blood_on_file(const std::string& patient) {
  const auto known = blood_on_file_.find(patient);
  if (known != blood_on_file_.end()) {
    return &known->second;
  }
  BloodOnFile on_file;
  clinical::BloodRecord& record = on_file.record;
  const clinical::BloodTable& table = definitions_.clinical().blood;
  const clinical::BloodCodes& codes = table.codes;
  const Time since{rules_.now.ms - (sample_days + table.history_days) * day_ms};
  const std::array<std::pair<std::string_view, std::string>, 4> queries{{
      {"Observation",
       "&combo-code=" + codes_query({&codes.group, &codes.abo, &codes.rhd, &codes.antibody,
                                     &codes.pregnancy_status, &codes.history_asked})},
      {"Condition", ""},
      {"Flag", ""},
      {"Procedure", fmt::format("&date=ge{}", to_instant(since))},
  }};
  TRY(on_file.numbers, all_numbers_of(patient));
  for (const std::string& number : on_file.numbers) {
    for (const auto& [type, query] : queries) {
      TRY(const auto sources, blood_sources(type, query, number));
      if (sources.size() >= sources_max) {
        record.not_read.emplace_back(type);
      }
      for (const std::string& one : sources) {
        TRY_OK(read_blood(one, record));
      }
    }
  }
  TRY_OK(read_specimens(record));
  return &blood_on_file_.emplace(patient, std::move(on_file)).first->second;
}

// By whom and when the samples were taken that the groups are from.
Result<void> Following::read_specimens(clinical::BloodRecord& to) {
  std::set<std::string> all;
  for (const clinical::GroupSeen& one : to.groups) {
    all.insert(one.specimen);
  }
  for (const std::string& one : all) {
    const auto literal = fhir::parse_literal(one);
    if (!literal || fhir::name(literal->type) != "Specimen") {
      continue;  // its number, or one that is contained: all that is known of it
    }
    TRY(const auto body, blood_body(one));
    if (!body) {
      continue;
    }
    fhir::Json json;
    TRY_OK(task_reader().read(*body, json));
    if (auto seen = clinical::read_specimen(definitions_.clinical().blood, json.root(), one)) {
      to.specimens.push_back(*std::move(seen));
    }
  }
  return ok();
}

Result<std::string> Following::request_of(const Touched& unit) {
  constexpr std::string_view task = "Task/";
  if (!unit.item.parent.starts_with(task)) {
    return std::string();
  }
  const std::string id = unit.item.parent.substr(task.size());
  const auto touched = touched_.find(id);
  if (touched != touched_.end()) {
    return touched->second.item.focus;
  }
  TRY(const auto parent, views::find_item(view_, id));
  return parent ? parent->focus : std::string();
}

Result<clinical::BloodRecord> Following::blood_record(const Touched& touched) {
  BloodOnFile known;
  if (!touched.item.patient.empty()) {
    TRY(const auto* const on_file, blood_on_file(touched.item.patient));
    known = *on_file;
  }
  clinical::BloodRecord& record = known.record;
  if (is_unit_of_blood(touched.item)) {
    TRY(const std::string request, request_of(touched));
    if (!request.empty()) {
      TRY_OK(read_blood(request, record));
    }
  } else {
    for (const std::string& number : known.numbers) {
      TRY_OK(read_samples(touched, number, record));
    }
    TRY(const auto units, named_by(touched, "BiologicallyDerivedProduct"));
    for (const std::string& one : units) {
      TRY_OK(read_blood(one, record));
    }
  }
  TRY_OK(read_blood(touched.item.focus, record));
  return std::move(known.record);
}

}  // namespace holdfast::decide
