// fhir/path/value.h: one item of a collection: an element of a document, by number, or a value that
// an expression made. 24 bytes, copied freely; what it points to belongs to the document, the
// program or the evaluator that gave it.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/decimal.h"
#include "fhir/json.h"
#include "fhir/path/moment.h"
#include "fhir/path/types.h"

namespace holdfast::fhir::path {

enum class ValueKind : std::uint8_t {
  node,  ///< an element or resource of a document
  boolean,
  integer,
  decimal,
  string,
  date,
  date_time,
  time,
  quantity,
  type_info,
};

constexpr std::uint32_t no_json = UINT32_MAX;

/// A quantity of FHIRPath.
struct PathQuantity {
  Decimal value;
  std::string_view unit;    ///< UCUM, or the keyword of a calendar duration; "1" where none
  bool calendar = false;    ///< `1 year`, not `1 'a'`
  bool is_foreign = false;  ///< the unit is a code of another system than UCUM: text, not a measure
};

class Value {
 public:
  Value() : node_{nullptr, no_json, no_json} {}

  /// An element whose value is at `value`, and whose `_name` sibling (id and extensions of a
  /// primitive) is at `sibling`; at least one is there.
  [[nodiscard]] static Value of_node(const Json& json, std::uint32_t value, std::uint32_t sibling,
                                     TypeRef type) {
    Value made(ValueKind::node, type);
    made.node_ = {&json, value, sibling};
    return made;
  }
  /// A resource of which only the type is known. It has no elements.
  [[nodiscard]] static Value of_type_only(TypeRef type) { return Value(ValueKind::node, type); }
  [[nodiscard]] static Value of(bool truth) {
    Value made(ValueKind::boolean, type_of(SystemType::boolean));
    made.boolean_ = truth;
    return made;
  }
  [[nodiscard]] static Value of(std::int64_t number) {
    Value made(ValueKind::integer, type_of(SystemType::integer));
    made.integer_ = number;
    return made;
  }
  /// The number, the text and the quantity must outlive the value.
  [[nodiscard]] static Value of(const Decimal* number) {
    Value made(ValueKind::decimal, type_of(SystemType::decimal));
    made.decimal_ = number;
    return made;
  }
  [[nodiscard]] static Value of(std::string_view text) {
    Value made(ValueKind::string, type_of(SystemType::string));
    made.text_ = text.data();
    made.size_ = static_cast<std::uint32_t>(text.size());
    return made;
  }
  [[nodiscard]] static Value of(const PathQuantity* quantity) {
    Value made(ValueKind::quantity, type_of(SystemType::quantity));
    made.quantity_ = quantity;
    return made;
  }
  [[nodiscard]] static Value of(const Moment& moment, MomentKind kind) {
    constexpr std::array kinds{ValueKind::date, ValueKind::date_time, ValueKind::time};
    constexpr std::array types{SystemType::date, SystemType::date_time, SystemType::time};
    const auto at = static_cast<std::size_t>(kind);
    Value made(kinds[at], type_of(types[at]));
    made.moment_ = moment;
    return made;
  }
  [[nodiscard]] static Value of_type_info(TypeRef of) {
    Value made(ValueKind::type_info, type_info_type);
    made.size_ = of.value;
    return made;
  }

  [[nodiscard]] ValueKind kind() const { return kind_; }
  [[nodiscard]] TypeRef type() const { return type_; }
  [[nodiscard]] bool is_node() const { return kind_ == ValueKind::node; }
  [[nodiscard]] bool is_moment() const {
    return kind_ >= ValueKind::date && kind_ <= ValueKind::time;
  }

  // Only for the kind that they are named after.
  [[nodiscard]] bool boolean() const { return boolean_; }
  [[nodiscard]] std::int64_t integer() const { return integer_; }
  [[nodiscard]] const Decimal& decimal() const { return *decimal_; }
  [[nodiscard]] std::string_view string() const { return {text_, size_}; }
  [[nodiscard]] const Moment& moment() const { return moment_; }
  [[nodiscard]] MomentKind moment_kind() const {
    return static_cast<MomentKind>(static_cast<int>(kind_) - static_cast<int>(ValueKind::date));
  }
  [[nodiscard]] const PathQuantity& quantity() const { return *quantity_; }
  [[nodiscard]] TypeRef described_type() const {
    return TypeRef{static_cast<std::uint16_t>(size_)};
  }

  // Of a node. Its document; null where only the type is known.
  [[nodiscard]] const Json* document() const { return node_.json; }
  [[nodiscard]] bool has_value() const { return node_.value != no_json; }
  [[nodiscard]] bool has_sibling() const { return node_.sibling != no_json; }
  [[nodiscard]] JsonValue value() const { return {*node_.json, node_.value}; }
  [[nodiscard]] JsonValue sibling() const { return {*node_.json, node_.sibling}; }
  /// Whether both are the same element of the same document.
  [[nodiscard]] bool is_same_node(const Value& other) const {
    return is_node() && other.is_node() && node_.json == other.node_.json &&
           node_.json != nullptr && node_.value == other.node_.value &&
           node_.sibling == other.node_.sibling;
  }

 private:
  Value(ValueKind kind, TypeRef type)
      : node_{nullptr, no_json, no_json}, type_(type), kind_(kind) {}

  struct Node {
    const Json* json;
    std::uint32_t value;
    std::uint32_t sibling;
  };
  union {
    Node node_;
    bool boolean_;
    std::int64_t integer_;
    const Decimal* decimal_;
    const char* text_;
    Moment moment_;
    const PathQuantity* quantity_;
  };
  std::uint32_t size_ = 0;  // of a text; the type that a type_info describes
  TypeRef type_;
  ValueKind kind_ = ValueKind::node;
};
static_assert(sizeof(Value) == 24);

/// Where the texts, decimals and quantities live that an evaluation makes. clear() keeps the memory
/// for the next one.
class Arena {
 public:
  [[nodiscard]] std::string_view keep(std::string_view text);
  [[nodiscard]] const Decimal* keep(const Decimal& number);
  [[nodiscard]] const PathQuantity* keep(const PathQuantity& quantity);
  /// Bytes kept since the last clear().
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  void clear();

 private:
  static constexpr std::size_t block_bytes = std::size_t{16} << 10U;
  char* allot(std::size_t bytes);
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::vector<std::unique_ptr<char[]>> large_;  // texts longer than a block; freed by clear()
  std::size_t block_ = 0;
  std::size_t used_ = 0;
  std::size_t bytes_ = 0;
};

/// The root resource of a document as a value. Its type is unknown where its resourceType is.
[[nodiscard]] Value resource_value(JsonValue resource);
/// The innermost resource that the element is in, or is; the value itself if it is in no document.
[[nodiscard]] Value resource_around(const Value& element);
/// The value of a primitive element as a value of FHIRPath; a Quantity of UCUM (or without a code)
/// as a quantity; any other value as it is. A primitive whose text is outside its value space
/// becomes a string. Nothing for an element without value, or a Quantity that has a comparator.
[[nodiscard]] std::optional<Value> system_value(const Value& of, Arena& arena);
/// What toString() gives: nothing for elements with children.
[[nodiscard]] std::optional<std::string> text_of(const Value& of);
/// "date", "HumanName", "System.Boolean".
[[nodiscard]] std::string type_text(TypeRef type);
/// The value as JSON: elements as they stand in the document.
void append_json(Bytes& to, const Value& value);

}  // namespace holdfast::fhir::path
