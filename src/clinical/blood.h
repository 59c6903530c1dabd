// clinical/blood.h: what the written policy says of groups, units and samples. The laboratory
// decides: these functions say which groups are preferred and what speaks against a unit or a
// sample, as a list of warnings. None of them can refuse, and an empty list permits nothing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "clinical/edition.h"
#include "clinical/observation.h"

namespace holdfast::clinical {

enum class Abo : std::uint8_t { o, a, b, ab };
enum class RhD : std::uint8_t { negative, positive };
/// "AB", "O"
[[nodiscard]] std::string_view name(Abo abo);

struct Group {
  Abo abo{};
  RhD rhd{};
  bool operator==(const Group&) const = default;
};
/// "A RhD-negative"
[[nodiscard]] std::string text(const Group& group);

// ---- the table ----

/// Groups in the order of preference; those of one step are as good as each other.
using Preference = std::vector<std::vector<Abo>>;

enum class Component : std::uint8_t { red_cells, plasma, platelets, cryoprecipitate };
/// "red cells"
[[nodiscard]] std::string_view name(Component component);
enum class Storage : std::uint8_t { unknown, room_temperature, refrigerated };
/// What a patient may need of units beside their group.
enum class Requirement : std::uint8_t { irradiated, cmv_negative, k_negative };
/// "CMV-negative"
[[nodiscard]] std::string_view name(Requirement requirement);

/// Codes, and words that are taken for the same: in any case of letters.
struct Said {
  std::vector<Coding> codes;
  std::vector<std::string> words;  ///< in lower case
};

/// Which codes of the record say what (clinical/blood_record.h).
struct BloodCodes {
  /// Of Observation.code: the whole group, one half of it, antibodies, pregnancy, and the question
  /// whether there was a transfusion or pregnancy of late.
  std::vector<Coding> group, abo, rhd, antibody, pregnancy_status, history_asked;
  std::vector<Coding> pregnant;     ///< answer, or Condition.code
  std::vector<Coding> transfusion;  ///< Procedure.code
  /// Specimen.collection.method; none: nobody records it.
  std::vector<Coding> electronic_identification;
  struct Answer {
    std::optional<Abo> abo;
    std::optional<RhD> rhd;
    Said said;
  };
  std::vector<Answer> answers;  ///< in the order in which they are tried
  Said no_antibody;
  Said immune_anti_d;
  struct Required {
    Requirement what{};
    Said said;
  };
  std::vector<Required> requirements;
  /// Extensions of BiologicallyDerivedProduct.
  std::string unit_group, unit_testing, unit_status;
  std::vector<std::string> units_back;  ///< dispense statuses of units that are with nobody
  /// BiologicallyDerivedProduct.productCode; what is in none of them is taken for red cells.
  std::vector<Coding> plasma, platelets, cryoprecipitate;
  std::vector<Coding> not_compared;  ///< … that the tables have no row for
};

struct BloodTable {
  Edition edition;
  BloodCodes codes;
  std::int64_t history_days = 0;        ///< "three months" before the sample
  Storage stored = Storage::unknown;    ///< how the laboratory keeps samples
  bool record_is_complete = false;      ///< nothing recorded means that there was nothing
  std::array<Preference, 4> red_cells;  ///< by the patient's Abo
  std::array<Preference, 4> plasma;     ///< and cryoprecipitate
  std::array<Preference, 4> platelets;  ///< a group that is not named is not warned of
  /// Components of which the patient may need irradiated or CMV-negative units.
  std::vector<Component> special;
  Abo red_cells_in_doubt{};
  Abo plasma_in_doubt{};
  std::int64_t child_bearing_below = 0;  ///< years
  std::int64_t rhd_negative_below = 0;
  std::int64_t child_below = 0;
  std::int64_t transfused_or_pregnant_hours = 0;
  std::int64_t refrigerated_hours = 0;
  std::int64_t room_temperature_hours = 0;
  std::int64_t fate_kept_years = 0;
};

/// "red cells" of a table. Code::value names the line of what is no component.
[[nodiscard]] Result<Component> component_in(Fields& row, std::string_view text);
/// The part of the table that says which codes are what. Refuses a code or word that says two
/// things.
[[nodiscard]] Result<void> read_blood_codes(BloodTable& to, Fields& fields);
/// Refuses with FILE:LINE a patient's group that is missing or twice, a preference that does not
/// begin with the group itself, or that would be incompatible by ABO.
[[nodiscard]] Result<BloodTable> read_blood(std::string_view text, std::string_view file);

// ---- who, and what is given ----

enum class Sex : std::uint8_t { unknown, female, male };
enum class Known : std::uint8_t { unknown, no, yes };
/// What is wrong with a group that was determined, if anything is.
enum class GroupDoubt : std::uint8_t {
  none,
  undetermined,
  discrepant,           ///< forward and reverse group differ
  mixed_field,          ///< unexplained
  differs_from_history  ///< of the group on file
};

struct Recipient {
  std::optional<Group> group;
  GroupDoubt doubt = GroupDoubt::none;
  Sex sex = Sex::unknown;
  std::optional<std::int64_t> age_years;
  bool immune_anti_d = false;
  bool repeated_transfusion = false;    ///< likely to need it
  std::vector<std::string> antibodies;  ///< on file, ever: "anti-K"
  bool needs_irradiated = false;
  bool needs_cmv_negative = false;
  bool needs_k_negative = false;
};

struct BloodUnit {
  Component component = Component::red_cells;
  std::optional<Group> group;
  Known k_negative = Known::unknown;
  Known irradiated = Known::unknown;
  Known cmv_negative = Known::unknown;
};

enum class BloodWarningKind : std::uint8_t {
  group_unknown,         ///< of the patient or the unit
  group_in_doubt,        ///< the group in the request cannot be relied on
  abo_incompatible,      ///< not among the groups of the policy
  abo_not_first_choice,  ///< another group would be preferred
  rhd_mismatch,          ///< RhD-positive for somebody who should have negative
  rhd_not_first_choice,  ///< RhD-positive for an RhD-negative patient who may have it
  k_not_negative,
  antibody,        ///< on file: needs units without the antigen; the laboratory's task
  not_irradiated,  ///< or not known to be
  not_cmv_negative,
  sample_expired,
  sample_time,  ///< taken later than it is used
  sample_history_unknown,
  second_sample,
  one_collector,  ///< of both samples
  draft_table
};

struct BloodWarning {
  BloodWarningKind kind{};
  std::string what;  ///< a sentence
};
using BloodWarnings = std::vector<BloodWarning>;

// ---- what the policy says ----

/// The doubt that a group just determined gives rise to beside the one on file.
[[nodiscard]] GroupDoubt compare_groups(const std::optional<Group>& determined,
                                        const std::optional<Group>& on_file);

struct BloodChoice {
  Preference abo;
  RhD rhd{};
  bool k_negative = false;
  std::string why;
};
/// Group known and not in doubt: by the table; else as in an emergency.
[[nodiscard]] BloodChoice preferred_red_cells(const BloodTable& table, const Recipient& recipient);
[[nodiscard]] Preference preferred_plasma(const BloodTable& table, const Recipient& recipient);
/// Before any group is known. Sex or age not known: RhD-negative, K-negative.
[[nodiscard]] BloodChoice emergency_red_cells(const BloodTable& table, const Recipient& recipient);

/// What speaks against this unit for this patient: group, RhD, K, antibodies, special requirements.
[[nodiscard]] BloodWarnings unit_warnings(const BloodTable& table, const Recipient& recipient,
                                          const BloodUnit& unit);

struct Sample {
  Time taken;
  Storage storage = Storage::unknown;
  Known transfused_or_pregnant = Known::unknown;  ///< within three months before it was taken
};
/// Until when units may be matched against it: the shortest that applies.
[[nodiscard]] Time sample_valid_until(const BloodTable& table, const Sample& sample);
/// `transfusion`: when the transfusion is meant to begin.
[[nodiscard]] BloodWarnings sample_warnings(const BloodTable& table, const Sample& sample,
                                            Time transfusion);

struct GroupSample {
  Time taken;
  std::string taken_by;  ///< who; empty where not known
  /// `taken` may mean any moment before; nothing: it is that moment.
  std::optional<Time> taken_until;
  std::vector<std::string> specimens;  ///< that it is, or is a part of
};
enum class Urgency : std::uint8_t { planned, emergency };
struct TwoSamples {
  bool group_on_file = false;              ///< from an earlier occasion
  bool electronic_identification = false;  ///< secure, at the bedside
  Urgency urgency = Urgency::planned;
};
/// The two-sample rule (BSH 2012). A warning also in an emergency, which it says must not wait. Of
/// one specimen, or taken at moments that may be one, they are one sample, whoever is said to have
/// taken them.
[[nodiscard]] BloodWarnings two_sample_warnings(const TwoSamples& known,
                                                std::span<const GroupSample> samples);

}  // namespace holdfast::clinical
