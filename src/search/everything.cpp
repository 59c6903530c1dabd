#include "search/everything.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <set>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "fhir/links.h"
#include "search/finder.h"
#include "search/rows.h"
#include "search/vocabulary.h"
#include "views/body_scan.h"
#include "views/keys.h"
#include "views/postings.h"
#include "views/values.h"
#include "views/versions.h"

namespace holdfast::search {
namespace {

using TypeSet = std::bitset<fhir::type_count>;

fhir::TypeId type_named(std::string_view name) { return *fhir::type_id(name); }

/// Types of which the standard says that they lie in compartments of `of`.
/// https://hl7.org/fhir/R4/compartmentdefinition.html
TypeSet types_in_compartments_of(fhir::TypeId of) {
  TypeSet types;
  for (std::uint32_t i = 0; i < fhir::tables::compartment_count; ++i) {
    const fhir::CompartmentRow& row = fhir::tables::compartments[i];
    if (row.compartment == of.value) {
      types.set(row.type);
    }
  }
  return types;
}

/// The search parameter by which a type's resources have a date of care. What is not here, or has
/// no such date, belongs to a patient at any time.
struct CareDate {
  std::string_view type;
  std::string_view parameter;
};
constexpr std::array<CareDate, 48> care_date_parameters{
    {{"AdverseEvent", "date"},
     {"AllergyIntolerance", "date"},
     {"Appointment", "date"},
     {"AuditEvent", "date"},
     {"CarePlan", "date"},
     {"CareTeam", "date"},
     {"ChargeItem", "occurrence"},
     {"Claim", "created"},
     {"ClaimResponse", "created"},
     {"ClinicalImpression", "date"},
     {"Communication", "sent"},
     {"CommunicationRequest", "occurrence"},
     {"Composition", "date"},
     {"Condition", "onset-date"},
     {"Consent", "date"},
     {"CoverageEligibilityRequest", "created"},
     {"CoverageEligibilityResponse", "created"},
     {"DetectedIssue", "identified"},
     {"DeviceRequest", "event-date"},
     {"DiagnosticReport", "date"},
     {"DocumentManifest", "created"},
     {"DocumentReference", "date"},
     {"Encounter", "date"},
     {"EpisodeOfCare", "date"},
     {"ExplanationOfBenefit", "created"},
     {"FamilyMemberHistory", "date"},
     {"Flag", "date"},
     {"Goal", "start-date"},
     {"ImagingStudy", "started"},
     {"Immunization", "date"},
     {"ImmunizationEvaluation", "date"},
     {"ImmunizationRecommendation", "date"},
     {"Invoice", "date"},
     {"List", "date"},
     {"MeasureReport", "period"},
     {"Media", "created"},
     {"MedicationAdministration", "effective-time"},
     {"MedicationDispense", "whenhandedover"},
     {"MedicationRequest", "authoredon"},
     {"MedicationStatement", "effective"},
     {"NutritionOrder", "datetime"},
     {"Observation", "date"},
     {"Procedure", "date"},
     {"Provenance", "recorded"},
     {"QuestionnaireResponse", "authored"},
     {"RequestGroup", "authored"},
     {"RiskAssessment", "date"},
     {"ServiceRequest", "occurrence"}}};

}  // namespace

const fhir::SearchParam* care_date_of(const fhir::SearchParams& params, fhir::TypeId type) {
  const auto* found = std::ranges::find(care_date_parameters, fhir::name(type), &CareDate::type);
  const fhir::SearchParam* param =
      found == care_date_parameters.end() ? nullptr : params.find(type, found->parameter);
  return param == nullptr || param->uses.empty() ? nullptr : param;
}

namespace {

/// Of a time with a zone: '+' would be a blank in a query.
std::string in_query(std::string_view date) {
  std::string text;
  for (const char c : date) {
    text += c == '+' ? std::string("%2B") : std::string(1, c);
  }
  return text;
}

Result<views::Current> current_of(const Source& source, const Snapshot& snapshot,
                                  const Subject& subject) {
  const std::string name = fmt::format("{}/{}", fhir::name(subject.type), subject.id);
  TRY(const auto current, views::read_as_of(source.reader, subject.type, subject.id, snapshot.row));
  if (!current) {
    return fail(Code::not_found, fmt::format("there is no {}", name));
  }
  if (current->presence == views::Presence::deleted) {
    return fail(Code::deleted, fmt::format("{} was deleted; that deletion is its version {}", name,
                                           current->version.value));
  }
  return *current;
}

/// The moment of a snapshot, with a budget of its own.
struct Reading {
  Budget budget{PageLimits{}.candidates_max};
  Vocabulary vocabulary;
  Moment moment;
  Reading(const Source& source, const Snapshot& snapshot, bool latest)
      : moment{source.reader,     source.codec, source.params, snapshot.row, snapshot.row,
               snapshot.position, latest,       snapshot.time, budget,       vocabulary} {}
};

class Gathering {
 public:
  Gathering(const Moment& moment, const Subject& subject, const CareDates& dates)
      : moment_(moment), subject_(subject), dates_(dates) {}

