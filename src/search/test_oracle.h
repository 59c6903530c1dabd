// search/test_oracle.h: for tests: questions about a record (test_record.h), and an oracle that
// answers them from every version there ever was, without an index.
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

/// Values first, those without behind them; rows decide.
template <class Value>
std::function<bool(const Fact&, const Fact&)> order_by(Value value, bool descending) {
  return [=](const Fact& a, const Fact& b) {
    const auto of_a = value(a);
    const auto of_b = value(b);
    if (of_a != of_b) {
      if (!of_a || !of_b) {
        return of_a.has_value();
      }
      return descending ? *of_a > *of_b : *of_a < *of_b;
    }
    return descending ? a.row > b.row : a.row < b.row;
  };
}

/// By what several types have in common.
inline void ask_common_order(Question& question, std::mt19937_64& random) {
  const bool descending = random() % 2 == 0;
  const std::string sign = descending ? "-" : "";
  if (random() % 2 == 0) {
    question.query += "&_sort=" + sign + "_id";
    question.before = order_by([](const Fact& f) { return std::optional(f.id); }, descending);
    return;
  }
  question.query += "&_sort=" + sign + "identifier";
  question.before = order_by(
      [=](const Fact& f) {
        // A key has the beginning of a long text, and that it goes on.
        const auto in_key = [](const std::string& text) {
          return std::pair(text.substr(0, views::value_text_bytes_max),
                           text.size() > views::value_text_bytes_max);
        };
        using Key = decltype(std::pair(in_key(""), in_key("")));
        std::optional<Key> best;
        for (const auto& [system, value] : f.identifiers) {
          const Key one(in_key(value), in_key(system));
          const bool is_best = !best || (descending ? one > *best : one < *best);
          if (is_best && !(system.empty() && value.empty())) {
            best = one;
          }
        }
        return best;
      },
      descending);
}

inline void ask_order(Question& question, std::mt19937_64& random) {
  const bool descending = random() % 2 == 0;
  if (!question.scope.type && question.scope.patient.empty()) {
    ask_common_order(question, random);
    return;
  }
  std::string name = "_lastUpdated";
  switch (question.scope.type ? random() % 3 : 0) {
    case 1:
      name = question.scope.type == patient ? "birthdate" : "date";
      question.before = order_by(
          [](const Fact& f) {
            const auto at = when(f);
            return at ? std::optional(std::pair(at->from, at->until)) : std::nullopt;
          },
          descending);
      break;
    case 2:
      if (question.scope.type == patient) {
        name = "family";
        question.before = order_by(
            [=](const Fact& f) {
              std::optional<std::string> best;
              for (const std::string& family : f.families) {
                const std::string one = plain(family);
                if (!best || (descending ? one > *best : one < *best)) {
                  best = one;
                }
              }
              return best;
            },
            descending);
        break;
      }
      name = "code,-_lastUpdated";
      question.before = [](const Fact& a, const Fact& b) {
        const auto key = [](const Fact& f) {
          const std::size_t bar = f.code.find('|');
          return std::pair(f.code.substr(bar + 1), f.code.substr(0, bar));
        };
        return key(a) != key(b) ? key(a) < key(b) : a.row > b.row;
      };
      question.query += "&_sort=" + name;
      return;
    default:
      question.before = [=](const Fact& a, const Fact& b) {
        return descending ? a.row > b.row : a.row < b.row;
      };
  }
  question.query += std::string("&_sort=") + (descending ? "-" : "") + name;
}

inline void ask_of_type(Question& question, Record& record) {
  std::mt19937_64& random = record.random();
  using Ask = void (*)(Question&, std::mt19937_64&);
  static const std::vector<Ask> of_patient{ask_identifier, ask_date,        ask_family,  ask_gender,
                                           ask_missing,    ask_terminology, ask_deceased};
  static const std::vector<Ask> of_observation{
      ask_identifier, ask_date, ask_value, ask_code, ask_subject, ask_missing, ask_terminology};
  for (std::size_t n = random() % 3; n > 0; --n) {
    one_of(question.scope.type == patient ? of_patient : of_observation, random)(question, random);
  }
  if (random() % 6 == 0) {
    ask_linked(question, record, random);
  }
  if (random() % 6 == 0) {
    ask_filter(question, record, random);
  }
}

inline Question random_question(Record& record) {
  std::mt19937_64& random = record.random();
  Question question;
  question.scope.type = random() % 2 == 0 ? patient : observation;
  if (random() % 4 == 0) {
    question.scope.patient = "r" + std::to_string(random() % 4);
    if (random() % 2 == 0) {
      question.scope.type.reset();
    }
    question.all.emplace_back([p = question.scope.patient](const Fact& fact) {
      return fact.type == patient ? fact.id == p : fact.subject == p;
    });
  }
  if (question.scope.patient.empty() && random() % 6 == 0) {
    question.scope.type.reset();
    question.query += "&_type=Observation,Patient";
    question.all.emplace_back(
        [](const Fact& f) { return f.type == patient || f.type == observation; });
    if (random() % 2 == 0) {
      ask_identifier(question, random);
    }
  }
  if (question.scope.type) {
    question.all.emplace_back([t = *question.scope.type](const Fact& f) { return f.type == t; });
    ask_of_type(question, record);
  }
  if (random() % 4 == 0) {
    const std::string one = "r" + std::to_string(random() % 12);
    const std::string two = "r" + std::to_string(random() % 12);
    question.query += "&_id=" + one + "," + two;
    question.all.emplace_back([=](const Fact& f) { return f.id == one || f.id == two; });
  }
  if (random() % 8 == 0) {
    ask_list(question, record, random);
  }
  if (random() % 4 == 0) {
    ask_updated(question, record, random);
  }
  if (random() % 2 == 0) {
    ask_order(question, random);
  }
  return question;
}

inline std::vector<RowId> truth(const Record& record, const Question& question,
                                const Snapshot& snapshot) {
  std::vector<const Fact*> found;
  for (const auto& [key, fact] : Current(record, snapshot.position).of) {
    if (!fact->deleted && std::all_of(question.all.begin(), question.all.end(),
                                      [&](const auto& holds) { return holds(*fact); })) {
      found.push_back(fact);
    }
  }
  std::sort(found.begin(), found.end(), [&](const Fact* a, const Fact* b) {
    return question.before ? question.before(*a, *b) : a->row < b->row;
  });
  std::vector<RowId> rows;
  for (const Fact* fact : found) {
    rows.push_back(fact->row);
  }
  return rows;
}

}  // namespace holdfast::search::test
