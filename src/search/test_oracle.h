// search/test_oracle.h: for tests: questions about a record (test_record.h), and an oracle that
// answers them from every version there ever was, without an index.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "search/test_filter.h"
#include "search/test_order.h"
#include "search/test_questions.h"

namespace holdfast::search::test {

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
