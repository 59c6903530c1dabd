// api/stored.h: versions as they are stored, and replies that show one.
#pragma once

#include <optional>

#include "api/call.h"
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

/// ETag, Last-Modified.
void add_version_headers(Headers& headers, Version version, Time modified);

/// 200 with the resource, 304 where the conditions of the call hold, 410 for a deletion.
[[nodiscard]] Reply show(const Call& call, views::Body body);

}  // namespace holdfast::api
