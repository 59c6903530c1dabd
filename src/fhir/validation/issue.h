// fhir/validation/issue.h: what validation finds, bounded: beyond a number, issues are only
// counted. https://hl7.org/fhir/R4/operationoutcome.html
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::fhir::validation {

enum class Severity : std::uint8_t { error, warning, information };
constexpr std::size_t severities = 3;
/// "error"
[[nodiscard]] std::string_view name(Severity severity);

/// https://hl7.org/fhir/R4/valueset-issue-type.html, as far as validation uses it.
enum class IssueType : std::uint8_t {
  structure,      ///< elements that are unknown, of the wrong type or in the wrong place
  required,       ///< an element that must be there is missing
  value,          ///< a value outside what a definition allows
  invariant,      ///< a rule of a definition does not hold
  code_invalid,   ///< a code outside the value set that the element is bound to
  extension,      ///< an extension where it must not be
  not_found,      ///< a profile or value set that is not here
  not_supported,  ///< something that a profile asks for and that is not checked here
  too_costly,     ///< more work than one validation may take
  business_rule,
  informational,
};
/// "code-invalid"
[[nodiscard]] std::string_view name(IssueType type);

struct Issue {
  Severity severity{};
  IssueType type{};
  std::string text;   ///< a sentence for a person, without a trailing full stop
  std::string where;  ///< as fhir::where_text() writes it: expression, line and column
  std::string rule;   ///< the key of the invariant, or the url of the profile that asks for it
};

/// Issues of each severity whose text is kept; more are counted.
constexpr std::size_t report_issues_max = 100;

/// What of an issue is wanted.
enum class Detail : std::uint8_t { counts, texts };

class Report {
 public:
  explicit Report(Detail detail = Detail::texts) : detail_(detail) {}

  /// Whether an issue of that severity, if it is noted, needs its text.
  [[nodiscard]] bool wants_text(Severity severity) const {
    return detail_ == Detail::texts && count(severity) < report_issues_max;
  }
  /// Counts it, and keeps it where wants_text(); the first that says that not all was looked at
  /// however many there are.
  void add(Issue issue);
  /// Counts one whose text nobody wants.
  void count_one(Severity severity) { ++counts_[static_cast<std::size_t>(severity)]; }

  [[nodiscard]] std::size_t count(Severity severity) const {
    return counts_[static_cast<std::size_t>(severity)];
  }
  [[nodiscard]] bool has_errors() const { return count(Severity::error) != 0; }
  /// In the order in which they were found.
  [[nodiscard]] const std::vector<Issue>& issues() const { return issues_; }
  [[nodiscard]] std::vector<Issue> take() { return std::move(issues_); }

 private:
  Detail detail_;
  bool tells_costly_ = false;
  std::array<std::size_t, severities> counts_{};
  std::vector<Issue> issues_;
};

}  // namespace holdfast::fhir::validation
