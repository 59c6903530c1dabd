// search/test_questions.h: for tests: criteria that a search of a record (test_record.h) may have,
// each beside what it means of a version.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "search/test_record.h"

namespace holdfast::search::test {

using Holds = std::function<bool(const Fact&)>;

/// A query and what it means.
struct Question {
  std::string query;
  std::vector<Holds> all;
  Scope scope;
  /// Empty: any order will do.
  std::function<bool(const Fact&, const Fact&)> before;
};

inline std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == ',' || c == '|' || c == '\\' || c == '$') {
      out += '\\';
    }
    out += c;
  }
  return out;
}

template <class Values>
const auto& one_of(const Values& values, std::mt19937_64& random) {
  return values[random() % values.size()];
}

inline bool has_identifier(const Fact& fact, const std::optional<std::string>& system,
                           const std::string& value) {
  return std::any_of(fact.identifiers.begin(), fact.identifiers.end(), [&](const auto& one) {
    return (!system || one.first == *system) && (value.empty() || one.second == value);
  });
}

inline void ask_identifier(Question& question, std::mt19937_64& random) {
  static const std::string longest(views::value_text_bytes_max, 'l');
  static const std::vector<std::string> values{"1",     "2",           "1,5", "a|b",
                                               longest, longest + "x", "no"};
  static const std::vector<std::string> systems{"", "urn:a", "urn:b", longest + "s"};
  std::string text;
  std::vector<Holds> any;
  const std::size_t count = 1 + random() % 3;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string value = one_of(values, random);
    const std::string system = one_of(systems, random);
    text += i > 0 ? "," : "";
    switch (random() % 3) {
      case 0:
        text += escaped(value);
        any.emplace_back([=](const Fact& f) { return has_identifier(f, std::nullopt, value); });
        break;
      case 1:
        text += escaped(system) + "|" + escaped(value);
        any.emplace_back([=](const Fact& f) { return has_identifier(f, system, value); });
        break;
      default:
        text += system.empty() ? "urn:b|" : system + "|";
        any.emplace_back([s = system.empty() ? "urn:b" : system](const Fact& f) {
          return has_identifier(f, s, "");
        });
    }
  }
  question.query += "&identifier=" + text;
  question.all.emplace_back([any](const Fact& fact) {
    return std::any_of(any.begin(), any.end(), [&](const auto& one) { return one(fact); });
  });
}

/// Whether [from, until) stands in that relation to [low, high).
inline bool relates(const std::string& prefix, std::int64_t from, std::int64_t until,
                    std::int64_t low, std::int64_t high) {
  const bool inside = from >= low && until <= high;
  if (prefix == "ne") {
    return !inside;
  }
  if (prefix == "gt") {
    return until > high;
  }
  if (prefix == "lt") {
    return from < low;
  }
  if (prefix == "ge") {
    return until > high || inside;
  }
  if (prefix == "le") {
    return from < low || inside;
  }
  if (prefix == "sa") {
    return from >= high;
  }
  if (prefix == "eb") {
    return until <= low;
  }
  return inside;
}

