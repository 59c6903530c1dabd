// fhir/terminology/membership.cpp: whether a value set or a system has a code: yes, no, or unknown.
// https://hl7.org/fhir/R4/valueset.html#compositions, as logic of three values: a code that no list
// here knows may still be one.
#include <algorithm>

#include <fmt/format.h>

#include "fhir/terminology/compose.h"
#include "fhir/terminology/grammar.h"
#include "fhir/terminology/pattern.h"
#include "fhir/terminology/terminology.h"

namespace holdfast::fhir::terminology {
namespace {

// Rules that one question may look at (64 listed codes count as one): value sets may import each
// other in circles.
constexpr unsigned rules_looked_at_max = 2000;

Truth both(Truth a, Truth b) {
  return a == Truth::no || b == Truth::no     ? Truth::no
         : a == Truth::yes && b == Truth::yes ? Truth::yes
                                              : Truth::unknown;
}
Truth either(Truth a, Truth b) {
  return a == Truth::yes || b == Truth::yes ? Truth::yes
         : a == Truth::no && b == Truth::no ? Truth::no
                                            : Truth::unknown;
}
Truth opposite(Truth truth) {
  return truth == Truth::yes ? Truth::no : truth == Truth::no ? Truth::yes : Truth::unknown;
}

std::string_view shown(std::string_view code) { return code.substr(0, 100); }

}  // namespace

/// One question about one code.
class Question {
 public:
  Question(const Terminology& in, std::string_view system, std::string_view code)
      : in_(in), system_(system), code_(code), found_(in.find(system, code)) {}

  [[nodiscard]] std::optional<ConceptId> found() const { return found_; }

  [[nodiscard]] Truth of_set(ValueSetId set) {
    const Terminology::Members members = in_.members(set);
    if (found_ && terminology::holds(members.sorted, found_->value)) {
      return Truth::yes;
    }
    return found_ && !members.open ? Truth::no : of_rules(set);
  }

  // Whether the system has it.
  [[nodiscard]] Truth of_system() const {
    if (found_) {
      return Truth::yes;
    }
    const auto system = in_.system(system_);
    if (system && in_.row(*system).content == Content::complete) {
      return Truth::no;
    }
    if (has_grammar(system_)) {
      const Fit fits = fit(system_, code_);
      return fits == Fit::no ? Truth::no : fits == Fit::yes ? Truth::yes : Truth::unknown;
    }
    return Truth::unknown;
  }

 private:
  Truth of_rules(ValueSetId set) {
    const ValueSetRow& row = in_.row(set);
    const RuleRow* rules = in_.tables(set.layer).rules + row.first_rule;
    Truth inside = Truth::no;
    for (unsigned i = 0; i < row.rule_count; ++i) {
      looked_at_ += 1 + rules[i].listed_count / 64;
      if (looked_at_ > rules_looked_at_max) {
        return Truth::unknown;
      }
      const Truth found = of_rule(set.layer, rules[i]);
      inside = (rules[i].flags & rule_exclude) != 0 ? both(inside, opposite(found))
                                                    : either(inside, found);
    }
    return inside;
  }

  Truth of_rule(std::uint32_t layer, const RuleRow& rule) {
    const Tables& tables = in_.tables(layer);
    Truth inside = rule.system != 0 || rule.import_count != 0 ? Truth::yes : Truth::no;
    if (rule.system != 0) {
      const SystemRow& system = tables.systems[rule.system - 1];
      if (in_.text(layer, system.url) != system_) {
        return Truth::no;
      }
      inside = (rule.flags & rule_listed) != 0 ? is_listed(tables, rule) : of_system();
    }
    for (unsigned i = 0; i < rule.filter_count && inside != Truth::no; ++i) {
      inside = both(inside, of_filter(layer, tables.filters[rule.filters + i]));
    }
    for (unsigned i = 0; i < rule.import_count && inside != Truth::no; ++i) {
      const auto set = in_.value_set(in_.text(layer, tables.imports[rule.imports + i]));
      inside = both(inside, set ? of_imported(*set) : Truth::unknown);
    }
    return inside;
  }

  Truth of_imported(ValueSetId set) {
    if (depth_ == import_depth_max) {
      return Truth::unknown;
    }
    ++depth_;
    const Truth found = of_set(set);
    --depth_;
    return found;
  }

