// clinical/blood_codes.cpp: reads from clinical/blood.toml which codes and words of the record say
// a group, an antibody, a requirement. One that says two things is refused: a patient would have
// the group that stands first.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "clinical/blood.h"

namespace holdfast::clinical {
namespace {

constexpr std::int64_t days_max = 366;
constexpr std::array requirements{Requirement::irradiated, Requirement::cmv_negative,
                                  Requirement::k_negative};

/// `codes` and `said` of a table: one of them at least.
Result<Said> read_said(Fields& row) {
  Said said;
  if (row.find("codes") != nullptr) {
    TRY(said.codes, read_codings(row, "codes"));
  }
  if (row.find("said") != nullptr) {
    TRY(const auto words, row.texts("said"));
    for (const std::string& one : words) {
      said.words.push_back(in_lower_case(one));
    }
  }
  if (said.codes.empty() && said.words.empty()) {
    return row.wrong("neither codes nor said: nothing would be recognised");
  }
  return said;
}

Result<void> read_lists(BloodCodes& to, Fields& fields) {
  TRY(const Value* const value, fields.table("codes"));
  Fields row(*value, fields.file());
  TRY(to.group, read_codings(row, "group"));
  TRY(to.abo, read_codings(row, "abo"));
  TRY(to.rhd, read_codings(row, "rhd"));
  TRY(to.antibody, read_codings(row, "antibody"));
  TRY(to.pregnancy_status, read_codings(row, "pregnancy_status"));
  TRY(to.pregnant, read_codings(row, "pregnant"));
  TRY(to.transfusion, read_codings(row, "transfusion"));
  TRY(to.history_asked, read_codings(row, "history_asked"));
  if (row.find("electronic_identification") != nullptr) {
    TRY(to.electronic_identification, read_codings(row, "electronic_identification"));
  }
  return row.done();
}

/// What was said before, by whichever row of that kind; and that it is not said twice.
Result<void> check_once(std::set<std::string>& known, const Said& said, const Fields& row) {
  for (const Coding& code : said.codes) {
    if (!known.insert(code.system + "|" + code.code).second) {
      return row.wrong(fmt::format("{}|{} says two things", code.system, code.code));
    }
  }
  for (const std::string& word : said.words) {
    if (!known.insert(word).second) {
      return row.wrong(fmt::format("'{}' says two things", word));
    }
  }
  return ok();
}

Result<void> read_answers(BloodCodes& to, Fields& fields) {
  TRY(const auto values, fields.tables("answer"));
  std::set<std::string> known;
  for (const Value& value : values) {
    Fields row(value, fields.file());
    BloodCodes::Answer answer;
    TRY(const auto abo, row.text_if("abo"));
    if (abo) {
      for (const Abo one : {Abo::o, Abo::a, Abo::b, Abo::ab}) {
        answer.abo = name(one) == *abo ? std::optional(one) : answer.abo;
      }
      if (!answer.abo) {
        return row.wrong(fmt::format("'{}' is no group: O, A, B or AB", *abo));
      }
    }
    TRY(const auto rhd, row.text_if("rhd"));
    if (rhd) {
      if (*rhd != "positive" && *rhd != "negative") {
        return row.wrong(fmt::format("rhd is '{}', not positive or negative", *rhd));
      }
      answer.rhd = *rhd == "positive" ? RhD::positive : RhD::negative;
    }
    if (!abo && !rhd) {
      return row.wrong("an answer says abo, rhd or both");
    }
    TRY(answer.said, read_said(row));
    TRY_OK(check_once(known, answer.said, row));
    TRY_OK(row.done());
    to.answers.push_back(std::move(answer));
  }
  return ok();
}

Result<void> read_requirements(BloodCodes& to, Fields& fields) {
  TRY(const auto values, fields.tables("requirement"));
  std::set<std::string> known;
  for (const Value& value : values) {
    Fields row(value, fields.file());
    TRY(const std::string needs, row.text("needs"));
    const auto* const what = std::ranges::find(
        requirements, needs, [](Requirement one) { return std::string(name(one)); });
    if (what == requirements.end()) {
      return row.wrong(
          fmt::format("needs is '{}', not irradiated, CMV-negative or K-negative", needs));
    }
    BloodCodes::Required required{*what, {}};
    TRY(required.said, read_said(row));
    TRY_OK(check_once(known, required.said, row));
    TRY_OK(row.done());
    to.requirements.push_back(std::move(required));
  }
  return ok();
}

Result<void> read_special(BloodTable& to, Fields& row) {
  TRY(const auto components, row.texts("special_requirements"));
  for (const std::string& one : components) {
    TRY(const Component component, component_in(row, one));
    to.special.push_back(component);
  }
  return ok();
}

Result<void> read_units(BloodTable& table, Fields& fields) {
  BloodCodes& to = table.codes;
  TRY(const Value* const value, fields.table("units"));
  Fields row(*value, fields.file());
  TRY(to.unit_group, row.text("group"));
  TRY(to.unit_testing, row.text("testing"));
  TRY(to.unit_status, row.text("status"));
  TRY(to.units_back, row.texts("back"));
  TRY(to.plasma, read_codings(row, "plasma"));
  TRY(to.platelets, read_codings(row, "platelets"));
  TRY(to.cryoprecipitate, read_codings(row, "cryoprecipitate"));
  if (row.find("not_compared") != nullptr) {
    TRY(to.not_compared, read_codings(row, "not_compared"));
  }
  std::set<std::string> known;
  for (const auto* const list :
       {&to.plasma, &to.platelets, &to.cryoprecipitate, &to.not_compared}) {
    TRY_OK(check_once(known, Said{*list, {}}, row));
  }
  TRY_OK(read_special(table, row));
  return row.done();
}

Result<void> read_history(BloodTable& to, Fields& fields) {
  TRY(const Value* const value, fields.table("sample_history"));
  Fields row(*value, fields.file());
  TRY(to.history_days, row.whole("days", 1, days_max));
  TRY(const std::string stored, row.text("stored"));
  if (stored != "refrigerated" && stored != "room-temperature" && stored != "unknown") {
    return row.wrong(
        fmt::format("stored is '{}', not refrigerated, room-temperature or unknown", stored));
  }
  to.stored = stored == "refrigerated"       ? Storage::refrigerated
              : stored == "room-temperature" ? Storage::room_temperature
                                             : Storage::unknown;
  TRY(to.record_is_complete, row.flag_if("record_is_complete"));
  return row.done();
}

}  // namespace

Result<void> read_blood_codes(BloodTable& to, Fields& fields) {
  TRY_OK(read_history(to, fields));
  TRY_OK(read_lists(to.codes, fields));
  TRY_OK(read_answers(to.codes, fields));
  TRY_OK(read_requirements(to.codes, fields));
  TRY_OK(read_units(to, fields));
  for (const auto& [key, said] : {std::pair{"no_antibody", &to.codes.no_antibody},
                                  std::pair{"immune_anti_d", &to.codes.immune_anti_d}}) {
    TRY(const Value* const value, fields.table(key));
    Fields row(*value, fields.file());
    TRY(*said, read_said(row));
    TRY_OK(row.done());
  }
  return ok();
}

}  // namespace holdfast::clinical
