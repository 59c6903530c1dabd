#include "fhir/validation/issue.h"

namespace holdfast::fhir::validation {

std::string_view name(Severity severity) {
  constexpr std::array<std::string_view, severities> names{"error", "warning", "information"};
  return names[static_cast<std::size_t>(severity)];
}

std::string_view name(IssueType type) {
  constexpr std::array<std::string_view, 11> names{
      "structure", "required",      "value",      "invariant",     "code-invalid", "extension",
      "not-found", "not-supported", "too-costly", "business-rule", "informational"};
  return names[static_cast<std::size_t>(type)];
}

void Report::add(Issue issue) {
  if (wants_text(issue.severity)) {
    const Severity severity = issue.severity;
    issues_.push_back(std::move(issue));
    count_one(severity);
    return;
  }
  count_one(issue.severity);
}

}  // namespace holdfast::fhir::validation