  Truth is_listed(const Tables& tables, const RuleRow& rule) const {
    const ListedRow* first = tables.listed + rule.listed;
    const bool there = found_ && std::any_of(first, first + rule.listed_count, [&](auto& listed) {
                         return listed.member == found_->value ||
                                in_.code(ConceptId{listed.member}) == in_.code(*found_);
                       });
    return there ? Truth::yes : Truth::no;
  }

  Truth of_filter(std::uint32_t layer, const FilterRow& filter) const {
    const auto system = in_.system(system_);
    if (found_ && system && in_.row(*system).content != Content::listed) {
      const auto passed = passes(in_, layer, filter, *system, *found_);
      return !passed ? Truth::unknown : *passed ? Truth::yes : Truth::no;
    }
    const std::string_view property = in_.text(layer, filter.property);
    const std::string_view value = in_.text(layer, filter.value);
    const bool on_code = property == "code" || property == "concept";
    if (filter.op == Operator::regex && on_code) {
      const auto pattern = Pattern::read(value);
      return !pattern ? Truth::unknown : pattern->fits(code_) ? Truth::yes : Truth::no;
    }
    if (on_code && value == code_) {
      switch (filter.op) {
        case Operator::equals:
        case Operator::is_a:
        case Operator::generalizes: return Truth::yes;
        case Operator::descendent_of:
        case Operator::is_not_a: return Truth::no;
        default: break;
      }
    }
    return Truth::unknown;
  }

