// exchange/map_coverage.h: what a neighbour's overlay did for messages that came, line by line, and
// what neither it nor our own tables know: the list that whoever keeps the overlay works through.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "base/bytes.h"
#include "exchange/neighbour.h"
#include "hl7v2/mapping/report.h"

namespace holdfast::exchange {

class MapCoverage {
 public:
  /// Of different things that are not known so many are told apart; the rest are counted.
  static constexpr std::size_t lacks_max = 10'000;
  static constexpr std::size_t failures_max = 20;

  /// Borrowed: `neighbour` outlives it.
  explicit MapCoverage(const Neighbour& neighbour);

  /// A message of that neighbour, as it came.
  void add(const Bytes& message);

  struct Totals {
    std::uint64_t messages = 0;
    std::uint64_t not_mapped = 0;  ///< of these: no mapping, or refused by it
    std::uint64_t values = 0;      ///< in those that were
    std::uint64_t mapped = 0;
    std::uint64_t set_aside = 0;  ///< a table says why it is not mapped
  };
  [[nodiscard]] const Totals& totals() const { return totals_; }

  /// A line of the overlay, and in how many messages it said something.
  struct Line {
    hl7v2::OverlayLine line;
    std::string owner;  ///< empty: nobody is named
    std::uint64_t messages = 0;
  };
  /// All of them, in the order of their kinds.
  [[nodiscard]] std::vector<Line> lines() const;

  /// Something that is not known.
  struct Lack {
    hl7v2::Finding::Kind kind{};
    std::string place;  ///< "OBX-6.1"
    std::string raw;    ///< of codes, units, systems and numbers; of other values empty
    std::uint64_t messages = 0;
    std::string first;  ///< MSH-10 of the first
  };
  /// What is in most messages first.
  [[nodiscard]] std::vector<Lack> lacks() const;
  /// In how many messages was something that has no place in lacks().
  [[nodiscard]] std::uint64_t lacks_left_out() const { return lacks_left_out_; }

  /// Why messages could not be mapped, of the first few.
  [[nodiscard]] const std::vector<std::string>& failures() const { return failures_; }

 private:
  using LackName = std::tuple<hl7v2::Finding::Kind, std::string, std::string>;
  struct Seen {
    std::uint64_t messages = 0;
    std::string first;
  };
  void note(const hl7v2::Report& report, const std::string& control_id);

  const Neighbour& neighbour_;
  Totals totals_;
  std::map<hl7v2::OverlayLine, std::uint64_t> lines_;
  std::map<LackName, Seen> lacks_;
  std::uint64_t lacks_left_out_ = 0;
  std::vector<std::string> failures_;
};

}  // namespace holdfast::exchange
