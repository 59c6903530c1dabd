// fhir/json.h: reads JSON strictly and keeps the bytes as they came. A document that was read is
// valid RFC 8259 in valid UTF-8, within every limit below, without duplicate keys or lone
// surrogates; its number and string texts are never rewritten.
//
//   JsonReader reader;                                   // one a thread, kept
//   TRY(Json json, reader.read(std::move(body)));
//   for (JsonValue entry : json.root().find("entry")->children()) { … }
//   json.minify();                                       // same values, same indexes, fewer bytes
//
// simdjson's first stage checks UTF-8 and finds the tokens; one walk of ours checks all the rest
// and lays one node a value into a flat array, in document order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace holdfast::fhir {

/// One HTTP body, one journal payload.
constexpr std::size_t json_bytes_max = std::size_t{32} << 20U;
/// Arrays and objects inside each other. A FHIR element costs two levels where it repeats, so this
/// allows about sixty nested items, concepts or sections.
constexpr std::size_t json_depth_max = 128;
/// Values in one document: bounds memory to 24 bytes times this. The largest Bundles we have seen
/// spend 25 bytes a value.
constexpr std::size_t json_values_max = std::size_t{4} << 20U;
/// Length of one number. FHIR asks for 18 digits; 128 leaves room for any decimal that a
/// measurement or a generator writes, and comparing two such numbers stays cheap.
constexpr std::size_t json_number_bytes_max = 128;
/// Largest power of ten that an exponent may name, up or down: the range of an IEEE double, which
/// is what peers can read. Keeps a short text from standing for a million digits.
constexpr std::uint32_t json_exponent_max = 308;
/// Members of one object. The widest FHIR structure, ElementDefinition, has 200 and as many with an
/// underscore; telling a million names apart would cost seconds.
constexpr std::uint32_t json_members_max = 1024;
/// Length of one member name as written.
constexpr std::size_t json_key_bytes_max = 65'535;

enum class JsonKind : std::uint8_t { null, boolean, number, string, array, object };

/// "object", for messages.
[[nodiscard]] std::string_view name(JsonKind kind);

/// Line and column of a byte, both from 1; columns count bytes.
struct JsonPlace {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

namespace detail {

constexpr std::uint32_t json_no_key = UINT32_MAX;

/// One value. Strings include their quotes, containers their brackets.
struct JsonNode {
  std::uint32_t begin;      // offset of the first byte
  std::uint32_t end;        // offset behind the last byte
  std::uint32_t key;        // offset of the member name's first character, or json_no_key
  std::uint32_t next;       // index of the first node behind this one's subtree
  std::uint32_t count;      // children
  std::uint16_t key_bytes;  // length of the member name as written, without quotes
  JsonKind kind;
  std::uint8_t escapes;  // bit 0: the string has escapes; bit 1: the member name has
};
static_assert(sizeof(JsonNode) == 24);
constexpr std::uint8_t json_value_escaped = 1;
constexpr std::uint8_t json_key_escaped = 2;

}  // namespace detail

class Json;
class JsonChildren;

/// One value of a document: a pointer and a number, passed by value. Valid while the Json lives
/// and is not read into again; minify() keeps it valid.
class JsonValue {
 public:
  JsonValue(const Json& json, std::uint32_t index) : json_(&json), index_(index) {}

  [[nodiscard]] const Json& document() const { return *json_; }
  /// Position in document order: 0 is the root. A subtree is the range [index(), next_index()).
  [[nodiscard]] std::uint32_t index() const { return index_; }
  [[nodiscard]] std::uint32_t next_index() const;
  [[nodiscard]] JsonKind kind() const;
  [[nodiscard]] bool is_object() const { return kind() == JsonKind::object; }
  [[nodiscard]] bool is_array() const { return kind() == JsonKind::array; }
  [[nodiscard]] bool is_string() const { return kind() == JsonKind::string; }
  [[nodiscard]] bool is_null() const { return kind() == JsonKind::null; }

  /// Members of an object, elements of an array, 0 otherwise.
  [[nodiscard]] std::uint32_t size() const;
  /// Members or elements in order; empty for anything else.
  [[nodiscard]] JsonChildren children() const;
  /// The member of that (unescaped) name; nothing if absent or not an object. Linear.
  [[nodiscard]] std::optional<JsonValue> find(std::string_view key) const;

  /// Offsets of the value in the document's bytes, quotes and brackets included.
  [[nodiscard]] std::uint32_t begin() const;
  [[nodiscard]] std::uint32_t end() const;
  /// The bytes of the value as they stand in the document: "1.50", "\"a\\u00e9\"", "{…}".
  [[nodiscard]] BytesView raw() const;
  /// A string's characters between the quotes, escapes as written. Only for strings.
  [[nodiscard]] BytesView raw_text() const;
  [[nodiscard]] bool has_escapes() const;

  /// A string's value. Points into the document where nothing is escaped, else into `scratch`.
  [[nodiscard]] std::string_view text(std::string& scratch) const;
  /// A string's value as a copy.
  [[nodiscard]] std::string text() const;
  /// True for a string of exactly this value.
  [[nodiscard]] bool equals(std::string_view value) const;

  /// The member name of a member of an object, like text(); empty for elements and the root.
  [[nodiscard]] std::string_view key(std::string& scratch) const;
  [[nodiscard]] BytesView raw_key() const;
  [[nodiscard]] bool key_has_escapes() const;

