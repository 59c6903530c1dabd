// fhir/path/path_testing.h: for tests: evaluates an expression and writes the results as one line.
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "fhir/path/compile.h"
#include "fhir/path/evaluate.h"
#include "fhir/test_data.h"

namespace holdfast::fhir::path {

/// A document and what an expression sees around it.
struct Bench {
  explicit Bench(std::string_view text = R"({"resourceType":"Patient"})")
      : json(read_json(Bytes(text))), root(resource_value(json.root())) {
    options.type = root.type();
  }

  /// "1, 'a', true" or "compile: … (character 3)", "evaluate: …".
  std::string operator()(std::string_view expression) {
    const auto program = compile(expression, options);
    if (!program) {
      return fmt::format("compile: {} ({})", program.error().what, program.error().where);
    }
    code = {};
    const auto results = evaluator.evaluate(*program, root, surroundings);
    if (!results) {
      code = results.error().code;
      return fmt::format("evaluate: {} ({})", results.error().what, results.error().where);
    }
    std::string line;
    for (const Value& value : *results) {
      line += line.empty() ? "" : ", ";
      if (value.kind() == ValueKind::string) {
        line += fmt::format("'{}'", value.string());
      } else if (value.kind() == ValueKind::type_info) {
        line += type_text(value.described_type());
      } else if (const auto text = text_of(value)) {
        line += *text;
      } else {
        append_json(line, value);
      }
    }
    return line;
  }

  Json json;
  Value root;
  CompileOptions options;
  Surroundings surroundings;
  Evaluator evaluator;
  Code code{};
};

}  // namespace holdfast::fhir::path
