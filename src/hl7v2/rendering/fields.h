// hl7v2/rendering/fields.h: one segment while it is put together: values by their places, and the
// rules of the tables that put them there. Inside src/hl7v2/rendering only.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "hl7v2/rendering/naming.h"
#include "hl7v2/rendering/selector.h"

namespace holdfast::hl7v2 {

/// In a segment. Component and subcomponent are 0 for all of a repetition or component.
struct FieldPlace {
  std::uint16_t field = 0;
  std::uint16_t repetition = 1;
  std::uint16_t component = 0;
  std::uint16_t subcomponent = 0;
  /// Part n of the value here; component 0 where the value has no parts any more.
  [[nodiscard]] FieldPlace part(std::uint16_t n) const;
  [[nodiscard]] bool has_parts() const { return subcomponent == 0; }
};
struct Cell {
  FieldPlace place;  ///< component and subcomponent at least 1
  std::string_view text;
};

class Fields {
 public:
  Fields(Documents& documents, Selector& selector, const Naming& naming, const Envelope& envelope)
      : documents_(documents), selector_(selector), naming_(naming), envelope_(envelope) {}

  /// The rules of a segment over its resource; `number` is its set id. Whether the resource says
  /// something in it: a segment of nothing but fixed values is none.
  [[nodiscard]] bool fill(const out::SegmentRow& row, const Item& context, std::uint32_t number);
  /// The first field that must have a value and has none; 0: there is no such field.
  [[nodiscard]] std::uint16_t missing(const out::SegmentRow& row) const;
  /// In the order of their places.
  [[nodiscard]] const std::vector<Cell>& sorted();

  // For the conversions.
  [[nodiscard]] Documents& documents() { return documents_; }
  [[nodiscard]] Selector& selector() { return selector_; }
  [[nodiscard]] const Naming& naming() const { return naming_; }
  [[nodiscard]] const Envelope& envelope() const { return envelope_; }
  [[nodiscard]] std::uint32_t number() const { return number_; }
  /// Puts a text down, if it is one.
  bool put(const FieldPlace& place, std::string_view text);
  /// To be marked as carried if what was put down stays.
  void will_carry(const Item& item) { pending_.push_back({item, Mark::carried}); }
  void will_set_aside(const Item& item) { pending_.push_back({item, Mark::aside}); }
  /// Nothing is there yet, of the value that begins at cell `from`.
  [[nodiscard]] bool is_free(const FieldPlace& place, std::size_t from) const;
  [[nodiscard]] std::size_t count() const { return cells_.size(); }

 private:
  struct Pending {
    Item item;
    Mark mark;
  };
  struct Before {
    std::size_t cells;
    std::size_t pending;
  };
  bool apply_field(const out::RuleRow& rule, const Item& context);
  bool apply_each(const out::RuleRow& rule, const Items& items, FieldPlace place);
  [[nodiscard]] bool is_repeated(const std::vector<std::size_t>& begins, FieldPlace first) const;
  bool apply_type(const out::RuleRow& rule, const Item& item, const FieldPlace& place);
  bool apply_part(const out::RuleRow& rule, const Item& context, const FieldPlace& base,
                  std::size_t from);
  bool convert(const out::RuleRow& rule, const Item& item, const FieldPlace& place);
  bool put_fixed(const out::RuleRow& rule, const FieldPlace& place, const Items& items,
                 const Item& context);
  bool put_joined(const out::RuleRow& rule, const FieldPlace& place, const Items& items);
  void imply(const out::RuleRow& rule, const Item& item);
  [[nodiscard]] Items items_of(const out::RuleRow& rule, const Item& context);
  /// Keeps what was put down since `before` if its place was free, or said the same already.
  enum class Fills : std::uint8_t { all, parts };
  bool keep(const FieldPlace& place, const Before& before, std::size_t from, Fills fills);
  [[nodiscard]] bool says_same(const FieldPlace& place, std::size_t from, std::size_t to) const;
  void undo(const Before& before);
  [[nodiscard]] Before now() const { return {cells_.size(), pending_.size()}; }

  Documents& documents_;
  Selector& selector_;
  const Naming& naming_;
  const Envelope& envelope_;
  std::vector<Cell> cells_;
  std::vector<Pending> pending_;
  std::uint32_t number_ = 0;
  std::uint32_t depth_ = 0;
};

/// One conversion: an item becomes a value at a place. False where it says nothing that the place
/// can hold; then nothing was put down.
struct Saying {
  Fields& fields;
  const out::RuleRow& rule;
  const Item& item;
  const FieldPlace& place;
};
[[nodiscard]] bool say_value(const Saying& one);     // say.cpp
[[nodiscard]] bool say_identity(const Saying& one);  // say_names.cpp
[[nodiscard]] bool say_own(const Saying& one);
[[nodiscard]] bool say_place(const Saying& one);
[[nodiscard]] bool say_concept(const Saying& one);  // say_code.cpp
[[nodiscard]] bool say_code(const Saying& one);
[[nodiscard]] bool say_unit(const Saying& one);
[[nodiscard]] bool say_mime(const Saying& one);

}  // namespace holdfast::hl7v2
