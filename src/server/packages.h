// server/packages.h: what FHIR packages add to the definitions that are built in, as JSON texts.
// https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"

namespace holdfast::server {

/// Of all packages of a folder, in order of the packages' names, then of the files'.
struct Packages {
  std::vector<std::string> names;        ///< "hl7.fhir.uv.ips 2.0.0"
  std::vector<Bytes> search_parameters;  ///< but those that are built in; each url once
  std::vector<Bytes> structure_definitions;
  std::vector<Bytes> value_sets;
  std::vector<Bytes> code_systems;
};

}  // namespace holdfast::server
