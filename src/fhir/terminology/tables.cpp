#include "fhir/terminology/tables.h"

#include <algorithm>

#include <zlib.h>

#include "base/check.h"
#include "fhir/definitions.h"

namespace holdfast::fhir::terminology {
namespace {

constexpr std::uint64_t slot_factor = 0x9E3779B97F4A7C15ULL;
constexpr std::uint64_t fold = 0x2020202020202020ULL;  // sets the bit that tells a from A

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

unsigned bits_of(std::size_t slots) {
  return static_cast<unsigned>(std::bit_width(slots) - 1);  // a power of two
}

template <class Row>
std::int64_t find_url(const char* texts, std::span<const Row> rows,
                      std::span<const std::uint32_t> slots, std::string_view url) {
  if (slots.empty()) {
    return -1;
  }
  std::size_t at = slot_of(url, bits_of(slots.size()));
  for (; slots[at] != 0; at = (at + 1) & (slots.size() - 1)) {
    if (text_at(texts, rows[slots[at] - 1].url) == url) {
      return slots[at] - 1;
    }
  }
  return -1;
}

}  // namespace

std::size_t slot_of(std::string_view text, unsigned bits) {
  const EightBytes ends = eight_bytes(text);
  return (mix_name(ends.first | fold, ends.last | fold, text.size()) * slot_factor) >>
         ((64U - bits) & 63U);
}

bool same_folded(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

std::int64_t find_system(const Tables& in, std::string_view url) {
  return find_url(in.texts, in.systems, in.system_slots, url);
}

std::int64_t find_value_set(const Tables& in, std::string_view url) {
  return find_url(in.texts, in.value_sets, in.value_set_slots, url);
}

std::int64_t find_concept(const Tables& in, const SystemRow& system, std::string_view code) {
  const std::uint32_t* slots = in.concept_slots + system.slots;
  const std::size_t mask = (std::size_t{1} << system.slot_bits) - 1;
  std::int64_t other_case = -1;
  for (std::size_t at = slot_of(code, system.slot_bits); slots[at] != 0; at = (at + 1) & mask) {
    const std::uint32_t number = system.first + slots[at] - 1;
    const std::string_view known = text_at(in.texts, in.concepts[number].code);
    if (known == code) {
      return number;
    }
    if (other_case < 0 && system.case_rule != CaseRule::sensitive && same_folded(known, code)) {
      other_case = number;
    }
  }
  return other_case;
}

bool holds(std::span<const Run> sorted, std::uint32_t number) {
  const auto behind =
      std::upper_bound(sorted.begin(), sorted.end(), number,
                       [](std::uint32_t n, const Run& run) { return n < run.first; });
  return behind != sorted.begin() && number - std::prev(behind)->first < std::prev(behind)->count;
}

Tables built_in() {
  return Tables{
      reinterpret_cast<const char*>(tables::texts),
      {tables::systems, tables::system_count},
      {tables::system_slots, std::size_t{1} << tables::system_slot_bits},
      {tables::concepts, tables::concept_count},
      tables::concept_slots,
      {tables::edges, tables::edge_count},
      {tables::properties, tables::property_count},
      {tables::designations, tables::designation_count},
      tables::designation_kinds,
      {tables::value_sets, tables::value_set_count},
      {tables::value_set_slots, std::size_t{1} << tables::value_set_slot_bits},
      tables::rules,
      tables::listed,
      tables::filters,
      tables::imports,
      tables::runs,
      {tables::concept_maps, tables::concept_map_count},
      tables::map_groups,
      tables::map_rows,
      {tables::map_products, tables::map_product_count},
  };
}

std::string built_in_definition(std::uint32_t number) {
  const std::uint32_t block = number / definitions_per_block;
  const auto* packed = reinterpret_cast<const Bytef*>(tables::packed_definitions);
  std::string plain(tables::definition_block_bytes[block], '\0');
  uLongf bytes = plain.size();
  const int result = uncompress(
      reinterpret_cast<Bytef*>(plain.data()), &bytes, packed + tables::definition_blocks[block],
      tables::definition_blocks[block + 1] - tables::definition_blocks[block]);
  check(result == Z_OK && bytes == plain.size(), "the built-in definitions unpack");
  ByteReader reader(plain);
  for (std::uint32_t skipped = number % definitions_per_block; skipped > 0; --skipped) {
    reader.bytes(reader.little<std::uint16_t>());
  }
  return std::string(reader.bytes(reader.little<std::uint16_t>()));
}

}  // namespace holdfast::fhir::terminology
