// reconcile/compare.h: a neighbour's list against ours. Pure: what is ours was looked up before,
// and nothing is written here. The same list against the same record finds the same differences,
// each under the same id, however often it is asked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reconcile/list.h"
#include "reconcile/states.h"

namespace holdfast::reconcile {

/// Numbers are in nothing that is kept: the names are.
enum class Kind : std::uint8_t {
  missing_here,
  missing_there,
  state_differs,
  identity_conflict,
  count_differs,
};
inline constexpr std::size_t kinds = 5;
/// "missing-here": a code of the system urn:holdfast:finding.
[[nodiscard]] std::string_view name(Kind kind);
[[nodiscard]] std::optional<Kind> kind_named(std::string_view name);

/// One of ours, as far as a comparison wants to know it.
struct Ours {
  std::string reference;  ///< "ServiceRequest/7"
  std::string item;       ///< "Task/9"; empty where no pathway follows it
  std::string patient;    ///< "Patient/1"
  bool is_open = false;
  bool is_answered = false;              ///< what the neighbour owed us for it has come
  bool is_ambiguous = false;             ///< the number is on things of several patients here
  std::string state;                     ///< in words
  std::vector<std::string> nhs_numbers;  ///< of the patient
  std::vector<Number> numbers;           ///< only of those that a scope is about
  std::string kind;                      ///< pathway
  std::string authored;                  ///< a day
};

/// What a list claims to cover. Only there can something be missing in it.
struct Scope {
  std::set<std::string> kinds;  ///< pathways; empty: all
  std::string from, to;         ///< days, both included; empty: no bound
  std::string organisation;     ///< a reference; empty: whoever
  [[nodiscard]] bool is_stated() const {
    return !kinds.empty() || !from.empty() || !to.empty() || !organisation.empty();
  }
  [[nodiscard]] std::string words() const;
};

struct Difference {
  std::string id;  ///< of the finding
  Kind kind{};
  std::string type;
  Number number;
  std::string nhs_number;  ///< as the list says
  std::string theirs;      ///< their word for the state
  std::string reference, item, patient;
  std::string ours;     ///< our words for the state
  std::string text;     ///< a sentence for a clerk; says nothing that changes by itself
  std::string pathway;  ///< for later lists: whether they cover it
  std::string authored;
};

/// The same source, kind and thing always give the same. A thing that is missing there is known by
/// our reference to it, since a list may have it under any of its numbers.
[[nodiscard]] std::string finding_id(std::string_view source, const Difference& difference);

struct Comparison {
  std::vector<Difference> differences;
  std::set<std::string> ids;                      ///< of those
  std::set<std::pair<std::string, Number>> keys;  ///< what the list names
  std::set<std::string> listed;                   ///< which of ours those are
  std::size_t compared = 0;                       ///< lines of theirs
  std::size_t same = 0;
  std::size_t state_not_compared = 0;     ///< no word, or one that is not known
  std::size_t identity_not_compared = 0;  ///< an NHS number on one side only
  std::size_t ours_in_scope = 0;
  std::size_t ours_without_number = 0;               ///< in scope, and under no number of theirs
  std::map<std::string, std::size_t> unknown_words;  ///< with how many lines have each
};

/// `ours` has a place for each row of the list. `in_scope`: our open ones in the scope; nothing
/// where no scope is stated.
[[nodiscard]] Comparison compare(std::string_view source, const List& list, const States& states,
                                 const std::vector<std::optional<Ours>>& ours,
                                 const std::vector<Ours>& in_scope,
                                 const std::set<std::string>& systems);

/// A difference that an earlier list had.
struct Standing {
  std::string id;
  std::string type;
  Number number;
  std::string reference;
  std::string pathway;
  std::string authored;
  std::string organisation;  ///< of the scope of that list
};
/// What this list says of it.
enum class Fate : std::uint8_t { stands, gone, not_said };
[[nodiscard]] Fate fate_of(const Standing& one, const Comparison& comparison, const Scope& scope);

}  // namespace holdfast::reconcile
