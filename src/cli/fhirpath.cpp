// cli/fhirpath.cpp: `holdfast fhirpath EXPR FILE`: an expression on a resource in a file, JSON or
// XML. One JSON line a result; where the expression is wrong, a caret under the place.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <memory>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/machine.h"
#include "fhir/json.h"
#include "fhir/path/compile.h"
#include "fhir/path/evaluate.h"
#include "fhir/path/syntax.h"
#include "fhir/xml.h"
#include "world/real/real_clock.h"

namespace holdfast::cli {
namespace {

namespace path = fhir::path;

struct PathOptions {
  std::string expression;
  std::string file;
  bool lenient = false;
};

/// What trace() says goes to the person, not into the results.
class TraceToError final : public path::Tracer {
 public:
  void trace(std::string_view name, std::span<const path::Value> values) override {
    Bytes line;
    for (const path::Value& value : values) {
      line += line.empty() ? "" : ", ";
      path::append_json(line, value);
    }
    fmt::print(stderr, "trace {}: {}\n", name, line);
  }
};

Result<std::string> read_input(const std::string& file) {
  if (file != "-") {
    return read_text_file(file, fhir::json_bytes_max);
  }
  std::string text;
  for (std::istreambuf_iterator<char> at(std::cin), end; at != end; ++at) {
    if (text.size() == fhir::json_bytes_max) {
      return fail(Code::too_large, fmt::format("more than {} bytes", fhir::json_bytes_max));
    }
    text.push_back(*at);
  }
  return text;
}

Result<fhir::Json> read_document(const std::string& file) {
  TRY(std::string text, read_input(file));
  const std::size_t begin = text.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (begin != std::string::npos && text[begin] == '<') {
    TRY(text, fhir::json_from_xml(text, fhir::XmlOrder::any));
  }
  fhir::JsonReader reader;
  TRY(fhir::Json json, reader.read(std::move(text)));
  json.minify();  // a result is one line
  return json;
}

/// The line of the expression with a caret below the place, if the error names one.
void show_place(std::string_view expression, const Error& error) {
  const auto offset = path::error_offset(error);
  if (!offset || *offset > expression.size()) {
    return;
  }
  const std::size_t before = expression.substr(0, *offset).rfind('\n');
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  const std::string_view line = expression.substr(begin, expression.find('\n', begin) - begin);
  std::string indent(line.substr(0, *offset - begin));
  std::erase_if(indent, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; });
  std::ranges::replace_if(indent, [](char c) { return c != '\t'; }, ' ');
  fmt::print(stderr, "  {}\n  {}^\n", line, indent);
}

Result<void> evaluate(const PathOptions& options) {
  TRY(const fhir::Json json, read_document(options.file));
  const path::Value root = path::resource_value(json.root());
  path::CompileOptions compile_options;
  compile_options.type = root.type();
  compile_options.rigor = options.lenient ? path::Rigor::lenient : path::Rigor::strict;
  TRY(const path::Program program, path::compile(options.expression, compile_options));
  TraceToError tracer;
  path::TypeResolver resolver;
  path::Surroundings surroundings;
  surroundings.now = RealClock().wall();
  surroundings.tracer = &tracer;
  surroundings.resolver = &resolver;
  path::Evaluator evaluator;
  TRY(const auto results, evaluator.evaluate(program, root, surroundings));
  for (const path::Value& value : results) {
    Bytes line = R"({"type":")" + path::type_text(value.type()) + R"(","value":)";
    path::append_json(line, value);
    fmt::print("{}}}\n", line);
  }
  return ok();
}

int run_fhirpath(const PathOptions& options) {
  if (const auto done = evaluate(options); !done) {
    say_error("fhirpath", done.error());
    show_place(options.expression, done.error());
    return exit_failed;
  }
  return exit_ok;
}

}  // namespace

Command add_fhirpath(CLI::App& parent) {
  auto options = std::make_shared<PathOptions>();
  CLI::App* const app =
      parent.add_subcommand("fhirpath", "evaluate a FHIRPath expression on a resource");
  app->add_option("EXPR", options->expression, "the expression, in quotes of the shell")
      ->required();
  app->add_option("FILE", options->file, "a resource, JSON or XML; - reads it from standard input")
      ->required();
  app->add_flag("--lenient", options->lenient,
                "an element that the type does not have is empty, as in search parameters");
  app->footer(
      "Prints one line a result: {\"type\":…,\"value\":…}. What trace() says goes to standard "
      "error.\n"
      "Examples:\n"
      "  holdfast fhirpath \"name.where(use = 'official').family\" patient.json\n"
      "  holdfast fhirpath \"value > 80 'kg'\" observation.xml\n"
      "  curl -s http://127.0.0.1:8080/fhir/Patient/1 | holdfast fhirpath 'name.given' -");
  return {app, [options] { return run_fhirpath(*options); }};
}

}  // namespace holdfast::cli