  Result<std::vector<TypedRow>> run(RowId own) {
    if (fhir::name(subject_.type) == "Patient") {
      TRY_OK(gather_patient());
    } else {
      TRY_OK(gather_by_references());
    }
    std::erase_if(rows_, [&](const TypedRow& row) { return row.row == own; });
    std::ranges::sort(rows_, {}, &TypedRow::row);
    const auto same = std::ranges::unique(rows_, {}, &TypedRow::row);
    rows_.erase(same.begin(), same.end());
    rows_.insert(rows_.begin(), TypedRow{own, subject_.type});
    return std::move(rows_);
  }

 private:
  // One scan over all types: they lie side by side.
  Result<void> gather_patient() {
    const Bytes prefix = views::compartment_prefix(subject_.id);
    KeyScan scan(moment_, prefix, views::after_prefix(prefix), views::Direction::forward);
    TypeSet by_date;
    for (; scan.valid(); scan.next()) {
      TRY_OK(moment_.budget.spend(1));
      const fhir::TypeId type{static_cast<std::uint8_t>(scan.key()[prefix.size()])};
      if (type.value >= fhir::type_count) {
        return fail(Code::corrupt, "a compartment holds a type that is none");
      }
      if (dates_.any() && care_date_of(moment_.params, type) != nullptr) {
        by_date.set(type.value);
      } else {
        rows_.push_back({scan.row(), type});
      }
    }
    TRY_OK(scan.status());
    for (std::uint8_t i = 0; i < fhir::type_count; ++i) {
      if (by_date[i]) {
        TRY_OK(gather_dated({i}));
      }
    }
    return ok();
  }

  // What has a date within the bounds, and what has none.
  Result<void> gather_dated(fhir::TypeId type) {
    const std::string_view param = care_date_of(moment_.params, type)->code;
    std::string within;
    if (!dates_.start.empty()) {
      within += fmt::format("{}=ge{}&", param, in_query(dates_.start));
    }
    if (!dates_.end.empty()) {
      within += fmt::format("{}=le{}", param, in_query(dates_.end));
    }
    TRY_OK(gather_found(type, within));
    return gather_found(type, fmt::format("{}:missing=true", param));
  }

  Result<void> gather_found(fhir::TypeId type, std::string_view query) {
    TRY(const Criteria criteria,
        parse(moment_.params, Scope{type, subject_.id}, query, Handling::strict, moment_.now));
    TRY(const auto finder, Finder::make(moment_, criteria.types.front(), criteria.scope));
    finder->begin(views::Direction::forward);
    for (;;) {
      TRY(const auto row, finder->settle());
      if (!row) {
        return ok();
      }
      rows_.push_back({*row, type});
      finder->next();
    }
  }

