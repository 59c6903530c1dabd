// api/stored.h: versions as they are stored, and replies that show one.
#pragma once

#include <optional>

#include "api/call.h"
#include "fhir/subset.h"
#include "views/body.h"
#include "views/versions.h"

namespace holdfast::api {

/// A stored version with its bytes. Code::corrupt if the view contradicts itself.
[[nodiscard]] Result<views::Body> stored_row(const Parts& parts, const node::Moment& moment,
                                             RowId row);

/// One version of a resource. Code::not_found if there is no such version.
[[nodiscard]] Result<views::Body> stored_version(const Parts& parts, const node::Moment& moment,
                                                 fhir::TypeId type, std::string_view id,
                                                 Version version);

/// What `_summary` and `_elements` of a read ask for; Code::value if that is nothing that one
/// resource of this type can be shown by.
[[nodiscard]] Result<fhir::Subset> asked_subset(const Call& call, fhir::TypeId type);
/// Leaves that part of the stored resource in `body`. Nothing, of a deletion, stays nothing.
[[nodiscard]] Result<void> show_subset(const Parts& parts, Bytes& body, const fhir::Subset& what);

/// ETag, Last-Modified.
void add_version_headers(Headers& headers, Version version, Time modified);

/// 200 with the resource, or the part of it that the call asks for; 304 where the conditions of the
/// call hold, 410 for a deletion.
[[nodiscard]] Result<Reply> show(const Parts& parts, const Call& call, views::Body body);

}  // namespace holdfast::api
