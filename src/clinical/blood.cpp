#include "clinical/blood.h"

#include <algorithm>

#include <fmt/format.h>

namespace holdfast::clinical {
namespace {

constexpr std::array<std::string_view, 4> abo_names{"O", "A", "B", "AB"};
constexpr std::array<std::string_view, 4> component_names{"red cells", "plasma", "platelets",
                                                          "cryoprecipitate"};
constexpr std::array<std::string_view, 3> requirement_names{"irradiated", "CMV-negative",
                                                            "K-negative"};
constexpr std::int64_t hour_ms = 3'600'000;

std::size_t index(Abo abo) { return static_cast<std::size_t>(abo); }

void warn(BloodWarnings& to, BloodWarningKind kind, std::string what) {
  to.push_back({kind, std::move(what)});
}

void warn_of_draft(BloodWarnings& to, const Edition& edition) {
  if (edition.is_draft()) {
    warn(to, BloodWarningKind::draft_table, fmt::format("by {}", edition.text()));
  }
}

bool is_reliable(const Recipient& recipient) {
  return recipient.group && recipient.doubt == GroupDoubt::none;
}

std::string_view doubt_text(GroupDoubt doubt) {
  switch (doubt) {
    case GroupDoubt::none: return "not known";
    case GroupDoubt::undetermined: return "undetermined";
    case GroupDoubt::discrepant: return "discrepant";
    case GroupDoubt::mixed_field: return "of a mixed field that is not explained";
    case GroupDoubt::differs_from_history: return "not the one on file";
  }
  return "";
}

/// Girls and women of child-bearing age. Where the age is not known she may be one.
bool may_bear_children(const BloodTable& table, const Recipient& recipient) {
  return recipient.sex == Sex::female &&
         (!recipient.age_years || *recipient.age_years < table.child_bearing_below);
}

/// Why an RhD-negative patient must not be made RhD-immune; empty where positive may be given.
std::string negative_because(const BloodTable& table, const Recipient& recipient) {
  if (recipient.immune_anti_d) {
    return "immune anti-D";
  }
  if (recipient.sex == Sex::unknown || !recipient.age_years) {
    return "sex or age is not known";
  }
  if (*recipient.age_years < table.rhd_negative_below) {
    return fmt::format("under {} years", table.rhd_negative_below);
  }
  if (may_bear_children(table, recipient)) {
    return fmt::format("a woman under {} years", table.child_bearing_below);
  }
  return recipient.repeated_transfusion ? "likely to need repeated transfusion" : "";
}

BloodWarnings against_abo(const BloodTable& table, const Recipient& recipient,
                          const BloodUnit& unit) {
  BloodWarnings all;
  const bool red = unit.component == Component::red_cells;
  if (!unit.group) {
    warn(all, BloodWarningKind::group_unknown, "the group of the unit is not known");
    return all;
  }
  if (!is_reliable(recipient)) {
    warn(all,
         recipient.doubt == GroupDoubt::none ? BloodWarningKind::group_unknown
                                             : BloodWarningKind::group_in_doubt,
         fmt::format("the patient's group is {}: {} of group {}", doubt_text(recipient.doubt),
                     name(unit.component),
                     name(red ? table.red_cells_in_doubt : table.plasma_in_doubt)));
  }
  const Preference preference =
      red ? preferred_red_cells(table, recipient).abo : preferred_plasma(table, recipient);
  for (std::size_t step = 0; step < preference.size(); ++step) {
    if (std::ranges::find(preference[step], unit.group->abo) == preference[step].end()) {
      continue;
    }
    if (step != 0) {
      warn(all, BloodWarningKind::abo_not_first_choice,
           fmt::format("group {} is not the first choice", name(unit.group->abo)));
    }
    return all;
  }
  warn(all, BloodWarningKind::abo_incompatible,
       fmt::format("group {} is not among those for this patient", name(unit.group->abo)));
  return all;
}

/// Whether antibodies in the plasma of such a unit meet antigens of the patient.
bool meets_antigens(Abo patient, Abo unit) {
  const auto has = [](Abo group, Abo antigen) { return group == antigen || group == Abo::ab; };
  return std::ranges::any_of(std::array{Abo::a, Abo::b}, [&](Abo antigen) {
    return has(patient, antigen) && !has(unit, antigen);
  });
}

/// Platelets of every group may be given: what is better is said, and nothing is warned of.
BloodWarnings against_abo_of_platelets(const BloodTable& table, const Recipient& recipient,
                                       const BloodUnit& unit) {
  BloodWarnings all;
  if (!unit.group) {
    warn(all, BloodWarningKind::group_unknown, "the group of the unit is not known");
  } else if (!is_reliable(recipient)) {
    warn(all,
         recipient.doubt == GroupDoubt::none ? BloodWarningKind::group_unknown
                                             : BloodWarningKind::group_in_doubt,
         fmt::format("the patient's group is {}: which group of platelets is better cannot be said",
                     doubt_text(recipient.doubt)));
  } else if (unit.group->abo != recipient.group->abo) {
    const Preference& order = table.platelets[index(recipient.group->abo)];
    const auto step = std::ranges::find_if(order, [&](const std::vector<Abo>& together) {
      return std::ranges::find(together, unit.group->abo) != together.end();
    });
    warn(all, BloodWarningKind::abo_not_first_choice,
         fmt::format("group {} is {}{}", name(unit.group->abo),
                     step == order.end() ? "none that the table names" : "not the first choice",
                     meets_antigens(recipient.group->abo, unit.group->abo)
                         ? ", and only of units without high-titre anti-A and anti-B"
                         : ""));
  }
  return all;
}

/// A few red cells come with platelets.
void warn_of_rhd_of_platelets(BloodWarnings& to, const BloodTable& table,
                              const Recipient& recipient, const BloodUnit& unit) {
  const bool is_positive = is_reliable(recipient) && recipient.group->rhd == RhD::positive;
  if (!unit.group || unit.group->rhd != RhD::positive || is_positive) {
    return;
  }
  // Immune anti-D and repeated transfusion are reasons of red cells: here no source names them.
  Recipient only = recipient;
  only.immune_anti_d = false;
  only.repeated_transfusion = false;
  const std::string because = negative_because(table, only);
  warn(to,
       because.empty() ? BloodWarningKind::rhd_not_first_choice : BloodWarningKind::rhd_mismatch,
       fmt::format("RhD-positive; negative is preferred: the patient is {}{}{}",
                   is_reliable(recipient) ? "RhD-negative" : "of a group that is not certain",
                   because.empty() ? "" : ", ", because));
}

void warn_of_rhd_and_k(BloodWarnings& to, const BloodTable& table, const Recipient& recipient,
                       const BloodUnit& unit) {
  const BloodChoice choice = preferred_red_cells(table, recipient);
  if (unit.group && unit.group->rhd == RhD::positive && choice.rhd == RhD::negative) {
    const bool should = !is_reliable(recipient) || !negative_because(table, recipient).empty();
    warn(to, should ? BloodWarningKind::rhd_mismatch : BloodWarningKind::rhd_not_first_choice,
         fmt::format("RhD-positive; negative is preferred: {}", choice.why));
  }
  if (choice.k_negative && unit.k_negative != Known::yes) {
    warn(to, BloodWarningKind::k_not_negative,
         unit.k_negative == Known::no ? "K-positive; K-negative is preferred"
                                      : "not known to be K-negative, which is preferred");
  }
}

}  // namespace

std::string_view name(Abo abo) { return abo_names[index(abo)]; }

std::string_view name(Component component) {
  return component_names[static_cast<std::size_t>(component)];
}

Result<Component> component_in(Fields& row, std::string_view text) {
  const auto found = std::ranges::find(component_names, text);
  if (found == component_names.end()) {
    return row.wrong(
        fmt::format("'{}' is no component: red cells, plasma, platelets or cryoprecipitate", text));
  }
  return static_cast<Component>(found - component_names.begin());
}

std::string_view name(Requirement requirement) {
  return requirement_names[static_cast<std::size_t>(requirement)];
}

std::string text(const Group& group) {
  return fmt::format("{} RhD-{}", name(group.abo),
                     group.rhd == RhD::positive ? "positive" : "negative");
}

GroupDoubt compare_groups(const std::optional<Group>& determined,
                          const std::optional<Group>& on_file) {
  if (!determined) {
    return GroupDoubt::undetermined;
  }
  return on_file && *on_file != *determined ? GroupDoubt::differs_from_history : GroupDoubt::none;
}

BloodChoice emergency_red_cells(const BloodTable& table, const Recipient& recipient) {
  BloodChoice choice;
  choice.abo = {{table.red_cells_in_doubt}};
  const bool child = recipient.age_years && *recipient.age_years < table.child_below;
  const bool not_known = recipient.sex == Sex::unknown || !recipient.age_years;
  choice.rhd = RhD::negative;
  choice.k_negative = true;
  if (child) {
    choice.why = fmt::format("under {} years", table.child_below);
  } else if (not_known) {
    choice.why = "sex or age is not known";
  } else if (may_bear_children(table, recipient)) {
    choice.why = fmt::format("a woman under {} years", table.child_bearing_below);
  } else {
    choice.rhd = RhD::positive;
    choice.k_negative = false;
    choice.why = recipient.sex == Sex::male ? "a man" : "a woman past the age limit";
  }
  if (recipient.immune_anti_d) {
    choice.rhd = RhD::negative;
    choice.why = "immune anti-D";
  }
  choice.k_negative = choice.k_negative || recipient.needs_k_negative;
  return choice;
}

BloodChoice preferred_red_cells(const BloodTable& table, const Recipient& recipient) {
  if (!is_reliable(recipient)) {
    return emergency_red_cells(table, recipient);
  }
  BloodChoice choice;
  choice.abo = table.red_cells[index(recipient.group->abo)];
  choice.rhd = recipient.group->rhd;
  choice.k_negative = recipient.needs_k_negative;
  if (recipient.immune_anti_d) {
    choice.rhd = RhD::negative;
    choice.why = "immune anti-D";
  } else if (choice.rhd == RhD::positive) {
    choice.why = "the patient is RhD-positive";
  } else {
    const std::string because = negative_because(table, recipient);
    choice.why = "the patient is RhD-negative" + (because.empty() ? "" : ", " + because);
  }
  return choice;
}

Preference preferred_plasma(const BloodTable& table, const Recipient& recipient) {
  return is_reliable(recipient) ? table.plasma[index(recipient.group->abo)]
                                : Preference{{table.plasma_in_doubt}};
}

BloodWarnings unit_warnings(const BloodTable& table, const Recipient& recipient,
                            const BloodUnit& unit) {
  const bool are_platelets = unit.component == Component::platelets;
  BloodWarnings all = are_platelets ? against_abo_of_platelets(table, recipient, unit)
                                    : against_abo(table, recipient, unit);
  if (unit.component == Component::red_cells) {
    warn_of_rhd_and_k(all, table, recipient, unit);
  } else if (are_platelets) {
    warn_of_rhd_of_platelets(all, table, recipient, unit);
  }
  for (const std::string& antibody : recipient.antibodies) {
    warn(all, BloodWarningKind::antibody,
         fmt::format("{} on file: the laboratory selects units without the antigen", antibody));
  }
  const bool is_special = std::ranges::find(table.special, unit.component) != table.special.end();
  if (is_special && recipient.needs_irradiated && unit.irradiated != Known::yes) {
    warn(all, BloodWarningKind::not_irradiated,
         unit.irradiated == Known::no ? "not irradiated, and the patient needs irradiated"
                                      : "not known to be irradiated, which the patient needs");
  }
  if (is_special && recipient.needs_cmv_negative && unit.cmv_negative != Known::yes) {
    warn(all, BloodWarningKind::not_cmv_negative,
         unit.cmv_negative == Known::no ? "not CMV-negative, and the patient needs CMV-negative"
                                        : "not known to be CMV-negative, which the patient needs");
  }
  warn_of_draft(all, table.edition);
  return all;
}

Time sample_valid_until(const BloodTable& table, const Sample& sample) {
  std::int64_t hours = sample.storage == Storage::refrigerated ? table.refrigerated_hours
                                                               : table.room_temperature_hours;
  if (sample.transfused_or_pregnant != Known::no) {
    hours = std::min(hours, table.transfused_or_pregnant_hours);
  }
  return Time{sample.taken.ms + hours * hour_ms};
}

BloodWarnings sample_warnings(const BloodTable& table, const Sample& sample, Time transfusion) {
  BloodWarnings all;
  if (transfusion < sample.taken) {
    warn(all, BloodWarningKind::sample_time, "the sample is taken after the transfusion begins");
  }
  const Time until = sample_valid_until(table, sample);
  if (transfusion > until) {
    warn(all, BloodWarningKind::sample_expired,
         fmt::format("the sample was valid for {} hours", (until.ms - sample.taken.ms) / hour_ms));
  }
  if (sample.transfused_or_pregnant == Known::unknown) {
    warn(all, BloodWarningKind::sample_history_unknown,
         "transfusion or pregnancy in the last three months is not known: the short time counts");
  }
  warn_of_draft(all, table.edition);
  return all;
}

namespace {

/// Two tubes of one puncture prove nothing.
bool are_separate(const GroupSample& a, const GroupSample& b) {
  const auto end = [](const GroupSample& one) {
    return one.taken_until.value_or(Time{one.taken.ms + 1});
  };
  const bool is_one_specimen = std::ranges::any_of(a.specimens, [&](const std::string& one) {
    return std::ranges::find(b.specimens, one) != b.specimens.end();
  });
  return !is_one_specimen && (end(a) <= b.taken || end(b) <= a.taken);
}

}  // namespace

BloodWarnings two_sample_warnings(const TwoSamples& known, std::span<const GroupSample> samples) {
  BloodWarnings all;
  if (known.group_on_file || known.electronic_identification) {
    return all;
  }
  bool separate = false;
  bool by_others = false;
  for (std::size_t i = 1; i < samples.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (are_separate(samples[i], samples[j])) {
        separate = true;
        by_others =
            by_others || samples[i].taken_by.empty() || samples[i].taken_by != samples[j].taken_by;
      }
    }
  }
  if (!separate) {
    warn(all, BloodWarningKind::second_sample,
         known.urgency == Urgency::emergency
             ? "no second sample yet: group O meanwhile, and nothing waits for it"
             : "no second sample, taken separately, before red cells of the patient's group");
  } else if (!by_others) {
    warn(all, BloodWarningKind::one_collector,
         "both samples were taken by one person; by another is better");
  }
  return all;
}

}  // namespace holdfast::clinical
