// hl7v2/rendering/documents.h: the resources that one message is made of: the focus, and what was
// read because it refers to it. Remembers of each value whether the message says it. Inside
// src/hl7v2/rendering only.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/json.h"
#include "hl7v2/rendering/items.h"
#include "hl7v2/rendering/render.h"

namespace holdfast::hl7v2 {

enum class Mark : std::uint8_t { none, carried, aside };

class Documents {
 public:
  Documents(RecordReader& record, fhir::JsonReader& reader) : record_(record), reader_(reader) {}

  /// The root of a further document. One that is not `counted` is only looked at.
  [[nodiscard]] Result<Item> add(BytesView bytes, bool counted);
  [[nodiscard]] fhir::JsonValue at(const Item& item) const {
    return documents_[item.document].json.at(item.value);
  }
  /// A primitive as text, unescaped; lives as long as this. Empty for an object.
  [[nodiscard]] std::string_view text(const Item& item);
  /// The same of a member; empty where there is none.
  [[nodiscard]] std::string_view member_text(const Item& item, std::string_view name);
  [[nodiscard]] std::optional<Item> member(const Item& item, std::string_view name) const;
  /// The number of its value; no_member where there is none.
  static constexpr std::uint32_t no_member = UINT32_MAX;
  [[nodiscard]] std::uint32_t find(const Item& item, std::string_view name) const;
  [[nodiscard]] std::string_view keep(std::string text);

  /// The resource that a Reference, or a text such as "Patient/1" or "#c1", means; nothing where it
  /// is not in the record. What the record fails with is in failure().
  [[nodiscard]] std::optional<Item> resolve(const Item& reference);
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

  /// All of the value is in the message, and so are the References that led to it.
  void carry(const Item& item);
  /// The References that led to it are, whatever of it is.
  void follow(const Item& item);
  void set_aside(const Item& item) { mark(item, Mark::aside); }
  /// "Patient/123", for sentences.
  [[nodiscard]] std::string label(const Item& item) const;

  /// Counts, and what is left, of the documents of which something is carried.
  void account(Rendered& into);

 private:
  struct Document {
    fhir::Json json;
    std::vector<Mark> marks;
    std::vector<std::uint32_t> meant;  // by a value that refers: place in the trail, or one below
    std::map<std::string, std::uint32_t, std::less<>> contained;  // by id, once it was asked for
    bool counted = false;
    bool is_used = false;
  };
  struct Trail {
    Item reference;
    Item target;
  };
  static constexpr std::uint32_t not_asked = UINT32_MAX;
  static constexpr std::uint32_t nothing_meant = 0;
  [[nodiscard]] std::optional<Item> look_up(const Item& reference);
  [[nodiscard]] std::optional<Item> contained(const Item& from, std::string_view id);
  void mark(const Item& item, Mark mark);
  void set_asides();
  [[nodiscard]] std::string name_of(const Document& document) const;

  RecordReader& record_;
  fhir::JsonReader& reader_;
  std::deque<Document> documents_;
  std::map<std::string, std::optional<Item>, std::less<>> known_;
  std::vector<Trail> trail_{1};
  std::deque<std::string> kept_;
  std::optional<Error> failure_;
};

}  // namespace holdfast::hl7v2
