// The reader: simdjson's first stage, then one walk over the tokens it found.
//
// What stage 1 has checked when it succeeds (simdjson 3.0.1, dom_parser_implementation::stage1):
// the text is UTF-8; every string is closed; no string holds a bare control character. What it
// leaves behind: the offset of each of { } [ ] : , of each opening quote, and of the first byte of
// anything else that follows whitespace, an operator or a string. The walk checks everything else.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/check.h"
#include "fhir/json.h"
#include "fhir/json_text.h"

namespace holdfast::fhir {

using detail::json_key_escaped;
using detail::json_no_key;
using detail::json_value_escaped;
using detail::JsonNode;

namespace {

/// A reader that has read a larger document gives its token memory (4 bytes a byte) back.
constexpr std::size_t kept_bytes_max = std::size_t{2} << 20U;
constexpr std::size_t kept_bytes_min = 64 << 10U;
/// Up to here a new member is compared with its earlier siblings; above, all are sorted at once.
constexpr std::uint32_t compared_members_max = 32;

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

/// One byte of the text for a sentence: 'x' or 0x1b.
std::string shown(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte < 0x7f ? fmt::format("'{}'", c)
                                    : fmt::format("byte 0x{:02x}", unsigned{byte});
}

}  // namespace

/// Walks the tokens of one document and writes its nodes. Used once.
class JsonWalk {
 public:
  JsonWalk(Json& json, const std::uint32_t* tokens, std::uint32_t token_count,
           std::uint32_t room)
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
    JsonNode& node = nodes_[count_];
    node.begin = begin;
    node.end = begin;
    node.key = key_;
    node.key_bytes = key_bytes_;
    node.escapes = key_escapes_;
    node.count = 0;
    key_ = json_no_key;
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
                      at_ >= token_count_
                          ? fmt::format("the JSON ends inside an {}",
                                        top.is_object ? "object" : "array")
                          : fmt::format("expected ',' or '{}', found {}",
                                        top.is_object ? '}' : ']', shown(c)),
                      token_begin(at_));
      }
      if (!close(top)) {
        return false;
      }
    }
    return true;
  }

  bool open(JsonNode& node, JsonKind kind, char closer) {
    node.kind = kind;
    if (depth_ == json_depth_max) {
      return refuse(Code::too_large,
                    fmt::format("nested more than {} levels deep", json_depth_max), node.begin);
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
    JsonNode& node = nodes_[top.node];
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
    while (end > begin + 1 && is_space(text_[end - 1])) {
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
      escapes |= json_value_escaped;
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
                                                      shown(token_char())),
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
    key_escapes_ = escaped != 0 ? json_key_escaped : 0;
    return note_name(top);
  }

  /// Remembers the new member name; finds the one that was there before.
  bool note_name(Open& top) {
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

  bool refuse_duplicate(std::string_view name, std::uint32_t offset) {
    constexpr std::size_t shown_bytes_max = 64;
    return refuse(Code::syntax,
                  fmt::format("the member name \"{}\" occurs twice in one object",
                              name.substr(0, shown_bytes_max)),
                  offset);
  }

  /// The whole object at once, after unescaping: for large ones and those with escaped names.
  bool names_differ(const Open& top) {
    struct Name {
      std::string_view text;
      std::uint32_t offset;
    };
    std::vector<Name> names;
    std::vector<std::unique_ptr<std::string>> unescaped;
    for (std::uint32_t i = top.node + 1; i < count_; i = nodes_[i].next) {
      const JsonNode& node = nodes_[i];
      std::string_view text(text_ + node.key, node.key_bytes);
      if ((node.escapes & json_key_escaped) != 0) {
        unescaped.push_back(std::make_unique<std::string>());
        append_unescaped(*unescaped.back(), text);
        text = *unescaped.back();
      }
      names.push_back({text, node.key});
    }
    std::ranges::sort(names, [](const Name& a, const Name& b) {
      return a.text != b.text ? a.text < b.text : a.offset < b.offset;
    });
    const auto twice = std::ranges::adjacent_find(names, {}, &Name::text);
    return twice == names.end() || refuse_duplicate(twice->text, std::next(twice)->offset);
  }

  bool take_word(JsonNode& node, std::string_view word) {
    if (!BytesView(text_ + node.begin, size_ - node.begin).starts_with(word)) {
      return refuse_scalar(node.begin);
    }
    node.end = node.begin + static_cast<std::uint32_t>(word.size());
    return end_scalar(node);
  }

  bool take_number(JsonNode& node) {
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
  bool end_scalar(const JsonNode& node) {
    std::uint32_t end = token_begin(at_ + 1);
    gaps_ |= end - node.end;
    while (end > node.end && is_space(text_[end - 1])) {
      --end;
    }
    if (end != node.end) {
      return refuse_scalar(node.begin);
    }
    ++at_;
    return true;
  }

  bool refuse_scalar(std::uint32_t offset) {
    if (BytesView(text_, size_).starts_with("\xef\xbb\xbf") && offset == 0) {
      return refuse(Code::syntax, "a byte order mark stands before the JSON", offset);
    }
    const char c = text_[offset];
    if (c == '-' || (c >= '0' && c <= '9')) {
      return refuse(Code::syntax, "not a JSON number", offset);
    }
    return refuse(Code::syntax, fmt::format("expected a JSON value, found {}", shown(c)), offset);
  }

  bool refuse(Code code, std::string what, std::uint32_t offset) {
    code_ = code;
    what_ = std::move(what);
    offset_ = std::min(offset, size_);
    return false;
  }

  /// The path of what was being read: only now, since a good document never needs it.
  [[nodiscard]] std::unexpected<Error> failure() const {
    std::string path;
    for (std::size_t level = 0; level < depth_; ++level) {
      const std::uint32_t at = open_[level].node;
      if (level == 0 && open_[0].is_object) {
        path = root_type();
      }
      if (!open_[level].is_object) {
        append_step(path, true, std::max(nodes_[at].count, 1U) - 1, {});
      } else if (const std::string_view name = current_member(level); !name.empty()) {
        append_step(path, false, 0, name);
      }
    }
    return fail(code_, what_, where_text(path, place_in({text_, size_}, offset_)));
  }

  /// The member name that was being read in the open object of that level; empty if none was yet.
  [[nodiscard]] std::string_view current_member(std::size_t level) const {
    if (level + 1 < depth_) {
      const JsonNode& inner = nodes_[open_[level + 1].node];
      return {text_ + inner.key, inner.key_bytes};
    }
    if (key_ != json_no_key) {
      return {text_ + key_, key_bytes_};
    }
    std::string_view name;
    for (std::uint32_t i = open_[level].node + 1; i < count_; i = nodes_[i].next) {
      name = {text_ + nodes_[i].key, nodes_[i].key_bytes};
    }
    return name;
  }

  /// The root's resourceType, if it was read before the fault.
  [[nodiscard]] std::string_view root_type() const {
    const std::uint32_t open_member = depth_ > 1 ? open_[1].node : count_;
    for (std::uint32_t i = 1; i < open_member; i = nodes_[i].next) {
      const JsonNode& node = nodes_[i];
      const bool is_complete = node.end > node.begin;
      if (is_complete && node.kind == JsonKind::string &&
          std::string_view(text_ + node.key, node.key_bytes) == "resourceType") {
        return {text_ + node.begin + 1, node.end - node.begin - 2};
      }
    }
    return {};
  }

  Json& json_;
  const char* text_;
  const std::uint32_t size_;
  const std::uint32_t* tokens_;
  const std::uint32_t token_count_;
  JsonNode* nodes_;
  const std::uint32_t room_;  // in nodes_

  std::uint32_t at_ = 0;     // token
  std::uint32_t count_ = 0;  // nodes
  std::uint32_t next_backslash_ = 0;
  std::uint32_t gaps_ = 0;  // not 0: there was whitespace between tokens
  std::uint32_t key_ = json_no_key;
  std::uint16_t key_bytes_ = 0;
  std::uint8_t key_escapes_ = 0;
  bool entered_ = false;
  std::size_t depth_ = 0;
  std::array<Open, json_depth_max> open_;

  Code code_ = Code::syntax;
  std::string what_;
  std::uint32_t offset_ = 0;
};

// ---- the reader -------------------------------------------------------------------------------

struct JsonReader::State {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage1;
  std::size_t capacity = 0;

  bool make_room(std::size_t bytes) {
    const std::size_t wanted = std::max(bytes, kept_bytes_min);
    if (stage1 != nullptr && capacity >= wanted) {
      return true;
    }
    stage1.reset();
    capacity = 0;
    // Doubling up to what is kept, so that a thread soon stops asking for more.
    const std::size_t rounded = wanted <= kept_bytes_max ? std::bit_ceil(wanted) : wanted;
    constexpr std::size_t stage2_depth = 1;  // we do not run it
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(
            rounded, stage2_depth, stage1) != simdjson::SUCCESS) {
      return false;
    }
    capacity = rounded;
    return true;
  }
};

JsonReader::JsonReader() : state_(std::make_unique<State>()) {}
JsonReader::~JsonReader() = default;
JsonReader::JsonReader(JsonReader&&) noexcept = default;
JsonReader& JsonReader::operator=(JsonReader&&) noexcept = default;

namespace {

/// Finds for a person what stage 1 only counted.
std::unexpected<Error> explain(simdjson::error_code error, BytesView text) {
  const auto at = [&](std::size_t offset) { return where_text({}, place_in(text, offset)); };
  if (error == simdjson::EMPTY) {
    return fail(Code::syntax, "there is no JSON value", at(0));
  }
  if (error == simdjson::MEMALLOC || error == simdjson::CAPACITY) {
    return fail(Code::overloaded, "no memory to read the JSON");
  }
  if (const auto bad = find_bad_utf8(text)) {
    return fail(Code::syntax, "the text is not UTF-8", at(*bad));
  }
  std::size_t quote = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (in_string && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      in_string = !in_string;
      quote = i;
    } else if (in_string && static_cast<unsigned char>(text[i]) < 0x20) {
      return fail(Code::syntax, "a string holds a control character that is not escaped", at(i));
    }
  }
  return fail(Code::syntax, in_string ? "a string is not closed" : "not JSON", at(quote));
}

}  // namespace

