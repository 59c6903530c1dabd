#include "fhir/xml_select.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace holdfast::fhir {

namespace {

/// Reads a selector from left to right.
class SelectorReader {
 public:
  SelectorReader(std::string_view text, const XmlScope& scope) : rest_(text), scope_(scope) {}

  Result<std::vector<XmlStep>> read() {
    if (rest_.size() > selector_bytes_max) {
      return fail(Code::too_large,
                  fmt::format("a selector of more than {} bytes", selector_bytes_max));
    }
    take("/");
    TRY(std::vector<XmlStep> path, read_path(Predicates::allowed));
    if (!rest_.empty()) {
      return refuse("this is not understood");
    }
    return path;
  }

 private:
  enum class Predicates : std::uint8_t { allowed, none };

  [[nodiscard]] std::unexpected<Error> refuse(std::string_view why) const {
    constexpr std::size_t shown_bytes_max = 64;
    return fail(Code::unsupported,
                fmt::format("the selector: {} at \"{}\"", why, rest_.substr(0, shown_bytes_max)));
  }

  bool take(std::string_view mark) {
    if (!rest_.starts_with(mark)) {
      return false;
    }
    rest_.remove_prefix(mark.size());
    return true;
  }
  void skip_space() {
    while (!rest_.empty() && is_xml_space(rest_.front())) {
      rest_.remove_prefix(1);
    }
  }

  Result<std::vector<XmlStep>> read_path(Predicates predicates) {
    std::vector<XmlStep> path;
    do {
      TRY(XmlStep step, read_step());
      while (predicates == Predicates::allowed && step.kind != XmlStep::Kind::attribute &&
             rest_.starts_with('[')) {
        TRY(XmlPredicate predicate, read_predicate());
        step.predicates.push_back(std::move(predicate));
      }
      path.push_back(std::move(step));
      const bool may_go_on = path.back().kind == XmlStep::Kind::element ||
                             path.back().kind == XmlStep::Kind::any_element;
      if (!may_go_on) {
        break;
      }
    } while (take("/"));
    return path;
  }

  Result<XmlStep> read_step() {
    XmlStep step;
    if (take("text()")) {
      step.kind = XmlStep::Kind::text;
      return step;
    }
    if (take("comment()")) {
      step.kind = XmlStep::Kind::comment;
      return step;
    }
    if (take("*")) {
      step.kind = XmlStep::Kind::any_element;
      return step;
    }
    step.kind = take("@") ? XmlStep::Kind::attribute : XmlStep::Kind::element;
    const std::size_t end = std::min(rest_.find_first_of("/[]()=@'\"*|,. \t\r\n"), rest_.size());
    const std::string_view name = rest_.substr(0, end);
    if (!is_qualified_name(name)) {
      return refuse("a name is expected; axes, functions and '//' are not taken");
    }
    const XmlName parts = split_name(name);
    step.local = parts.local;
    // https://www.w3.org/TR/xml-names/#defaulting: the default namespace is none of attributes.
    if (step.kind == XmlStep::Kind::element || !parts.prefix.empty()) {
      const auto space = scope_.find(parts.prefix);
      if (!space && parts.prefix != "f") {
        return refuse("a prefix that the patch does not declare");
      }
      step.space = space.value_or(fhir_namespace);
    }
    rest_.remove_prefix(end);
    return step;
  }

  Result<XmlPredicate> read_predicate() {
    take("[");
    skip_space();
    XmlPredicate predicate;
    if (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
      constexpr std::size_t position_max = 1'000'000'000;
      while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
        predicate.position = std::min(
            position_max, predicate.position * 10 + static_cast<std::size_t>(rest_.front() - '0'));
        rest_.remove_prefix(1);
      }
      if (predicate.position == 0) {
        return refuse("positions begin with 1;");
      }
    } else {
      TRY_OK(read_comparison(predicate));
    }
    skip_space();
    if (!take("]")) {
      return refuse("']' is expected");
    }
    return predicate;
  }

  Result<void> read_comparison(XmlPredicate& predicate) {
    if (!take(".")) {
      TRY(predicate.path, read_path(Predicates::none));
    }
    skip_space();
    if (!take("=")) {
      return refuse("'=' is expected");
    }
    skip_space();
    const char quote = rest_.empty() ? '\0' : rest_.front();
    const std::size_t end = rest_.find(quote, 1);
    if ((quote != '\'' && quote != '"') || end == std::string_view::npos) {
      return refuse("a text in quotes is expected");
    }
    predicate.value = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return ok();
  }

