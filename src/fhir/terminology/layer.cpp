// fhir/terminology/layer.cpp: from resources to rows: what systems and value sets share.
#include "fhir/terminology/layer.h"

#include <fmt/format.h>

#include "base/check.h"
#include "fhir/terminology/read.h"

namespace holdfast::fhir::terminology {
namespace {

// Members of a rule that get their number when all is read: no layer has this bit.
constexpr std::uint32_t stray_bit = 0x80000000U;

std::vector<std::uint32_t> url_slots(
    const std::map<std::string, std::uint32_t, std::less<>>& urls) {
  SlotTable table(urls.size());
  for (const auto& [url, index] : urls) {
    table.add(url, index);
  }
  return table.take();
}

}  // namespace

SlotTable::SlotTable(std::size_t count) {
  while ((std::size_t{1} << bits_) * 2 < count * 3) {
    ++bits_;
  }
  slots_.resize(std::size_t{1} << bits_);
}

void SlotTable::add(std::string_view text, std::uint32_t index) {
  std::size_t at = slot_of(text, bits_);
  while (slots_[at] != 0) {
    at = (at + 1) & (slots_.size() - 1);
  }
  slots_[at] = index + 1;
}

std::string text_of(JsonValue object, std::string_view key) {
  const auto value = object.find(key);
  return value && value->is_string() ? value->text() : std::string();
}

Result<std::string> needed_text(JsonValue object, std::string_view key) {
  std::string text = text_of(object, key);
  if (text.empty()) {
    return fail(Code::required, fmt::format("'{}' is missing", key),
                object.document().path(object.index()));
  }
  return text;
}

Tables tables_of(const Rows& rows) {
  return Tables{rows.texts.data(),
                rows.systems,
                rows.system_slots,
                rows.concepts,
                rows.concept_slots.data(),
                rows.edges,
                rows.properties,
                rows.designations,
                rows.designation_kinds.data(),
                rows.value_sets,
                rows.value_set_slots,
                rows.rules.data(),
                rows.listed.data(),
                rows.filters.data(),
                rows.imports.data(),
                rows.runs.data(),
                rows.concept_maps,
                rows.map_groups.data(),
                rows.map_rows.data(),
                rows.map_products};
}

std::string Layer::definition(std::uint32_t number) const {
  return rows ? std::string(text_at(tables.texts, rows->definitions[number]))
              : built_in_definition(number);
}

TextAt Reading::intern(std::string_view text) {
  if (text.empty()) {
    return 0;
  }
  const auto [at, is_new] =
      known_texts_.try_emplace(std::string(text), static_cast<TextAt>(rows_.texts.size()));
  if (is_new) {
    append_text(rows_.texts, text);
  }
  return at->second;
}

Result<void> Reading::read(std::span<const JsonValue> resources) {
  TRY_OK(read_kind(resources, "CodeSystem", &Reading::read_system));
  TRY_OK(read_kind(resources, "ValueSet", &Reading::read_set));
  TRY_OK(read_kind(resources, "ConceptMap", &Reading::read_map));
  place_strays();
  if (rows_.concepts.size() > concepts_max) {
    return fail(Code::too_large, fmt::format("more than {} concepts in one layer", concepts_max));
  }
  rows_.system_slots = url_slots(systems_);
  rows_.value_set_slots = url_slots(value_sets_);
  return ok();
}

Result<void> Reading::read_kind(std::span<const JsonValue> resources, std::string_view type,
                                Result<void> (Reading::*read_one)(JsonValue)) {
  for (const JsonValue resource : resources) {
    if (text_of(resource, "resourceType") == type) {
      TRY_OK((this->*read_one)(resource));
    }
  }
  return ok();
}

// A row for a system that is named here: whatever layer holds it is found by its url.
std::uint32_t Reading::system_named(std::string_view url) {
  const auto known = systems_.find(url);
  if (known != systems_.end()) {
    return known->second;
  }
  const auto index = static_cast<std::uint32_t>(rows_.systems.size());
  rows_.systems.push_back(SystemRow{intern(url), 0, 0, 0, 0, 0, Content::listed, CaseRule::unsaid,
                                    Hierarchy::unsaid, 1});
  systems_.emplace(url, index);
  return index;
}

// The number of a code that a value set lists; nothing for one that its system, which is in this
// layer, does not have: such a code is no member.
std::optional<std::uint32_t> Reading::member(std::uint32_t system, std::string_view code,
                                             std::string_view display) {
  const SystemRow& row = rows_.systems[system];
  if (row.content != Content::listed) {
    const auto number = find_concept(tables_of(rows_), row, code);
    return number < 0 ? std::nullopt
                      : std::optional(layer_ << 24U | static_cast<std::uint32_t>(number));
  }
  if (const auto known = under_.find(text_at(rows_.texts.data(), row.url), code)) {
    return known->value;
  }
  const auto [at, is_new] = stray_at_.try_emplace({system, std::string(code)},
                                                  static_cast<std::uint32_t>(strays_.size()));
  if (is_new) {
    strays_.push_back(Stray{system, std::string(code), std::string(display)});
  }
  return stray_bit | at->second;
}

// Strays become concepts of a listed system of their own, behind all that is defined here.
void Reading::place_strays() {
  std::vector<std::uint32_t> numbers(strays_.size());
  std::vector<std::vector<std::uint32_t>> of_system(rows_.systems.size());
  for (std::uint32_t stray = 0; stray < strays_.size(); ++stray) {
    of_system[strays_[stray].system].push_back(stray);
  }
  for (std::size_t index = 0; index < of_system.size(); ++index) {
    SystemRow row = rows_.systems[index];
    if (row.content != Content::listed) {
      continue;
    }
    row.first = static_cast<std::uint32_t>(rows_.concepts.size());
    row.count = static_cast<std::uint32_t>(of_system[index].size());
    for (const std::uint32_t stray : of_system[index]) {
      numbers[stray] = static_cast<std::uint32_t>(rows_.concepts.size());
      rows_.concepts.push_back(
          ConceptRow{intern(strays_[stray].code), intern(strays_[stray].display), 0, 0, 0});
      rows_.definitions.push_back(0);
    }
    index_codes(rows_, row);
    rows_.systems[index] = row;
  }
  for (ListedRow& listed : rows_.listed) {
    if ((listed.member & stray_bit) != 0) {
      listed.member = layer_ << 24U | numbers[listed.member & ~stray_bit];
    }
  }
}

void index_codes(Rows& rows, SystemRow& row) {
  SlotTable table(row.count);
  for (std::uint32_t place = 0; place < row.count; ++place) {
    table.add(text_at(rows.texts.data(), rows.concepts[row.first + place].code), place);
  }
  row.slots = static_cast<std::uint32_t>(rows.concept_slots.size());
  row.slot_bits = static_cast<std::uint8_t>(table.bits());
  const std::vector<std::uint32_t> slots = table.take();
  rows.concept_slots.insert(rows.concept_slots.end(), slots.begin(), slots.end());
}

}  // namespace holdfast::fhir::terminology
