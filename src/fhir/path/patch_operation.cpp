#include "fhir/path/patch_operation.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace holdfast::fhir::path {
namespace {

constexpr std::size_t shown_bytes_max = 128;

/// Which parts an operation has beside type and path. All of them must be there, and no other.
struct PatchTypeRow {
  std::string_view name;
  PatchType type;
  std::array<std::string_view, 2> parts;
};
constexpr std::array<PatchTypeRow, 5> patch_types{
    {{"add", PatchType::add, {"name", "value"}},
     {"insert", PatchType::insert, {"index", "value"}},
     {"delete", PatchType::remove, {}},
     {"replace", PatchType::replace, {"value", ""}},
     {"move", PatchType::move, {"source", "destination"}}}};

/// A part as far as its name; nothing where there is none.
const PatchPart* find_part(const std::vector<PatchPart>& parts, std::string_view wanted) {
  const auto found = std::ranges::find(parts, wanted, &PatchPart::name);
  return found == parts.end() ? nullptr : &*found;
}

Result<std::size_t> index_part(const std::vector<PatchPart>& parts, std::string_view wanted) {
  const PatchPart* part = find_part(parts, wanted);
  const BytesView text = part != nullptr && part->value ? part->value->raw() : BytesView{};
  std::uint32_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc() || end != text.data() + text.size()) {
    return fail(Code::value, fmt::format("\"{}\" has a valueInteger from 0 on", wanted));
  }
  return index;
}

}  // namespace

std::string shown(std::string_view text) { return std::string(text.substr(0, shown_bytes_max)); }

Result<std::string> text_part(const std::vector<PatchPart>& parts, std::string_view wanted) {
  const PatchPart* part = find_part(parts, wanted);
  if (part == nullptr) {
    return fail(Code::required, fmt::format("an operation of this kind has a part \"{}\"", wanted));
  }
  if (!part->value || !part->value->is_string()) {
    return fail(Code::structure, fmt::format("\"{}\" has a valueString or valueCode", wanted));
  }
  return part->value->text();
}

Result<std::vector<PatchPart>> read_parts(JsonValue parameter) {
  TRY(const PatchPart operation, read_part(parameter));
  if (operation.name != "operation") {
    return fail(Code::structure, fmt::format("a parameter of a FHIRPath Patch is named operation, "
                                             "not \"{}\"",
                                             shown(operation.name)));
  }
  if (!operation.parts) {
    return fail(Code::required, "an operation has the parts type and path");
  }
  std::vector<PatchPart> parts;
  for (const JsonValue one : operation.parts->children()) {
    TRY(PatchPart part, read_part(one));
    if (find_part(parts, part.name) != nullptr) {
      return fail(Code::structure, fmt::format("the part \"{}\" is there twice", shown(part.name)));
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

Result<PatchOperation> read_operation(const std::vector<PatchPart>& parts) {
  PatchOperation operation;
  TRY(const std::string type, text_part(parts, "type"));
  const auto* known = std::ranges::find(patch_types, type, &PatchTypeRow::name);
  if (known == patch_types.end()) {
    return fail(
        Code::value,
        fmt::format("there is no type \"{}\": add, insert, delete, replace or move", shown(type)));
  }
  operation.type = known->type;
  for (const PatchPart& part : parts) {
    if (part.name != "type" && part.name != "path" &&
        (part.name.empty() || std::ranges::find(known->parts, part.name) == known->parts.end())) {
      return fail(Code::structure,
                  fmt::format("{} takes no part \"{}\"", known->name, shown(part.name)));
    }
  }
  TRY(operation.path, text_part(parts, "path"));
  for (const std::string_view wanted : known->parts) {
    if (wanted == "name") {
      TRY(operation.name, text_part(parts, wanted));
    } else if (wanted == "value") {
      const PatchPart* value = find_part(parts, wanted);
      if (value == nullptr) {
        return fail(Code::required, fmt::format("{} has a part \"value\"", known->name));
      }
      operation.value = *value;
    } else if (!wanted.empty()) {
      TRY((wanted == "source" ? operation.from : operation.to), index_part(parts, wanted));
    }
  }
  return operation;
}

}  // namespace holdfast::fhir::path