  // There is no index for this compartment: each parameter that the standard names is asked.
  Result<void> gather_by_references() {
    for (std::uint32_t i = 0; i < fhir::tables::compartment_count; ++i) {
      const fhir::CompartmentRow& compartment = fhir::tables::compartments[i];
      if (compartment.compartment != subject_.type.value) {
        continue;
      }
      const fhir::TypeId type{compartment.type};
      const std::string_view parameter =
          fhir::code(fhir::tables::search_parameters[compartment.parameter]);
      if (const fhir::SearchParam* param = moment_.params.find(type, parameter)) {
        TRY_OK(gather_referrers(*param, type));
      }
    }
    return ok();
  }

  Result<void> gather_referrers(const fhir::SearchParam& param, fhir::TypeId type) {
    for (const fhir::IndexUse& use : param.uses) {
      if (param.kind != fhir::ParamKind::reference || (use.only && *use.only != subject_.type)) {
        continue;
      }
      Bytes prefix = views::index_prefix(use.index);
      views::append_target(prefix, subject_.type, subject_.id);
      const RowsPtr rows = posting_rows(moment_, views::Direction::forward, prefix);
      for (; rows->valid(); rows->next()) {
        TRY_OK(moment_.budget.spend(1));
        rows_.push_back({rows->row(), type});
      }
      TRY_OK(rows->status());
    }
    return ok();
  }

  const Moment& moment_;
  const Subject& subject_;
  const CareDates& dates_;
  std::vector<TypedRow> rows_;
};

}  // namespace

Result<std::vector<TypedRow>> compartment_rows(const Source& source, const Snapshot& snapshot,
                                               const Subject& subject, const CareDates& dates) {
  TRY(const bool latest, is_latest(source, snapshot));
  TRY(const views::Current own, current_of(source, snapshot, subject));
  const Reading reading(source, snapshot, latest);
  return Gathering(reading.moment, subject, dates).run(own.row);
}

Result<std::vector<TypedRow>> patient_rows(const Source& source, const Snapshot& snapshot,
                                           RowId after, std::size_t count) {
  TRY(const bool latest, is_latest(source, snapshot));
  const Reading reading(source, snapshot, latest);
  const fhir::TypeId patient = type_named("Patient");
  const RowsPtr rows =
      posting_rows(reading.moment, views::Direction::forward, views::listing_prefix(patient));
  rows->seek(RowId{after.value + 1});
  std::vector<TypedRow> found;
  for (; rows->valid() && found.size() < count; rows->next()) {
    found.push_back({rows->row(), patient});
  }
  TRY_OK(rows->status());
  return found;
}

// ---- what is referred to ----------------------------------------------------------------------

namespace {

struct Link {
  fhir::TypeId type;
  std::string id;
  auto operator<=>(const Link&) const = default;
};

}  // namespace

struct Referred::Inside {
  Inside(const Source& source_, const Snapshot& snapshot_, const Subject& subject_)
      : source(source_), snapshot(snapshot_), subject(subject_) {}

  const Source& source;
  const Snapshot& snapshot;
  const Subject& subject;
  TypeSet of_patients = types_in_compartments_of(type_named("Patient"));
  bool is_patient = fhir::name(subject.type) == "Patient";
  std::set<Link> known;
  std::vector<Link> queue;
  Link last;  ///< neighbours often refer to the same

  // Whether such a link may lead to something that is shown.
  [[nodiscard]] bool may_follow(fhir::TypeId type, bool directly) const {
    return !of_patients[type.value] || (directly && !is_patient);
  }

