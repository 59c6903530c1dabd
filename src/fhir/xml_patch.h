// fhir/xml_patch.h: XML Patch, https://www.rfc-editor.org/rfc/rfc5261, over a resource in XML. Each
// operation is a change of the text, so what it does not touch keeps its bytes.
//
// https://hl7.org/fhir/R4/http.html#patch
//
// Left out and refused by name: selectors beyond those of xml_select.h, `replace` and `remove` of a
// namespace, and instructions. White space between elements is nothing that can be selected; `ws`
// of `remove` takes it away.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/result.h"

namespace holdfast::fhir {

/// Operations of one patch.
constexpr std::size_t xml_patch_operations_max = 1'000;
/// The document is read anew for each operation: bytes of all these readings together.
constexpr std::size_t xml_patch_bytes_max = std::size_t{128} << 20U;

/// The document after all operations of the patch, whose outermost element is `patch` or `diff`,
/// one after the other; or none of them, with the first that failed. The result is well-formed;
/// json_from_xml() and check_resource() say whether it is still a resource.
///
/// An Error names the operation by its number, from 1, and its selector; `where` is its place in
/// the patch.
/// Code::syntax        the document or the patch is no XML
/// Code::structure, required, value  no patch; a selector that is none, or selects several nodes
/// Code::unsupported   a selector or an operation of those left out
/// Code::unmatched     a selector that selects nothing
/// Code::too_large, too_costly  over a limit above, or of xml.h
[[nodiscard]] Result<Bytes> apply_xml_patch(BytesView document, BytesView patch);

}  // namespace holdfast::fhir
