// search/condition.h: one parameter of a query as a criterion. Inside search/ only.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "search/criterion.h"

namespace holdfast::search {

/// What reading a condition needs to know and keeps count of.
struct Reading {
  const fhir::SearchParams& params;
  Time now;
  std::size_t alternatives = 0;  ///< values so far, of the whole query
  std::size_t steps = 0;         ///< types that chains led to so far
  std::size_t code_sets = 0;     ///< those of them that are value sets, or concepts with a modifier
};

/// Reads `name`, which is as before the '=' ("subject:Patient.name:exact",
/// "_has:Observation:patient:code"), with its decoded value, for resources of `type`.
/// Code::unsupported for a parameter or modifier that is not known there.
[[nodiscard]] Result<Criterion> read_condition(Reading& reading, fhir::TypeId type,
                                               std::string_view name, std::string_view value);

/// "search parameter 'brithdate' is not known for Patient; did you mean 'birthdate'?"
[[nodiscard]] std::string unknown_parameter(const fhir::SearchParams& params, fhir::TypeId type,
                                            std::string_view name);

}  // namespace holdfast::search
