// fhir/validation/base_rules.h: the invariants of the base definitions as programs, each
// structure's compiled when it is first met: nothing is spent at start, and only what comes in
// takes memory. Inside this folder only.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "fhir/definitions.h"
#include "fhir/path/program.h"
#include "fhir/terminology/terminology.h"
#include "fhir/validation/tables.h"

namespace holdfast::fhir::validation {

/// One invariant, ready to run.
struct BaseRule {
  const InvariantRow* row;
  path::Program program;
};

/// What is asked of the values of an ElementRow beside its type.
struct ElementFacts {
  bool has_rules = false;
  bool is_bound = false;     ///< by required or extensible, or there is a widest value set
  bool has_targets = false;  ///< a Reference to certain types
};

/// An element's binding with its value sets as they count in one Terminology.
struct BoundSets {
  terminology::Strength strength{};
  std::string_view url;
  std::optional<terminology::ValueSetId> set;
  std::string_view widest_url;
  std::optional<terminology::ValueSetId> widest;
};

/// Immutable to look at; from any number of threads.
class BaseRules {
 public:
  explicit BaseRules(const terminology::Terminology& terminology);

  [[nodiscard]] std::span<const BaseRule> of(StructureId structure) const;
  [[nodiscard]] std::span<const BaseRule> of(const ElementRow& element) const;
  [[nodiscard]] const ElementFacts& facts(const ElementRow& element) const {
    return facts_[static_cast<std::size_t>(&element - fhir::tables::elements)];
  }
  /// Of an element whose facts say that it is bound.
  [[nodiscard]] BoundSets binding(const ElementRow& element) const;

 private:
  struct Slot {
    std::once_flag once;
    std::vector<BaseRule> rules;
  };
  const terminology::Terminology& terminology_;
  std::vector<ElementFacts> facts_;
  std::unique_ptr<Slot[]> structures_;
  std::unique_ptr<Slot[]> elements_;  // one a row of element_invariants: the first of its element
};

}  // namespace holdfast::fhir::validation
