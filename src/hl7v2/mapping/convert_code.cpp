// hl7v2/mapping/convert_code.cpp: codes, codings, units and media types. A code without a map is
// kept as it came and reported; it is never dropped and never guessed.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "fhir/primitive.h"
#include "fhir/ucum.h"
#include "hl7v2/mapping/convert.h"
#include "hl7v2/mapping/naming.h"

namespace holdfast::hl7v2 {
namespace {

constexpr std::string_view alternate_codes =
    "http://hl7.org/fhir/StructureDefinition/alternate-codes";
constexpr std::string_view ucum = "http://unitsofmeasure.org";
/// Instances that no label of the tables has.
constexpr Instance original{0xffff, 1, 0};
constexpr Instance kept_code{0xffff, 2, 0};

bool put(Sketch& sketch, NodeId in, std::string_view name, std::string_view text) {
  const NodeId node = sketch.enter(in, name, false);
  return node != no_node && sketch.set(node, text);
}

/// A code as FHIR writes it: no blanks at its ends nor two in a row. Empty if it cannot be one.
std::string_view as_code(std::string_view text) {
  text = trimmed(text);
  return fhir::is_code(text) ? text : std::string_view();
}

std::string_view table_system(std::uint16_t map) {
  return map == tables::none ? std::string_view() : tables::text(tables::code_maps[map].system);
}

/// The code beside an element whose value set has no place for it.
/// https://hl7.org/fhir/extensions/StructureDefinition-alternate-codes.html
void keep_beside(const Conversion& one, std::string_view code) {
  if (one.parent == no_node) {
    return;
  }
  const Node& node = one.sketch.at(one.node);
  const std::string_view name = one.reading.keep(fmt::format("_{}", node.name));
  if (node.repeats) {
    return;  // its extensions would have to be counted with it
  }
  const NodeId beside = one.sketch.enter(one.parent, name, false);
  const NodeId extension = one.sketch.enter(beside, "extension", true, kept_code);
  const NodeId concept_node = one.sketch.enter(extension, "valueCodeableConcept", false);
  if (!put(one.sketch, extension, "url", alternate_codes) || concept_node == no_node) {
    return;
  }
  const NodeId coding = one.sketch.enter(concept_node, "coding", true);
  if (const std::string_view system = table_system(one.codes); !system.empty()) {
    put(one.sketch, coding, "system", system);
  }
  put(one.sketch, coding, "code", code);
}

/// One code of a CWE with what stands beside it.
struct Triplet {
  Value code;
  Value display;
  Value system;
  Value version;
  Value oid;
};

Triplet triplet(const Reading& reading, const Value& of, std::uint8_t first) {
  const std::size_t version = first == 1 ? 7 : first == 4 ? 8 : 13;
  const std::size_t oid = first == 1 ? 14 : first == 4 ? 17 : 20;
  return {reading.leaf(reading.part(of, first)), reading.leaf(reading.part(of, first + 1U)),
          reading.leaf(reading.part(of, first + 2U)), reading.leaf(reading.part(of, version)),
          reading.leaf(reading.part(of, oid))};
}

/// Whether our map of an HL7 table is meant: the sender names that table, or none at all.
bool is_of_table(std::string_view system_name, std::uint16_t map) {
  if (map == tables::none) {
    return false;
  }
  const std::string_view table = tables::text(tables::code_maps[map].table);
  return system_name.empty() || system_name == "L" ||
         (system_name.starts_with("HL7") && system_name.substr(3) == table);
}

void put_coding(const Conversion& one, NodeId node, std::string_view system, std::string_view code,
                std::string_view display) {
  if (!system.empty()) {
    put(one.sketch, node, "system", system);
  }
  if (!code.empty()) {
    put(one.sketch, node, "code", code);
  }
  if (display.find_first_not_of(" \t") != std::string_view::npos) {
    put(one.sketch, node, "display", display);
  }
}

/// What our maps say of it comes first, what was sent second, where they differ.
bool put_mapped(const Conversion& one, const CodeFound& found, std::string_view code,
                std::string_view display) {
  if (found.code == code) {
    put_coding(one, one.node, found.system, code, display.empty() ? found.display : display);
    return true;
  }
  put_coding(one, one.node, found.system, found.code, found.display);
  if (one.parent != no_node && one.sketch.at(one.node).name == "coding") {
    const NodeId second = one.sketch.enter(one.parent, "coding", true, original);
    put_coding(one, second, table_system(one.codes), code, display);
  }
  return true;
}

}  // namespace

bool convert_code(const Conversion& one) {
  Reading& reading = one.reading;
  const Value leaf = reading.leaf(one.value);
  const std::string_view sent = trimmed(reading.text(leaf));
  if (sent.empty()) {
    return false;
  }
  if (one.codes == tables::none) {
    if (!fhir::is_code(sent) || !one.sketch.set(one.node, sent)) {
      return unconverted(one, leaf, "is no code");
    }
    reading.take(leaf);
    return true;
  }
  const std::optional<CodeFound> found = find_code(reading, one.codes, sent);
  if (found && !one.sketch.set(one.node, found->code)) {
    return false;
  }
  if (!found || !found->exact) {
    reading.found(
        Finding::Kind::unmapped_code, leaf.raw,
        fmt::format("has no counterpart in {}", tables::text(tables::code_maps[one.codes].name)));
    if (const std::string_view code = as_code(sent); !code.empty()) {
      keep_beside(one, code);
      reading.take(leaf);
    }
    return found.has_value();
  }
  // What stands beside the code says the same: its display and the name of its table.
  for (std::size_t part = 1; one.value.level == ValueLevel::repetition && part <= 3; ++part) {
    reading.take_part(one.value, part);
  }
  reading.take(leaf);
  return true;
}

bool convert_coding(const Conversion& one) {
  Reading& reading = one.reading;
  const std::uint8_t first = one.rule.arguments[0];
  const Triplet sent = triplet(reading, one.value, first);
  const std::string_view raw_code = reading.text(sent.code);
  const std::string_view code = as_code(raw_code);
  const std::string_view display = reading.text(sent.display);
  const std::string_view system_name = trimmed(reading.text(sent.system));
  if (code.empty() && trimmed(raw_code).empty()) {
    // Of the first, a display without a code is the concept's text, unless that is there already.
    if (display.empty() || (first == 1 && reading.part_text(one.value, 9).empty())) {
      return false;
    }
  }
  if (!one.sketch.is_empty(one.node)) {
    return false;
  }
  for (const Value& part : {sent.code, sent.display, sent.system, sent.version, sent.oid}) {
    reading.take(part);
  }
  if (code.empty()) {
    if (!trimmed(raw_code).empty()) {  // kept as a display
      reading.found(Finding::Kind::unconverted, sent.code.raw, "is no code");
      put_coding(
          one, one.node, coding_system(reading, system_name, sent.system.raw), {},
          display.empty() ? raw_code : reading.keep(fmt::format("{} {}", raw_code, display)));
      return true;
    }
    put_coding(one, one.node, coding_system(reading, system_name, sent.system.raw), {}, display);
    return true;
  }
  const bool ours = first == 1 && is_of_table(system_name, one.codes);
  if (ours) {
    const std::optional<CodeFound> found = find_code(reading, one.codes, code);
    if (found && found->exact) {
      return put_mapped(one, *found, code, display);
    }
    reading.found(
        Finding::Kind::unmapped_code, sent.code.raw,
        fmt::format("has no counterpart in {}", tables::text(tables::code_maps[one.codes].name)));
  }
  std::string_view system = reading.text(sent.oid);
  system = system.empty() || !system_name.empty()
               ? coding_system(reading, system_name, sent.system.raw)
               : coding_system(reading, system, sent.oid.raw);
  put_coding(one, one.node, system, code, display);
  if (const std::string_view version = trimmed(reading.text(sent.version)); !version.empty()) {
    put(one.sketch, one.node, "version", version);
  }
  return true;
}

bool convert_unit(const Conversion& one) {
  Reading& reading = one.reading;
  if (!Reading::says(one.value)) {
    return false;
  }
  const Value code_value = reading.leaf(reading.part(one.value, 1));
  const std::string_view code = trimmed(reading.text(code_value));
  const std::string_view display = trimmed(reading.part_text(one.value, 2));
  const std::string_view shown = display.empty() ? code : display;
  if (shown.empty() || !put(one.sketch, one.node, "unit", shown)) {
    return false;
  }
  for (const std::size_t part : {1U, 2U, 3U, 7U, 9U}) {
    reading.take_part(one.value, part);
  }
  std::string_view unit;
  const auto& own = reading.overlay().units;
  if (const auto found = own.find(code); found != own.end()) {
    reading.used("units", {}, found->first);
    unit = found->second;
  } else if (!code.empty() && fhir::parse_unit(code)) {
    unit = code;
  }
  if (unit.empty()) {
    reading.found(Finding::Kind::unmapped_unit, one.value.raw, "is no unit of UCUM; kept as text");
    return true;
  }
  put(one.sketch, one.node, "system", ucum);
  put(one.sketch, one.node, "code", unit);
  return true;
}

// HL7 tables 0191 and 0291: type and subtype of referenced data.
bool convert_mime(const Conversion& one) {
  Reading& reading = one.reading;
  const std::size_t part = one.rule.arguments[0];
  const Value type = reading.leaf(reading.part(one.value, part));
  const Value subtype = reading.leaf(reading.part(one.value, part + 1));
  for (const Value& value : {subtype, type}) {
    std::string name(trimmed(reading.text(value)));
    if (name.find('/') != std::string::npos && fhir::is_code(name)) {
      reading.take(type);
      reading.take(subtype);
      return one.sketch.set(one.node, reading.keep(std::move(name)));
    }
    std::optional<CodeFound> found = find_code(reading, one.codes, name);
    if (!found) {
      std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      });
      found = find_code(reading, one.codes, name);
    }
    if (found) {
      reading.take(type);
      reading.take(subtype);
      return one.sketch.set(one.node, found->code);
    }
  }
  if (Reading::says(subtype)) {
    reading.found(Finding::Kind::unmapped_code, subtype.raw, "is no kind of data that is known");
  }
  return false;
}

}  // namespace holdfast::hl7v2
