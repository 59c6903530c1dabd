// cli/bench_questions.h: searches of a known record, with who matches them: found out from the
// facts by looking at every resource, without any index.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/bench_record.h"
#include "fhir/json.h"

namespace holdfast::cli {

enum class QuestionKind : std::uint8_t {
  token,
  date,
  date_between,
  quantity,
  string,
  code_date,
  code_value,
  composite,
  chained,
  has,
  include,
  sorted,
};
constexpr std::size_t question_kinds = 12;
[[nodiscard]] std::string_view name_of(QuestionKind kind);

struct Question {
  QuestionKind kind = QuestionKind::token;
  RecordType type = RecordType::observation;
  std::string query;  ///< as it stands in an address, without _count
  std::function<bool(std::uint64_t number)> matches;

  [[nodiscard]] std::string target(std::string_view more) const;
};

/// The `n`-th of its kind; each kind has a few dozen different ones.
[[nodiscard]] Question make_question(QuestionKind kind, unsigned n);

/// A question and its answer in a record of so many patients.
class KnownAnswer {
 public:
  KnownAnswer(Question question, std::uint64_t patients);
  [[nodiscard]] const Question& question() const { return question_; }
  /// Numbers of the resources that match, ascending.
  [[nodiscard]] const std::vector<std::uint64_t>& numbers() const { return numbers_; }

  /// What is wrong with the first page of `count`: it must have as many different matches, the
  /// newest ones first where they were asked for, what they include and nothing else, and a next
  /// link if there are more. Empty when it is right.
  [[nodiscard]] std::string wrong_first_page(fhir::JsonValue bundle, std::size_t count) const;
  /// Numbers of the matches on a page, in its order; the reason where one has no business there.
  [[nodiscard]] Result<std::vector<std::uint64_t>> matches_on(fhir::JsonValue bundle) const;

 private:
  [[nodiscard]] std::string wrong_order(const std::vector<std::uint64_t>& page) const;
  [[nodiscard]] std::string wrong_includes(fhir::JsonValue bundle,
                                           const std::vector<std::uint64_t>& page) const;

  Question question_;
  std::vector<std::uint64_t> numbers_;
};

/// The link of a Bundle with that relation; empty if there is none.
[[nodiscard]] std::string link_of(fhir::JsonValue bundle, std::string_view relation);

}  // namespace holdfast::cli
