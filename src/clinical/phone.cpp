#include "clinical/phone.h"

#include <algorithm>

#include <fmt/format.h>

#include "clinical/span.h"

namespace holdfast::clinical {
namespace {

using fhir::Decimal;

bool may_apply(const PhoneLimit& limit, const PhonePatient& patient) {
  if (patient.age_years && ((limit.age_from && *patient.age_years < *limit.age_from) ||
                            (limit.age_below && *patient.age_years >= *limit.age_below))) {
    return false;
  }
  if (limit.red_cells != RedCells::unknown && patient.red_cells != RedCells::unknown &&
      limit.red_cells != patient.red_cells) {
    return false;
  }
  return !limit.practice_only || patient.sent_by != SentBy::hospital;
}

/// The upper limit of normal, where the observation gives exactly one, in a unit that is known.
std::optional<Decimal> upper_limit(const Measurement& measured, const PhoneCode& code,
                                   std::string_view unit) {
  std::optional<Decimal> found;
  for (const Range& range : measured.ranges) {
    if (!range.is_usual || !range.high) {
      continue;
    }
    Quantity high = *range.high;
    if (high.unit && high.unit->empty()) {
      high.unit = measured.quantity->unit;  // a range without a unit is in that of its value
    }
    const auto value = value_in(high, code.units, unit, code.grams_per_mole);
    if (!value || (found && *found != *value)) {
      return std::nullopt;
    }
    found = value;
  }
  return found;
}

class Judge {
 public:
  Judge(const PhoneCode& code, const Measurement& measured, const PhonePatient& patient)
      : code_(code), measured_(measured), patient_(patient) {
    verdict_.test = code.test;
  }

  PhoneVerdict by(const PhoneTable& table) {
    bool any = false;
    for (const PhoneLimit& limit : table.limits) {
      if (limit.test != code_.test) {
        continue;
      }
      if (!may_apply(limit, patient_)) {
        elsewhere_ = elsewhere_ || limit.practice_only;
        continue;
      }
      any = true;
      if (compare(limit)) {
        return std::move(verdict_);
      }
    }
    if (!any && !elsewhere_) {
      return say(PhoneAnswer::unjudged, fmt::format("{} has no limit for this age", code_.test));
    }
    return doubt_.empty() ? say(PhoneAnswer::no, fmt::format("{} is within its limits", code_.test))
                          : say(PhoneAnswer::unjudged, doubt_);
  }

 private:
  PhoneVerdict say(PhoneAnswer answer, std::string why) {
    verdict_.answer = answer;
    verdict_.why = std::move(why);
    return std::move(verdict_);
  }

  bool found(std::string_view where, const Decimal& limit, const PhoneLimit& row) {
    verdict_.answer = PhoneAnswer::phone;
    verdict_.why = fmt::format("{} is at or {} {} {}", code_.test, where, limit.text(), row.unit);
    if (!patient_.age_years && (row.age_from || row.age_below)) {
      verdict_.why += "; the age is not known, so the stricter limit counts";
    }
    if (!row.source.empty()) {
      verdict_.why += fmt::format(" ({})", row.source);
    }
    return true;
  }

  /// True where it is critical; else doubt_ says what could not be compared.
  bool compare(const PhoneLimit& limit) {
    const auto value = value_in(*measured_.quantity, code_.units, limit.unit, code_.grams_per_mole);
    if (!value) {
      doubt_ = fmt::format("{} cannot be compared", code_.test);
      return false;
    }
    const Span where{*value, measured_.quantity->comparator};
    std::optional<Decimal> high = limit.high;
    if (limit.high_times_uln) {
      const auto uln = upper_limit(measured_, code_, limit.unit);
      high = uln ? multiply(*uln, *limit.high_times_uln) : std::nullopt;
      if (!high) {
        doubt_ = fmt::format("{} is compared with its upper limit of normal, which is not given",
                             code_.test);
      }
    }
    if (limit.low) {
      const Sure below = where.is_at_or_below(*limit.low);
      if (below == Sure::yes) {
        return found("below", *limit.low, limit);
      }
      note(below);
    }
    if (high) {
      const Sure above = where.is_at_or_above(*high);
      if (above == Sure::yes) {
        return found("above", *high, limit);
      }
      note(above);
    }
    return false;
  }

  void note(Sure sure) {
    if (sure == Sure::unsure) {
      doubt_ = fmt::format("{} is only said to be below or above a number", code_.test);
    }
  }

  const PhoneCode& code_;
  const Measurement& measured_;
  const PhonePatient& patient_;
  PhoneVerdict verdict_;
  std::string doubt_;
  bool elsewhere_ = false;  // there is a limit, for samples of others
};

std::string codes_text(const Measurement& measured) {
  std::string text;
  for (const Coding& code : measured.codes) {
    text += fmt::format("{}{}|{}", text.empty() ? "" : ", ", code.system, code.code);
  }
  return text.empty() ? "no code" : text;
}

}  // namespace

PhoneVerdict phone(const PhoneTable& table, const Measurement& measured,
                   const PhonePatient& patient) {
  PhoneVerdict verdict;
  if (!measured.quantity) {
    verdict.why = "it is no number";
    return verdict;
  }
  const PhoneCode* known = nullptr;
  bool has_none = false;
  for (const Coding& code : measured.codes) {
    const auto found = std::ranges::find(table.codes, code.code, &PhoneCode::loinc);
    if (code.system == loinc && found != table.codes.end() && known == nullptr) {
      known = &*found;
    }
    has_none = has_none ||
               (code.system == loinc &&
                std::ranges::find(table.without_limit, code.code) != table.without_limit.end());
  }
  if (known == nullptr && has_none) {
    verdict.answer = PhoneAnswer::no;
    verdict.why = "it has no limit";
    return verdict;
  }
  if (known == nullptr) {
    verdict.answer = PhoneAnswer::needs_mapping;
    verdict.mapping_key = codes_text(measured);
    verdict.why = fmt::format("the table does not know {}", verdict.mapping_key);
    return verdict;
  }
  const Quantity& quantity = *measured.quantity;
  if (!quantity.unit || std::ranges::find(known->units, *quantity.unit) == known->units.end()) {
    verdict.test = known->test;
    verdict.answer = PhoneAnswer::needs_mapping;
    verdict.mapping_key = fmt::format("{} in {}", known->loinc, unit_text(quantity));
    verdict.why =
        fmt::format("{} is given in {}, which is not taken", known->test, unit_text(quantity));
    return verdict;
  }
  verdict = Judge(*known, measured, patient).by(table);
  if (verdict.answer == PhoneAnswer::phone && table.edition.is_draft()) {
    verdict.why += fmt::format("; by {}", table.edition.text());
  }
  return verdict;
}

}  // namespace holdfast::clinical
