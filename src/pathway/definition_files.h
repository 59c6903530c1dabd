// pathway/definition_files.h: what one file says. Inside this folder.
#pragma once

#include <toml++/toml.h>

#include "base/result.h"
#include "clinical/tables.h"
#include "pathway/definition.h"

namespace holdfast::pathway {

/// Code::usage: the key, and what is wrong with it. Not checked yet.
[[nodiscard]] Result<Definition> read_definition(const toml::table& table);
[[nodiscard]] Result<Calendar> read_calendar(const toml::table& table);
[[nodiscard]] Result<Settings> read_settings(const toml::table& table);
/// Of the files of a set those that are clinical tables; each that is missing as it is shipped.
[[nodiscard]] Result<clinical::Tables> read_clinical(const std::vector<File>& files);

}  // namespace holdfast::pathway
