// exchange/element_paths.h: which items of a list a mapping speaks of: FHIRPath as the drafts have
// it, compiled once each.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "fhir/json.h"
#include "fhir/path/program.h"

namespace holdfast::exchange {

/// From any thread. The paths come from the mapping tables, so there are some hundreds.
class ElementPaths {
 public:
  /// Indexes (JsonValue::index) of what the path selects in the resource. Code::unsupported for a
  /// path that is no FHIRPath on a resource of its type: a fault of a table.
  [[nodiscard]] Result<std::vector<std::uint32_t>> select(fhir::JsonValue resource,
                                                          std::string_view path);

 private:
  [[nodiscard]] Result<std::shared_ptr<const fhir::path::Program>> program(std::string_view path);
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const fhir::path::Program>, std::less<>> programs_;
};

}  // namespace holdfast::exchange
