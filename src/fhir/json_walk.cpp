#include "fhir/json_walk.h"

#include <memory>
#include <vector>

namespace holdfast::fhir {

using detail::json_key_escaped;
using detail::json_no_key;
using detail::JsonNode;

bool JsonWalk::refuse_duplicate(std::string_view name, std::uint32_t offset) {
  constexpr std::size_t shown_bytes_max = 64;
  return refuse(Code::syntax,
                fmt::format("the member name \"{}\" occurs twice in one object",
                            name.substr(0, shown_bytes_max)),
                offset);
}

/// The whole object at once, after unescaping: for large ones and those with escaped names.
bool JsonWalk::names_differ(const Open& top) {
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

bool JsonWalk::refuse_scalar(std::uint32_t offset) {
  if (BytesView(text_, size_).starts_with("\xef\xbb\xbf") && offset == 0) {
    return refuse(Code::syntax, "a byte order mark stands before the JSON", offset);
  }
  const char c = text_[offset];
  if (c == '-' || (c >= '0' && c <= '9')) {
    return refuse(Code::syntax, "not a JSON number", offset);
  }
  return refuse(Code::syntax, fmt::format("expected a JSON value, found {}", shown_byte(c)),
                offset);
}

/// The path of what was being read: only now, since a good document never needs it.
std::unexpected<Error> JsonWalk::failure() const {
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
std::string_view JsonWalk::current_member(std::size_t level) const {
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
std::string_view JsonWalk::root_type() const {
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

}  // namespace holdfast::fhir
