// pathway/shipped.h: the definitions of pathways/, as they are part of this program.
#pragma once

#include <memory>
#include <vector>

#include "pathway/definition.h"

namespace holdfast::pathway {

/// By name.
[[nodiscard]] std::vector<File> shipped_files();
/// The same, read: they are sound (a test says so). As long-lived as the program.
[[nodiscard]] const std::shared_ptr<const Definitions>& shipped();

}  // namespace holdfast::pathway
