// fhir/path/fhirpath_patch.h: FHIRPath Patch over a resource that was read. What the patch does not
// touch keeps its bytes: order, numbers, escapes.
//
// https://hl7.org/fhir/R4/fhirpatch.html
//
// Readings of the standard: an element is its value and its `_name` sibling together, so `replace`
// takes the old extensions away and brings those of the new value, and `move` takes them along.
// What becomes empty is removed, and so is what is empty then. An element of a choice may be
// replaced by one of another type. The type of a value is right where it is that of the element or
// of its kin (a string where a code or a narrative is, a date where a dateTime is): the value space
// decides. resolve() finds contained resources alone, as the standard demands.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "fhir/json.h"

namespace holdfast::fhir::path {

/// Operations of one patch.
constexpr std::size_t fhirpath_patch_operations_max = 1'000;
/// Steps that all paths of one patch may take together, as Limits::steps counts them.
constexpr std::uint64_t fhirpath_patch_steps_max = 4'000'000;
/// The document is read anew for each operation: bytes of all these readings together.
constexpr std::size_t fhirpath_patch_bytes_max = std::size_t{128} << 20U;

/// The resource after all operations of the Parameters, done one after the other; or after none,
/// with the first that failed. The result is JSON, and check_resource() says whether it is still a
/// resource. `now` is what now() and today() say in a path; `reader` lends its memory.
///
/// An Error names the operation by its number, from 1, with its type and path; `where` is its place
/// in the Parameters.
/// Code::structure, required, value, syntax  no patch: parts that are unknown, missing or none of
///                     their kind; a path that is no FHIRPath, or selects several elements or what
///                     is no element of the resource; a value of the wrong type; an `add` of what
///                     is there; an index behind the end of its list
/// Code::unsupported   a path with a function that is not done here; a modifierExtension
/// Code::unmatched     a path that selects nothing (of `delete` that is no fault)
/// Code::too_large, too_costly  over a limit above, of one path, or of json.h
[[nodiscard]] Result<Bytes> apply_fhirpath_patch(JsonValue resource, JsonValue parameters, Time now,
                                                 JsonReader& reader);

}  // namespace holdfast::fhir::path
