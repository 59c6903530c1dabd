// pathway/shipped.h: the definitions of pathways/, as they are part of this program.
#pragma once

#include <memory>
#include <vector>

#include "pathway/definition.h"

namespace holdfast::pathway {

/// By name.
[[nodiscard]] std::vector<File> shipped_files();
/// The same, answering for duties from the day on that it is: what is loaded as history and dated
/// before it opens nothing.
[[nodiscard]] std::vector<File> shipped_from(Time today);
/// The same, read: they are sound (a test says so). As long-lived as the program.
[[nodiscard]] const std::shared_ptr<const Definitions>& shipped();

}  // namespace holdfast::pathway
