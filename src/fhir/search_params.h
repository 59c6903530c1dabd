// fhir/search_params.h: which values of a resource search finds it by. Search parameters are taken
// apart into indexes: an index holds the values of one path of one resource type, as one kind. Two
// parameters that say the same path share it (docs/adr/0009).
//
// An object of this class is one epoch of definitions; it does not change. fhir/params compiles it
// from the definitions' expressions.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/definitions.h"
#include "fhir/selector.h"
#include "fhir/type.h"

namespace holdfast::fhir {

/// Number of an index, dense from 0 within an epoch.
struct IndexId {
  std::uint16_t value = 0;
  auto operator<=>(const IndexId&) const = default;
};

/// One part of a composite: what it is, and where it stands below the composite's value.
struct IndexPart {
  ParamKind kind = ParamKind::token;
  /// One value of the composite may have several of it.
  bool repeats = false;
  std::vector<Selector> at;
};

struct PathIndex {
  TypeId type;
  ParamKind kind = ParamKind::token;
  /// One resource may have several values in it.
  bool repeats = false;
  /// Of references: one resource may lead to several others by it. Where it repeats only, one of
  /// its values leads somewhere and another says by which identifier.
  bool leads_to_several = false;
  /// What it leads to may be a patient in whose compartment the resource then lies.
  bool in_patient_compartment = false;
  /// What it leads to may be a patient whom the resource is about: so it is in the compartment, or
  /// the standard's parameter `patient` or `subject` of the type says it (Task.for).
  bool names_patient = false;
  /// For people: "Observation.component.code". With type and kind it says all that the index is.
  std::string path;
  std::vector<IndexPart> parts;  ///< of a composite
  /// Every resource of the type has one value, the token true or false: whether the one of `parts`
  /// leads to anything but false.
  bool is_truth = false;
};

/// An index that a parameter is found in.
struct IndexUse {
  IndexId index;
  std::optional<TypeId> only;  ///< of a reference: counts only where it leads to this type
  bool operator==(const IndexUse&) const = default;
};

/// A search parameter of one resource type.
struct SearchParam {
  std::string_view code;
  std::string_view url;
  ParamKind kind = ParamKind::token;
  std::span<const std::uint8_t> targets;  ///< types that a reference may lead to; empty is any
  std::vector<IndexUse> uses;
  std::vector<ParamKind> parts;  ///< of a composite
  std::string_view unsupported;  ///< why there is no index for it; empty where there is
};

/// What a value at some point of the walk counts for.
struct PathAction {
  IndexId index;
  std::uint16_t rest = 0;  ///< a selector to follow from here, or no_rest
};
inline constexpr std::uint16_t no_rest = 0xffff;
inline constexpr std::uint16_t no_state = 0xffff;

/// How the walk over a resource knows that a value is indexed: it starts at the type's root state,
/// and each member leads to the next state, or to none.
class PathAutomaton {
 public:
  [[nodiscard]] std::uint16_t root(TypeId type) const { return roots_[type.value]; }
  [[nodiscard]] std::uint16_t step(std::uint16_t state, const ElementRow& row) const {
    if (state == no_state) {
      return no_state;
    }
    const State& from = states_[state];
    const auto at = static_cast<std::uint32_t>(&row - tables::elements) - from.first_row;
    return at < from.row_count ? next_[from.first_next + at] : no_state;
  }
  [[nodiscard]] std::span<const PathAction> actions(std::uint16_t state) const {
    if (state == no_state) {
      return {};
    }
    const State& at = states_[state];
    return std::span(actions_).subspan(at.first_action, at.action_count);
  }

 private:
  friend class AutomatonBuilder;
  struct State {
    std::uint32_t first_next = 0;  // next_[first_next + row - first_row]
    std::uint16_t first_row = 0;
    std::uint16_t row_count = 0;
    std::uint16_t first_action = 0;
    std::uint16_t action_count = 0;
  };
  std::vector<std::uint16_t> roots_ = std::vector<std::uint16_t>(type_count, no_state);
  std::vector<State> states_;
  std::vector<std::uint16_t> next_;
  std::vector<PathAction> actions_;
};

/// What an index is, in a text that means the same in every program: "1 token Patient.gender".
/// Where the way changes in which values become keys, the number in front does.
[[nodiscard]] std::string identity_of(ParamKind kind, std::string_view path);

class SearchParams {
 public:
  SearchParams() = default;
  SearchParams(SearchParams&&) noexcept = default;
  SearchParams& operator=(SearchParams&&) noexcept = default;
  SearchParams(const SearchParams&) = delete;  // parameters point into their epoch's texts
  SearchParams& operator=(const SearchParams&) = delete;
  ~SearchParams() = default;

  /// Of a type, in order of their codes.
  [[nodiscard]] std::span<const SearchParam> of(TypeId type) const {
    return std::span(params_).subspan(first_[type.value],
                                      first_[type.value + 1U] - first_[type.value]);
  }
  /// Null if the type has none of that code.
  [[nodiscard]] const SearchParam* find(TypeId type, std::string_view code) const;
  [[nodiscard]] const PathIndex& index(IndexId id) const { return indexes_[id.value]; }
  /// Numbers given out, those that nothing is written to included.
  [[nodiscard]] std::size_t index_count() const { return indexes_.size(); }
  /// Whether values are extracted into it. Not if only an older program knows what it was.
  [[nodiscard]] bool is_written(IndexId id) const { return !indexes_[id.value].path.empty(); }
  /// The identity of each index, in order of their numbers; empty where nothing is written.
  [[nodiscard]] std::vector<std::string> catalogue() const;
  [[nodiscard]] const PathAutomaton& automaton() const { return automaton_; }
  [[nodiscard]] const Selector& rest(std::uint16_t number) const { return rests_[number]; }

 private:
  friend class SearchParamsBuilder;
  std::vector<SearchParam> params_;
  std::vector<std::uint32_t> first_ = std::vector<std::uint32_t>(type_count + 1U, 0);
  std::vector<PathIndex> indexes_;
  std::vector<Selector> rests_;
  PathAutomaton automaton_;
  // What parameters that are not built in point to; a deque leaves its elements where they are.
  std::deque<std::string> texts_;
  std::deque<std::vector<std::uint8_t>> targets_;
};

}  // namespace holdfast::fhir
