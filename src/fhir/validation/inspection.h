// fhir/validation/inspection.h: one validation under way. Inside this folder only: validator.h is
// the door. Its parts: base_walk.cpp (what every resource of R4 must be), extensions.cpp,
// codes.cpp, references.cpp, profile_walk.cpp (what profiles ask for) and slices.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/definitions.h"
#include "fhir/validation/base_rules.h"
#include "fhir/validation/library.h"
#include "fhir/validation/profile.h"
#include "fhir/validation/validator.h"

namespace holdfast::fhir::validation {

class Inspection final : public path::Terminology, public path::Profiles {
 public:
  struct Knowledge {
    const BaseRules& rules;
    const Library& library;
    const terminology::Terminology& terminology;
  };
  Inspection(const Knowledge& known, const Terms& terms, Workspace& workspace, Report& report,
             const Json& json)
      : known_(known),
        terms_(terms),
        workspace_(workspace),
        report_(&report),
        json_(json),
        steps_left_(terms.steps_base + steps_per_value_max * json.value_count()) {}

  /// The whole of it: base, meta.profile and Terms::profiles.
  void run(JsonValue resource);

  // For rules that ask memberOf(), subsumes() and conformsTo().
  std::optional<bool> is_member(const path::PathCode& code, std::string_view value_set) override;
  std::optional<bool> subsumes(const path::PathCode& code,
                               const path::PathCode& descendant) override;
  std::optional<bool> conforms(const path::Value& value, std::string_view profile) override;

 private:
  using Items = std::vector<path::Value>;
  /// The resource that is looked at, and the one around it if it is contained.
  struct Around {
    path::Value resource;
    path::Value root;
  };
  enum class Rank : std::uint8_t { whole, contained };

  // ---- base_walk.cpp
  void take_resource(JsonValue resource, Rank rank);
  void take_object(JsonValue object, const StructureRow& in, const ElementRow* as);
  void take_member(JsonValue member, JsonValue object, const StructureRow& in,
                   const ElementRow* as);
  void take_value(JsonValue value, const ElementRow& row);
  void take_primitive(JsonValue value, const ElementRow& row);
  void take_sibling(JsonValue member, JsonValue object, const ElementRow& row);
  void check_meta_profiles(JsonValue resource);
  void run_rules(std::span<const BaseRule> rules, const path::Value& on);

  // ---- inspection.cpp
  void note(Severity severity, IssueType type, JsonValue at, std::string text,
            std::string_view rule = {}, std::string_view below = {});
  /// Whether the text of such an issue need be made; if not, it is counted.
  [[nodiscard]] bool wants(Severity severity) {
    if (report_->wants_text(severity)) {
      return true;
    }
    report_->count_one(severity);
    return false;
  }
  bool spend(std::uint64_t steps);
  [[nodiscard]] bool is_spent() const { return steps_left_ == 0; }
  [[nodiscard]] path::Surroundings surroundings();
  /// Nothing where it has no answer, or failed: then it was noted.
  std::optional<bool> decide(const path::Program& program, const path::Value& on,
                             std::string_view rule);
  /// Appends what it selects; false where it failed.
  bool select(const path::Program& program, const path::Value& from, Items& to);
  static JsonValue place_of(const path::Value& value) {
    return value.has_value() ? value.value() : value.sibling();
  }

  // ---- codes.cpp
  struct Bound {
    terminology::Strength strength{};
    std::string_view url;
    std::optional<terminology::ValueSetId> set;
    std::string_view widest_url;
    std::optional<terminology::ValueSetId> widest;
    std::string_view profile;  ///< that asks for it; empty: the base
  };
  void check_binding(JsonValue value, const Bound& bound);
  [[nodiscard]] terminology::Truth truth_of(JsonValue value,
                                            std::optional<terminology::ValueSetId> set);
  void note_outside(JsonValue value, const Bound& bound, std::string_view url, Severity severity);

  // ---- references.cpp
  void check_targets(JsonValue reference, const ElementRow& row);
  void check_profile_targets(const Profile& profile, const ProfileNode& node, const TypeRule& rule,
                             const path::Value& reference);
  /// A resource of the document, a type alone, or nothing.
  enum class Depth : std::uint8_t { type, resource };
  std::optional<path::Value> target_of(JsonValue reference, Depth depth);

  // ---- extensions.cpp
  void check_extension(JsonValue extension, const StructureRow& host, const ElementRow* host_as);
  void check_extension_rule(JsonValue extension);
  [[nodiscard]] static bool is_allowed(const Profile& profile, const StructureRow& host,
                                       const ElementRow* host_as);

  // ---- profile_walk.cpp
  void check_profile(const Profile& profile, const path::Value& value);
  void check_named(std::string_view canonical, const path::Value& value, Severity if_unknown);
  [[nodiscard]] bool conforms_quietly(const Profile& profile, const path::Value& value);
  void check_node(const Profile& profile, NodeId id, const path::Value& item);
  void check_children(const Profile& profile, NodeId id, const path::Value& item);
  void check_count(const Profile& profile, const ProfileNode& node, const path::Value& parent,
                   std::size_t count);
  void check_types(const Profile& profile, const ProfileNode& node, const path::Value& item);
  void check_type_profiles(const Profile& profile, const ProfileNode& node, const TypeRule& rule,
                           const path::Value& item);
  void check_values(const Profile& profile, const ProfileNode& node, const path::Value& item);
  void check_bounds(const Profile& profile, const ProfileNode& node, JsonValue value);
  void check_node_binding(const Profile& profile, const ProfileNode& node, const path::Value& item);

  // ---- slices.cpp
  void check_slices(const Profile& profile, NodeId id, const path::Value& parent,
                    const Items& items);
  using Truth = terminology::Truth;
  [[nodiscard]] Truth is_of_slice(const Profile& profile, NodeId slice, const Slicing& slicing,
                                  const path::Value& item);
  using Steps = std::span<const Discriminator::Step>;
  [[nodiscard]] Truth has_value(const Profile& profile, NodeId id, Steps steps,
                                const Items& values);
  [[nodiscard]] Truth has_value_elsewhere(const ProfileNode& node, Steps steps,
                                          const Items& values);
  [[nodiscard]] Truth has_own_value(const Profile& profile, NodeId id, const Items& values);
  [[nodiscard]] Truth is_of_type(const Profile& profile, NodeId slice,
                                 const Discriminator& discriminator, const path::Value& item);
  [[nodiscard]] Truth has_profile(const Profile& profile, NodeId slice,
                                  const Discriminator& discriminator, const path::Value& item);
  [[nodiscard]] Truth does_exist(const Profile& profile, NodeId slice,
                                 const Discriminator& discriminator, const path::Value& item);

  const Knowledge& known_;
  const Terms& terms_;
  Workspace& workspace_;
  Report* report_;
  const Json& json_;
  std::uint64_t steps_left_;
  std::size_t nested_ = 0;
  Around around_;
  std::string scratch_;
  path::TypeResolver resolver_;
  std::optional<BundleEntries> entries_;  // of a Bundle that is validated itself
  /// Profiles that an element was checked against, or is being: once each.
  std::set<std::pair<const Profile*, std::uint32_t>> checked_;
  std::set<std::pair<const Profile*, std::uint32_t>> active_;  // quietly, now
  std::set<std::string> unknown_;                              // profiles of which it was said
};

}  // namespace holdfast::fhir::validation