  Result<void> add(BytesView resource, bool directly) {
    bool too_many = false;
    fhir::each_link(resource, [&](const fhir::LiteralReference& link) {
      if (!may_follow(link.type, directly) || (last.type == link.type && last.id == link.id)) {
        return;
      }
      last = {link.type, std::string(link.id)};
      if (known.insert(last).second) {
        queue.push_back(last);
        too_many = queue.size() > referred_max;
      }
    });
    return too_many ? Result<void>(fail(
                          Code::too_costly,
                          fmt::format("{}/{} refers to more than {} other resources; search for "
                                      "what is needed instead",
                                      fhir::name(subject.type), subject.id, referred_max)))
                    : ok();
  }
};

Referred::Referred(const Source& source, const Snapshot& snapshot, const Subject& subject)
    : inside_(std::make_unique<Inside>(source, snapshot, subject)) {}
Referred::~Referred() = default;

Result<void> Referred::add(BytesView resource) { return inside_->add(resource, true); }

Result<void> Referred::add_rows(const std::vector<TypedRow>& rows) {
  if (rows.size() > referring_max) {
    return fail(
        Code::too_costly,
        fmt::format("{}/{} has {} resources; what they refer to is looked up for at most {}: "
                    "search for what is needed instead",
                    fhir::name(inside_->subject.type), inside_->subject.id, rows.size(),
                    referring_max));
  }
  views::BodyScan scan(inside_->source.reader, inside_->source.codec, inside_->source.bodies);
  Bytes body;
  for (const TypedRow& row : rows) {
    body.clear();
    TRY([[maybe_unused]] const auto header, scan.append(body, row.row));
    TRY_OK(add(body));
  }
  return ok();
}

namespace {

/// The patient that an encounter is about; empty where it names none.
Result<std::string> patient_of(const Source& source, RowId encounter) {
  TRY(views::Body body, views::read_body(source.reader, source.codec, encounter));
  fhir::JsonReader reader;
  TRY(const fhir::Json json, reader.read(std::move(body.bytes)));
  const auto subject = json.root().find("subject");
  const auto reference = subject ? subject->find("reference") : std::nullopt;
  const std::string text = reference && reference->is_string() ? reference->text() : std::string();
  const auto link = fhir::parse_literal(text);
  return link && fhir::name(link->type) == "Patient" ? std::string(link->id) : std::string();
}

}  // namespace

Result<std::vector<TypedRow>> Referred::rows(const std::vector<TypedRow>& compartment) {
  Inside& in = *inside_;
  TRY(const bool latest, is_latest(in.source, in.snapshot));
  const Reading reading(in.source, in.snapshot, latest);
  std::string patient = in.subject.id;
  if (!in.is_patient) {
    TRY(patient, patient_of(in.source, compartment.front().row));
  }
  // The subject is first, the others are in order.
  const auto is_shown = [&](RowId row) {
    return row == compartment.front().row ||
           std::ranges::binary_search(compartment.begin() + 1, compartment.end(), row, {},
                                      &TypedRow::row);
  };
  std::set<RowId> shown;
  views::BodyScan scan(in.source.reader, in.source.codec, in.source.bodies);
  std::vector<TypedRow> found;
  Bytes body;
  for (std::size_t i = 0; i < in.queue.size(); ++i) {  // it grows meanwhile
    const Link link = in.queue[i];
    TRY(const auto current,
        views::read_as_of(in.source.reader, link.type, link.id, in.snapshot.row));
    if (!current || current->presence == views::Presence::deleted || is_shown(current->row) ||
        !shown.insert(current->row).second) {
      continue;
    }
    if (in.of_patients[link.type.value]) {
      TRY(const bool is_own,
          has_posting(reading.moment, views::compartment_prefix(patient, link.type), current->row));
      if (!is_own) {
        continue;
      }
    } else {
      body.clear();
      TRY([[maybe_unused]] const auto header, scan.append(body, current->row));
      TRY_OK(in.add(body, false));
    }
    found.push_back({current->row, link.type});
  }
  std::ranges::sort(found, {}, &TypedRow::row);
  return found;
}

}  // namespace holdfast::search
