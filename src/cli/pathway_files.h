// cli/pathway_files.h: definitions of pathways, from a folder.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "pathway/definition.h"

namespace holdfast::cli {

/// Every `*.toml` of the folder, and of its folder `clinical` as "clinical/NAME.toml", by name.
/// Code::usage where it cannot be read, or has none.
[[nodiscard]] Result<std::vector<pathway::File>> read_pathway_files(const std::string& folder);

}  // namespace holdfast::cli
