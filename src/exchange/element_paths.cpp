#include "exchange/element_paths.h"

#include <fmt/format.h>

#include <utility>

#include "fhir/path/compile.h"
#include "fhir/path/evaluate.h"

namespace holdfast::exchange {

namespace path = fhir::path;

Result<std::shared_ptr<const path::Program>> ElementPaths::program(std::string_view text) {
  {
    const std::scoped_lock lock(mutex_);
    if (const auto found = programs_.find(text); found != programs_.end()) {
      return found->second;
    }
  }
  path::CompileOptions options;
  options.rigor = path::Rigor::lenient;  // one path for resources of several types
  auto compiled = path::compile(text, options);
  if (!compiled) {
    return fail(Code::unsupported,
                fmt::format("'{}' is no path to an element: {}", text, compiled.error().what));
  }
  const auto made = std::make_shared<const path::Program>(*std::move(compiled));
  const std::scoped_lock lock(mutex_);
  return programs_.try_emplace(std::string(text), made).first->second;
}

Result<std::vector<std::uint32_t>> ElementPaths::select(fhir::JsonValue resource,
                                                        std::string_view text) {
  TRY(const auto compiled, program(text));
  path::Evaluator evaluator;
  const path::Surroundings surroundings;
  auto values = evaluator.evaluate(*compiled, path::resource_value(resource), surroundings);
  if (!values) {
    return fail(Code::unsupported,
                fmt::format("'{}' cannot be followed: {}", text, values.error().what));
  }
  std::vector<std::uint32_t> indexes;
  for (const path::Value& value : *values) {
    if (value.is_node() && value.has_value()) {
      indexes.push_back(value.value().index());
    }
  }
  return indexes;
}

}  // namespace holdfast::exchange
