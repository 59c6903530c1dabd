// fhir/terminology/read_map.cpp: a ConceptMap into rows. https://hl7.org/fhir/R4/conceptmap.html
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "fhir/terminology/layer.h"
#include "fhir/terminology/read.h"

namespace holdfast::fhir::terminology {
namespace {

Result<Equivalence> equivalence_of(JsonValue target) {
  TRY(const std::string text, needed_text(target, "equivalence"));
  for (unsigned i = 0; i <= static_cast<unsigned>(Equivalence::disjoint); ++i) {
    if (name(static_cast<Equivalence>(i)) == text) {
      return static_cast<Equivalence>(i);
    }
  }
  return fail(Code::value, fmt::format("'{}' is no equivalence of a concept map", text),
              target.document().path(target.index()));
}

std::string either(JsonValue resource, std::string_view canonical, std::string_view uri) {
  std::string text = text_of(resource, canonical);
  return text.empty() ? text_of(resource, uri) : text;
}

}  // namespace

Result<void> Reading::read_map(JsonValue resource) {
  ConceptMapRow row{};
  row.url = intern(text_of(resource, "url"));
  row.version = intern(text_of(resource, "version"));
  row.source = intern(either(resource, "sourceCanonical", "sourceUri"));
  row.target = intern(either(resource, "targetCanonical", "targetUri"));
  row.first_group = static_cast<std::uint32_t>(rows_.map_groups.size());
  if (const auto groups = resource.find("group")) {
    for (const JsonValue group : groups->children()) {
      TRY_OK(read_group(group));
    }
  }
  row.group_count = static_cast<std::uint32_t>(rows_.map_groups.size()) - row.first_group;
  rows_.concept_maps.push_back(row);
  return ok();
}

Result<void> Reading::read_group(JsonValue raw) {
  MapGroupRow group{};
  group.source = intern(text_of(raw, "source"));
  group.target = intern(text_of(raw, "target"));
  group.first = static_cast<std::uint32_t>(rows_.map_rows.size());
  if (const auto elements = raw.find("element")) {
    // An element without a code says of what is not mapped; nothing can be looked up by it.
    std::vector<std::pair<std::string, JsonValue>> by_code;
    for (const JsonValue element : elements->children()) {
      if (std::string code = text_of(element, "code"); !code.empty()) {
        by_code.emplace_back(std::move(code), element);
      }
    }
    std::sort(by_code.begin(), by_code.end(), [](const auto& x, const auto& y) {
      return x.first != y.first ? x.first < y.first : x.second.index() < y.second.index();
    });
    for (const auto& [code, element] : by_code) {
      if (const auto targets = element.find("target")) {
        for (const JsonValue target : targets->children()) {
          TRY_OK(read_target(element, target));
        }
      }
    }
  }
  group.count = static_cast<std::uint32_t>(rows_.map_rows.size()) - group.first;
  if (const auto unmapped = raw.find("unmapped")) {
    constexpr std::array<std::string_view, 4> modes{"", "provided", "fixed", "other-map"};
    const auto mode = std::find(modes.begin(), modes.end(), text_of(*unmapped, "mode"));
    if (mode == modes.end()) {
      return fail(Code::value, "no mode of ConceptMap.group.unmapped",
                  unmapped->document().path(unmapped->index()));
    }
    group.unmapped = static_cast<Unmapped>(mode - modes.begin());
    group.unmapped_code = intern(text_of(*unmapped, "code"));
    group.unmapped_display = intern(text_of(*unmapped, "display"));
    group.unmapped_url = intern(text_of(*unmapped, "url"));
  }
  rows_.map_groups.push_back(group);
  return ok();
}

Result<void> Reading::read_target(JsonValue element, JsonValue target) {
  MapRow row{};
  row.code = intern(text_of(element, "code"));
  row.display = intern(text_of(element, "display"));
  row.target_code = intern(text_of(target, "code"));
  row.target_display = intern(text_of(target, "display"));
  row.comment = intern(text_of(target, "comment"));
  TRY(row.equivalence, equivalence_of(target));
  row.depends = target.find("dependsOn") ? 1 : 0;
  const auto number = static_cast<std::uint32_t>(rows_.map_rows.size());
  if (const auto products = target.find("product")) {
    for (const JsonValue product : products->children()) {
      rows_.map_products.push_back(MapProductRow{
          number, intern(text_of(product, "property")), intern(text_of(product, "system")),
          intern(text_of(product, "value")), intern(text_of(product, "display"))});
    }
  }
  rows_.map_rows.push_back(row);
  return ok();
}

}  // namespace holdfast::fhir::terminology
