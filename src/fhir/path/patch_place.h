// fhir/path/patch_place.h: where an element stands in the JSON of its resource, and that JSON with
// other elements in its place. Inside this folder only.
//
// An element is a value and its `_name` sibling together; what may repeat is a list of them, in two
// arrays. https://hl7.org/fhir/R4/json.html#primitive
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "fhir/definitions.h"
#include "fhir/json.h"
#include "fhir/path/value.h"

namespace holdfast::fhir::path {

/// One step from an object to an element in it.
struct PatchPlace {
  std::uint32_t object = 0;  ///< index of the object with the member
  const ElementRow* row = nullptr;
  std::size_t position = 0;  ///< in its list; 0 where it does not repeat
  bool operator==(const PatchPlace&) const = default;
};

/// One element as text; empty where that half is not there.
struct PatchItem {
  BytesView value;
  BytesView sibling;
};

/// The node that stands for an element: its value, or its sibling where there is no value.
[[nodiscard]] std::uint32_t node_of(const Value& element);

/// The steps from the root to an element; none for the root itself. Code::structure where the
/// document on the way is no FHIR.
[[nodiscard]] Result<std::vector<PatchPlace>> places_of(const Json& json, std::uint32_t node);

/// All elements under one name; `nodes` are those that stand for them.
struct PatchList {
  std::vector<PatchItem> items;
  std::vector<std::uint32_t> nodes;
};
[[nodiscard]] PatchList list_of(JsonValue object, const ElementRow& row);
/// Appends `"given":[…],"_given":[…]` of elements, of which at least one half each is there.
void append_list(Bytes& to, const ElementRow& row, const std::vector<PatchItem>& items);

/// The object with `items` where those of `was` are, or, if there are none, at its end, under the
/// name of `row`. Empty if nothing is in it then.
[[nodiscard]] Bytes with_list(JsonValue object, const ElementRow& was, const ElementRow& row,
                              const std::vector<PatchItem>& items);
/// The whole document with `object` as the element at the last of `places` (of a primitive: as its
/// sibling), removed where it is empty; and all that is empty then.
[[nodiscard]] Bytes with_object(const Json& json, const std::vector<PatchPlace>& places,
                                BytesView object);

}  // namespace holdfast::fhir::path
