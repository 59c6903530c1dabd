// fhir/json_patch.h: JSON Patch, https://www.rfc-editor.org/rfc/rfc6902, over a document that was
// read. What the patch does not touch keeps its bytes: order, numbers, escapes.
//
// https://hl7.org/fhir/R4/http.html#patch
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/result.h"
#include "fhir/json.h"

namespace holdfast::fhir {

/// Operations of one patch.
constexpr std::size_t patch_operations_max = 1'000;
/// Values that one patch may look at, shift or copy: about half a second's work.
constexpr std::size_t patch_steps_max = std::size_t{32} << 20U;

/// The document after all operations, done one after the other; or after none, with the first that
/// failed. The result is JSON within the limits of json.h, as dense as its parts were, and no
/// resource has to have come of it: read and check it like any other body.
///
/// An Error names the operation by its number, from 1, with its path; `where` is its place in the
/// patch.
/// Code::structure, required, value  the patch is none: not an array of objects with op, path and
///                                   what the op needs; an op or pointer that is none
/// Code::unmatched     a path, or the place above it, where nothing is
/// Code::precondition  a `test` that does not hold
/// Code::too_large     more operations, or a larger or deeper result than json.h reads
/// Code::too_costly    over patch_steps_max
[[nodiscard]] Result<Bytes> apply_json_patch(JsonValue document, JsonValue patch);

}  // namespace holdfast::fhir
