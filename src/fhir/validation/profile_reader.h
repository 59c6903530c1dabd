// fhir/validation/profile_reader.h: from StructureDefinitions to a Profile. Inside this folder
// only.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "fhir/definitions.h"
#include "fhir/validation/profile.h"

namespace holdfast::fhir::validation {

/// The definition of that url; null where there is none. It lives until the reading has ended.
using FindDefinition = std::function<const Json*(std::string_view url)>;

/// Reads one StructureDefinition: its snapshot, or its differential over that of its base. What of
/// it cannot be checked is in Profile::unchecked. Code::structure or not_found for a definition
/// that cannot be used at all.
class ProfileReader {
 public:
  explicit ProfileReader(const FindDefinition& find) : find_(find) {}
  [[nodiscard]] Result<Profile> read(JsonValue definition);

 private:
  /// One step of an element's id.
  struct Segment {
    std::string_view name;
    std::string_view slice;
  };
  /// The rows of the base that an element is, and what its values can be.
  struct Grounds {
    std::vector<const ElementRow*> rows;
    std::vector<path::TypeRef> types;
  };

  Result<void> read_elements(JsonValue definition, unsigned depth);
  Result<void> read_element(JsonValue element);
  Result<NodeId> node_at(JsonValue element, std::string_view id);
  Result<NodeId> child_of(NodeId parent, const Segment& segment, std::string_view id);
  Result<NodeId> slice_of(NodeId sliced, std::string_view name, std::string_view id);
  Result<NodeId> add_node(NodeId parent, std::string_view name, Grounds grounds,
                          std::string_view id);
  [[nodiscard]] Grounds grounds_of(NodeId parent, std::string_view name) const;

  void read_counts(JsonValue element, NodeId node);
  void read_types(JsonValue element, NodeId node);
  void read_values(JsonValue element, NodeId node);
  void read_binding(JsonValue element, NodeId node);
  void read_rules(JsonValue element, NodeId node);
  void read_slicing(JsonValue element, NodeId node);
  [[nodiscard]] bool is_of_base(JsonValue constraint) const;
  [[nodiscard]] bool adds_nothing(const std::vector<TypeRule>& types, const Grounds& grounds) const;
  std::uint32_t keep(JsonValue value);
  void leave(std::string_view id, std::string what);

  void follow_references();
  bool says_something(NodeId node);
  void prune(NodeId node);

  const FindDefinition& find_;
  Profile profile_;
  std::vector<Grounds> grounds_;  // of each node
  std::vector<NodeId> parents_;
  std::map<NodeId, std::string> references_;  // contentReference
  Bytes values_;
  std::uint32_t value_count_ = 0;
};

/// The steps of a discriminator's path. Code::unsupported for what is none of the restricted
/// subset. https://hl7.org/fhir/R4/fhirpath.html#simple
[[nodiscard]] Result<std::vector<Discriminator::Step>> read_steps(std::string_view path);

/// A canonical without its version.
[[nodiscard]] inline std::string_view without_version(std::string_view canonical) {
  return canonical.substr(0, canonical.find('|'));
}

inline constexpr std::string_view base_definition_url = "http://hl7.org/fhir/StructureDefinition/";

}  // namespace holdfast::fhir::validation
