// clinical/phone_table.cpp: reads clinical/phone.toml, and refuses limits of which two would count
// at once, or that no code leads to.
#include <algorithm>

#include <fmt/format.h>

#include "clinical/phone.h"
#include "fhir/ucum.h"

namespace holdfast::clinical {
namespace {

constexpr std::int64_t age_max = 150;
constexpr std::int64_t minutes_max = 24 * 60;

Result<RedCells> red_cells_in(Fields& row) {
  TRY(const auto text, row.text_if("red_cells"));
  if (!text) {
    return RedCells::unknown;
  }
  if (*text == "normocytic") {
    return RedCells::normocytic;
  }
  if (*text == "micro- or macrocytic") {
    return RedCells::micro_or_macrocytic;
  }
  return row.wrong(fmt::format("red_cells '{}' is not normocytic or micro- or macrocytic", *text));
}

Result<void> check_limit(const PhoneLimit& limit, Fields& row) {
  if (!fhir::parse_unit(limit.unit)) {
    return row.wrong(fmt::format("unit '{}' is no UCUM", limit.unit));
  }
  if (!limit.low && !limit.high && !limit.high_times_uln) {
    return row.wrong(fmt::format("{} has neither low nor high", limit.test));
  }
  if (limit.high && limit.high_times_uln) {
    return row.wrong("high and high_times_uln exclude each other");
  }
  if (limit.low && limit.high && *limit.low >= *limit.high) {
    return row.wrong(
        fmt::format("low {} is not below high {}", limit.low->text(), limit.high->text()));
  }
  if (limit.age_from && limit.age_below && *limit.age_from >= *limit.age_below) {
    return row.wrong("age_from is not below age_below");
  }
  return ok();
}

bool overlap(const PhoneLimit& a, const PhoneLimit& b) {
  const auto from = [](const PhoneLimit& one) { return one.age_from.value_or(0); };
  const auto below = [](const PhoneLimit& one) { return one.age_below.value_or(age_max + 1); };
  const bool same_cells = a.red_cells == RedCells::unknown || b.red_cells == RedCells::unknown ||
                          a.red_cells == b.red_cells;
  return a.test == b.test && same_cells && from(a) < below(b) && from(b) < below(a);
}

Result<void> read_limits(PhoneTable& to, Fields& fields) {
  TRY(const auto values, fields.tables("limit"));
  for (const Value& value : values) {
    Fields row(value, fields.file());
    PhoneLimit limit;
    TRY(limit.test, row.text("test"));
    TRY(limit.unit, row.text("unit"));
    TRY(limit.age_from, row.whole_if("age_from", 0, age_max));
    TRY(limit.age_below, row.whole_if("age_below", 1, age_max));
    TRY(limit.red_cells, red_cells_in(row));
    TRY(limit.practice_only, row.flag_if("practice_only"));
    TRY(limit.low, row.figure_if("low"));
    TRY(limit.high, row.figure_if("high"));
    TRY(limit.high_times_uln, row.figure_if("high_times_uln"));
    TRY(auto source, row.text_if("source"));
    limit.source = std::move(source).value_or("");
    TRY_OK(row.done());
    TRY_OK(check_limit(limit, row));
    for (const PhoneLimit& other : to.limits) {
      if (overlap(limit, other)) {
        return row.wrong(fmt::format("{} has two limits for one age", limit.test));
      }
      if (other.test == limit.test && other.unit != limit.unit) {
        return row.wrong(
            fmt::format("{} is limited in {} and in {}", limit.test, other.unit, limit.unit));
      }
    }
    to.limits.push_back(std::move(limit));
  }
  return ok();
}

/// Every unit of the code has to become that of the limit, or a value would never be compared.
Result<void> check_units(const PhoneCode& code, std::string_view into, Fields& row) {
  const auto target = fhir::parse_unit(into);
  const auto grams = fhir::parse_unit("g/L");
  const auto moles = fhir::parse_unit("mol/L");
  for (const std::string& unit : code.units) {
    const auto known = fhir::parse_unit(unit.empty() ? "1" : std::string_view(unit));
    if (!known) {
      return row.wrong(fmt::format("unit '{}' is no UCUM", unit));
    }
    const bool by_mass = code.grams_per_mole && fhir::are_comparable(*known, *grams) &&
                         fhir::are_comparable(*target, *moles);
    if (!by_mass && !fhir::are_comparable(*known, *target)) {
      return row.wrong(fmt::format("unit '{}' cannot become {}", unit, into));
    }
  }
  return ok();
}

Result<void> read_codes(PhoneTable& to, Fields& fields) {
  TRY(const auto values, fields.tables("code"));
  for (const Value& value : values) {
    Fields row(value, fields.file());
    PhoneCode code;
    TRY(code.test, row.text("test"));
    TRY(code.loinc, row.text("loinc"));
    TRY(code.units, row.texts("units"));
    TRY(code.grams_per_mole, row.figure_if("grams_per_mole"));
    TRY_OK(row.done());
    if (code.grams_per_mole && *code.grams_per_mole <= fhir::Decimal(0)) {
      return row.wrong("grams_per_mole is not above 0");
    }
    const auto limit = std::ranges::find(to.limits, code.test, &PhoneLimit::test);
    if (limit == to.limits.end()) {
      return row.wrong(fmt::format("there is no limit of '{}'", code.test));
    }
    if (std::ranges::find(to.codes, code.loinc, &PhoneCode::loinc) != to.codes.end()) {
      return row.wrong(fmt::format("the code {} is there twice", code.loinc));
    }
    TRY_OK(check_units(code, limit->unit, row));
    to.codes.push_back(std::move(code));
  }
  for (const PhoneLimit& limit : to.limits) {
    if (std::ranges::find(to.codes, limit.test, &PhoneCode::test) == to.codes.end()) {
      return fields.wrong(fmt::format("no code is '{}'", limit.test));
    }
  }
  return ok();
}

Result<void> read_without_limit(PhoneTable& to, Fields& fields) {
  const Value* const all = fields.find("without_limit");
  if (all == nullptr) {
    return ok();
  }
  TRY(const auto values, fields.tables("without_limit"));
  for (const Value& value : values) {
    Fields row(value, fields.file());
    TRY(std::string code, row.text("loinc"));
    TRY_OK(row.text("why"));
    TRY_OK(row.done());
    if (std::ranges::find(to.codes, code, &PhoneCode::loinc) != to.codes.end() ||
        std::ranges::find(to.without_limit, code) != to.without_limit.end()) {
      return row.wrong(fmt::format("the code {} is there twice", code));
    }
    to.without_limit.push_back(std::move(code));
  }
  return ok();
}

}  // namespace

Result<PhoneTable> read_phone(std::string_view text, std::string_view file) {
  TRY(const Value document, parse_document(text, file));
  Fields fields(document, file);
  PhoneTable table;
  TRY(table.edition, read_edition(fields, "phone"));
  TRY(table.within_minutes, fields.whole("within_minutes", 1, minutes_max));
  TRY_OK(read_limits(table, fields));
  TRY_OK(read_codes(table, fields));
  TRY_OK(read_without_limit(table, fields));
  TRY_OK(fields.done());
  return table;
}

}  // namespace holdfast::clinical
