#include "fhir/validation/inspection.h"

#include <algorithm>

#include <fmt/format.h>

#include "fhir/json_text.h"
#include "fhir/walk.h"

namespace holdfast::fhir::validation {

void Inspection::run(JsonValue resource) {
  if (const auto type = resource.find("resourceType"); type && type->equals("Bundle")) {
    entries_.emplace(resource);
  }
  take_resource(resource, Rank::whole);
  const path::Value whole = path::resource_value(resource);
  around_ = {whole, whole};
  for (const std::string& profile : terms_.profiles) {
    check_named(profile, whole, Severity::error);
  }
}

void Inspection::note(Severity severity, IssueType type, JsonValue at, std::string text,
                      std::string_view rule, std::string_view below) {
  std::string where = element_path(json_, at.index());
  if (!below.empty()) {
    append_step(where, false, 0, below);
  }
  BundleEntries* const entries = entries_ ? &*entries_ : terms_.entries;
  const JsonPlace place = entries != nullptr ? entries->place(at.begin()) : json_.place(at.begin());
  report_->add({severity, type, std::move(text), where_text(where, place), std::string(rule)});
}

bool Inspection::spend(std::uint64_t steps) {
  if (steps_left_ == 0) {
    return false;
  }
  if (steps < steps_left_) {
    steps_left_ -= steps;
    return true;
  }
  steps_left_ = 0;
  report_->add({Severity::error,
                IssueType::too_costly,
                "validating this takes more work than is allowed; what lies behind here was not "
                "looked at. Send it in smaller parts",
                {},
                {}});
  return false;
}

path::Surroundings Inspection::surroundings() {
  path::Surroundings all;
  all.resource = around_.resource;
  all.root_resource = around_.root;
  all.now = terms_.now;
  all.resolver = &resolver_;
  all.terminology = this;
  all.profiles = this;
  all.limits.steps = std::min(all.limits.steps, steps_left_);
  return all;
}

std::optional<bool> Inspection::decide(const path::Program& program, const path::Value& on,
                                       std::string_view rule) {
  if (is_spent() || (nested_ >= nested_max && !spend(steps_left_))) {
    return std::nullopt;
  }
  path::Evaluator& evaluator = workspace_.evaluators[nested_];
  ++nested_;
  const auto decided = evaluator.decide(program, on, surroundings());
  --nested_;
  if (!spend(1 + evaluator.steps())) {
    return std::nullopt;
  }
  if (decided) {
    return *decided;
  }
  const bool costly = decided.error().code == Code::too_costly;
  const Severity severity = costly ? Severity::error : Severity::warning;
  if (wants(severity)) {
    note(severity, costly ? IssueType::too_costly : IssueType::not_supported, place_of(on),
         fmt::format("the rule {} could not be evaluated: {}", rule, decided.error().what), rule);
  }
  return std::nullopt;
}

bool Inspection::select(const path::Program& program, const path::Value& from, Items& to) {
  if (is_spent() || (nested_ >= nested_max && !spend(steps_left_))) {
    return false;
  }
  path::Evaluator& evaluator = workspace_.evaluators[nested_];
  ++nested_;
  const auto found = evaluator.evaluate(program, from, surroundings());
  --nested_;
  if (!spend(1 + evaluator.steps()) || !found) {
    return false;
  }
  to.insert(to.end(), found->begin(), found->end());
  return true;
}

std::optional<bool> Inspection::is_member(const path::PathCode& code, std::string_view value_set) {
  const auto set = known_.terminology.value_set(value_set);
  if (!set) {
    return std::nullopt;
  }
  const Truth truth = known_.terminology.holds(*set, code.system, code.code);
  return truth == Truth::unknown ? std::nullopt : std::optional(truth == Truth::yes);
}

std::optional<bool> Inspection::subsumes(const path::PathCode& code,
                                         const path::PathCode& descendant) {
  if (code.system != descendant.system) {
    return std::nullopt;
  }
  const auto found = known_.terminology.subsumes(code.system, code.code, descendant.code);
  if (!found) {
    return std::nullopt;
  }
  return *found == terminology::Subsumption::equivalent ||
         *found == terminology::Subsumption::subsumes;
}

std::optional<bool> Inspection::conforms(const path::Value& value, std::string_view profile) {
  const FoundProfile found = known_.library.find(profile);
  if (found.profile == nullptr) {
    return found.type.is_known() ? std::optional(path::is_a(value.type(), found.type))
                                 : std::nullopt;
  }
  const bool is_here =
      value.is_node() && value.document() == &json_ && (value.has_value() || value.has_sibling());
  return is_here ? std::optional(conforms_quietly(*found.profile, value)) : std::nullopt;
}

}  // namespace holdfast::fhir::validation
