// clinical/blood_record.h: what the record says of somebody who is to have blood: groups,
// antibodies, special requirements, samples, units; and what speaks against it, in sentences that a
// nurse reads. Codes are those of clinical/blood.toml. What is there and not understood is said,
// never left out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "clinical/blood.h"
#include "fhir/json.h"

namespace holdfast::clinical {

/// A determination of the group, or of one half of it.
struct GroupSeen {
  std::optional<Abo> abo;
  std::optional<RhD> rhd;
  std::string said;      ///< what could not be read, as it was sent; else empty
  Time taken;            ///< of the sample
  std::string source;    ///< "Observation/7"
  Time taken_until;      ///< `taken` may mean any moment before: of a day, all of that day
  std::string specimen;  ///< "Specimen/7", or its number; empty where none is named
};
/// That a group was determined from.
struct SpecimenSeen {
  std::string source;                  ///< as GroupSeen.specimen names it
  std::vector<std::string> part_of;    ///< Specimen.parent
  std::string collector;               ///< "Practitioner/7", or a number; empty where not known
  std::optional<TimeRange> collected;  ///< may have been collected within
  /// The patient was identified by an electronic system at the bedside (clinical/blood.toml).
  bool is_identified_electronically = false;
};
struct AntibodySeen {
  std::string name;  ///< as it was sent: "anti-K"
  bool is_anti_d = false;
  std::optional<Time> seen;
  std::string source;
};
struct RequirementSeen {
  Requirement what{};
  std::string source;
};
struct HistorySeen {
  bool transfused_or_pregnant = false;  ///< or explicitly not
  Time at;
  std::string what;  ///< "pregnant"
  std::string source;
};
struct SampleSeen {
  Time taken;
  std::string source;
};
struct UnitSeen {
  BloodUnit unit;
  bool is_compared = true;  ///< the tables have a row for what it is
  std::string name;         ///< its donation number; may be empty
  std::string source;
};

struct BloodRecord {
  std::vector<GroupSeen> groups;
  std::vector<SpecimenSeen> specimens;  ///< of the groups, as far as they are in the record
  std::vector<AntibodySeen> antibodies;
  std::vector<RequirementSeen> requirements;
  std::vector<HistorySeen> history;
  std::vector<SampleSeen> samples;    ///< of this request
  std::vector<UnitSeen> units;        ///< for this request, and not back
  std::vector<std::string> not_read;  ///< types of which there is more than was read
  std::optional<Time> wanted;         ///< when the request wants it
};

/// Whether an Observation, Condition, Flag, Procedure or Specimen says anything of this.
[[nodiscard]] bool speaks_of_blood(const BloodTable& table, fhir::JsonValue resource);
/// Adds what a resource says: one of those; the ServiceRequest itself; a Specimen or a
/// BiologicallyDerivedProduct of it. What was entered in error says nothing. `received`: when, of
/// what has no time.
void read_blood_fact(const BloodTable& table, fhir::JsonValue resource, std::string_view source,
                     Time received, BloodRecord& to);

/// The specimen that an Observation is of, as GroupSeen.specimen. `source`: reference to the
/// Observation.
[[nodiscard]] std::string specimen_of(fhir::JsonValue observation, std::string_view source);
/// What a Specimen says of who collected it, and when; nothing for another resource and for what
/// was entered in error.
[[nodiscard]] std::optional<SpecimenSeen> read_specimen(const BloodTable& table,
                                                        fhir::JsonValue resource,
                                                        std::string_view source);

enum class BloodNoteKind : std::uint8_t {
  group,
  antibody,
  requirement,
  sample,
  unit,
  note,
  warning
};
/// "warning"
[[nodiscard]] std::string_view name(BloodNoteKind kind);

struct BloodNote {
  BloodNoteKind kind{};
  std::string text;    ///< a sentence
  std::string source;  ///< reference; empty for none
  bool operator==(const BloodNote&) const = default;
};

struct BloodPatient {
  Sex sex = Sex::unknown;
  std::optional<std::int64_t> age_years;
  Urgency urgency = Urgency::planned;
};

/// The newest sample of the request; null where there is none.
[[nodiscard]] const SampleSeen* newest_sample(const BloodRecord& record);
/// Transfused or pregnant within three months before a sample was taken.
struct SampleHistory {
  Known known = Known::unknown;
  const HistorySeen* because = nullptr;  ///< of yes: the first that says so
};
/// What is later than the sample counts too, if it began before.
[[nodiscard]] SampleHistory history_before(const BloodTable& table, const BloodRecord& record,
                                           Time taken);
/// The first moment at which the newest sample is valid no longer; nothing where there is none, or
/// where it does not last until `transfusion` or the time when the request wants the blood: then
/// the review warns already.
[[nodiscard]] std::optional<Time> sample_expires(const BloodTable& table, const BloodRecord& record,
                                                 Time transfusion);

/// All that is to be shown of it, in the order in which it is read; warnings last. `transfusion`:
/// now; it is meant to begin then, or when the request wants it, if that is later. The same record
/// gives the same, however it is sorted.
[[nodiscard]] std::vector<BloodNote> review_blood(const BloodTable& table, BloodRecord record,
                                                  const BloodPatient& patient, Time transfusion);
/// The same of units that are to be given, each by itself: the newest group of the patient,
/// whatever makes it doubtful, antibodies, requirements, and how `record.units` go with them.
/// Samples and how many there are is a matter of the request. `patient`: nothing where it is not
/// known who it is.
[[nodiscard]] std::vector<BloodNote> review_unit(const BloodTable& table, BloodRecord record,
                                                 const std::optional<BloodPatient>& patient);

}  // namespace holdfast::clinical