inline const std::vector<std::string>& prefixes() {
  static const std::vector<std::string> all{"", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"};
  return all;
}

inline void ask_updated(Question& question, const Record& record, std::mt19937_64& random) {
  const Fact& some = record.facts()[random() % record.facts().size()];
  std::string text = to_instant(some.time);
  std::int64_t from = some.time.ms;
  std::int64_t until = from + 1;
  if (random() % 2 == 0) {
    text = text.substr(0, 16) + "Z";  // to the minute
    from = some.time.ms / 60'000 * 60'000;
    until = from + 60'000;
  }
  const std::string prefix = one_of(prefixes(), random);
  question.query += "&_lastUpdated=" + prefix + text;
  question.all.emplace_back([=](const Fact& fact) {
    return relates(prefix, fact.time.ms, fact.time.ms + 1, from, until);
  });
}

struct Interval {
  std::int64_t from;
  std::int64_t until;
};
inline std::optional<Interval> when(const Fact& fact) {
  if (fact.type == patient) {
    return fact.born ? std::optional(Interval{fact.born->from, fact.born->until}) : std::nullopt;
  }
  if (fact.effective.empty()) {
    return std::nullopt;
  }
  const Day& start = fact.effective.front();
  const Day& end = fact.effective.back();
  return Interval{fact.open_end ? start.from : std::min(start.from, end.from),
                  fact.open_end ? INT64_MAX : std::max(start.until, end.until)};
}

inline void ask_date(Question& question, std::mt19937_64& random) {
  std::string text;
  std::vector<Holds> any;
  const std::size_t count = 1 + random() % 2;
  for (std::size_t i = 0; i < count; ++i) {
    const Day day = random_day(random);
    const std::string prefix = one_of(prefixes(), random);
    text += (i > 0 ? "," : "") + prefix + day.text;
    any.emplace_back([=](const Fact& fact) {
      const auto at = when(fact);
      return at && relates(prefix, at->from, at->until, day.from, day.until);
    });
  }
  question.query += (question.scope.type == patient ? "&birthdate=" : "&date=") + text;
  question.all.emplace_back([any](const Fact& fact) {
    return std::any_of(any.begin(), any.end(), [&](const auto& one) { return one(fact); });
  });
}

/// What the record's families are without case and accents.
inline std::string plain(const std::string& family) {
  static const std::map<std::string, std::string> known{{"Meier", "meier"},
                                                        {"M\u00fcller", "muller"},
                                                        {"MULLER", "muller"},
                                                        {"Mu", "mu"},
                                                        {"Zo\u00eb", "zoe"}};
  const auto found = known.find(family);
  return found == known.end() ? family : found->second;
}

inline void ask_family(Question& question, std::mt19937_64& random) {
  static const std::string longest(views::value_text_bytes_max, 'l');
  struct Asked {
    std::string modifier, text;
    std::function<bool(const std::string&)> holds;
  };
  static const std::vector<Asked> all{
      {"", "mu", [](const std::string& f) { return plain(f).starts_with("mu"); }},
      {"", "M\u00dcLLE", [](const std::string& f) { return plain(f).starts_with("mulle"); }},
      {"", longest + "a", [](const std::string& f) { return f == longest + "a"; }},
      {"", longest + "b", [](const std::string&) { return false; }},
      {":exact", "M\u00fcller", [](const std::string& f) { return f == "M\u00fcller"; }},
      {":exact", longest, [](const std::string& f) { return f == longest; }},
      {":contains", "LL", [](const std::string& f) { return plain(f).find("ll") != f.npos; }},
      {":contains", "la", [](const std::string& f) { return plain(f).find("la") != f.npos; }},
  };
  const Asked& asked = one_of(all, random);
  question.query += (random() % 2 == 0 ? "&family" : "&name") + asked.modifier + "=" + asked.text;
  question.all.emplace_back([&asked](const Fact& fact) {
    return std::any_of(fact.families.begin(), fact.families.end(), asked.holds);
  });
}

inline void ask_gender(Question& question, std::mt19937_64& random) {
  const bool negated = random() % 2 == 0;
  question.query += negated ? "&gender:not=male" : "&gender=male";
  question.all.emplace_back([=](const Fact& f) { return (f.gender == "male") != negated; });
}

/// "5.4" with unit or without, in 10^-4 of what is given, or of a microgram.
inline Holds amount_holds(const std::string& prefix, std::int64_t asked, std::int64_t half,
                          bool as_mass) {
  return [=](const Fact& fact) {
    if (!fact.value || (as_mass && !fact.value->micrograms)) {
      return false;
    }
    const std::int64_t is = as_mass ? *fact.value->micrograms : fact.value->scaled;
    const bool equal = is >= asked - half && is < asked + half;
    if (prefix == "ne") {
      return !equal;
    }
    if (prefix == "gt" || prefix == "sa") {
      return is > asked;
    }
    if (prefix == "lt" || prefix == "eb") {
      return is < asked;
    }
    if (prefix == "ge") {
      return is >= asked;
    }
    if (prefix == "le") {
      return is <= asked;
    }
    return equal;
  };
}

struct AskedAmount {
  std::string text;
  Holds holds;
};
inline AskedAmount random_amount(std::mt19937_64& random) {
  const std::string prefix = one_of(prefixes(), random);
  switch (random() % 5) {
    case 0: return {prefix + "5", amount_holds(prefix, 50'000, 5'000, false)};
    case 1: return {prefix + "5.40", amount_holds(prefix, 54'000, 50, false)};
    case 2:
      return {prefix + "5|http://unitsofmeasure.org|mg",
              amount_holds(prefix, 50'000'000, 5'000'000, true)};
    case 3:
      return {prefix + "0.0054|http://unitsofmeasure.org|g",
              amount_holds(prefix, 54'000'000, 500'000, true)};
    default: {
      const Holds number = amount_holds(prefix, 50'000, 500, false);
      return {prefix + "5.0||mg",
              [number](const Fact& f) { return f.value && f.value->unit == "mg" && number(f); }};
    }
  }
}

inline void ask_value(Question& question, std::mt19937_64& random) {
  const AskedAmount asked = random_amount(random);
  static const std::vector<std::string> codes{"urn:l|x", "x", "urn:s|x", "y"};
  if (random() % 2 == 0) {
    question.query += "&value-quantity=" + asked.text;
    question.all.push_back(asked.holds);
    return;
  }
  const std::string code = one_of(codes, random);
  question.query += "&code-value-quantity=" + code + "$" + asked.text;
  question.all.emplace_back([=](const Fact& fact) {
    return asked.holds(fact) &&
           (code.find('|') != code.npos ? fact.code == code : fact.code.ends_with("|" + code));
  });
}

inline void ask_code(Question& question, std::mt19937_64& random) {
  const bool negated = random() % 3 == 0;
  question.query += negated ? "&code:not=x" : "&code=x";
  question.all.emplace_back([=](const Fact& f) { return f.code.ends_with("|x") != negated; });
}

inline bool is_dead(const Fact& fact) { return fact.deceased == "true" || fact.deceased[0] == '"'; }

inline void ask_deceased(Question& question, std::mt19937_64& random) {
  static const std::vector<std::string> all{"deceased=true", "deceased=false", "deceased:not=true",
                                            "deceased:missing=true"};
  const std::string& asked = one_of(all, random);
  question.query += "&" + asked;
  question.all.emplace_back([&asked](const Fact& f) {
    return asked == "deceased:missing=true" ? false : is_dead(f) == (asked == "deceased=true");
  });
}

/// What is below "active", above "relapse", in a set or not.
inline void ask_terminology(Question& question, std::mt19937_64& random) {
  struct Asked {
    std::string query;
    std::function<bool(const Fact&)> holds;
  };
  const auto is_one_of = [](std::set<std::string> codes) {
    return [codes = std::move(codes)](const Fact& f) { return codes.contains(f.clinical); };
  };
  static const std::string set = "http://hl7.org/fhir/ValueSet/condition-clinical";
  static const std::vector<Asked> of_observation{
      {"category:below=" + clinical_system + "|active",
       is_one_of({"active", "recurrence", "relapse"})},
      {"category:below=" + clinical_system + "|resolved", is_one_of({"resolved"})},
      {"category:above=" + clinical_system + "|relapse", is_one_of({"relapse", "active"})},
      {"category:above=" + clinical_system + "|inactive," + clinical_system + "|remission",
       is_one_of({"inactive", "remission"})},
      {"category:in=" + set, [](const Fact& f) { return !f.clinical.empty(); }},
      {"category:not-in=" + set, [](const Fact& f) { return f.clinical.empty(); }},
      {"code:in=" + set, [](const Fact&) { return false; }},
      {"code:not-in=" + set + ",http://hl7.org/fhir/ValueSet/administrative-gender",
       [](const Fact&) { return true; }},
  };
  static const std::string gender = "http://hl7.org/fhir/ValueSet/administrative-gender";
  static const std::vector<Asked> of_patient{
      {"gender:in=" + gender, [](const Fact& f) { return !f.gender.empty(); }},
      {"gender:not-in=" + gender, [](const Fact& f) { return f.gender.empty(); }},
      {"gender:below=http://hl7.org/fhir/administrative-gender|male",
       [](const Fact& f) { return f.gender == "male"; }},
  };
  const Asked& asked = one_of(question.scope.type == patient ? of_patient : of_observation, random);
  question.query += "&" + asked.query;
  question.all.emplace_back(asked.holds);
}

inline void ask_missing(Question& question, std::mt19937_64& random) {
  const bool missing = random() % 2 == 0;
  const std::string value = missing ? "true" : "false";
  if (question.scope.type == patient) {
    question.query += "&birthdate:missing=" + value;
    question.all.emplace_back([=](const Fact& f) { return !f.born.has_value() == missing; });
  } else if (random() % 2 == 0) {
    question.query += "&value-quantity:missing=" + value;
    question.all.emplace_back([=](const Fact& f) { return !f.value.has_value() == missing; });
  } else {
    question.query += "&patient:missing=" + value;
    question.all.emplace_back([=](const Fact& f) { return f.subject.empty() == missing; });
  }
}

inline void ask_subject(Question& question, std::mt19937_64& random) {
  const std::string id = "r" + std::to_string(random() % 4);
  static const std::vector<std::string> forms{
      "subject=Patient/", "subject=", "subject:Patient=", "patient=", "patient=Patient/"};
  question.query += "&" + one_of(forms, random) + id;
  question.all.emplace_back([id](const Fact& fact) { return fact.subject == id; });
}

/// Criteria on the patient of an observation, and on the observations of a patient, as of a moment.
struct Current {
  std::map<std::pair<fhir::TypeId, std::string>, const Fact*> of;
  Current(const Record& record, Position position) {
    for (const Fact& fact : record.facts()) {
      if (fact.position <= position) {
        of[{fact.type, fact.id}] = &fact;
      }
    }
  }
  [[nodiscard]] const Fact* find(fhir::TypeId type, const std::string& id) const {
    const auto found = of.find({type, id});
    return found == of.end() || found->second->deleted ? nullptr : found->second;
  }
};

inline void ask_linked(Question& question, const Record& record, std::mt19937_64& random) {
  const auto now = std::make_shared<Current>(record, record.state().position);
  if (question.scope.type == observation) {
    const bool negated = random() % 3 == 0;
    question.query += negated ? "&subject:Patient.gender:not=male" : "&patient.gender=male";
    question.all.emplace_back([=](const Fact& fact) {
      const Fact* who = now->find(patient, fact.subject);
      return who != nullptr && (who->gender == "male") != negated;
    });
    return;
  }
  question.query += "&_has:Observation:patient:code=urn:l|x";
  question.all.emplace_back([=](const Fact& fact) {
    return std::any_of(now->of.begin(), now->of.end(), [&](const auto& one) {
      const Fact& other = *one.second;
      return !other.deleted && other.subject == fact.id && other.code == "urn:l|x";
    });
  });
}

/// Members of a list, if there is one already.
inline void ask_list(Question& question, const Record& record, std::mt19937_64& random) {
  const Current now(record, record.state().position);
  const std::string id = random() % 2 == 0 ? "a" : "b";
  const Fact* const of = now.find(list, id);
  if (of == nullptr) {
    return;
  }
  question.query += "&_list=" + id;
  question.all.emplace_back([listed = of->listed](const Fact& fact) {
    return std::find(listed.begin(), listed.end(), std::pair(fact.type, fact.id)) != listed.end();
  });
}

}  // namespace holdfast::search::test
