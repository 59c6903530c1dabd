// hl7v2/rendering/tables.h: mappings/out as constant tables. tools/mappings/rendering.py writes and
// checks them at build time; they hold numbers only. Inside src/hl7v2/rendering only.
#pragma once

#include <cstdint>
#include <string_view>

namespace holdfast::hl7v2::out {

/// A range of `pool`.
struct Text {
  std::uint32_t offset;
  std::uint32_t bytes;
};
extern const char pool[];
inline std::string_view text(Text of) { return {pool + of.offset, of.bytes}; }

constexpr std::uint16_t none = 0xffff;

/// Where a path begins: a variable by its number, a text, or the item at hand.
constexpr std::uint16_t this_item = 0xfffe;
constexpr std::uint16_t first_text = 0x8000;
/// The first variables; those that messages bind follow.
enum class Variable : std::uint16_t { context, focus, before };
/// In the order of TEXTS in tools/mappings/out.py.
enum class Said : std::uint16_t { version, event, structure, control, order, now, sender };
constexpr std::size_t said_count = 7;

enum class StepKind : std::uint8_t {
  member,   // all values of the member `text`, arrays opened
  item,     // the one at `number`
  skip,     // all but the first `number`
  where,    // those of which condition `number` is true
  resolve,  // the resources that References mean
  of_type,  // those of resource type `number`
  extension,
};
struct StepRow {
  StepKind kind;
  std::uint16_t number;
  Text text;
};
struct PathRow {
  std::uint16_t start;
  std::uint16_t first_step;
  std::uint16_t steps;
  Text source;          // the first expression that has it; of parts of others nothing
  std::uint64_t names;  // of what the item at hand must have one: Selector::name_bit()
};

enum class OpKind : std::uint8_t {
  exists,
  empty,
  starts,
  contains,
  equals,   // one of the texts
  differs,  // is there, and is not that text
  at_least,
  below,
  same,    // both select the same bytes, or both nothing
  unlike,  // they do not
  and_,
  or_,
};
struct OpRow {  // postfix
  OpKind kind;
  std::uint16_t path;
  std::uint16_t other;
  std::uint16_t first_text;
  std::uint16_t texts;
};
struct ConditionRow {
  std::uint16_t first;
  std::uint16_t ops;
};

/// Those of CONVERSIONS in tools/mappings/out.py, and two that need none.
enum class Conversion : std::uint8_t {
  fixed,
  map_,
  string,
  code,
  date,
  date_time,
  time,
  number,
  boolean,
  identity,
  own,
  cwe,
  unit,
  place,
  mime,
  text64,
  count,
  is,
  series,
  again,
  range,
};
/// Within a segment, or (field 0) within a value. A number that is 0 means all of it.
struct PlaceRow {
  std::uint16_t field;
  std::uint16_t component;
  std::uint16_t subcomponent;
};
constexpr std::uint8_t rule_each = 1;    // every item becomes a repetition
constexpr std::uint8_t rule_needed = 2;  // no message without it
constexpr std::uint8_t rule_joined = 4;  // all items are one text
struct RuleRow {
  PlaceRow place;
  std::uint8_t flags;
  std::uint16_t condition;
  std::uint16_t path;  // none: the context itself; of a fixed value: always
  Conversion conversion;
  std::uint8_t arguments[3];
  std::uint16_t codes;
  std::uint16_t type;
  Text value;
  std::uint32_t first_implied;  // paths from the item: what the field says of itself
  std::uint32_t implied;
};
struct SegmentRow {
  Text name;
  std::uint32_t first_rule;
  std::uint32_t rules;
  std::uint32_t first_field;  // names
  std::uint32_t fields;
};
struct TypeRow {
  Text name;  // "XPN"
  Text of;    // "HumanName"
  std::uint32_t first_rule;
  std::uint32_t rules;
};

/// Backwards in order of `code`, of several systems one each; forwards in order of `to`.
struct CodeRow {
  Text code;  // of FHIR
  Text system;
  Text to;  // of HL7
  Text meaning;
};
struct CodeMapRow {
  Text name;
  Text table;  // "0001"
  std::uint32_t first;
  std::uint32_t count;
  std::uint32_t first_forward;
  std::uint32_t forward_count;
};

enum class LineKind : std::uint8_t { let_, requires_, group_, segment_ };
struct LineRow {  // a group's own lines follow it
  LineKind kind;
  std::uint16_t end;  // behind the last line within it
  Text name;
  std::uint16_t path;
  std::uint16_t within;  // of a group: what of the same kind stands below an item
  std::uint16_t condition;
  std::uint16_t variable;  // that it binds
  std::uint16_t segment;   // its rules
  std::uint32_t first_number;
  std::uint32_t numbers;  // segments whose set ids begin anew in each of this group
  Text note;
};
struct MessageRow {
  Text name;
  std::uint32_t first_line;
  std::uint32_t lines;
};
struct EventRow {  // in the order in which they are asked
  std::uint8_t of;
  std::uint16_t condition;
  Text type;  // empty: no message, and the note says why
  Text structure;
  std::uint16_t message;
  Text control;
  Text note;
};
constexpr std::uint8_t any_type = 0xff;
struct AsideRow {
  std::uint8_t of;
  std::uint16_t path;
};

extern const StepRow steps[];
extern const PathRow paths[];
extern const OpRow ops[];
extern const Text texts[];
extern const ConditionRow conditions[];
extern const RuleRow rules[];
extern const std::uint16_t implied[];
extern const SegmentRow segments[];
extern const Text fields[];
extern const TypeRow types[];
extern const CodeRow inverse[];
extern const CodeRow forward[];
extern const CodeMapRow code_maps[];
extern const CodeRow systems[];
extern const LineRow lines[];
extern const Text numbers[];
extern const MessageRow messages[];
extern const EventRow events[];
extern const AsideRow asides[];
extern const std::uint32_t steps_count;
extern const std::uint32_t paths_count;
extern const std::uint32_t ops_count;
extern const std::uint32_t texts_count;
extern const std::uint32_t conditions_count;
extern const std::uint32_t rules_count;
extern const std::uint32_t implied_count;
extern const std::uint32_t segments_count;
extern const std::uint32_t fields_count;
extern const std::uint32_t types_count;
extern const std::uint32_t inverse_count;
extern const std::uint32_t forward_count;
extern const std::uint32_t code_maps_count;
extern const std::uint32_t systems_count;
extern const std::uint32_t lines_count;
extern const std::uint32_t numbers_count;
extern const std::uint32_t messages_count;
extern const std::uint32_t events_count;
extern const std::uint32_t asides_count;
extern const std::uint16_t variables;  // how many there are

}  // namespace holdfast::hl7v2::out
