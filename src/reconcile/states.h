// reconcile/states.h: what the words mean that neighbours have for where something stands. Only
// what tells a duty that is owed from one that is not: which of a hundred steps it is at is theirs
// to say.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace holdfast::reconcile {

enum class Stand : std::uint8_t {
  open,      ///< something is still to be done there
  answered,  ///< they have done their part: what they owed us should have come
  closed,    ///< ended there, with or without it
};
[[nodiscard]] std::string_view name(Stand stand);

class States {
 public:
  /// "Awaiting triage=open": what this neighbour means, before the words that are known.
  /// Code::value for anything else.
  Result<void> add(std::string_view rule);
  /// Nothing for a word that is not known: it is named, and never guessed.
  [[nodiscard]] std::optional<Stand> find(std::string_view word) const;

 private:
  std::map<std::string, Stand, std::less<>> own_;
};

}  // namespace holdfast::reconcile
