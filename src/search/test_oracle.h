// search/test_oracle.h: for tests: a record that changes at random, questions about it, and an
// oracle that answers them from every version there ever was, without an index.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/planted.h"
#include "base/time.h"
#include "fhir/definitions.h"
#include "search/page.h"
#include "views/extracted.h"
#include "views/mem_kv.h"
#include "views/undo.h"
#include "views/versions.h"
#include "views/view.h"

namespace holdfast::search::test {

inline const fhir::TypeId patient = *fhir::type_id("Patient");
inline const fhir::TypeId observation = *fhir::type_id("Observation");

inline views::IndexNumber index_named(std::string_view code) {
  return views::index_of(*fhir::param_id(code));
}

/// One version, as somebody would describe it who has no index.
struct Fact {
  fhir::TypeId type;
  std::string id;
  Version version;
  RowId row;
  Position position;
  Time time;
  bool deleted = false;
  std::vector<std::pair<std::string, std::string>> identifiers;
  std::string subject;  // id of a Patient, or empty
};

/// A record that changes at random, with a view of it, and the truth.
class Record {
 public:
  explicit Record(std::uint64_t seed, Bug bug = Bug::none)
      : random_(seed), bug_(bug), published_(kv_, codec_) {}

  /// One entry with some operations.
  void change() {
    views::WorkLayer work(published_.current(), random_());
    state_.position = state_.position.next();
    state_.time = Time{state_.time.ms + static_cast<std::int64_t>(random_() % (4 * 60'000))};
    std::set<std::pair<fhir::TypeId, std::string>> touched;
    const std::size_t operations = 1 + random_() % 5;
    for (std::size_t i = 0; i < operations; ++i) {
      const fhir::TypeId type = random_() % 2 == 0 ? patient : observation;
      std::string id = "r" + std::to_string(random_() % 12);
      if (touched.insert({type, id}).second) {
        change_one(work, type, id);
      }
    }
    ASSERT_TRUE(views::prune_undo(work, state_, state_.time).has_value());
    views::write_state(work, state_);
    published_.add(std::move(work).freeze(state_.position, state_.position));
    if (random_() % 5 == 0) {
      ASSERT_TRUE(published_.drain().has_value());
    }
  }

  [[nodiscard]] std::shared_ptr<const views::View> view() const { return published_.current(); }
  [[nodiscard]] const views::State& state() const { return state_; }
  [[nodiscard]] const std::vector<Fact>& facts() const { return facts_; }
  std::mt19937_64& random() { return random_; }

 private:
  static views::Postings postings_of(const Fact& fact) {
    views::Postings postings;
    if (fact.deleted) {
      return postings;
    }
    postings.add_listing(fact.type);
    for (const auto& [system, value] : fact.identifiers) {
      postings.add_token(index_named("identifier"), fact.type, system, value);
    }
    if (fact.type == patient) {
      postings.add_compartment(fact.id, patient);
    } else if (!fact.subject.empty()) {
      postings.add_reference(index_named("subject"), observation, patient, fact.subject);
      postings.add_compartment(fact.subject, observation);
    }
    return postings;
  }

  void change_one(views::WorkLayer& work, fhir::TypeId type, const std::string& id) {
    const auto before = views::read_current(work, type, id);
    ASSERT_TRUE(before.has_value());
    Fact fact{type,  id, {1}, {state_.last_row.value + 1}, state_.position, state_.time,
              false, {}, {}};
    if (*before) {
      fact.version = Version{(*before)->version.value + 1};
      const Fact& old = facts_[(*before)->row.value - 1];
      fact.deleted = !old.deleted && random_() % 4 == 0;
      if (!old.deleted) {
        views::supersede(work, state_, old.row, postings_of(old), bug_);
      }
    }
    if (!fact.deleted) {
      // Long values that begin alike, among them one that ends where the others go on.
      static const std::string longest(views::posting_value_bytes_max, 'l');
      static const std::vector<std::string> values{"1",     "2",           "1,5",        "a|b",
                                                   longest, longest + "x", longest + "y"};
      static const std::vector<std::string> systems{"", "urn:a", "urn:b", longest + "s"};
      for (std::size_t n = random_() % 4; n > 0; --n) {
        std::string system = systems[random_() % systems.size()];
        std::string value = random_() % 9 == 0 ? "" : values[random_() % values.size()];
        fact.identifiers.emplace_back(std::move(system), std::move(value));
      }
      if (random_() % 4 != 0) {
        fact.subject = "r" + std::to_string(random_() % 4);
      }
    }
    state_.last_row = fact.row;
    views::write_version(work,
                         {type, fact.id, fact.version, fact.row, fact.position, fact.time,
                          fact.deleted ? views::Presence::deleted : views::Presence::present,
                          fact.deleted ? "" : "{}"},
                         *before);
    views::write_postings(work, fact.row, postings_of(fact));
    facts_.push_back(std::move(fact));
  }

  std::mt19937_64 random_;
  Bug bug_;
  views::MemKv kv_;
  views::BodyCodec codec_;
  views::Published published_;
  views::State state_{{}, {}, Time{1'700'000'000'000}, {}, 0, {}, 0};
  std::vector<Fact> facts_;  // facts_[n] has row n + 1
};

/// A query and what it means.
struct Question {
  std::string query;
  std::vector<std::function<bool(const Fact&)>> all;
  Scope scope;
  bool newest_first = false;
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

inline bool has_identifier(const Fact& fact, const std::optional<std::string>& system,
                           const std::string& value) {
  return std::any_of(fact.identifiers.begin(), fact.identifiers.end(), [&](const auto& one) {
    return (!system || one.first == *system) && (value.empty() || one.second == value);
  });
}

inline void ask_identifier(Question& question, std::mt19937_64& random) {
  static const std::string longest(views::posting_value_bytes_max, 'l');
  static const std::vector<std::string> values{"1",     "2",           "1,5", "a|b",
                                               longest, longest + "x", "no"};
  static const std::vector<std::string> systems{"", "urn:a", "urn:b", longest + "s"};
  std::string text;
  std::vector<std::function<bool(const Fact&)>> any;
  const std::size_t count = 1 + random() % 3;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string value = values[random() % values.size()];
    const std::string system = systems[random() % systems.size()];
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

inline void ask_updated(Question& question, const Record& record, std::mt19937_64& random) {
  const Fact& some = record.facts()[random() % record.facts().size()];
  std::string text = to_instant(some.time);
  Time from = some.time;
  Time until{from.ms + 1};
  if (random() % 2 == 0) {
    text = text.substr(0, 16) + "Z";  // to the minute
    from = Time{some.time.ms / 60'000 * 60'000};
    until = Time{from.ms + 60'000};
  }
  static const std::vector<std::string> prefixes{"",   "eq", "ne", "gt", "lt",
                                                 "ge", "le", "sa", "eb"};
  const std::string prefix = prefixes[random() % prefixes.size()];
  question.query += "&_lastUpdated=" + prefix + text;
  question.all.emplace_back([=](const Fact& fact) {
    const bool below = fact.time < from;
    const bool above = fact.time >= until;
    if (prefix == "ne") {
      return below || above;
    }
    if (prefix == "gt" || prefix == "sa") {
      return above;
    }
    if (prefix == "lt" || prefix == "eb") {
      return below;
    }
    return prefix == "ge" ? !below : prefix == "le" ? !above : !below && !above;
  });
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
  if (question.scope.type) {
    question.all.emplace_back([t = *question.scope.type](const Fact& f) { return f.type == t; });
    for (std::size_t n = random() % 3; n > 0; --n) {
      ask_identifier(question, random);
    }
    if (question.scope.type == observation && random() % 3 == 0) {
      const std::string id = "r" + std::to_string(random() % 4);
      static const std::vector<std::string> forms{"subject=Patient/",
                                                  "subject=", "subject:Patient="};
      question.query += "&" + forms[random() % forms.size()] + id;
      question.all.emplace_back([id](const Fact& fact) { return fact.subject == id; });
    }
  }
  if (random() % 4 == 0) {
    const std::string one = "r" + std::to_string(random() % 12);
    const std::string two = "r" + std::to_string(random() % 12);
    question.query += "&_id=" + one + "," + two;
    question.all.emplace_back([=](const Fact& f) { return f.id == one || f.id == two; });
  }
  if (random() % 3 == 0) {
    ask_updated(question, record, random);
  }
  question.newest_first = random() % 3 == 0;
  if (question.newest_first) {
    question.query += "&_sort=-_lastUpdated";
  }
  return question;
}

inline std::vector<RowId> truth(const Record& record, const Question& question,
                                const Snapshot& snapshot) {
  std::map<std::pair<fhir::TypeId, std::string>, const Fact*> current;
  for (const Fact& fact : record.facts()) {
    if (fact.position <= snapshot.position) {
      current[{fact.type, fact.id}] = &fact;
    }
  }
  std::vector<RowId> rows;
  for (const auto& [key, fact] : current) {
    if (!fact->deleted && std::all_of(question.all.begin(), question.all.end(),
                                      [&](const auto& holds) { return holds(*fact); })) {
      rows.push_back(fact->row);
    }
  }
  std::sort(rows.begin(), rows.end());
  if (question.newest_first) {
    std::reverse(rows.begin(), rows.end());
  }
  return rows;
}

}  // namespace holdfast::search::test