  const Terminology& in_;
  const std::string_view system_;
  const std::string_view code_;
  const std::optional<ConceptId> found_;
  unsigned looked_at_ = 0;
  unsigned depth_ = 0;
};

namespace {

// Gives each system that a set's rules name to `ask`, until it says yes.
template <class Ask>
bool ask_systems(const Terminology& in, ValueSetId set, const Ask& ask) {
  std::vector<ValueSetId> sets{set};  // it, and what is imported, each once
  for (std::size_t next = 0; next < sets.size() && next < rules_looked_at_max; ++next) {
    const ValueSetId at = sets[next];
    const Tables& tables = in.tables(at.layer);
    const RuleRow* rules = tables.rules + in.row(at).first_rule;
    for (const RuleRow& rule : std::span(rules, in.row(at).rule_count)) {
      if ((rule.flags & rule_exclude) != 0) {
        continue;
      }
      if (rule.system != 0 && ask(in.text(at.layer, tables.systems[rule.system - 1].url))) {
        return true;
      }
      for (unsigned k = 0; rule.system == 0 && k < rule.import_count; ++k) {
        const auto imported = in.value_set(in.text(at.layer, tables.imports[rule.imports + k]));
        if (imported && std::find(sets.begin(), sets.end(), *imported) == sets.end()) {
          sets.push_back(*imported);
        }
      }
    }
  }
  return false;
}

// What is unknown, and what could be done.
std::string why_unknown(const Terminology& in, std::string_view system, std::string_view code) {
  if (system.empty()) {
    return fmt::format("'{}' has no system, and is none of the codes known here", shown(code));
  }
  const auto known = in.system(system);
  const Content content = known ? in.row(*known).content : Content::listed;
  if (has_grammar(system)) {
    return fmt::format(
        "'{}' is well-formed in {}, but what it is made of is registered in a list "
        "that is not bundled with this server",
        shown(code), system);
  }
  if (content != Content::listed) {
    return fmt::format("of the code system {} only {} is here, and '{}' is not in it", system,
                       content == Content::example ? "an example" : "a part", shown(code));
  }
  return fmt::format(
      "the code system {} is not bundled with this server, so that nothing is known "
      "of '{}'; load a package that has it",
      system, shown(code));
}

std::string_view wanted_display(const Terminology& in, ConceptId id, std::string_view display) {
  const auto same = [display](std::string_view known) { return same_folded(known, display); };
  if (display.empty() || same(in.display(id)) || in.display(id).empty()) {
    return {};
  }
  for (const Designation& designation : in.designations(id)) {
    if (same(designation.value)) {
      return {};
    }
  }
  return in.display(id);
}

// What is odd about a code though it is right; and what makes an abstract one wrong.
void judge_found(const Terminology& in, const Coding& coding, Abstract abstract_concepts,
                 Verdict& verdict) {
  const ConceptId id = *verdict.found;
  if (abstract_concepts == Abstract::refused && (in.row(id).flags & concept_abstract) != 0) {
    verdict.truth = Truth::no;
    verdict.message = fmt::format("'{}' only groups other codes of {} and is not to be used itself",
                                  in.code(id), in.url(in.system_of(id)));
    return;
  }
  if (in.code(id) != coding.code) {
    verdict.message = fmt::format("the code is written '{}'", in.code(id));
  } else if (const auto right = wanted_display(in, id, coding.display); !right.empty()) {
    verdict.message = fmt::format("the display '{}' is not that of '{}', which is '{}'",
                                  shown(coding.display), in.code(id), right);
  } else if ((in.row(id).flags & concept_inactive) != 0) {
    verdict.message = fmt::format("'{}' is no longer in use", in.code(id));
  }
}

// A version that is not here: what is known of another one says yes, but never no.
void judge_version(const Terminology& in, const Coding& coding, Verdict& verdict) {
  const auto system = in.system(coding.system);
  if (coding.version.empty() || !system) {
    return;
  }
  const std::string_view here = in.text(system->layer, in.row(*system).version);
  if (here.empty() || here == coding.version) {
    return;
  }
  const std::string said = fmt::format("version {} of {} is not here; looked at in version {}",
                                       shown(coding.version), coding.system, here);
  if (verdict.truth == Truth::no) {
    verdict.truth = Truth::unknown;
    verdict.message = fmt::format("{}: {}", said, verdict.message);
  } else if (verdict.message.empty()) {
    verdict.message = said;
  }
}

}  // namespace

Truth Terminology::holds(ValueSetId set, std::string_view system, std::string_view code) const {
  if (!system.empty()) {
    return Question(*this, system, code).of_set(set);
  }
  Truth best = Truth::no;
  ask_systems(*this, set, [&](std::string_view url) {
    best = either(best, Question(*this, url, code).of_set(set));
    return best == Truth::yes;
  });
  return best;
}

Verdict Terminology::contains(ValueSetId set, const Coding& coding,
                              Abstract abstract_concepts) const {
  Verdict verdict;
  std::string_view system_url = coding.system;
  if (system_url.empty()) {
    ask_systems(*this, set, [&](std::string_view asked) {
      const bool yes = Question(*this, asked, coding.code).of_set(set) == Truth::yes;
      system_url = yes ? asked : system_url;
      return yes;
    });
  }
  verdict.truth = holds(set, system_url, coding.code);
  verdict.found = system_url.empty() ? std::nullopt : find(system_url, coding.code);
  if (verdict.truth == Truth::yes && verdict.found) {
    judge_found(*this, coding, abstract_concepts, verdict);
  } else if (verdict.truth == Truth::no) {
    const bool is_code = verdict.found.has_value();
    verdict.message =
        fmt::format("'{}'{}{} is not in the value set {}{}", shown(coding.code),
                    system_url.empty() ? "" : " of ", system_url, url(set),
                    !is_code && Question(*this, system_url, coding.code).of_system() == Truth::no &&
                            !system_url.empty()
                        ? ", nor in its code system"
                        : "");
  } else if (verdict.truth == Truth::unknown) {
    verdict.message = why_unknown(*this, system_url, coding.code);
  }
  if (!coding.system.empty()) {
    judge_version(*this, coding, verdict);
  }
  return verdict;
}

Verdict Terminology::has(const Coding& coding, Abstract abstract_concepts) const {
  const Question question(*this, coding.system, coding.code);
  Verdict verdict{question.of_system(), question.found(), {}};
  if (verdict.found) {
    judge_found(*this, coding, abstract_concepts, verdict);
  } else if (verdict.truth == Truth::no) {
    verdict.message = fmt::format("{} has no code '{}'", coding.system, shown(coding.code));
  } else if (verdict.truth == Truth::unknown) {
    verdict.message = why_unknown(*this, coding.system, coding.code);
  }
  judge_version(*this, coding, verdict);
  return verdict;
}

}  // namespace holdfast::fhir::terminology
