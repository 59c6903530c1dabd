// fhir/json_walk.h: the one walk of JsonReader over the tokens that simdjson's first stage found.
// Inside src/fhir only. The way of a good document is here; what a bad one needs is in the .cpp.
//
// What stage 1 has checked when it succeeds (simdjson 3.0.1, dom_parser_implementation::stage1):
// the text is UTF-8; every string is closed; no string holds a bare control character. What it
// leaves behind: the offset of each of { } [ ] : , of each opening quote, and of the first byte of
// anything else that follows whitespace, an operator or a string. The walk checks everything else.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/result.h"
#include "fhir/json.h"
#include "fhir/json_text.h"

namespace holdfast::fhir {

/// Up to here a new member is compared with its earlier siblings; above, all are sorted at once.
constexpr std::uint32_t compared_members_max = 32;

/// Walks the tokens of one document and writes its nodes. Used once.
class JsonWalk {
 public:
  JsonWalk(Json& json, const std::uint32_t* tokens, std::uint32_t token_count, std::uint32_t room)
      : json_(json),
        text_(json.bytes_.data()),
        size_(static_cast<std::uint32_t>(json.bytes_.size())),
        tokens_(tokens),
        token_count_(token_count),
        nodes_(json.nodes_.get()),
        room_(room) {}

  Result<void> run() {
    next_backslash_ = find_backslash(0);
    gaps_ = tokens_[0];
    while (true) {
      if (!take_value()) {
        return failure();
      }
      if (!close_and_separate()) {
        return failure();
      }
      if (depth_ == 0) {
        break;
      }
    }
    if (at_ != token_count_) {
      (void)refuse(Code::syntax, "there is something behind the end of the JSON value",
                   tokens_[at_]);
      return failure();
    }
    json_.count_ = count_;
    json_.minified_ = gaps_ == 0;
    return ok();
  }

 private:
  struct Open {
    std::uint32_t node = 0;
    std::uint64_t seen = 0;  // one bit a member name; both set: compare
    bool sort_names = false;
    bool is_object = false;
  };

  [[nodiscard]] std::uint32_t token_begin(std::uint32_t token) const {
    return token < token_count_ ? tokens_[token] : size_;
  }
  [[nodiscard]] char token_char() const { return at_ < token_count_ ? text_[tokens_[at_]] : '\0'; }

  std::uint32_t find_backslash(std::uint32_t from) const {
    const void* found = std::memchr(text_ + from, '\\', size_ - from);
    return found == nullptr ? size_
                            : static_cast<std::uint32_t>(static_cast<const char*>(found) - text_);
  }

  /// Steps over a token of one byte.
  void take_mark() {
    const std::uint32_t end = tokens_[at_] + 1;
    ++at_;
    gaps_ |= token_begin(at_) - end;
  }

  bool take_value() {
    if (at_ >= token_count_) {
      return refuse(Code::syntax, "the JSON ends where a value is expected", size_);
    }
    const std::uint32_t begin = tokens_[at_];
    if (count_ == json_values_max) {
      return refuse(Code::too_large, fmt::format("more than {} values", json_values_max), begin);
    }
    check(count_ < room_, "a document has no more values than its tokens allow");
    detail::JsonNode& node = nodes_[count_];
    node.begin = begin;
    node.end = begin;
    node.key = key_;
    node.key_bytes = key_bytes_;
    node.escapes = key_escapes_;
    node.count = 0;
    key_ = detail::json_no_key;
    key_bytes_ = 0;
    key_escapes_ = 0;
    if (depth_ > 0) {
      ++nodes_[open_[depth_ - 1].node].count;
    }
    ++count_;
    node.next = count_;
    switch (text_[begin]) {
      case '{': return open(node, JsonKind::object, '}');
      case '[': return open(node, JsonKind::array, ']');
      case '"': node.kind = JsonKind::string; return take_string(node.end, node.escapes);
      case 't': node.kind = JsonKind::boolean; return take_word(node, "true");
      case 'f': node.kind = JsonKind::boolean; return take_word(node, "false");
      case 'n': node.kind = JsonKind::null; return take_word(node, "null");
      default: node.kind = JsonKind::number; return take_number(node);
    }
  }

