// clinical/blood_table.cpp: reads clinical/blood.toml, and refuses a preference in which ABO
// antibodies would meet their antigen: that can only be a mistake.
#include <algorithm>

#include <fmt/format.h>

#include "clinical/blood.h"

namespace holdfast::clinical {
namespace {

constexpr std::int64_t age_max = 150;
constexpr std::int64_t hours_max = 24 * 366;
constexpr std::int64_t years_max = 1000;
constexpr std::array groups{Abo::o, Abo::a, Abo::b, Abo::ab};

std::size_t index(Abo abo) { return static_cast<std::size_t>(abo); }

/// Antigens of a group as bits: O none, A 1, B 2, AB both.
constexpr unsigned antigens(Abo abo) {
  switch (abo) {
    case Abo::o: return 0;
    case Abo::a: return 1;
    case Abo::b: return 2;
    case Abo::ab: return 3;
  }
  return 3;
}

/// Platelets have next to no red cells, and are given across the groups.
bool is_compatible(Component component, Abo patient, Abo unit) {
  switch (component) {
    case Component::red_cells: return (antigens(unit) & ~antigens(patient)) == 0;
    case Component::plasma:
    case Component::cryoprecipitate: return (antigens(patient) & ~antigens(unit)) == 0;
    case Component::platelets: return true;
  }
  return false;
}

Result<Abo> abo_in(Fields& row, std::string_view text) {
  for (const Abo group : groups) {
    if (name(group) == text) {
      return group;
    }
  }
  return row.wrong(fmt::format("'{}' is no group: O, A, B or AB", text));
}

Result<Preference> read_preference(Fields& row, Component component, Abo patient) {
  TRY(const auto steps, row.list("give"));
  Preference preference;
  std::vector<Abo> seen;
  for (const Value& step : steps) {
    if (step.kind != Value::Kind::list || step.items.empty()) {
      return row.wrong(step, "give is a list of lists: [[\"A\"], [\"O\"]]");
    }
    std::vector<Abo>& together = preference.emplace_back();
    for (const Value& one : step.items) {
      if (one.kind != Value::Kind::text) {
        return row.wrong(one, "give is a list of lists: [[\"A\"], [\"O\"]]");
      }
      TRY(const Abo group, abo_in(row, one.text));
      if (std::ranges::find(seen, group) != seen.end()) {
        return row.wrong(one, fmt::format("group {} is there twice", one.text));
      }
      if (!is_compatible(component, patient, group)) {
        return row.wrong(one, fmt::format("group {} is not compatible with a patient of group {}",
                                          one.text, name(patient)));
      }
      seen.push_back(group);
      together.push_back(group);
    }
  }
  if (preference.front() != std::vector{patient}) {
    return row.wrong(
        fmt::format("the first choice for group {} is {}", name(patient), name(patient)));
  }
  return preference;
}

Result<void> read_preferences(std::array<Preference, 4>& to, Fields& fields, std::string_view key,
                              Component component) {
  TRY(const auto values, fields.tables(key));
  for (const Value& value : values) {
    Fields row(value, fields.file());
    TRY(const std::string patient, row.text("patient"));
    TRY(const Abo group, abo_in(row, patient));
    if (!to[index(group)].empty()) {
      return row.wrong(fmt::format("a patient of group {} is there twice", patient));
    }
    TRY(to[index(group)], read_preference(row, component, group));
    TRY_OK(row.done());
  }
  for (const Abo group : groups) {
    if (to[index(group)].empty()) {
      return fields.wrong(
          fmt::format("{} for a patient of group {} are missing", key, name(group)));
    }
  }
  return ok();
}

/// Only the universal group is safe for everybody.
Result<void> read_doubt(BloodTable& to, Fields& fields) {
  TRY(const Value* const value, fields.table("group_in_doubt"));
  Fields row(*value, fields.file());
  TRY(const std::string red, row.text("red_cells"));
  TRY(to.red_cells_in_doubt, abo_in(row, red));
  TRY(const std::string plasma, row.text("plasma"));
  TRY(to.plasma_in_doubt, abo_in(row, plasma));
  if (to.red_cells_in_doubt != Abo::o || to.plasma_in_doubt != Abo::ab) {
    return row.wrong("where the group is in doubt only red cells O and plasma AB suit everybody");
  }
  return row.done();
}

Result<void> read_ages(BloodTable& to, Fields& fields) {
  TRY(const Value* const rhd, fields.table("rhd_negative"));
  Fields row(*rhd, fields.file());
  TRY(to.child_bearing_below, row.whole("child_bearing_below", 1, age_max));
  TRY(to.rhd_negative_below, row.whole("below", 0, age_max));
  TRY_OK(row.done());
  TRY(const Value* const emergency, fields.table("emergency"));
  Fields other(*emergency, fields.file());
  TRY(to.child_below, other.whole("child_below", 0, age_max));
  return other.done();
}

Result<void> read_sample(BloodTable& to, Fields& fields) {
  TRY(const Value* const value, fields.table("sample"));
  Fields row(*value, fields.file());
  TRY(to.transfused_or_pregnant_hours, row.whole("transfused_or_pregnant_hours", 1, hours_max));
  TRY(to.refrigerated_hours, row.whole("refrigerated_hours", 1, hours_max));
  TRY(to.room_temperature_hours, row.whole("room_temperature_hours", 1, hours_max));
  return row.done();
}

}  // namespace

Result<BloodTable> read_blood(std::string_view text, std::string_view file) {
  TRY(const Value document, parse_document(text, file));
  Fields fields(document, file);
  BloodTable table;
  TRY(table.edition, read_edition(fields, "blood"));
  TRY_OK(read_preferences(table.red_cells, fields, "red_cells", Component::red_cells));
  TRY_OK(read_preferences(table.plasma, fields, "plasma", Component::plasma));
  TRY_OK(read_preferences(table.platelets, fields, "platelets", Component::platelets));
  TRY_OK(read_doubt(table, fields));
  TRY_OK(read_ages(table, fields));
  TRY_OK(read_sample(table, fields));
  TRY(const Value* const fate, fields.table("fate"));
  Fields row(*fate, file);
  TRY(table.fate_kept_years, row.whole("kept_years", 1, years_max));
  TRY_OK(row.done());
  TRY_OK(read_blood_codes(table, fields));
  TRY_OK(fields.done());
  return table;
}

}  // namespace holdfast::clinical
