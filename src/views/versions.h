// views/versions.h: which versions of a resource there are, and which one is current.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/planted.h"
#include "base/result.h"
#include "fhir/type.h"
#include "views/body.h"
#include "views/body_cache.h"
#include "views/kv.h"
#include "views/overlay.h"

namespace holdfast::views {

/// The row of the current table: the newest version there is, a deletion included.
struct Current {
  RowId row;
  Version version;
  Presence presence = Presence::present;
  bool operator==(const Current&) const = default;
};

/// A version to be written. Borrowed bytes.
struct VersionRow {
  fhir::TypeId type;
  std::string_view id;
  Version version;
  RowId row;
  Position position;
  Time time;
  Presence presence = Presence::present;
  BytesView body;  ///< JSON as it will be returned; empty for a deletion
  MadeBy made_by = MadeBy::create;
};

/// Puts the version into body and makes it current. Of the one that was current, `before` as
/// read_current gave it, a history row remains: pass it whenever there was one. The versions of the
/// type that its listing does not have, or not any more, are kept in Table::past. Postings are not
/// touched: see undo.h for those of `before`.
void write_version(WorkLayer& layer, const VersionRow& version,
                   const std::optional<Current>& before);

/// Nothing if there was never such a resource.
[[nodiscard]] Result<std::optional<Current>> read_current(const Reader& reader, fhir::TypeId type,
                                                          std::string_view id);
/// The row of one version, current or not.
[[nodiscard]] Result<std::optional<RowId>> read_version(const Reader& reader, fhir::TypeId type,
                                                        std::string_view id, Version version);
/// The newest version with row <= `at`: what was current when `at` was the newest row.
[[nodiscard]] Result<std::optional<Current>> read_as_of(const Reader& reader, fhir::TypeId type,
                                                        std::string_view id, RowId at);
/// One row of the tables current and history: which version of which resource lies in which row.
struct Pointer {
  BytesView resource;  ///< type and id as a key has them (current_key); lives as long as the row
  Current at;
};
/// What the row under a cursor of Table::current, or of Table::history, says. Code::corrupt if it
/// cannot be read.
[[nodiscard]] Result<Pointer> current_at(const Cursor& cursor);
[[nodiscard]] Result<Pointer> past_at(const Cursor& cursor);

/// Code::corrupt if the row is not there: rows come from other rows.
[[nodiscard]] Result<Body> read_body(const Reader& reader, const BodyCodec& codec, RowId row);
/// The same, kept in `cache` for the next who reads it. `reader` shows what is published.
[[nodiscard]] Result<Body> read_body(const Reader& reader, const BodyCodec& codec, RowId row,
                                     BodyCache& cache);
[[nodiscard]] Result<BodyHeader> read_body_header(const Reader& reader, RowId row);

/// The first row in [1, last + 1] whose version was made at or after `time`: rows grow with
/// position, and time never goes back. About 2 log2(rows) reads.
[[nodiscard]] Result<RowId> first_row_at(const Reader& reader, Time time, RowId last);

}  // namespace holdfast::views
