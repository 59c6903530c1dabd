// views/keys.h: how the keys lie. Nothing else builds or takes apart a key; docs/INDEXES.md shows
// them to people. Numbers are big-endian, so that keys sort as what they stand for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "fhir/search_params.h"
#include "fhir/type.h"

namespace holdfast::views {

/// A RowId in a key: 48 bits, enough for 2.8 * 10^14 versions.
inline constexpr std::size_t row_key_bytes = 6;
inline constexpr RowId row_max{(std::uint64_t{1} << 48U) - 1};

/// Which index a posting belongs to. Views are rebuilt when these numbers change meaning.
struct IndexNumber {
  std::uint16_t value = 0;
  auto operator<=>(const IndexNumber&) const = default;
};
namespace index_number {
inline constexpr IndexNumber undo_queue{0};   ///< only in the undo table: what to prune, in order
inline constexpr IndexNumber listing{1};      ///< type, row
inline constexpr IndexNumber compartment{2};  ///< patient id, type, row
inline constexpr IndexNumber first_parameter{16};  ///< indexes of search parameters from here on
}  // namespace index_number

[[nodiscard]] constexpr IndexNumber number_of(fhir::IndexId index) {
  return {static_cast<std::uint16_t>(index_number::first_parameter.value + index.value)};
}

/// A resource id, exactly: 16 bytes for a lower-case UUID, text for any other. Prefix-free.
void append_id(Bytes& to, std::string_view id);
/// Takes what append_id wrote off the reader; empty and failed() if it is not one.
[[nodiscard]] std::string read_id(ByteReader& reader);

void append_row(Bytes& to, RowId row);
[[nodiscard]] RowId row_at_end(BytesView key);  ///< the last row_key_bytes

[[nodiscard]] Bytes current_key(fhir::TypeId type, std::string_view id);
[[nodiscard]] Bytes history_key(fhir::TypeId type, std::string_view id, Version version);
[[nodiscard]] Bytes body_key(RowId row);
/// Without a row: what all keys of the type begin with.
[[nodiscard]] Bytes past_key(fhir::TypeId type, std::optional<RowId> row);

}  // namespace holdfast::views
