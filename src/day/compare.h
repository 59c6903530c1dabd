// day/compare.h: what the server says is owed beside what must be, and the differences in words.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "day/board.h"

namespace holdfast::day {

/// An item as the server has it.
struct Found {
  std::string id;  ///< of its Task
  DutyKey key;
  std::string patient;  ///< record number of whose it is
  std::string state;
  std::string owner;  ///< "team:results" or a reference; empty: nobody
  bool open = true;
  std::vector<std::string> lists;  ///< owners on whose work-lists it was seen
  std::string priority{};
};

struct Tally {
  std::size_t open = 0;
  std::size_t closed = 0;
};

struct Comparison {
  std::map<std::string, Tally> pathways;      ///< as they must be
  std::map<std::string, std::size_t> owners;  ///< what each must have open
  std::vector<std::string> differences;
  [[nodiscard]] bool as_expected() const { return differences.empty(); }
};

[[nodiscard]] Comparison compare(const Board& board, const std::vector<Found>& found);

}  // namespace holdfast::day
