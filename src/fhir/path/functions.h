// fhir/path/functions.h: the functions of FHIRPath as a table: what they take and give. Inside this
// folder only. https://hl7.org/fhirpath/N1/#functions,
// https://hl7.org/fhir/R4/fhirpath.html#functions
#pragma once

#include <cstdint>
#include <string_view>

#include "fhir/path/program.h"

namespace holdfast::fhir::path {

/// How the arguments of a function are read.
enum class Arguments : std::uint8_t {
  values,      ///< evaluated once, in the context that the function stands in
  criteria,    ///< evaluated for each item of the input, which is $this
  type,        ///< the name of a type
  aggregate,   ///< the first for each item, the second once
  trace,       ///< the first once, the second for each item
  conditional  ///< iif: evaluated as needed
};

/// What a function can be called on. An input that is known to be nothing of it is refused.
enum class Input : std::uint8_t { any, text, number, whole, boolean, bounded, nodes, reference };

/// What the results are, as far as that can be said without looking.
enum class Gives : std::uint8_t {
  unknown,
  input,     ///< items of the input
  argument,  ///< what the first argument gives
  both,      ///< items of the input or of the argument
  nothing,
  boolean,
  integer,
  decimal,
  string,
  date,
  date_time,
  time,
  quantity,
  type_info,
  extension,
};

struct Function {
  std::string_view name;
  Op op;
  std::uint8_t least;  ///< arguments
  std::uint8_t most;
  Arguments arguments;
  Input input;
  Gives gives;
  SystemType type{};            ///< of toX and convertsToX
  Input argument = Input::any;  ///< what its values may be
};

/// The function of that name; null if there is none.
[[nodiscard]] const Function* find_function(std::string_view name);
/// The name most like it, for a message; empty if none is.
[[nodiscard]] std::string_view nearest_function(std::string_view name);
/// Why a function that the standard defines is not done here; empty for every other name.
[[nodiscard]] std::string_view refused_function(std::string_view name);

}  // namespace holdfast::fhir::path