Result<Json> JsonReader::read(Bytes text) {
  Json json;
  TRY_OK(read(std::move(text), json));
  return json;
}

Result<void> JsonReader::read(Bytes text, Json& into) {
  into.count_ = 0;
  into.minified_ = false;
  into.bytes_ = std::move(text);
  const std::size_t size = into.bytes_.size();
  if (size > json_bytes_max) {
    return fail(Code::too_large,
                fmt::format("{} bytes of JSON; at most {} are read", size, json_bytes_max));
  }
  into.bytes_.reserve(size + simdjson::SIMDJSON_PADDING);
  if (!state_->make_room(size)) {
    return fail(Code::overloaded, "no memory to read the JSON");
  }
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(into.bytes_.data());
  const simdjson::error_code error =
      state_->stage1->stage1(bytes, size, simdjson::stage1_mode::regular);
  if (error != simdjson::SUCCESS) {
    return explain(error, into.bytes());
  }
  const std::uint32_t tokens = state_->stage1->n_structural_indexes;
  // Every value begins with a token of its own. All but the first of a container follow a comma,
  // and for every first there is a closing bracket, except in the containers that are still open.
  // So v values take at least 2v - 1 - json_depth_max tokens, however wrong the rest is.
  const std::size_t nodes = std::min<std::size_t>((tokens + json_depth_max) / 2 + 2,
                                                  json_values_max);
  if (into.capacity_ < nodes) {
    into.nodes_ = std::make_unique_for_overwrite<JsonNode[]>(nodes);
    into.capacity_ = static_cast<std::uint32_t>(nodes);
  }
  Result<void> walked = JsonWalk(into, state_->stage1->structural_indexes.get(), tokens,
                                 static_cast<std::uint32_t>(nodes))
                            .run();
  if (state_->capacity > kept_bytes_max) {
    state_->stage1.reset();
    state_->capacity = 0;
  }
  return walked;
}

}  // namespace holdfast::fhir
