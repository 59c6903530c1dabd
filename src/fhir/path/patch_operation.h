// fhir/path/patch_operation.h: one operation of a FHIRPath Patch, read from its parts. Inside this
// folder only. https://hl7.org/fhir/R4/fhirpatch.html
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "fhir/path/patch_value.h"

namespace holdfast::fhir::path {

enum class PatchType : std::uint8_t { add, insert, remove, replace, move };

/// What is not of its type is empty.
struct PatchOperation {
  PatchType type{};
  std::string path;
  std::string name;
  std::optional<PatchPart> value;
  std::size_t from = 0;  ///< source
  std::size_t to = 0;    ///< index, destination
};

/// A text of somebody else's, as far as a message shows it.
[[nodiscard]] std::string shown(std::string_view text);

/// The parts of a Parameters.parameter, each name once. Code::structure, required where they are
/// none of an operation.
[[nodiscard]] Result<std::vector<PatchPart>> read_parts(JsonValue parameter);
/// The text of one of them.
[[nodiscard]] Result<std::string> text_part(const std::vector<PatchPart>& parts,
                                            std::string_view wanted);
/// Every part that its type needs is there, and no other. Codes as of read_parts(), and value.
[[nodiscard]] Result<PatchOperation> read_operation(const std::vector<PatchPart>& parts);

}  // namespace holdfast::fhir::path
