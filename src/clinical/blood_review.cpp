// clinical/blood_review.cpp: what is shown of a patient who is to have blood, and what speaks
// against the group, the sample and each unit. Notes are to be known; warnings are to be answered
// by whoever goes on in spite of them.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/time.h"
#include "clinical/blood_record.h"

namespace holdfast::clinical {
namespace {

constexpr std::array<std::string_view, 7> kind_names{"group", "antibody", "requirement", "sample",
                                                     "unit",  "note",     "warning"};
constexpr std::int64_t day_ms = 86'400'000;
/// Of groups, the newest are shown one by one; all of them are compared.
constexpr std::size_t groups_shown_max = 8;

using Kind = BloodNoteKind;

std::string day_of(Time time) { return to_instant(time).substr(0, 10); }
std::string minute_of(Time time) {
  std::string text = to_instant(time).substr(0, 16);
  text[10] = ' ';
  return text + " UTC";
}

std::string rhd_text(RhD rhd) { return rhd == RhD::positive ? "RhD-positive" : "RhD-negative"; }

std::string text(const GroupSeen& seen) {
  if (!seen.abo && !seen.rhd) {
    return fmt::format("'{}', which is not understood", seen.said);
  }
  return fmt::format("{} {}", seen.abo ? std::string(name(*seen.abo)) : "ABO not said",
                     seen.rhd ? rhd_text(*seen.rhd) : "RhD not said");
}

std::string with_day(const GroupSeen& seen) {
  return fmt::format("{} of {} ({})", text(seen), day_of(seen.taken), seen.source);
}

class Review {
 public:
  Review(const BloodTable& table, BloodRecord record, const BloodPatient& patient, Time transfusion)
      : table_(table),
        record_(std::move(record)),
        patient_(patient),
        transfusion_(std::max(transfusion, record_.wanted.value_or(transfusion))) {
    recipient_.sex = patient.sex;
    recipient_.age_years = patient.age_years;
  }

  std::vector<BloodNote> run() {
    groups();
    antibodies();
    requirements();
    sample();
    units();
    return finish();
  }

  /// Of one unit: what it is compared with, and what comes of it.
  std::vector<BloodNote> run_unit() {
    scope_ = Scope::unit;
    groups();
    antibodies();
    requirements();
    units();
    return finish();
  }

  std::vector<BloodNote> run_unit_of_nobody() {
    scope_ = Scope::unit_of_nobody;
    units();
    return finish();
  }

 private:
  enum class Scope : std::uint8_t { request, unit, unit_of_nobody };

  std::vector<BloodNote> finish() {
    for (const std::string& type : record_.not_read) {
      say(Kind::note, fmt::format("More of {} is on file than was read: not all is shown", type));
    }
    if (table_.edition.is_draft()) {
      say(Kind::note, fmt::format("by {}", table_.edition.text()));
    }
    std::ranges::move(warnings_, std::back_inserter(notes_));
    return std::move(notes_);
  }

  void say(Kind kind, std::string what, std::string source = {}) {
    BloodNote note{kind, std::move(what), std::move(source)};
    auto& to = kind == Kind::warning ? warnings_ : notes_;
    if (std::ranges::find(to, note) == to.end()) {
      to.push_back(std::move(note));
    }
  }

  /// The two halves of one sample are one group.
  void join_halves() {
    auto& all = record_.groups;
    std::ranges::sort(all, {}, [](const GroupSeen& one) {
      return std::tuple(-one.taken.ms, one.source, one.abo, one.rhd, one.said);
    });
    std::vector<GroupSeen> joined;
    for (GroupSeen& one : all) {
      if (!joined.empty() && joined.back().taken == one.taken && one.said.empty() &&
          joined.back().said.empty() && (!joined.back().abo || !one.abo) &&
          (!joined.back().rhd || !one.rhd)) {
        joined.back().specimen = one.abo ? one.specimen : joined.back().specimen;
        joined.back().abo = joined.back().abo ? joined.back().abo : one.abo;
        joined.back().rhd = joined.back().rhd ? joined.back().rhd : one.rhd;
        continue;
      }
      joined.push_back(std::move(one));
    }
    all = std::move(joined);
  }

  /// The newest that differs from the newest of all, in what both of them say.
  [[nodiscard]] const GroupSeen* other_group() const {
    for (std::size_t i = 0; i < record_.groups.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        const GroupSeen& a = record_.groups[i];
        const GroupSeen& b = record_.groups[j];
        if ((a.abo && b.abo && a.abo != b.abo) || (a.rhd && b.rhd && a.rhd != b.rhd)) {
          return &a;
        }
      }
    }
    return nullptr;
  }