  /// Behind a value: closes what ends here, takes the comma (and the next member name).
  bool close_and_separate() {
    while (depth_ > 0) {
      Open& top = open_[depth_ - 1];
      if (entered_) {  // an array or object was just opened and is not empty
        entered_ = false;
        return true;
      }
      const char c = token_char();
      if (c == ',') {
        take_mark();
        return !top.is_object || take_key(top);
      }
      if (c != (top.is_object ? '}' : ']')) {
        return refuse(Code::syntax,
                      at_ >= token_count_ ? fmt::format("the JSON ends inside an {}",
                                                        top.is_object ? "object" : "array")
                                          : fmt::format("expected ',' or '{}', found {}",
                                                        top.is_object ? '}' : ']', shown_byte(c)),
                      token_begin(at_));
      }
      if (!close(top)) {
        return false;
      }
    }
    return true;
  }

  bool open(detail::JsonNode& node, JsonKind kind, char closer) {
    node.kind = kind;
    if (depth_ == json_depth_max) {
      return refuse(Code::too_large, fmt::format("nested more than {} levels deep", json_depth_max),
                    node.begin);
    }
    take_mark();
    Open& top = open_[depth_++];
    top = Open{count_ - 1, 0, false, kind == JsonKind::object};
    if (token_char() == closer) {
      return close(top);
    }
    entered_ = true;
    return !top.is_object || take_key(top);
  }

  bool close(Open& top) {
    detail::JsonNode& node = nodes_[top.node];
    if (top.sort_names && !names_differ(top)) {
      return false;
    }
    node.end = tokens_[at_] + 1;
    node.next = count_;
    --depth_;
    take_mark();
    return true;
  }

  /// Takes the string at the current token: its end is the quote before the next token.
  bool take_string(std::uint32_t& end_out, std::uint8_t& escapes) {
    const std::uint32_t begin = tokens_[at_];
    const std::uint32_t limit = token_begin(at_ + 1);
    std::uint32_t end = limit;
    while (end > begin + 1 && is_json_space(text_[end - 1])) {
      --end;
    }
    if (end < begin + 2 || text_[end - 1] != '"') {
      return refuse(Code::syntax, "a string is not followed by ',', ':', ']' or '}'", end - 1);
    }
    if (next_backslash_ < end) {
      if (const auto bad = find_bad_escape({text_ + begin + 1, end - begin - 2})) {
        return refuse(Code::syntax, "a string holds a wrong escape or half a surrogate pair",
                      begin + 1 + static_cast<std::uint32_t>(*bad));
      }
      escapes |= detail::json_value_escaped;
      next_backslash_ = find_backslash(end);
    }
    gaps_ |= limit - end;
    end_out = end;
    ++at_;
    return true;
  }

  bool take_key(Open& top) {
    if (token_char() != '"') {
      return refuse(Code::syntax,
                    at_ >= token_count_ ? "the JSON ends where a member name is expected"
                                        : fmt::format("expected a member name in quotes, found {}",
                                                      shown_byte(token_char())),
                    token_begin(at_));
    }
    const std::uint32_t begin = tokens_[at_] + 1;
    std::uint32_t end = 0;
    std::uint8_t escaped = 0;
    if (!take_string(end, escaped)) {
      return false;
    }
    const std::uint32_t bytes = end - 1 - begin;
    if (bytes > json_key_bytes_max) {
      return refuse(Code::too_large,
                    fmt::format("a member name longer than {} bytes", json_key_bytes_max), begin);
    }
    if (token_char() != ':') {
      return refuse(Code::syntax, "expected ':' behind a member name", token_begin(at_));
    }
    take_mark();
    key_ = begin;
    key_bytes_ = static_cast<std::uint16_t>(bytes);
    key_escapes_ = escaped != 0 ? detail::json_key_escaped : 0;
    return note_name(top);
  }

