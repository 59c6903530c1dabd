// hl7v2/filter.cpp: a descent over the text, then a walk over what it made.
#include "hl7v2/filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "hl7v2/path.h"

namespace holdfast::hl7v2 {

enum class FilterTest : std::uint8_t { any_of, none_of, begins, exists, negation, both, either };

struct Filter::Node {
  FilterTest test{};
  Path path;
  std::vector<std::string> texts;
  std::unique_ptr<Node> left;
  std::unique_ptr<Node> right;
};

namespace {

using Node = Filter::Node;
using Made = Result<std::unique_ptr<Node>>;
constexpr std::size_t depth_max = 64;

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Made all() {
    TRY(auto root, either(0));
    if (skip_blanks(); at_ != text_.size()) {
      return wrong("'and', 'or' or the end");
    }
    return root;
  }

 private:
  [[nodiscard]] std::unexpected<Error> wrong(std::string_view expected) const {
    return fail(Code::syntax, fmt::format("filter '{}': {} is expected at character {}", text_,
                                          expected, at_ + 1));
  }
  void skip_blanks() { at_ = std::min(text_.find_first_not_of(" \t\n", at_), text_.size()); }
  bool took(std::string_view word) {
    skip_blanks();
    const std::string_view rest = text_.substr(at_);
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    if (!rest.starts_with(word) ||
        (letter(word.back()) && rest.size() > word.size() && letter(rest[word.size()]))) {
      return false;
    }
    at_ += word.size();
    return true;
  }
  static std::unique_ptr<Node> joined(FilterTest test, std::unique_ptr<Node> left,
                                      std::unique_ptr<Node> right) {
    auto node = std::make_unique<Node>();
    node->test = test;
    node->left = std::move(left);
    node->right = std::move(right);
    return node;
  }

  Made either(std::size_t depth) {
    if (depth > depth_max) {
      return fail(Code::too_large, fmt::format("a filter more than {} deep", depth_max));
    }
    TRY(auto left, both(depth));
    while (took("or")) {
      TRY(auto right, both(depth));
      left = joined(FilterTest::either, std::move(left), std::move(right));
    }
    return left;
  }
  Made both(std::size_t depth) {
    TRY(auto left, one(depth));
    while (took("and")) {
      TRY(auto right, one(depth));
      left = joined(FilterTest::both, std::move(left), std::move(right));
    }
    return left;
  }
  Made one(std::size_t depth) {
    if (depth > depth_max) {
      return fail(Code::too_large, fmt::format("a filter more than {} deep", depth_max));
    }
    if (took("not")) {
      TRY(auto inner, one(depth + 1));
      return joined(FilterTest::negation, std::move(inner), nullptr);
    }
    if (took("(")) {
      TRY(auto inner, either(depth + 1));
      if (!took(")")) {
        return wrong("')'");
      }
      return inner;
    }
    return comparison();
  }
  Made comparison() {
    skip_blanks();
    const std::size_t end = std::min(text_.find_first_of(" \t\n=!()", at_), text_.size());
    auto node = std::make_unique<Node>();
    TRY(node->path, Path::parse(text_.substr(at_, end - at_)));
    at_ = end;
    if (took("exists")) {
      node->test = FilterTest::exists;
      return node;
    }
    if (took("in")) {
      TRY_OK(texts(node->texts));
      return node;
    }
    const bool begins = took("starts");
    const bool unequal = !begins && took("!=");
    if (!begins && !unequal && !took("=")) {
      return wrong("=, !=, in, starts or exists");
    }
    node->test = begins ? FilterTest::begins : unequal ? FilterTest::none_of : FilterTest::any_of;
    TRY(auto text, quoted());
    node->texts.push_back(std::move(text));
    return node;
  }
  Result<void> texts(std::vector<std::string>& into) {
    if (!took("(")) {
      return wrong("'('");
    }
    do {
      TRY(auto text, quoted());
      into.push_back(std::move(text));
    } while (took(","));
    if (!took(")")) {
      return wrong("',' or ')'");
    }
    return ok();
  }
  Result<std::string> quoted() {
    if (!took("'")) {
      return wrong("a text in single quotes");
    }
    std::string text;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c != '\'') {
        text.push_back(c);
      } else if (at_ < text_.size() && text_[at_] == '\'') {
        text.push_back(text_[at_++]);
      } else {
        return text;
      }
    }
    return wrong("the closing quote");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

bool holds(const Node& node, const Message& message) {
  switch (node.test) {
    case FilterTest::negation: return !holds(*node.left, message);
    case FilterTest::both: return holds(*node.left, message) && holds(*node.right, message);
    case FilterTest::either: return holds(*node.left, message) || holds(*node.right, message);
    default: break;
  }
  const auto values = select(message, node.path);
  if (node.test == FilterTest::exists) {
    return !values.empty();
  }
  const bool any = std::ranges::any_of(values, [&](BytesView raw) {
    const std::string text = Repetition(raw, message.delimiters()).text();
    return std::ranges::any_of(node.texts, [&](const std::string& wanted) {
      return node.test == FilterTest::begins ? text.starts_with(wanted) : text == wanted;
    });
  });
  return any != (node.test == FilterTest::none_of);
}

}  // namespace

Result<Filter> Filter::parse(std::string_view text) {
  TRY(auto root, Reader(text).all());
  return Filter(std::string(text), std::move(root));
}

bool Filter::accepts(const Message& message) const { return holds(*root_, message); }

}  // namespace holdfast::hl7v2
