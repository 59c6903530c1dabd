// fhir/validation/profile.h: a StructureDefinition as what it adds to the base definitions: a tree
// of elements that it says something about. What it repeats of the base is left out, since that is
// checked in any case. https://hl7.org/fhir/R4/profiling.html
//
// A slice is a node beside the children of the element that it is a slice of: the constraints of
// the element count for every item, those of the slice for the items that are its.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/json.h"
#include "fhir/path/program.h"
#include "fhir/terminology/tables.h"

namespace holdfast::fhir::validation {

using NodeId = std::uint32_t;
constexpr NodeId no_node = UINT32_MAX;
/// Elements of one profile that say something. The largest of HL7 have about two hundred.
constexpr std::size_t profile_nodes_max = 10'000;
/// Profiles without snapshot that are based on each other.
constexpr unsigned profile_bases_max = 16;

struct TypeRule {
  path::TypeRef type;
  std::vector<std::string> profiles;  ///< the value conforms to one of them; empty: any
  std::vector<std::string> targets;   ///< of a Reference: its target conforms to one of them
};

struct ProfileRule {
  std::string key;
  std::string human;
  bool is_error = true;
  path::Program program;
};

struct ProfileBinding {
  terminology::Strength strength{};
  std::string value_set;  ///< canonical
  std::string widest;     ///< elementdefinition-maxValueSet
};

/// https://hl7.org/fhir/R4/profiling.html#discriminator
struct Discriminator {
  enum class Kind : std::uint8_t { value, exists, type, profile };
  /// One step of its path, as far as the tree of the profile has to follow it.
  struct Step {
    enum class Kind : std::uint8_t { child, resolve, extension, of_type };
    Kind kind = Kind::child;
    std::string name;  ///< of the child; url of the extension; type
  };
  Kind kind{};
  std::string path;
  std::vector<Step> steps;  ///< none: $this
  path::Program program;    ///< the same, over documents
};

struct Slicing {
  enum class Rules : std::uint8_t { open, closed, open_at_end };
  std::vector<Discriminator> discriminators;
  Rules rules = Rules::open;
  bool ordered = false;
};

struct ProfileNode {
  std::string id;     ///< "Patient.identifier:nhsNumber.system"
  std::string name;   ///< "identifier"; "value" of value[x]
  std::string slice;  ///< its name, of a slice
  std::uint32_t min = 0;
  std::optional<std::uint32_t> max;
  std::vector<TypeRule> types;         ///< empty: those of the base
  std::optional<std::uint32_t> fixed;  ///< index in Profile::values
  std::optional<std::uint32_t> pattern;
  std::optional<std::uint32_t> min_value;
  std::optional<std::uint32_t> max_value;
  std::optional<std::uint64_t> max_length;  ///< characters
  std::optional<ProfileBinding> binding;
  std::vector<ProfileRule> rules;
  std::optional<Slicing> slicing;
  std::vector<NodeId> children;
  std::vector<NodeId> slices;
  NodeId same_as = no_node;  ///< contentReference: what is said there counts here too
  path::Program step;        ///< from its parent to the items
};

struct ExtensionContext {
  std::string kind;  ///< element, extension, fhirpath
  std::string expression;
};

struct Profile {
  std::string url;
  path::TypeRef type;                      ///< of what it is about
  std::vector<ProfileNode> nodes;          ///< 0 is the root
  Json values;                             ///< an array: fixed values, patterns, bounds
  std::vector<ExtensionContext> contexts;  ///< of an extension definition
  /// What it asks for and what is not checked here, as sentences: each use of the profile says so.
  std::vector<std::string> unchecked;

  [[nodiscard]] const ProfileNode& root() const { return nodes.front(); }
  [[nodiscard]] JsonValue value(std::uint32_t index) const;
};

}  // namespace holdfast::fhir::validation
