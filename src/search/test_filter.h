// search/test_filter.h: for tests: `_filter` of the criteria in test_questions.h, joined and
// negated, beside what it means of a version.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "search/test_questions.h"

namespace holdfast::search::test {

/// A test of a filter, and what it means.
struct FilterTruth {
  std::string text;
  Holds holds;
};
inline FilterTruth filter_test(const Question& question, const Record& record,
                               std::mt19937_64& random) {
  const Day day = random_day(random);
  const std::string prefix = one_of(prefixes(), random);
  const Holds dated = [=](const Fact& fact) {
    const auto at = when(fact);
    return at && relates(prefix, at->from, at->until, day.from, day.until);
  };
  const std::string op = prefix.empty() ? "eq" : prefix;
  const auto family = [](auto holds) {
    return [=](const Fact& f) {
      return std::any_of(f.families.begin(), f.families.end(),
                         [&](const std::string& one) { return holds(plain(one)); });
    };
  };
  const auto now = std::make_shared<Current>(record, record.state().position);
  const std::vector<FilterTruth> of_patient{
      {"gender eq male", [](const Fact& f) { return f.gender == "male"; }},
      {"gender pr false", [](const Fact& f) { return f.gender.empty(); }},
      {"deceased eq true", is_dead},
      {"birthdate " + op + " " + day.text, dated},
      {"family eq \"MULLER\"", family([](const std::string& f) { return f == "muller"; })},
      {"family co ll", family([](const std::string& f) { return f.find("ll") != f.npos; })},
      {"family sw mu", family([](const std::string& f) { return f.starts_with("mu"); })},
      {"name ew \"ER\"", family([](const std::string& f) { return f.ends_with("er"); })},
      {"_id eq r1", [](const Fact& f) { return f.id == "r1"; }},
      {"gender ni http://hl7.org/fhir/ValueSet/administrative-gender",
       [](const Fact& f) { return f.gender.empty(); }},
  };
  const std::vector<FilterTruth> of_observation{
      {"code eq x", [](const Fact& f) { return f.code.ends_with("|x"); }},
      {"code eq urn:l|y", [](const Fact& f) { return f.code == "urn:l|y"; }},
      {"date " + op + " " + day.text, dated},
      {"subject re Patient/r1", [](const Fact& f) { return f.subject == "r1"; }},
      {"value-quantity " + op + " 5.40", amount_holds(prefix, 54'000, 50, false)},
      {"value-quantity pr true", [](const Fact& f) { return f.value.has_value(); }},
      {"category ss " + clinical_system + "|inactive",
       [](const Fact& f) {
         return f.clinical == "inactive" || f.clinical == "remission" || f.clinical == "resolved";
       }},
      {"patient.gender eq male",
       [now](const Fact& f) {
         const Fact* who = now->find(patient, f.subject);
         return who != nullptr && who->gender == "male";
       }},
  };
  return one_of(question.scope.type == patient ? of_patient : of_observation, random);
}
inline FilterTruth random_filter(const Question& question, const Record& record,
                                 std::mt19937_64& random, int depth = 0) {
  const std::size_t kind = depth < 3 ? random() % 5 : 0;
  if (kind < 2) {
    return filter_test(question, record, random);
  }
  if (kind == 2) {
    const FilterTruth inner = random_filter(question, record, random, depth + 1);
    return {"not (" + inner.text + ")", [inner](const Fact& f) { return !inner.holds(f); }};
  }
  FilterTruth made;
  std::vector<Holds> all;
  for (std::size_t n = 2 + random() % 2; n > 0; --n) {
    const FilterTruth inner = random_filter(question, record, random, depth + 1);
    made.text += made.text.empty() ? "" : kind == 3 ? " and " : " or ";
    made.text += "(" + inner.text + ")";
    all.push_back(inner.holds);
  }
  made.holds = [all, kind](const Fact& f) {
    const auto held = [&](const Holds& one) { return one(f); };
    return kind == 3 ? std::all_of(all.begin(), all.end(), held)
                     : std::any_of(all.begin(), all.end(), held);
  };
  return made;
}
inline void ask_filter(Question& question, const Record& record, std::mt19937_64& random) {
  const FilterTruth filter = random_filter(question, record, random);
  question.query += "&_filter=" + filter.text;
  question.all.push_back(filter.holds);
}

}  // namespace holdfast::search::test
