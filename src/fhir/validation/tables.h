// fhir/validation/tables.h: the invariants of the base definitions, and the profiles and extension
// definitions of the package, as constant tables in the binary: numbers and offsets only.
// tools/definitions/validation.py writes them at build time. Inside this folder only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"

namespace holdfast::fhir::validation {

/// A piece of `texts`.
struct TextAt {
  std::uint32_t offset;
  std::uint16_t bytes;
};

/// https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.constraint
struct InvariantRow {
  TextAt key;
  TextAt human;
  TextAt expression;
  std::uint16_t owner;  ///< a StructureId, or the index of an ElementRow
  std::uint8_t flags;
};
constexpr std::uint8_t invariant_error = 1;  // and not a warning
constexpr std::uint8_t invariant_best_practice = 2;

/// A StructureDefinition with what validation reads, as JSON packed by zlib.
struct ProfileRow {
  TextAt url;
  std::uint32_t begin;  ///< in `packed_profiles`, in bytes
  std::uint32_t packed_bytes;
  std::uint32_t plain_bytes;
};

namespace tables {
extern const InvariantRow structure_invariants[];  // in order of their structures
extern const std::uint32_t structure_invariant_count;
extern const InvariantRow element_invariants[];  // in order of their elements
extern const std::uint32_t element_invariant_count;
extern const ProfileRow profiles[];  // in order of their urls
extern const std::uint32_t profile_count;
extern const std::uint64_t packed_profiles[];  // bytes, eight in a word, little-endian
extern const std::uint64_t texts[];            // the same
}  // namespace tables

[[nodiscard]] inline std::string_view text(const TextAt& at) {
  return {reinterpret_cast<const char*>(tables::texts) + at.offset, at.bytes};
}
/// Those of one owner, of a table that is in order of them.
[[nodiscard]] std::span<const InvariantRow> invariants_of(std::span<const InvariantRow> table,
                                                          std::uint16_t owner);
/// The profile of that url, without a version; nothing if the package has none.
[[nodiscard]] const ProfileRow* find_profile(std::string_view url);
/// Its JSON.
[[nodiscard]] Bytes unpacked(const ProfileRow& row);

}  // namespace holdfast::fhir::validation
