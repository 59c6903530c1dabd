// fhir/walk.h: one walk over a resource, led by its definition, that can check it, find its sites
// and extract from it at the same time. Inside src/fhir only: check.h, sites.h and extract.h are
// its doors.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "fhir/check.h"
#include "fhir/definitions.h"
#include "fhir/extract.h"
#include "fhir/json.h"
#include "fhir/search_params.h"
#include "fhir/sites.h"

namespace holdfast::fhir {

class ElementWalk {
 public:
  /// What is wanted; null is not wanted.
  struct Wanted {
    std::vector<Error>* issues = nullptr;
    Sites* sites = nullptr;
    Extraction* extraction = nullptr;
    const SearchParams* params = nullptr;  ///< whenever there is an extraction
  };
  ElementWalk(const Json& json, Wanted wanted) : json_(json), wanted_(wanted) {}

  /// Walks the resource; an outermost one is what sites and extraction belong to.
  void run(JsonValue resource);

 private:
  enum class Rank : std::uint8_t { outermost, nested };
  static constexpr std::size_t choices_max = 16;
  /// What an object has had so far: required bits, and the row taken of each choice element.
  struct Seen {
    std::uint64_t required = 0;
    std::array<const ElementRow*, choices_max> choices{};
  };

  void take_resource(JsonValue value, Rank rank);
  void take_object(JsonValue value, const StructureRow& in, std::uint16_t state);
  void take_member(JsonValue member, JsonValue object, const StructureRow& in, std::uint16_t state,
                   Seen& seen);
  void take_element(JsonValue member, JsonValue object, const ElementRow& row, std::uint16_t state);
  void take_value(JsonValue value, const ElementRow& row, std::uint16_t state);
  void take_primitive(JsonValue value, const ElementRow& row);
  void take_extensions(JsonValue member, JsonValue object, const ElementRow& row);
  void take_extension_of_one(JsonValue value);
  void note_seen(JsonValue member, const ElementRow& row, Seen& seen);
  void report_missing(JsonValue value, const StructureRow& in, const Seen& seen);

  void note_head(JsonValue resource);
  void note_site(JsonValue value, SiteElement element);
  void note_links(JsonValue div);
  void note_value(JsonValue value, const ElementRow* row, std::uint16_t state);
  [[nodiscard]] Span inside(JsonValue string) const;

  void report(JsonValue at, Code code, std::string what, std::string_view below = {});
  [[nodiscard]] bool is_full() const {
    return wanted_.issues != nullptr && wanted_.issues->size() >= issues_max;
  }

  const Json& json_;
  Wanted wanted_;
  std::uint32_t base_ = 0;  // offset of the outermost resource
  std::string scratch_;
  std::vector<Selected> found_;
};

/// The FHIRPath expression of a value, from the document's root: choice elements without their
/// type ("Observation.value.unit"). Members that are not in the definition keep their names.
[[nodiscard]] std::string element_path(const Json& json, std::uint32_t index);

/// The type a resource names, or nothing.
[[nodiscard]] std::optional<TypeId> named_type(JsonValue resource);

}  // namespace holdfast::fhir
