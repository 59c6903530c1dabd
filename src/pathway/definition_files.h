// pathway/definition_files.h: what one file says. Inside this folder.
#pragma once

#include <toml++/toml.h>

#include "base/result.h"
#include "pathway/definition.h"

namespace holdfast::pathway {

/// Code::usage: the key, and what is wrong with it. Not checked yet.
[[nodiscard]] Result<Definition> read_definition(const toml::table& table);
[[nodiscard]] Result<Calendar> read_calendar(const toml::table& table);
[[nodiscard]] Result<Settings> read_settings(const toml::table& table);

}  // namespace holdfast::pathway
