#include "fhir/path/syntax.h"

#include <charconv>

#include <fmt/format.h>

namespace holdfast::fhir::path {

std::optional<std::string> Syntax::qualified(NodeId id) const {
  if (nodes_[id].kind != NodeKind::member) {
    return std::nullopt;
  }
  if (nodes_[id].input == no_node) {
    return std::string(text(id));
  }
  std::optional<std::string> name = qualified(nodes_[id].input);
  if (name) {
    *name += '.';
    *name += text(id);
  }
  return name;
}

namespace {
constexpr std::string_view character = "character ";
}

std::string character_text(std::size_t offset) {
  return fmt::format("{}{}", character, offset + 1);
}

std::optional<std::size_t> error_offset(const Error& error) {
  std::string_view where = error.where;
  if (!where.starts_with(character)) {
    return std::nullopt;
  }
  where.remove_prefix(character.size());
  std::size_t number = 0;
  const auto read = std::from_chars(where.data(), where.data() + where.size(), number);
  return read.ec == std::errc() && number > 0 ? std::optional(number - 1) : std::nullopt;
}

}  // namespace holdfast::fhir::path
