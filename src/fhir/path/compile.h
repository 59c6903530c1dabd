// fhir/path/compile.h: looks up every name of an expression in the definitions and makes a Program
// of it. What cannot mean anything is refused here, before any document is read: elements that a
// known type does not have, functions and types that do not exist, arguments of the wrong number,
// operands that no value could satisfy.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "fhir/path/program.h"
#include "fhir/path/syntax.h"

namespace holdfast::fhir::path {

/// Longest regular expression of matches() and replaceMatches(), as text.
constexpr std::size_t pattern_bytes_max = 1024;
/// Literal patterns in one expression; each may take half a megabyte.
constexpr std::size_t patterns_max = 32;

/// How to take what the definitions say cannot be.
enum class Rigor : std::uint8_t {
  /// An unknown element, or another resource type at the beginning of a path, is a mistake.
  strict,
  /// Both are empty, and `as` chooses from a collection: for expressions that are written for
  /// several types at once, as search parameters are.
  lenient,
};

struct CompileOptions {
  /// What the expression will be evaluated on; unknown_type if that may be anything.
  TypeRef type = unknown_type;
  Rigor rigor = Rigor::strict;
  /// Names of variables beside those of FHIR, without %; their values come with each evaluation.
  std::span<const std::string_view> variables{};
};

/// Error::where is as character_text() writes it. Codes: structure (no such element, operand of the
/// wrong type), unknown_type, value (no such date), unsupported, too_large (patterns), usage (no
/// such function or variable).
[[nodiscard]] Result<Program> compile(const Syntax& syntax, const CompileOptions& options);
/// parse() and compile().
[[nodiscard]] Result<Program> compile(std::string_view expression, const CompileOptions& options);

}  // namespace holdfast::fhir::path