 private:
  [[nodiscard]] const detail::JsonNode& node() const;
  const Json* json_;
  std::uint32_t index_;
};

/// A document: the bytes and one node a value. Movable; not copied by accident.
class Json {
 public:
  Json() = default;
  Json(Json&& other) noexcept;
  Json& operator=(Json&& other) noexcept;
  Json(const Json&) = delete;
  Json& operator=(const Json&) = delete;
  ~Json() = default;

  /// There must have been a document.
  [[nodiscard]] JsonValue root() const { return {*this, 0}; }
  [[nodiscard]] JsonValue at(std::uint32_t index) const { return {*this, index}; }
  [[nodiscard]] std::uint32_t value_count() const { return count_; }
  /// All bytes: as received, or minified after minify().
  [[nodiscard]] BytesView bytes() const { return bytes_; }

  /// Drops whitespace between tokens, in place, and nothing else: order, numbers and strings stay
  /// as they were written. Indexes stay, offsets change, and lines are lost: check first.
  void minify();
  [[nodiscard]] bool is_minified() const { return minified_; }
  /// The bytes, taken out; the document is empty afterwards.
  [[nodiscard]] Bytes release();

  [[nodiscard]] JsonPlace place(std::uint32_t offset) const;
  /// "Bundle.entry[3].resource.name[0].given": FHIRPath with the member names as written, from the
  /// root's resourceType where it has one. `_birthDate` is written birthDate.
  [[nodiscard]] std::string path(std::uint32_t index) const;

 private:
  friend class JsonReader;
  friend class JsonValue;
  friend class JsonWalk;

  Bytes bytes_;  // its capacity exceeds its size by simdjson's padding
  std::unique_ptr<detail::JsonNode[]> nodes_;
  std::uint32_t capacity_ = 0;
  std::uint32_t count_ = 0;
  bool minified_ = false;
};

/// Where an error lies: "Patient.name[0].given (line 3, column 17)", or only "(line …)".
[[nodiscard]] std::string where_text(std::string_view path, JsonPlace place);
/// The two parts of such a text: the FHIRPath expression (may be empty) and "line 3, column 17".
struct Where {
  std::string_view expression;
  std::string_view place;
};
[[nodiscard]] Where split_where(std::string_view where);

/// Reads documents one after the other and keeps its working memory between them (at most about
/// 8 MiB). Not thread-safe: one a thread.
class JsonReader {
 public:
  JsonReader();
  ~JsonReader();
  JsonReader(JsonReader&&) noexcept;
  JsonReader& operator=(JsonReader&&) noexcept;
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  /// Takes the bytes over (and reserves padding behind them: a Bytes with 64 bytes of spare
  /// capacity is not copied). Refuses with Code::syntax what is
  /// not JSON, Code::too_large what exceeds a limit above; `where` names path and line.
  [[nodiscard]] Result<Json> read(Bytes text);
  /// The same, reusing the memory of `into`, whose values become invalid.
  [[nodiscard]] Result<void> read(Bytes text, Json& into);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Appends `text` as the inside of a JSON string: quotes, backslashes and control characters
/// escaped, everything else as it is.
void append_json_escaped(Bytes& to, std::string_view text);

// ---- inline -----------------------------------------------------------------------------------

class JsonChildren {
 public:
  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = JsonValue;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = JsonValue;
    iterator(const Json& json, std::uint32_t index) : json_(&json), index_(index) {}
    JsonValue operator*() const { return {*json_, index_}; }
    iterator& operator++() {
      index_ = JsonValue(*json_, index_).next_index();
      return *this;
    }
    bool operator==(const iterator& other) const { return index_ == other.index_; }

   private:
    const Json* json_;
    std::uint32_t index_;
  };
  JsonChildren(const Json& json, std::uint32_t first, std::uint32_t end)
      : json_(&json), first_(first), end_(end) {}
  [[nodiscard]] iterator begin() const { return {*json_, first_}; }
  [[nodiscard]] iterator end() const { return {*json_, end_}; }

 private:
  const Json* json_;
  std::uint32_t first_;
  std::uint32_t end_;
};

inline const detail::JsonNode& JsonValue::node() const { return json_->nodes_[index_]; }
inline std::uint32_t JsonValue::next_index() const { return node().next; }
inline JsonKind JsonValue::kind() const { return node().kind; }
inline std::uint32_t JsonValue::size() const { return node().count; }
inline std::uint32_t JsonValue::begin() const { return node().begin; }
inline std::uint32_t JsonValue::end() const { return node().end; }
inline JsonChildren JsonValue::children() const { return {*json_, index_ + 1, node().next}; }
inline BytesView JsonValue::raw() const {
  const detail::JsonNode& n = node();
  return {json_->bytes_.data() + n.begin, n.end - n.begin};
}
inline BytesView JsonValue::raw_text() const {
  const detail::JsonNode& n = node();
  return {json_->bytes_.data() + n.begin + 1, n.end - n.begin - 2};
}
inline bool JsonValue::has_escapes() const {
  return (node().escapes & detail::json_value_escaped) != 0;
}
inline bool JsonValue::key_has_escapes() const {
  return (node().escapes & detail::json_key_escaped) != 0;
}
inline BytesView JsonValue::raw_key() const {
  const detail::JsonNode& n = node();
  return n.key == detail::json_no_key ? BytesView{}
                                      : BytesView{json_->bytes_.data() + n.key, n.key_bytes};
}

}  // namespace holdfast::fhir
