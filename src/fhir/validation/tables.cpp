#include "fhir/validation/tables.h"

#include <zlib.h>

#include <algorithm>

#include "base/check.h"

namespace holdfast::fhir::validation {

std::span<const InvariantRow> invariants_of(std::span<const InvariantRow> table,
                                            std::uint16_t owner) {
  const auto found = std::ranges::equal_range(table, owner, {}, &InvariantRow::owner);
  return {found.begin(), found.end()};
}

const ProfileRow* find_profile(std::string_view url) {
  const std::span all(tables::profiles, tables::profile_count);
  const auto found =
      std::ranges::lower_bound(all, url, {}, [](const ProfileRow& row) { return text(row.url); });
  return found != all.end() && text(found->url) == url ? &*found : nullptr;
}

Bytes unpacked(const ProfileRow& row) {
  Bytes plain(row.plain_bytes, '\0');
  uLongf bytes = plain.size();
  const auto* packed = reinterpret_cast<const Bytef*>(tables::packed_profiles) + row.begin;
  const int result =
      uncompress(reinterpret_cast<Bytef*>(plain.data()), &bytes, packed, row.packed_bytes);
  check(result == Z_OK && bytes == plain.size(), "the built-in profiles unpack");
  return plain;
}

}  // namespace holdfast::fhir::validation
