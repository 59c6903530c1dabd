// clinical/span.h: a value that may only be known to be below or above a number, compared with a
// limit: yes, no, or that it cannot be said.
#pragma once

#include <cstdint>

#include "clinical/observation.h"
#include "fhir/decimal.h"

namespace holdfast::clinical {

enum class Sure : std::uint8_t { no, yes, unsure };

struct Span {
  fhir::Decimal value;
  Comparator comparator = Comparator::none;

  [[nodiscard]] Sure is_at_or_below(const fhir::Decimal& limit) const {
    switch (comparator) {
      case Comparator::none: return value <= limit ? Sure::yes : Sure::no;
      case Comparator::less:
      case Comparator::less_or_equal: return value <= limit ? Sure::yes : Sure::unsure;
      case Comparator::greater_or_equal: return value > limit ? Sure::no : Sure::unsure;
      case Comparator::greater: return value >= limit ? Sure::no : Sure::unsure;
    }
    return Sure::unsure;
  }
  [[nodiscard]] Sure is_at_or_above(const fhir::Decimal& limit) const {
    switch (comparator) {
      case Comparator::none: return value >= limit ? Sure::yes : Sure::no;
      case Comparator::greater:
      case Comparator::greater_or_equal: return value >= limit ? Sure::yes : Sure::unsure;
      case Comparator::less_or_equal: return value < limit ? Sure::no : Sure::unsure;
      case Comparator::less: return value <= limit ? Sure::no : Sure::unsure;
    }
    return Sure::unsure;
  }
  /// As is_at_or_below(), of a limit that is itself too high.
  [[nodiscard]] Sure is_below(const fhir::Decimal& limit) const {
    return opposite(is_at_or_above(limit));
  }
  [[nodiscard]] Sure is_above(const fhir::Decimal& limit) const {
    return opposite(is_at_or_below(limit));
  }

 private:
  static Sure opposite(Sure sure) {
    return sure == Sure::yes ? Sure::no : (sure == Sure::no ? Sure::yes : Sure::unsure);
  }
};

}  // namespace holdfast::clinical
