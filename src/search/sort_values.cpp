// search/sort_values.cpp: what each resource is sorted by, and which of two comes first.
#include <algorithm>

#include "fhir/ucum.h"
#include "search/sort.h"
#include "views/keys.h"
#include "views/values.h"
#include "views/versions.h"

namespace holdfast::search {
namespace {

constexpr std::size_t date_class_bytes = 1;
constexpr std::size_t date_bytes = 16;

/// Quantities by their value in base units; what is in no known unit by the number.
Bytes quantity_sort_form(BytesView form) {
  ByteReader reader(form);
  const views::Unit unit = views::read_unit(reader);
  const views::NumberValue number = views::read_number(reader);
  fhir::Decimal value = number.low ? *number.low : number.high.value_or(fhir::Decimal{});
  if (unit.system == "http://unitsofmeasure.org") {
    const auto known = fhir::parse_unit(unit.code);
    if (const auto base = known ? fhir::to_base(value, *known) : std::nullopt) {
      value = *base;
    }
  }
  Bytes made;
  views::append_decimal(made, value);
  return made;
}

bool leads_where_asked(const fhir::IndexUse& use, BytesView form) {
  return !use.only || (!form.empty() && static_cast<unsigned char>(form[0]) == use.only->value);
}

std::optional<Bytes> value_of(Candidate& candidate, const SortKey& key) {
  std::optional<Bytes> best;
  for (const fhir::ExtractedValue& value : candidate.values()) {
    for (const fhir::IndexUse& use : key.param->uses) {
      if (use.index != value.index) {
        continue;
      }
      const views::Forms& forms = candidate.forms(value);
      for (std::size_t i = 0; i < forms.size(); ++i) {
        if (!leads_where_asked(use, forms[i])) {
          continue;
        }
        Bytes form = sort_form(key.param->kind, forms[i]);
        if (!best || (key.descending ? form > *best : form < *best)) {
          best = std::move(form);
        }
      }
    }
  }
  return best;
}

Bytes row_form(RowId row) {
  Bytes form;
  views::append_row(form, row);
  return form;
}

}  // namespace

Bytes sort_form(fhir::ParamKind kind, BytesView form) {
  switch (kind) {
    case fhir::ParamKind::date: return Bytes(form.substr(date_class_bytes, date_bytes));
    case fhir::ParamKind::quantity: return quantity_sort_form(form);
    case fhir::ParamKind::number: {
      ByteReader reader(form);
      const views::NumberValue number = views::read_number(reader);
      Bytes made;
      views::append_decimal(made, number.low ? *number.low : number.high.value_or(fhir::Decimal{}));
      return made;
    }
    default: return Bytes(form);
  }
}

Result<SortValues> sort_values(Candidate& candidate, const std::vector<SortKey>& keys) {
  SortValues values;
  for (const SortKey& key : keys) {
    switch (key.by) {
      case SortKey::By::updated: values.emplace_back(row_form(candidate.row())); break;
      case SortKey::By::id: {
        TRY(const auto header, views::read_body_header(candidate.moment().reader, candidate.row()));
        values.emplace_back(header.id);
        break;
      }
      case SortKey::By::parameter: {
        TRY_OK(candidate.load());
        values.push_back(value_of(candidate, key));
        break;
      }
    }
  }
  return values;
}

bool sorts_before(const std::vector<SortKey>& keys, const SortValues& a, RowId row_a,
                  const SortValues& b, RowId row_b) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (a[i] == b[i]) {
      continue;
    }
    if (!a[i] || !b[i]) {
      return a[i].has_value();
    }
    return keys[i].descending ? *a[i] > *b[i] : *a[i] < *b[i];
  }
  return keys.front().descending ? row_a > row_b : row_a < row_b;
}

Bytes encode_sort_values(const SortValues& values) {
  Bytes bytes;
  for (const auto& value : values) {
    bytes.push_back(value ? '\x01' : '\0');
    append_text(bytes, value ? *value : Bytes());
  }
  return bytes;
}

Result<SortValues> decode_sort_values(BytesView bytes) {
  SortValues values;
  ByteReader reader(bytes);
  while (!reader.at_end() && !reader.failed()) {
    const bool has = reader.bytes(1) == "\x01";
    Bytes value(reader.text());
    values.push_back(has ? std::optional(std::move(value)) : std::nullopt);
  }
  if (reader.failed()) {
    return fail(Code::value, "this page link does not fit its search");
  }
  return values;
}

}  // namespace holdfast::search
