// hl7v2/mapping/tables.h: mappings/ as constant tables in the binary: numbers and offsets only, so
// no relocation and no start-up time. Written by tools/mappings/generate.py, which has checked that
// every path is an element of FHIR R4 and every name is there; mappings/README.md says what a rule
// means. Inside src/hl7v2/mapping only.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "hl7v2/mapping/action.h"
#include "hl7v2/mapping/draft.h"

namespace holdfast::hl7v2::tables {

constexpr std::uint16_t none = 0xffff;

/// A text in the pool.
struct Text {
  std::uint32_t offset;
  std::uint32_t bytes;
};
extern const char pool[];
[[nodiscard]] inline std::string_view text(Text of) { return {pool + of.offset, of.bytes}; }

/// A segment's name as a number: its three characters, the first lowest. 0 is "this one".
using SegmentName = std::uint32_t;
[[nodiscard]] constexpr SegmentName segment_name(std::string_view name) {
  SegmentName number = 0;
  for (std::size_t i = name.size(); i-- > 0;) {
    number = number << 8U | static_cast<unsigned char>(name[i]);
  }
  return name.size() == 3 ? number : 0xffff'ffff;
}

/// In a segment's table field and component; in a data type's table the part and the part of it.
struct PathRow {
  SegmentName segment;
  std::uint16_t field;
  std::uint16_t component;
  std::uint16_t subcomponent;
};

/// One JSON member on the way to an element.
struct StepRow {
  Text name;
  std::uint16_t label;  // which instance of an element that repeats
  std::uint8_t flags;
  std::uint8_t crosses;  // the type of the resource that this Reference leads into
  std::uint8_t choice;   // only one of the elements of a choice may be there; 0 is none
};
constexpr std::uint8_t step_repeats = 1;
constexpr std::uint8_t step_crosses = 2;
constexpr std::uint8_t step_each_segment = 4;  // an instance for each segment

enum class ConditionOp : std::uint8_t {
  valued,
  taken,   // some of it is mapped already
  equals,  // one of the texts
  count_is,
  count_above,
  count_below,
  longer,  // than so many characters
  not_,
  and_,
  or_,
};
struct OpRow {  // postfix
  ConditionOp op;
  PathRow path;
  std::uint16_t first_text;
  std::uint16_t texts;
  std::uint16_t number;
};
struct ConditionRow {
  std::uint16_t first;
  std::uint16_t ops;
};

enum class RuleKind : std::uint8_t {
  convert,
  map,
  fixed,
  used,  // the engine itself reads it
  left,  // set aside, for a reason that the table gives
};
/// In the order of CONVERSIONS in tools/mappings/mappings.py.
enum class Conversion : std::uint8_t {
  string,
  code,
  uri,
  decimal,
  integer,
  boolean,
  date,
  date_time,
  instant,
  time,
  identity,
  coding,
  unit,
  measured,
  joined,
  lines,
  phone,
  mime,
  encoded,
  place,
  title,
  text64,
  limits,
};
struct RuleRow {
  RuleKind kind;
  bool once;  // once a segment or value, whatever stands there
  PathRow path;
  std::uint16_t condition;
  std::uint16_t first_step;
  std::uint8_t steps;
  Conversion conversion;
  std::uint8_t arguments[3];
  std::uint16_t type_map;
  std::uint16_t codes;
  PathRow from;  // segment 0: the value of `path` itself
  bool raw;      // a fixed value that is no string of JSON
  Text value;
  Text site;  // what of the resource it speaks for: Draft::said
};

struct TypeMapRow {
  Text name;
  std::uint32_t first_rule;
  std::uint32_t rules;
};
struct FieldRow {
  Text name;
  Text data_type;
};
/// From one segment to one resource.
struct MapRow {
  std::uint32_t first_rule;
  std::uint32_t rules;
};
struct SegmentRow {  // in order of their names as text
  SegmentName name;
  std::uint32_t first_field;
  std::uint32_t fields;
  std::uint32_t first_rest;  // rules of the kinds used and left
  std::uint32_t rest;
};
struct CodeRow {  // in order of `from` within a map
  Text from;
  Text code;  // empty: known, and without a counterpart
  Text system;
  Text display;
  Text meaning;
};
struct CodeMapRow {
  Text name;
  Text table;   // "0001"
  Text system;  // of the original codes; empty if that is no table of HL7
  std::uint32_t first;
  std::uint32_t count;
  bool has_other;  // codes[first + count] is meant for all others
};

enum class TriggerAction : std::uint8_t { nothing, link, unlink, merge, move, change, cancel };
struct TriggerRow {  // in order of `what`
  Text what;
  std::uint16_t structure;
  TriggerAction action;
  Level level;
  Text cancelled;
};
struct StructureRow {
  Text name;
  std::uint16_t first_group;  // which is the message itself
  std::uint16_t groups;
  std::uint16_t first_resource;
  std::uint16_t resources;
  std::uint16_t first_required;
  std::uint16_t required;
};
struct GroupRow {
  Text name;
  std::uint16_t parent;  // within the structure
  std::uint16_t first_opener;
  std::uint16_t openers;
  std::uint16_t first_binding;
  std::uint16_t bindings;
  std::uint16_t first_resource;
  std::uint16_t resources;
  std::uint16_t first_link;
  std::uint16_t links;
  std::uint16_t first_default;
  std::uint16_t defaults;
};
struct BindingRow {
  SegmentName segment;
  std::uint16_t map;       // none: only what the engine reads
  std::uint16_t resource;  // within the structure
  std::uint16_t condition;
};
struct ResourceRow {
  std::uint8_t type;
  std::uint16_t group;
  DraftMode mode;
  std::uint16_t condition;
  std::uint16_t first_key;
  std::uint16_t keys;
};
struct KeyRow {
  std::uint16_t first_item;
  std::uint16_t items;
  std::uint16_t condition;
};
struct KeyItemRow {
  PathRow path;
  bool or_next;  // the next one stands for it where this is empty
};
struct LinkRow {
  std::uint16_t resource;
  std::uint16_t first_step;
  std::uint8_t steps;
  std::uint32_t targets;  // bit n: resource n of the structure
  std::uint16_t condition;
};
struct DefaultRow {
  std::uint16_t resource;
  std::uint16_t first_step;
  std::uint8_t steps;
  Text value;
  bool raw;
  std::uint16_t condition;
};
struct RequiredRow {
  SegmentName segment;
  std::uint16_t condition;
};

extern const StepRow steps[];
extern const OpRow ops[];
extern const Text condition_texts[];
extern const ConditionRow conditions[];
extern const RuleRow rules[];
extern const TypeMapRow type_maps[];
extern const FieldRow fields[];
extern const MapRow maps[];
extern const SegmentRow segments[];
extern const CodeRow codes[];
extern const CodeMapRow code_maps[];
extern const TriggerRow triggers[];
extern const StructureRow structures[];
extern const GroupRow groups[];
extern const std::uint32_t openers[];
extern const BindingRow bindings[];
extern const ResourceRow resources[];
extern const KeyRow keys[];
extern const KeyItemRow key_items[];
extern const LinkRow links[];
extern const DefaultRow defaults[];
extern const RequiredRow required[];
extern const std::uint32_t steps_count;
extern const std::uint32_t ops_count;
extern const std::uint32_t condition_texts_count;
extern const std::uint32_t conditions_count;
extern const std::uint32_t rules_count;
extern const std::uint32_t type_maps_count;
extern const std::uint32_t fields_count;
extern const std::uint32_t maps_count;
extern const std::uint32_t segments_count;
extern const std::uint32_t codes_count;
extern const std::uint32_t code_maps_count;
extern const std::uint32_t triggers_count;
extern const std::uint32_t structures_count;
extern const std::uint32_t groups_count;
extern const std::uint32_t openers_count;
extern const std::uint32_t bindings_count;
extern const std::uint32_t resources_count;
extern const std::uint32_t keys_count;
extern const std::uint32_t key_items_count;
extern const std::uint32_t links_count;
extern const std::uint32_t defaults_count;
extern const std::uint32_t required_count;
extern const std::uint16_t coding_systems;  // the code map of that name

}  // namespace holdfast::hl7v2::tables
