// cli/packages.h: reads FHIR packages: a folder with one `.tgz` or one unpacked folder for each.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "server/packages.h"

namespace holdfast::cli {

/// Bounds what a start reads, and what it holds: of all packages together, unpacked.
inline constexpr std::uint64_t packages_bytes_max = std::uint64_t{512} << 20U;

/// Everything in `folder` must be a package for FHIR R4: `package/package.json`, and beside it one
/// resource a file. Examples and other folders inside a package are passed over. Code::usage names
/// the package and the file that cannot be used: what is no archive, no JSON, of another FHIR
/// version, or says another thing under a url that an earlier package has given.
[[nodiscard]] Result<server::Packages> read_packages(const std::string& folder);

}  // namespace holdfast::cli