  /// Remembers the new member name; finds the one that was there before.
  bool note_name(Open& top) {
    if (nodes_[top.node].count == json_members_max) {
      return refuse(Code::too_large,
                    fmt::format("an object with more than {} members", json_members_max), key_);
    }
    if (key_escapes_ != 0 || nodes_[top.node].count >= compared_members_max) {
      top.sort_names = true;
    }
    if (top.sort_names) {
      return true;
    }
    const char* name = text_ + key_;
    const std::size_t bytes = key_bytes_;
    const unsigned hash = bytes == 0 ? 0U
                                     : static_cast<unsigned>(bytes) * 7U +
                                           static_cast<unsigned char>(name[0]) * 5U +
                                           static_cast<unsigned char>(name[bytes / 2]) * 3U +
                                           static_cast<unsigned char>(name[bytes - 1]);
    const std::uint64_t bit = std::uint64_t{1} << (hash & 63U);
    if ((top.seen & bit) != 0) {
      for (std::uint32_t i = top.node + 1; i < count_; i = nodes_[i].next) {
        if (nodes_[i].key_bytes == bytes && std::memcmp(text_ + nodes_[i].key, name, bytes) == 0) {
          return refuse_duplicate({name, bytes}, key_);
        }
      }
    }
    top.seen |= bit;
    return true;
  }

  bool refuse_duplicate(std::string_view name, std::uint32_t offset);

  /// The whole object at once, after unescaping: for large ones and those with escaped names.
  bool names_differ(const Open& top);

  bool take_word(detail::JsonNode& node, std::string_view word) {
    if (!BytesView(text_ + node.begin, size_ - node.begin).starts_with(word)) {
      return refuse_scalar(node.begin);
    }
    node.end = node.begin + static_cast<std::uint32_t>(word.size());
    return end_scalar(node);
  }

  bool take_number(detail::JsonNode& node) {
    const std::uint32_t limit = token_begin(at_ + 1);
    bool exponent_is_in_range = true;
    const auto bytes =
        number_length({text_ + node.begin, limit - node.begin}, exponent_is_in_range);
    if (!bytes) {
      return refuse_scalar(node.begin);
    }
    if (*bytes > json_number_bytes_max) {
      return refuse(Code::too_large,
                    fmt::format("a number longer than {} bytes", json_number_bytes_max),
                    node.begin);
    }
    if (!exponent_is_in_range) {
      return refuse(Code::too_large,
                    fmt::format("a number with an exponent beyond {}", json_exponent_max),
                    node.begin);
    }
    node.end = node.begin + static_cast<std::uint32_t>(*bytes);
    return end_scalar(node);
  }

  /// Nothing but whitespace may lie between a number or word and the next token.
  bool end_scalar(const detail::JsonNode& node) {
    std::uint32_t end = token_begin(at_ + 1);
    gaps_ |= end - node.end;
    while (end > node.end && is_json_space(text_[end - 1])) {
      --end;
    }
    if (end != node.end) {
      return refuse_scalar(node.begin);
    }
    ++at_;
    return true;
  }

  bool refuse_scalar(std::uint32_t offset);
  bool refuse(Code code, std::string what, std::uint32_t offset) {
    code_ = code;
    what_ = std::move(what);
    offset_ = std::min(offset, size_);
    return false;
  }

  /// The path of what was being read: only now, since a good document never needs it.
  [[nodiscard]] std::unexpected<Error> failure() const;
  [[nodiscard]] std::string_view current_member(std::size_t level) const;
  [[nodiscard]] std::string_view root_type() const;

  Json& json_;
  const char* text_;
  const std::uint32_t size_;
  const std::uint32_t* tokens_;
  const std::uint32_t token_count_;
  detail::JsonNode* nodes_;
  const std::uint32_t room_;  // in nodes_

  std::uint32_t at_ = 0;     // token
  std::uint32_t count_ = 0;  // nodes
  std::uint32_t next_backslash_ = 0;
  std::uint32_t gaps_ = 0;  // not 0: there was whitespace between tokens
  std::uint32_t key_ = detail::json_no_key;
  std::uint16_t key_bytes_ = 0;
  std::uint8_t key_escapes_ = 0;
  bool entered_ = false;
  std::size_t depth_ = 0;
  std::array<Open, json_depth_max> open_;

  Code code_ = Code::syntax;
  std::string what_;
  std::uint32_t offset_ = 0;
};

}  // namespace holdfast::fhir
