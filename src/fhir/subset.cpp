#include "fhir/subset.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "fhir/check.h"
#include "fhir/definitions.h"

namespace holdfast::fhir {
namespace {

// https://hl7.org/fhir/R4/valueset-common-tags.html
constexpr std::string_view subsetted_system =
    "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";
constexpr std::string_view subsetted_coding =
    R"({"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"})";

constexpr std::array summaries{
    std::pair<std::string_view, SummaryKind>{"false", SummaryKind::whole},
    std::pair<std::string_view, SummaryKind>{"true", SummaryKind::summary},
    std::pair<std::string_view, SummaryKind>{"text", SummaryKind::text},
    std::pair<std::string_view, SummaryKind>{"data", SummaryKind::data},
    std::pair<std::string_view, SummaryKind>{"count", SummaryKind::count},
};

bool is_element_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
}

bool is_mandatory(const ElementRow& row) { return row.required != not_required; }

// "name" of "Patient.name", for that type; nothing where another type is named.
std::optional<std::string_view> base_name(std::string_view element, std::string_view type) {
  const std::size_t dot = element.find('.');
  if (dot == std::string_view::npos) {
    return element;
  }
  return element.substr(0, dot) == type ? std::optional(element.substr(dot + 1)) : std::nullopt;
}

bool is_subsetted(JsonValue coding) {
  const auto system = coding.find("system");
  const auto code = coding.find("code");
  return system && code && system->is_string() && code->is_string() &&
         system->equals(subsetted_system) && code->equals("SUBSETTED");
}

bool holds_subsetted(JsonValue tags) {
  const JsonChildren codings = tags.children();
  return std::any_of(codings.begin(), codings.end(), is_subsetted);
}

class SubsetWriter {
 public:
  SubsetWriter(Bytes& to, const Subset& what, std::string_view type)
      : to_(to), what_(what), type_(type) {}

  void write_resource(JsonValue resource, const StructureRow& structure) {
    bool tagged = false;
    open();
    for (const JsonValue member : resource.children()) {
      const std::string_view key = element_of(member);
      if (key == "meta" && member.is_object() && !member.raw_key().starts_with('_')) {
        write_meta(member);
        tagged = true;
        continue;
      }
      const ElementRow* row = find_row(structure, key);
      if (key == "resourceType" || key == "id" || row == nullptr) {
        write_whole(member);
      } else if (what_.summary == SummaryKind::summary) {
        write_if_summary(member, *row);
      } else if (keeps(key, *row)) {
        write_whole(member);
      }
    }
    if (!tagged) {
      begin_member("meta");
      to_.append(R"({"tag":[)").append(subsetted_coding).append("]}");
    }
    to_.push_back('}');
  }

 private:
  // "_birthDate" goes with birthDate.
  [[nodiscard]] std::string_view element_of(JsonValue member) {
    const std::string_view key = member.key(scratch_);
    return key.starts_with('_') ? key.substr(1) : key;
  }

  [[nodiscard]] bool keeps(std::string_view key, const ElementRow& row) const {
    if (is_mandatory(row) || key == "implicitRules" || key == "modifierExtension") {
      return true;
    }
    switch (what_.summary) {
      case SummaryKind::text: return key == "text";
      case SummaryKind::data: return key != "text";
      default: break;
    }
    return std::ranges::any_of(what_.elements, [&](const std::string& element) {
      const auto wanted = base_name(element, type_);
      return wanted && (*wanted == key || *wanted == path_name(row));
    });
  }

  static bool in_summary(const ElementRow& row) {
    return (row.flags & (row_summary | row_modifier)) != 0 || is_mandatory(row);
  }

  void write_if_summary(JsonValue member, const ElementRow& row) {
    if (!in_summary(row)) {
      return;
    }
    begin_member(member.raw_key());
    if (!member.is_array()) {
      write_summary_of(member, row);
      return;
    }
    to_.push_back('[');
    bool first = true;
    for (const JsonValue element : member.children()) {
      if (!std::exchange(first, false)) {
        to_.push_back(',');
      }
      write_summary_of(element, row);
    }
    to_.push_back(']');
  }

