#include "exchange/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "fhir/check.h"
#include "fhir/definitions.h"
#include "fhir/json_writer.h"

namespace holdfast::exchange {
namespace {

using fhir::JsonValue;

/// One of `said` or `removed`, read.
struct Element {
  std::string_view name;
  std::string_view key;    // of a where(): "use"; empty: the whole element
  std::string_view value;  // "home"
};

Result<Element> read_element(std::string_view path) {
  Element element;
  const std::size_t dot = path.find('.');
  element.name = path.substr(0, dot);
  if (dot == std::string_view::npos) {
    return element;
  }
  std::string_view rest = path.substr(dot + 1);
  constexpr std::string_view head = "where(";
  const std::size_t equals = rest.find("='");
  if (!rest.starts_with(head) || !rest.ends_with("')") || equals == std::string_view::npos) {
    return fail(Code::unsupported, fmt::format("'{}' is no element that can be merged", path));
  }
  element.key = rest.substr(head.size(), equals - head.size());
  element.value = rest.substr(equals + 2, rest.size() - equals - 4);
  return element;
}

/// Whether the member belongs to the element: itself, `_birthDate` of birthDate, deceasedBoolean of
/// deceased, which is a choice of types.
bool belongs(const fhir::StructureRow& resource, std::string_view member,
             std::string_view element) {
  if (member.starts_with('_')) {
    member.remove_prefix(1);
  }
  const fhir::ElementRow* const row = fhir::find_row(resource, member);
  return member == element || (row != nullptr && row->choice != 0 && path_name(*row) == element);
}

bool is_selected(JsonValue item, const Element& by) {
  const auto found = item.find(by.key);
  return found && found->is_string() && found->equals(by.value);
}

bool same_identifier(JsonValue a, JsonValue b) {
  const auto text = [](JsonValue of, std::string_view key) {
    const auto found = of.find(key);
    return found && found->is_string() ? found->text() : std::string();
  };
  return text(a, "value") == text(b, "value") && text(a, "system") == text(b, "system");
}

class Merge {
 public:
  Merge(JsonValue existing, JsonValue body, fhir::TypeId type)
      : existing_(existing), body_(body), resource_(structure(fhir::structure_of(type))) {}

  Result<void> take(std::span<const std::string_view> paths) {
    for (const std::string_view path : paths) {
      TRY(Element element, read_element(path));
      elements_.push_back(element);
    }
    return ok();
  }

  Bytes run() {
    to_.open('{');
    for (const JsonValue member : existing_.children()) {
      one(member);
    }
    for (const JsonValue member : body_.children()) {
      std::string scratch;
      const std::string_view key = member.key(scratch);
      if (key != "id" && key != "meta" && !is_done(key)) {
        to_.raw(key, member.raw());
      }
    }
    to_.close('}');
    return to_.take();
  }

 private:
  [[nodiscard]] bool is_done(std::string_view key) const {
    return std::ranges::find(done_, key) != done_.end();
  }

  void one(JsonValue member) {
    std::string scratch;
    const std::string_view key = member.key(scratch);
    const auto said = body_.find(key);
    if (key == "id" || key == "meta" || key == "resourceType") {
      keep(key, member.raw());
    } else if (key == "identifier" && member.is_array() && said && said->is_array()) {
      unite_identifiers(member, *said);
    } else if (is_whole(key)) {
      if (said) {
        keep(key, said->raw());
      }
    } else if (member.is_array() && is_partly(key)) {
      replace_items(key, member, said);
    } else {
      // Said in the body and in no list: the body has it whole.
      keep(key, said ? said->raw() : member.raw());
    }
  }

  void keep(std::string_view key, BytesView raw) {
    to_.raw(key, raw);
    done_.emplace_back(key);
  }

  /// Whether all of it gives way.
  [[nodiscard]] bool is_whole(std::string_view key) const {
    return std::ranges::any_of(elements_, [&](const Element& element) {
      return element.key.empty() && belongs(resource_, key, element.name);
    });
  }
  [[nodiscard]] bool is_partly(std::string_view key) const {
    return std::ranges::any_of(elements_, [&](const Element& element) {
      return !element.key.empty() && element.name == key;
    });
  }

  void unite_identifiers(JsonValue before, JsonValue said) {
    to_.open("identifier", '[');
    const auto is_in = [](JsonValue list, JsonValue one) {
      for (const JsonValue other : list.children()) {
        if (same_identifier(other, one)) {
          return std::optional<JsonValue>(other);
        }
      }
      return std::optional<JsonValue>();
    };
    for (const JsonValue identifier : before.children()) {
      const auto again = is_in(said, identifier);
      to_.raw(again ? again->raw() : identifier.raw());
    }
    for (const JsonValue identifier : said.children()) {
      if (!is_in(before, identifier)) {
        to_.raw(identifier.raw());
      }
    }
    to_.close(']');
    done_.emplace_back("identifier");
  }

  void replace_items(std::string_view key, JsonValue before, std::optional<JsonValue> said) {
    std::vector<BytesView> items;
    for (const JsonValue item : before.children()) {
      const bool gives_way = std::ranges::any_of(elements_, [&](const Element& element) {
        return !element.key.empty() && element.name == key && is_selected(item, element);
      });
      if (!gives_way) {
        items.push_back(item.raw());
      }
    }
    if (said && said->is_array()) {
      for (const JsonValue item : said->children()) {
        items.push_back(item.raw());
      }
    }
    done_.emplace_back(key);
    if (items.empty()) {
      return;
    }
    to_.open(key, '[');
    for (const BytesView item : items) {
      to_.raw(item);
    }
    to_.close(']');
  }

  JsonValue existing_;
  JsonValue body_;
  const fhir::StructureRow& resource_;
  std::vector<Element> elements_;
  std::vector<std::string> done_;
  fhir::JsonWriter to_;
};

}  // namespace

Result<Bytes> merged(JsonValue existing, JsonValue said_body,
                     std::span<const std::string_view> said,
                     std::span<const std::string_view> removed) {
  TRY(const fhir::TypeId type, fhir::type_of(existing));
  Merge merge(existing, said_body, type);
  TRY_OK(merge.take(said));
  TRY_OK(merge.take(removed));
  return merge.run();
}

}  // namespace holdfast::exchange