  std::string_view rest_;
  const XmlScope& scope_;
};

bool fits(const XmlStep& step, pugi::xml_node node) {
  switch (step.kind) {
    case XmlStep::Kind::any_element: return node.type() == pugi::node_element;
    case XmlStep::Kind::text:
      return node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata;
    case XmlStep::Kind::comment: return node.type() == pugi::node_comment;
    case XmlStep::Kind::attribute: return false;
    case XmlStep::Kind::element: break;
  }
  const XmlName name = split_name(node.name());
  return node.type() == pugi::node_element && name.local == step.local &&
         namespace_at(node, name.prefix) == step.space;
}

pugi::xml_attribute find_attribute(pugi::xml_node element, const XmlStep& step) {
  for (const pugi::xml_attribute attribute : element.attributes()) {
    const XmlName name = split_name(attribute.name());
    const std::string_view space =
        name.prefix.empty() ? std::string_view{} : namespace_at(element, name.prefix);
    if (name.local == step.local && space == step.space && !declares_namespace(attribute)) {
      return attribute;
    }
  }
  return {};
}

/// https://www.w3.org/TR/xpath-10/#element-nodes: all text below, without recursion.
Bytes string_value(pugi::xml_node node) {
  Bytes value;
  const auto append = [&](pugi::xml_node at) {
    if (at.type() == pugi::node_pcdata) {
      append_xml_decoded(value, at.value(), XmlText::content);
    } else if (at.type() == pugi::node_cdata) {
      value += at.value();
    }
  };
  append(node);
  for (pugi::xml_node at = node.first_child(); at;) {
    append(at);
    if (at.first_child()) {
      at = at.first_child();
      continue;
    }
    while (at != node && !at.next_sibling()) {
      at = at.parent();
    }
    at = at == node ? pugi::xml_node() : at.next_sibling();
  }
  return value;
}

Bytes value_of(const XmlSelected& selected) {
  if (!selected.attribute) {
    return string_value(selected.node);
  }
  Bytes value;
  append_xml_decoded(value, selected.attribute.value(), XmlText::attribute);
  return value;
}

std::vector<XmlSelected> follow(pugi::xml_node from, const std::vector<XmlStep>& path);

bool holds(const XmlPredicate& predicate, pugi::xml_node node, std::size_t position) {
  if (predicate.position != 0) {
    return predicate.position == position;
  }
  return std::ranges::any_of(follow(node, predicate.path), [&](const XmlSelected& selected) {
    return value_of(selected) == predicate.value;
  });
}

/// Predicates have no predicates of their own, so this calls itself once at most.
std::vector<XmlSelected> follow(pugi::xml_node from, const std::vector<XmlStep>& path) {
  std::vector<XmlSelected> at{{from, {}}};
  for (const XmlStep& step : path) {
    std::vector<XmlSelected> next;
    for (const XmlSelected& parent : at) {
      if (step.kind == XmlStep::Kind::attribute) {
        if (const auto attribute = find_attribute(parent.node, step)) {
          next.push_back({parent.node, attribute});
        }
        continue;
      }
      std::vector<XmlSelected> children;
      for (const pugi::xml_node child : parent.node.children()) {
        if (fits(step, child)) {
          children.push_back({child, {}});
        }
      }
      for (const XmlPredicate& predicate : step.predicates) {
        std::size_t position = 0;
        std::erase_if(children, [&](const XmlSelected& child) {
          return !holds(predicate, child.node, ++position);
        });
      }
      next.insert(next.end(), children.begin(), children.end());
    }
    at = std::move(next);
  }
  return at;
}

}  // namespace

std::string_view namespace_at(pugi::xml_node element, std::string_view prefix) {
  for (pugi::xml_node at = element; at; at = at.parent()) {
    for (const pugi::xml_attribute attribute : at.attributes()) {
      const XmlName name = split_name(attribute.name());
      if (declares_namespace(attribute) &&
          (name.prefix.empty() ? prefix.empty() : name.local == prefix)) {
        return attribute.value();
      }
    }
  }
  return prefix == "xml" ? "http://www.w3.org/XML/1998/namespace" : std::string_view{};
}

Result<std::vector<XmlStep>> parse_selector(std::string_view text, const XmlScope& scope) {
  return SelectorReader(text, scope).read();
}

std::vector<XmlSelected> select(const XmlDocument& document, const std::vector<XmlStep>& path) {
  return follow(document.root().parent(), path);
}

}  // namespace holdfast::fhir
