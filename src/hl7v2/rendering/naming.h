// hl7v2/rendering/naming.h: what a system, a coding system, a code or a unit of FHIR is called in
// a message: what the way in makes of such names, backwards. Inside src/hl7v2/rendering only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hl7v2/mapping/overlay.h"
#include "hl7v2/rendering/tables.h"

namespace holdfast::hl7v2 {

/// A hierarchic designator: an assigning authority.
struct Authority {
  std::string name;
  std::string universal;
  std::string kind;  ///< of the universal id: ISO, UUID, URI
};

/// Numbers of NHS are these, whoever sends them.
constexpr std::string_view nhs_number_authority = "NHSNBR";
constexpr std::string_view nhs_number_type = "NH";

/// A code of HL7 for one of FHIR.
struct CodeBack {
  std::string_view code;
  std::string_view meaning;
};

class Naming {
 public:
  /// The overlay may be null.
  explicit Naming(const Overlay* overlay) : overlay_(overlay) {}

  [[nodiscard]] bool is_nhs_number(std::string_view system) const {
    return system == policy_.nhs_number_system;
  }
  /// Numbers that the way in made up where a message had none: nobody else knows them.
  [[nodiscard]] static bool is_own_key(std::string_view system) {
    return system.starts_with("urn:holdfast:key:");
  }
  [[nodiscard]] Authority authority(std::string_view system) const;
  /// CWE.3: "LN", "HL70001", an OID, or the URI as it is.
  [[nodiscard]] std::string coding_system(std::string_view uri) const;
  /// `system` is empty where a code stands alone. Nothing where no code of HL7 means that.
  [[nodiscard]] std::optional<CodeBack> code(std::uint16_t map, std::string_view system,
                                             std::string_view code) const;
  /// Whether a code of HL7 is one of the map, and means that code of FHIR.
  [[nodiscard]] static bool means(std::uint16_t map, std::string_view from, std::string_view system,
                                  std::string_view code);
  /// http://terminology.hl7.org/CodeSystem/v2-<table of the map>.
  [[nodiscard]] static bool is_table(std::uint16_t map, std::string_view system);
  /// How the neighbour writes a unit of UCUM.
  [[nodiscard]] std::string_view unit(std::string_view ucum) const;

 private:
  const Overlay* overlay_;
  IdentifierPolicy policy_;
};

}  // namespace holdfast::hl7v2