  // Where no part of an element belongs to the summary, the element is shown whole: FHIR has no
  // empty ones.
  void write_summary_of(JsonValue value, const ElementRow& row) {
    const bool opaque = !value.is_object() || row.kind != ElementKind::complex ||
                        row.structure == tables::extension_structure.value;
    const StructureRow& inside = structure(StructureId{row.structure});
    const auto belongs = [&](JsonValue member) {
      const ElementRow* part = find_row(inside, element_of(member));
      return part != nullptr && in_summary(*part);
    };
    const JsonChildren parts = value.children();
    if (opaque || std::none_of(parts.begin(), parts.end(), belongs)) {
      to_.append(value.raw());
      return;
    }
    open();
    for (const JsonValue member : parts) {
      const ElementRow* part = find_row(inside, element_of(member));
      if (part == nullptr) {
        write_whole(member);
      } else {
        write_if_summary(member, *part);
      }
    }
    to_.push_back('}');
  }

  void write_meta(JsonValue meta) {
    begin_member("meta");
    open();
    bool tagged = false;
    for (const JsonValue member : meta.children()) {
      if (member.raw_key() != "tag" || !member.is_array()) {
        write_whole(member);
        continue;
      }
      tagged = true;
      begin_member("tag");
      to_.append(member.raw());
      if (!holds_subsetted(member)) {
        to_.pop_back();
        to_.append(member.size() == 0 ? "" : ",").append(subsetted_coding).push_back(']');
      }
    }
    if (!tagged) {
      begin_member("tag");
      to_.append("[").append(subsetted_coding).append("]");
    }
    to_.push_back('}');
  }

  void open() { to_.push_back('{'); }
  void begin_member(BytesView raw_key) {
    if (to_.back() != '{') {
      to_.push_back(',');
    }
    to_.append("\"").append(raw_key).append("\":");
  }
  void write_whole(JsonValue member) {
    begin_member(member.raw_key());
    to_.append(member.raw());
  }

  Bytes& to_;
  const Subset& what_;
  const std::string_view type_;
  std::string scratch_;
};

}  // namespace

Result<Subset> parse_subset(std::optional<std::string_view> summary,
                            std::optional<std::string_view> elements) {
  Subset subset;
  if (summary) {
    const auto* const found =
        std::ranges::find(summaries, *summary, [](const auto& s) { return s.first; });
    if (found == summaries.end()) {
      return fail(Code::value,
                  fmt::format("_summary is true, text, data, count or false, not '{}'", *summary),
                  "http._summary");
    }
    subset.summary = found->second;
  }
  while (elements && !elements->empty()) {
    const std::string_view element = elements->substr(0, elements->find(','));
    elements->remove_prefix(std::min(elements->size(), element.size() + 1));
    const std::size_t dot = element.find('.');
    const bool named = dot == std::string_view::npos ? is_element_name(element)
                                                     : is_element_name(element.substr(0, dot)) &&
                                                           is_element_name(element.substr(dot + 1));
    if (!named || subset.elements.size() == subset_elements_max) {
      return fail(Code::value,
                  named ? fmt::format("_elements names at most {}", subset_elements_max)
                        : fmt::format("_elements names elements right below the resource, such as "
                                      "name or Patient.name, not '{}'",
                                      element),
                  "http._elements");
    }
    subset.elements.emplace_back(element);
  }
  if (elements && subset.elements.empty()) {
    return fail(Code::value, "_elements names at least one element", "http._elements");
  }
  if (!subset.elements.empty() && subset.summary != SummaryKind::whole &&
      subset.summary != SummaryKind::count) {
    return fail(Code::value, "_summary and _elements ask for different parts; send one of them",
                "http._elements");
  }
  return subset;
}

Result<void> check_elements(const Subset& what, TypeId type) {
  const StructureRow& in = structure(structure_of(type));
  for (const std::string& element : what.elements) {
    const auto wanted = base_name(element, name(type));
    const bool known = wanted && (*wanted == "resourceType" ||
                                  std::ranges::any_of(rows(in), [&](const ElementRow& row) {
                                    return name(row) == *wanted || path_name(row) == *wanted;
                                  }));
    if (!known) {
      return fail(Code::value, fmt::format("a {} has no element '{}'", name(type), element),
                  "http._elements");
    }
  }
  return ok();
}

Result<void> append_subset(Bytes& to, JsonValue resource, const Subset& what) {
  if (what.whole()) {
    to.append(resource.raw());
    return ok();
  }
  TRY(const TypeId type, type_of(resource));
  SubsetWriter(to, what, name(type)).write_resource(resource, structure(structure_of(type)));
  return ok();
}

Result<void> check_whole(JsonValue resource) {
  const auto meta = resource.find("meta");
  const auto tags = meta ? meta->find("tag") : std::nullopt;
  if (tags && holds_subsetted(*tags)) {
    return fail(
        Code::value,
        "this is a part of a resource, as its tag SUBSETTED says; change and send the whole",
        "meta.tag");
  }
  return ok();
}

}  // namespace holdfast::fhir
