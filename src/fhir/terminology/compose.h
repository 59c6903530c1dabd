// fhir/terminology/compose.h: members of value sets from their rules, where they can be enumerated.
// https://hl7.org/fhir/R4/valueset.html#compositions. Inside this folder only.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "base/result.h"
#include "fhir/terminology/terminology.h"

namespace holdfast::fhir::terminology {

/// Members in order of the rules, and why there are more, if there are.
struct Composed {
  std::vector<std::uint32_t> members;  ///< ConceptId::value
  std::vector<Error> open;             ///< a reason for each rule that cannot be enumerated
};

/// Concepts looked at for one value set and what it imports; for an expression, each of its pieces
/// counts. About a tenth of a second.
constexpr std::uint64_t composing_steps_max = 1'000'000;

/// Remembers what it composed; one for a set of questions.
class Composer {
 public:
  /// rules_only composes everything anew; known_members only what refresh() names.
  enum class Use : std::uint8_t { rules_only, known_members };
  Composer(const Terminology& in, Use use) : in_(in), use_(use) {}

  /// What is wrong with a rule is a reason in `open`. The reference lives as long as the Composer.
  /// What would take more than composing_steps_max is a reason too.
  const Composed& compose(ValueSetId set);
  /// Composes this one from its rules, whatever is known of it.
  void refresh(ValueSetId set) { fresh_.insert(set); }

 private:
  [[nodiscard]] Result<std::vector<std::uint32_t>> members_of(std::uint32_t layer,
                                                              const RuleRow& rule);
  [[nodiscard]] Result<std::vector<std::uint32_t>> of_system(std::uint32_t layer,
                                                             const RuleRow& rule);
  [[nodiscard]] std::vector<std::uint32_t> listed(std::uint32_t layer, const RuleRow& rule) const;
  [[nodiscard]] Composed from_rules(ValueSetId set);

  const Terminology& in_;
  const Use use_;
  /// Counts; false where there were too many.
  [[nodiscard]] bool may_take(std::uint64_t steps) {
    steps_ += steps;
    return steps_ <= composing_steps_max;
  }

  unsigned depth_ = 0;
  std::uint64_t steps_ = 0;
  std::set<ValueSetId> fresh_;
  std::set<ValueSetId> in_progress_;
  std::map<ValueSetId, Composed> done_;
};

/// Whether a concept of a system passes a filter. Code::not_found for a filter on a code that the
/// system lacks; Code::unsupported for a filter that means nothing here.
[[nodiscard]] Result<bool> passes(const Terminology& in, std::uint32_t layer,
                                  const FilterRow& filter, SystemId system, ConceptId id);

/// Members as runs: those in order, or those of sorted numbers.
[[nodiscard]] std::vector<Run> runs_of(const std::vector<std::uint32_t>& members);

/// How many steps a filter takes for one concept.
[[nodiscard]] std::uint64_t steps_of(const Terminology& in, std::uint32_t layer,
                                     const FilterRow& filter);

/// Why the codes of a system cannot be enumerated.
[[nodiscard]] Error not_enumerable(std::string_view url);

}  // namespace holdfast::fhir::terminology
