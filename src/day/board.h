// day/board.h: what is owed, after any number of steps. The same changes in the same order give the
// same board.
#pragma once

#include <map>
#include <string_view>

#include "day/duty.h"

namespace holdfast::day {

class Board {
 public:
  void apply(const Change& change);
  void apply(const std::vector<Change>& changes);

  [[nodiscard]] const std::map<DutyKey, Duty>& duties() const { return duties_; }
  /// Nothing where there is none.
  [[nodiscard]] const Duty* find(const DutyKey& key) const;

 private:
  std::map<DutyKey, Duty> duties_;
};

}  // namespace holdfast::day
