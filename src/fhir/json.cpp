// The document: reading values, minifying, places and paths. json_reader.cpp makes it.
#include "fhir/json.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/check.h"
#include "fhir/json_text.h"

namespace holdfast::fhir {

using detail::json_no_key;
using detail::JsonNode;

std::string_view name(JsonKind kind) {
  switch (kind) {
    case JsonKind::null: return "null";
    case JsonKind::boolean: return "boolean";
    case JsonKind::number: return "number";
    case JsonKind::string: return "string";
    case JsonKind::array: return "array";
    case JsonKind::object: return "object";
  }
  return "value";
}

// ---- values -----------------------------------------------------------------------------------

std::string_view JsonValue::text(std::string& scratch) const {
  check(is_string(), "text() is for strings");
  if (!has_escapes()) {
    return raw_text();
  }
  scratch.clear();
  append_unescaped(scratch, raw_text());
  return scratch;
}

std::string JsonValue::text() const {
  std::string scratch;
  return std::string(text(scratch));
}

bool JsonValue::equals(std::string_view value) const {
  if (!is_string()) {
    return false;
  }
  std::string scratch;
  return text(scratch) == value;
}

std::string_view JsonValue::key(std::string& scratch) const {
  if (!key_has_escapes()) {
    return raw_key();
  }
  scratch.clear();
  append_unescaped(scratch, raw_key());
  return scratch;
}

std::optional<JsonValue> JsonValue::find(std::string_view key_) const {
  if (!is_object()) {
    return std::nullopt;
  }
  std::string scratch;
  for (const JsonValue member : children()) {
    if (member.key(scratch) == key_) {
      return member;
    }
  }
  return std::nullopt;
}

// ---- the document -----------------------------------------------------------------------------

Json::Json(Json&& other) noexcept { *this = std::move(other); }

Json& Json::operator=(Json&& other) noexcept {
  if (this != &other) {
    bytes_ = std::move(other.bytes_);
    nodes_ = std::move(other.nodes_);
    capacity_ = std::exchange(other.capacity_, 0);
    count_ = std::exchange(other.count_, 0);
    minified_ = std::exchange(other.minified_, false);
  }
  return *this;
}

Bytes Json::release() {
  Bytes taken = std::move(bytes_);
  bytes_.clear();
  count_ = 0;
  minified_ = false;
  return taken;
}

namespace {

/// Gives each node the offset that it has without whitespace. Tokens keep their order and length,
/// so a running position and the ends of the open containers are enough.
class Compaction {
 public:
  explicit Compaction(JsonNode* nodes) : nodes_(nodes) {}

  void run(std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
      while (depth_ > 0 && open_[depth_ - 1].until == i) {
        close();
      }
      place(i);
    }
    while (depth_ > 0) {
      close();
    }
  }

 private:
  struct Open {
    std::uint32_t node;
    std::uint32_t until;
  };

  void place(std::uint32_t i) {
    JsonNode& node = nodes_[i];
    const bool is_first = depth_ == 0 || i == open_[depth_ - 1].node + 1;
    position_ += is_first ? 0 : 1;  // the comma
    if (node.key != json_no_key) {
      node.key = position_ + 1;
      position_ += node.key_bytes + 3U;  // two quotes and a colon
    }
    const std::uint32_t bytes = node.end - node.begin;
    node.begin = position_;
    if (node.kind == JsonKind::array || node.kind == JsonKind::object) {
      position_ += 1;
      open_[depth_++] = {i, node.next};
    } else {
      position_ += bytes;
      node.end = position_;
    }
  }

  void close() {
    position_ += 1;
    nodes_[open_[--depth_].node].end = position_;
  }

  JsonNode* nodes_;
  std::uint32_t position_ = 0;
  std::size_t depth_ = 0;
  std::array<Open, json_depth_max> open_;
};

}  // namespace

void Json::minify() {
  if (minified_ || count_ == 0) {
    return;
  }
  // simdjson's minify trusts that its input is JSON; here it has been read already.
  Bytes dense;
  std::size_t dense_bytes = 0;
  dense.resize_and_overwrite(
      bytes_.size() + simdjson::SIMDJSON_PADDING, [&](char* to, std::size_t room) {
        const auto error = simdjson::minify(bytes_.data(), bytes_.size(), to, dense_bytes);
        check(error == simdjson::SUCCESS && dense_bytes + simdjson::SIMDJSON_PADDING <= room,
              "a document that was read minifies");
        return dense_bytes;
      });
  Compaction(nodes_.get()).run(count_);
  check(nodes_[0].end == dense_bytes, "both ways of dropping whitespace agree");
  bytes_ = std::move(dense);  // its capacity still has room for the padding
  minified_ = true;
}

JsonPlace Json::place(std::uint32_t offset) const { return place_in(bytes(), offset); }

std::string Json::path(std::uint32_t index) const {
  std::string out;
  std::string scratch;
  if (count_ == 0) {
    return out;
  }
  if (const auto type = root().find("resourceType"); type && type->is_string()) {
    out = type->text(scratch);
  }
  JsonValue at = root();
  while (at.index() != index) {
    const auto next = child_holding(at, index);
    if (!next) {
      break;
    }
    append_step(out, at.is_array(), next->position, next->child.key(scratch));
    at = next->child;
  }
  return out;
}

// ---- text -------------------------------------------------------------------------------------

JsonPlace place_in(BytesView text, std::size_t offset) {
  const BytesView before = text.substr(0, std::min(offset, text.size()));
  const std::size_t line_start = before.rfind('\n');
  const std::size_t column = before.size() - (line_start == BytesView::npos ? 0 : line_start + 1);
  return {static_cast<std::uint32_t>(1 + std::ranges::count(before, '\n')),
          static_cast<std::uint32_t>(1 + column)};
}

std::optional<ChildAt> child_holding(JsonValue at, std::uint32_t index) {
  std::uint32_t position = 0;
  for (const JsonValue child : at.children()) {
    if (index < child.next_index()) {
      return ChildAt{child, position};
    }
    ++position;
  }
  return std::nullopt;
}

void append_step(std::string& path, bool in_array, std::uint32_t position, std::string_view key) {
  if (in_array) {
    path += fmt::format("[{}]", position);
    return;
  }
  if (!path.empty()) {
    path += '.';
  }
  // https://hl7.org/fhir/R4/json.html#primitive: `_x` carries id and extensions of the element x.
  path += key.starts_with('_') ? key.substr(1) : key;
}

std::string where_text(std::string_view path, JsonPlace place) {
  return path.empty() ? fmt::format("(line {}, column {})", place.line, place.column)
                      : fmt::format("{} (line {}, column {})", path, place.line, place.column);
}

Where split_where(std::string_view where) {
  const std::size_t open = where.rfind("(line ");
  if (open == std::string_view::npos || !where.ends_with(')')) {
    return {where, {}};
  }
  return {where.substr(0, open == 0 ? 0 : open - 1),
          where.substr(open + 1, where.size() - open - 2)};
}

void append_json_escaped(Bytes& to, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '"': to += "\\\""; break;
      case '\\': to += "\\\\"; break;
      case '\n': to += "\\n"; break;
      case '\r': to += "\\r"; break;
      case '\t': to += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          to += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        } else {
          to += c;
        }
    }
  }
}

}  // namespace holdfast::fhir
