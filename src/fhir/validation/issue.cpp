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
  const bool is_costly = issue.type == IssueType::too_costly;
  const bool is_kept =
      wants_text(issue.severity) || (is_costly && !tells_costly_ && detail_ == Detail::texts);
  count_one(issue.severity);
  if (is_kept) {
    tells_costly_ = tells_costly_ || is_costly;
    issues_.push_back(std::move(issue));
  }
}

}  // namespace holdfast::fhir::validation
