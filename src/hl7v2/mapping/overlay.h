// hl7v2/mapping/overlay.h: what one neighbour says in a way of its own: whose numbers its short
// names stand for, its codes and units, and what it leaves out because everybody there knows it.
#pragma once

#include <compare>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "hl7v2/time.h"

namespace holdfast::hl7v2 {

/// A code of FHIR. https://hl7.org/fhir/R4/datatypes.html#Coding
struct Coding {
  std::string system;
  std::string code;
  std::string display;
  bool operator==(const Coding&) const = default;
};

/// A line of an overlay by what it is about.
struct OverlayLine {
  std::string kind;   ///< of add_overlay(): "codes"
  std::string table;  ///< of a code: "0001"; else empty
  std::string from;   ///< what a message says, or the path of a default
  auto operator<=>(const OverlayLine&) const = default;
};

/// All of it may be empty: then the names of HL7 and `urn:holdfast:…` stand.
struct Overlay {
  template <class Value>
  using Names = std::map<std::string, Value, std::less<>>;

  /// Meant where a time names no offset.
  Zone zone;
  /// HD.1 or HD.2 of an assigning authority → the system of its identifiers.
  Names<std::string> authorities;
  /// CWE.3 → URI of the coding system: "WINPATH" → "https://lab.example/codes".
  Names<std::string> coding_systems;
  /// "0001" or a local table's name, then the code → what it is in FHIR. Before our own maps.
  Names<Names<Coding>> codes;
  /// A unit as they write it → UCUM: "mmol/l" → "mmol/L".
  Names<std::string> units;
  /// "PID-3.4" → the raw value that is meant where nothing is said there.
  Names<std::string> defaults;
  /// Who answers for a line, of those that say so.
  std::map<OverlayLine, std::string> owners;
};

/// One CSV file of an overlay as an integration engineer writes it; the first line names its
/// columns:
///   authorities: name,system      coding-systems: name,system
///   codes: table,from,code,system,display        units: from,ucum        defaults: path,value
/// A column `owner` says who answers for a line; others (comment) may be there. Adds to `overlay`.
/// Code::syntax names the line of what is wrong: a column that is missing, a name that is there
/// twice with another meaning, a unit that is not UCUM, a path that is none, a system that is no
/// URI.
[[nodiscard]] Result<void> add_overlay(Overlay& overlay, std::string_view kind,
                                       std::string_view csv);

/// Which identifiers are NHS numbers. https://www.datadictionary.nhs.uk/attributes/nhs_number.html
struct IdentifierPolicy {
  std::string nhs_number_system = "https://fhir.nhs.uk/Id/nhs-number";
  /// CX.5 that says so, and CX.4 that says so whatever CX.5 is.
  std::vector<std::string> nhs_number_types = {"NH", "NHS", "NHSNMBR", "NHSN", "NHSNO"};
  std::vector<std::string> nhs_number_authorities = {"NHS", "NHSNMBR", "NHSNBR", "NHSNO",
                                                     "2.16.840.1.113883.2.1.4.1"};
};

/// What a mapping needs beside the message. It reads no clock, random source or disk.
struct MapInput {
  const Overlay& overlay;
  const IdentifierPolicy& identifiers;
  std::set<OverlayLine>* used =
      nullptr;  ///< gets the lines that were looked up, where somebody asks
};

}  // namespace holdfast::hl7v2
