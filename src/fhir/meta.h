// fhir/meta.h: profiles, security labels and tags of a resource: shown, added, taken away.
// https://hl7.org/fhir/R4/resource-operation-meta.html, -meta-add.html, -meta-delete.html
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "fhir/json.h"

namespace holdfast::fhir {

/// The resource with what `parameters` names, a Parameters with one parameter `meta` of type Meta,
/// put into its own meta. A profile is there already if it is the same text, a label or a tag if
/// system and code are. Everything else stays byte for byte. Code::structure for other parameters.
[[nodiscard]] Result<Bytes> add_meta(JsonValue resource, JsonValue parameters);
/// The same, with those that are named there taken out.
[[nodiscard]] Result<Bytes> delete_meta(JsonValue resource, JsonValue parameters);

/// What many resources have between them, each profile, label and tag once.
class MetaUnion {
 public:
  void add(JsonValue resource);
  /// Profiles, labels and tags held.
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  /// A Meta, its lists in order of their texts. Of labels that differ in their display only, the
  /// first that came.
  [[nodiscard]] Bytes json() const;

 private:
  std::set<std::pair<std::size_t, std::string>> seen_;  // list, what makes an entry the same
  std::set<std::pair<std::size_t, Bytes>> entries_;     // list, bytes
};

}  // namespace holdfast::fhir
