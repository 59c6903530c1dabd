// Bindings of elements to value sets. https://hl7.org/fhir/R4/terminologies.html#strength
// required: the code must be in the set. extensible: another code only where the set has none for
// it, which nobody can see here, so a code outside is a warning. preferred, example: nothing.
#include <fmt/format.h>

#include "fhir/validation/inspection.h"

namespace holdfast::fhir::validation {
namespace {

using terminology::Strength;

std::string_view member_text(JsonValue object, std::string_view key, std::string& scratch) {
  const auto found = object.find(key);
  return found && found->is_string() ? found->text(scratch) : std::string_view();
}

/// Codes of small sets, so that a person sees what would do.
std::string choices_of(const terminology::Terminology& terms, terminology::ValueSetId set) {
  constexpr std::size_t shown_max = 12;
  terminology::ExpansionTerms page;
  page.count = shown_max + 1;
  const auto expansion = terms.expand(set, page);
  if (!expansion || expansion->total > shown_max || expansion->entries.empty()) {
    return {};
  }
  std::string list;
  for (const terminology::Entry& entry : expansion->entries) {
    list += fmt::format("{}{}", list.empty() ? "" : ", ", entry.code);
  }
  return fmt::format(" Its codes: {}", list);
}

/// "code 'x' of system y", "the text 'z'".
std::string shown(JsonValue value) {
  if (!value.is_object()) {
    return fmt::format("code '{}'", value.is_string() ? value.text() : std::string(value.raw()));
  }
  std::string a;
  std::string b;
  const auto one = [&](JsonValue coding) {
    const std::string_view system = member_text(coding, "system", a);
    return fmt::format(
        "code '{}' {}", member_text(coding, "code", b),
        system.empty() ? std::string("without a system") : fmt::format("of {}", system));
  };
  const auto codings = value.find("coding");
  if (!codings) {
    return value.find("text") && !value.find("code")
               ? fmt::format("the text '{}' without a code",
                             member_text(value, "text", a).substr(0, 80))
               : one(value);
  }
  std::string all;
  for (const JsonValue coding : codings->children()) {
    all += fmt::format("{}{}", all.empty() ? "" : ", ", one(coding));
  }
  return all;
}

}  // namespace

/// Whether the value (code, Coding, CodeableConcept, Quantity) is in the set; yes where it has
/// nothing to be in it.
Inspection::Truth Inspection::truth_of(JsonValue value,
                                       std::optional<terminology::ValueSetId> set) {
  if (!set) {
    return Truth::unknown;
  }
  std::string scratch;
  if (value.is_string()) {
    return known_.terminology.holds(*set, {}, value.text(scratch));
  }
  if (!value.is_object()) {
    return Truth::yes;
  }
  const auto of_coding = [&](JsonValue coding) {
    std::string code_scratch;
    const auto code = coding.find("code");
    if (!code || !code->is_string()) {
      return Truth::no;
    }
    return known_.terminology.holds(*set, member_text(coding, "system", scratch),
                                    code->text(code_scratch));
  };
  const auto codings = value.find("coding");
  if (!codings) {
    return value.find("code") ? of_coding(value) : Truth::no;
  }
  Truth any = Truth::no;
  for (const JsonValue coding : codings->children()) {
    const Truth truth = of_coding(coding);
    if (truth == Truth::yes) {
      return truth;
    }
    any = truth == Truth::unknown ? truth : any;
  }
  return any;
}

void Inspection::check_binding(JsonValue value, const Bound& bound) {
  if (!spend(2)) {
    return;
  }
  const bool required = bound.strength == Strength::required;
  // Extensible: "text alone may be used" where there is no code for it; what has only extensions
  // (data-absent-reason) says that there is none.
  const bool has_code = !value.is_object() || value.find("coding") || value.find("code");
  if (value.is_object() && !has_code && (!required || !value.find("text"))) {
    return;
  }
  const bool is_read = required || bound.strength == Strength::extensible;
  if (is_read && !bound.url.empty()) {
    switch (truth_of(value, bound.set)) {
      case Truth::yes: break;
      case Truth::no:
        note_outside(value, bound, bound.url, required ? Severity::error : Severity::warning);
        break;
      case Truth::unknown: {
        const Severity severity = required ? Severity::warning : Severity::information;
        if (wants(severity)) {
          note(severity, bound.set ? IssueType::informational : IssueType::not_found, value,
               bound.set ? fmt::format("whether {} is in the value set {} cannot be told here: its "
                                       "code system is not known",
                                       shown(value), bound.url)
                         : fmt::format("the value set {} is not known here: {} is not checked",
                                       bound.url, shown(value)),
               bound.profile);
        }
        break;
      }
    }
  }
  if (!bound.widest_url.empty() && has_code && truth_of(value, bound.widest) == Truth::no) {
    note_outside(value, bound, bound.widest_url, Severity::error);
  }
}

void Inspection::note_outside(JsonValue value, const Bound& bound, std::string_view url,
                              Severity severity) {
  if (!wants(severity)) {
    return;
  }
  const bool is_widest = url == bound.widest_url && severity == Severity::error;
  const auto set = is_widest ? bound.widest : bound.set;
  note(severity, IssueType::code_invalid, value,
       fmt::format("{} is not in the value set {}, which {}.{}", shown(value), url,
                   is_widest || severity == Severity::error
                       ? "is required here"
                       : "is to be used here where it has a code for what is meant",
                   set ? choices_of(known_.terminology, *set) : std::string()),
       bound.profile);
}

}  // namespace holdfast::fhir::validation