  void groups() {
    join_halves();
    std::optional<Abo> abo;
    std::optional<RhD> rhd;
    std::vector<GroupSample> samples;
    for (std::size_t i = 0; i < record_.groups.size(); ++i) {
      const GroupSeen& one = record_.groups[i];
      abo = abo ? abo : one.abo;
      rhd = rhd ? rhd : one.rhd;
      if (one.abo) {
        samples.push_back(sample_of(one));
      }
      if (i < (scope_ == Scope::unit ? 1 : groups_shown_max)) {
        say(Kind::group, fmt::format("{}, sampled {}", text(one), day_of(one.taken)), one.source);
      }
    }
    if (scope_ == Scope::request && record_.groups.size() > groups_shown_max) {
      say(Kind::note, fmt::format("{} older groups are not shown, and were compared",
                                  record_.groups.size() - groups_shown_max));
    }
    if (abo) {
      recipient_.group = Group{*abo, rhd.value_or(RhD::negative)};
      if (!rhd) {
        say(Kind::note, "RhD is not known: taken as negative");
      }
    }
    doubts(abo.has_value());
    if (scope_ == Scope::request && !samples.empty()) {
      two_samples(samples);
    }
  }

  /// When and by whom it was taken is what its specimen says, where that is known.
  [[nodiscard]] GroupSample sample_of(const GroupSeen& group) const {
    GroupSample sample{group.taken, {}, group.taken_until, {}};
    if (group.specimen.empty()) {
      return sample;
    }
    sample.specimens.push_back(group.specimen);
    if (const SpecimenSeen* const its = specimen(group)) {
      std::ranges::copy(its->part_of, std::back_inserter(sample.specimens));
      sample.taken_by = its->collector;
      if (its->collected) {
        sample.taken = its->collected->from;
        sample.taken_until = its->collected->until;
      }
    }
    return sample;
  }

  [[nodiscard]] const SpecimenSeen* specimen(const GroupSeen& group) const {
    const auto found = std::ranges::find(record_.specimens, group.specimen, &SpecimenSeen::source);
    return group.specimen.empty() || found == record_.specimens.end() ? nullptr : &*found;
  }

  /// The newest group, from a sample with which the patient was identified electronically.
  [[nodiscard]] const SpecimenSeen* identified() const {
    for (const GroupSeen& one : record_.groups) {
      const SpecimenSeen* const its = one.abo ? specimen(one) : nullptr;
      if (its != nullptr && its->is_identified_electronically) {
        return its;
      }
    }
    return nullptr;
  }

  void two_samples(const std::vector<GroupSample>& samples) {
    for (const BloodWarning& one : two_sample_warnings({false, false, patient_.urgency}, samples)) {
      if (one.kind == BloodWarningKind::one_collector) {
        say(Kind::note, fmt::format("The group is known from two samples: {}", one.what));
      } else if (const SpecimenSeen* const safe = identified()) {
        say(Kind::note,
            "The patient was identified electronically when the sample was taken: no second is "
            "asked for",
            safe->source);
      } else {
        say(patient_.urgency == Urgency::emergency ? Kind::note : Kind::warning,
            fmt::format("The group is known from one sample only: {}", one.what));
      }
    }
  }

  void doubts(bool known) {
    if (const GroupSeen* const other = other_group()) {
      recipient_.doubt = GroupDoubt::differs_from_history;
      const auto newest = std::ranges::find_if(record_.groups, [&](const GroupSeen& one) {
        return (one.abo && other->abo && one.abo != other->abo) ||
               (one.rhd && other->rhd && one.rhd != other->rhd);
      });
      say(Kind::warning,
          fmt::format("The group differs: {}, and {}", with_day(*newest), with_day(*other)));
    } else if (!record_.groups.empty() && !record_.groups.front().said.empty()) {
      recipient_.doubt = GroupDoubt::undetermined;
      say(Kind::warning,
          fmt::format("The newest group cannot be read: {}", with_day(record_.groups.front())));
    }
    if (known && recipient_.doubt == GroupDoubt::none) {
      return;
    }
    const BloodChoice choice = emergency_red_cells(table_, recipient_);
    say(Kind::note, fmt::format("{}: red cells {} {}{} ({}), plasma {}",
                                known ? "Until the group is explained" : "No group on file",
                                name(choice.abo.front().front()), rhd_text(choice.rhd),
                                choice.k_negative ? ", K-negative" : "", choice.why,
                                name(table_.plasma_in_doubt)));
  }

  void antibodies() {
    auto& all = record_.antibodies;
    std::ranges::sort(all, {}, [](const AntibodySeen& one) {
      return std::tuple(one.name, -one.seen.value_or(Time{}).ms, one.source);
    });
    std::string last;
    for (const AntibodySeen& one : all) {
      recipient_.immune_anti_d = recipient_.immune_anti_d || one.is_anti_d;
      if (one.name == last) {
        continue;  // the newest of that name is said
      }
      last = one.name;
      say(Kind::antibody,
          fmt::format("{}, seen {}: the laboratory selects units without the antigen", one.name,
                      one.seen ? day_of(*one.seen) : "at an unknown time"),
          one.source);
    }
  }

  void requirements() {
    auto& all = record_.requirements;
    std::ranges::sort(all, {},
                      [](const RequirementSeen& one) { return std::tuple(one.what, one.source); });
    for (std::size_t i = 0; i < all.size(); ++i) {
      recipient_.needs_irradiated |= all[i].what == Requirement::irradiated;
      recipient_.needs_cmv_negative |= all[i].what == Requirement::cmv_negative;
      recipient_.needs_k_negative |= all[i].what == Requirement::k_negative;
      if (i == 0 || all[i - 1].what != all[i].what) {
        say(Kind::requirement, fmt::format("needs {} units", name(all[i].what)), all[i].source);
      }
    }
  }

  void sample() {
    std::ranges::sort(record_.history, {}, [](const HistorySeen& one) {
      return std::tuple(-one.at.ms, one.what, one.source);
    });
    const SampleSeen* const newest = newest_sample(record_);
    if (newest == nullptr) {
      say(Kind::note, "No sample for this request is known here");
      return;
    }
    const SampleHistory history = history_before(table_, record_, newest->taken);
    if (history.because != nullptr) {
      say(Kind::note,
          fmt::format("{} within {} days before the sample", history.because->what,
                      table_.history_days),
          history.because->source);
    }
    const Sample sample{newest->taken, table_.stored, history.known};
    say(Kind::sample,
        fmt::format("taken {}, valid until {}", minute_of(sample.taken),
                    minute_of(sample_valid_until(table_, sample))),
        newest->source);
    for (const BloodWarning& one : sample_warnings(table_, sample, transfusion_)) {
      switch (one.kind) {
        case BloodWarningKind::sample_expired:
          say(Kind::warning, fmt::format("The sample has expired: {}", one.what), newest->source);
          break;
        case BloodWarningKind::draft_table: break;  // said once
        default: say(Kind::note, one.what, newest->source); break;
      }
    }
  }

  void units() {
    std::ranges::sort(record_.units, {}, &UnitSeen::source);
    for (const UnitSeen& one : record_.units) {
      const std::string called = one.name.empty() ? "A unit" : "Unit " + one.name;
      say(Kind::unit,
          fmt::format("{}, {}: {}", called,
                      one.is_compared ? name(one.unit.component) : "not compared by any table",
                      one.unit.group ? clinical::text(*one.unit.group) : "group not said"),
          one.source);
      if (scope_ == Scope::unit_of_nobody) {
        say(Kind::note, called + " is for a patient who is not known here: compared with nobody");
      }
      if (!one.is_compared || scope_ == Scope::unit_of_nobody) {
        continue;
      }
      for (const BloodWarning& warning : unit_warnings(table_, recipient_, one.unit)) {
        if (warning.kind == BloodWarningKind::draft_table ||
            warning.kind == BloodWarningKind::antibody) {
          continue;  // said once of all
        }
        say(kind_of(warning.kind), fmt::format("{}: {}", called, warning.what), one.source);
      }
    }
  }

  /// What only shows that another choice would be preferred, or that something is not known, is
  /// read and not answered.
  [[nodiscard]] Kind kind_of(BloodWarningKind kind) const {
    switch (kind) {
      case BloodWarningKind::abo_incompatible:
      case BloodWarningKind::rhd_mismatch:
      case BloodWarningKind::not_irradiated:
      case BloodWarningKind::not_cmv_negative: return Kind::warning;
      case BloodWarningKind::k_not_negative:
        return recipient_.needs_k_negative ? Kind::warning : Kind::note;
      default: return Kind::note;
    }
  }

  const BloodTable& table_;
  BloodRecord record_;
  const BloodPatient& patient_;
  const Time transfusion_;
  Scope scope_ = Scope::request;
  Recipient recipient_;
  std::vector<BloodNote> notes_;
  std::vector<BloodNote> warnings_;
};

}  // namespace

std::string_view name(BloodNoteKind kind) { return kind_names[static_cast<std::size_t>(kind)]; }

std::vector<BloodNote> review_blood(const BloodTable& table, BloodRecord record,
                                    const BloodPatient& patient, Time transfusion) {
  return Review(table, std::move(record), patient, transfusion).run();
}

std::vector<BloodNote> review_unit(const BloodTable& table, BloodRecord record,
                                   const std::optional<BloodPatient>& patient) {
  const BloodPatient nobody;
  return patient ? Review(table, std::move(record), *patient, Time{}).run_unit()
                 : Review(table, std::move(record), nobody, Time{}).run_unit_of_nobody();
}

}  // namespace holdfast::clinical
