#include "search/filter.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "search/text.h"

namespace holdfast::search {
namespace {

constexpr std::array<std::string_view, 19> op_names{"eq", "ne", "co", "sw", "ew", "gt", "lt",
                                                    "ge", "le", "ap", "sa", "eb", "pr", "po",
                                                    "ss", "sb", "in", "ni", "re"};

bool is_path_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.' || c == ':';
}
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

class FilterReader {
 public:
  explicit FilterReader(std::string_view text) : text_(text) {}

  Result<FilterNode> read() {
    TRY(FilterNode made, logical(0));
    if (at_ != text_.size()) {
      return wrong("'and', 'or' or the end");
    }
    return made;
  }

 private:
  std::unexpected<Error> wrong(std::string_view expected) const {
    return fail(
        Code::value,
        fmt::format("'_filter': {} is expected at character {}, where it says {}", expected,
                    at_ + 1, at_ == text_.size() ? "nothing" : quoted(text_.substr(at_, 20))));
  }

  // x and x and x, or x or x or x
  Result<FilterNode> logical(std::size_t depth) {
    FilterNode made;
    made.inner.emplace_back();
    TRY(made.inner.front(), one(depth));
    std::optional<FilterNode::Kind> kind;
    for (;;) {
      skip_space();
      const std::size_t before = at_;
      const std::string_view word = take_word();
      if (word != "and" && word != "or") {
        at_ = before;
        break;
      }
      const auto here = word == "and" ? FilterNode::Kind::all_of : FilterNode::Kind::one_of;
      if (kind && *kind != here) {
        return fail(Code::value,
                    fmt::format("'_filter': 'and' and 'or' stand beside each other at character "
                                "{}; put parentheses around what belongs together",
                                before + 1));
      }
      kind = here;
      TRY(FilterNode next, one(depth));
      made.inner.push_back(std::move(next));
    }
    if (!kind) {
      FilterNode only = std::move(made.inner.front());
      return only;
    }
    made.kind = *kind;
    return made;
  }

  // (filter), not (filter), or a test
  Result<FilterNode> one(std::size_t depth) {
    skip_space();
    if (next_is('(')) {
      return grouped(depth);
    }
    const std::size_t before = at_;
    if (take_word() == "not") {
      skip_space();
      if (next_is('(')) {
        FilterNode made;
        made.kind = FilterNode::Kind::negation;
        TRY(FilterNode inner, grouped(depth));
        made.inner.push_back(std::move(inner));
        return made;
      }
    }
    at_ = before;
    return test();
  }

  Result<FilterNode> grouped(std::size_t depth) {
    if (depth == filter_depth_max) {
      return fail(Code::too_large, fmt::format("'_filter' has at most {} parentheses in each other",
                                               filter_depth_max));
    }
    ++at_;
    TRY(FilterNode made, logical(depth + 1));
    skip_space();
    if (!next_is(')')) {
      return wrong("')'");
    }
    ++at_;
    return made;
  }

  Result<FilterNode> test() {
    if (++tests_ > filter_tests_max) {
      return fail(Code::too_large, fmt::format("'_filter' has at most {} tests", filter_tests_max));
    }
    FilterNode made;
    made.test.path = take_word();
    if (next_is('[')) {
      return fail(Code::unsupported,
                  fmt::format("'_filter': {} has a filter in brackets, which is not offered; chain "
                              "to a parameter instead",
                              quoted(made.test.path)));
    }
    if (made.test.path.empty()) {
      return wrong("a search parameter");
    }
    skip_space();
    const std::size_t op_at = at_;
    const auto op = std::ranges::find(op_names, take_word());
    if (op == op_names.end()) {
      at_ = op_at;
      return wrong("one of eq ne co sw ew gt lt ge le ap sa eb pr ss sb in ni re");
    }
    made.test.op = static_cast<FilterOp>(op - op_names.begin());
    skip_space();
    TRY(made.test.value, value());
    return made;
  }

  // A JSON string, or all up to a space, ')' or ']'.
  Result<std::string> value() {
    std::string made;
    if (next_is('"')) {
      for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
        if (text_[at_] == '\\') {
          ++at_;
          if (at_ == text_.size() ||
              (text_[at_] != '"' && text_[at_] != '\\' && text_[at_] != '/')) {
            return wrong("one of the escapes \\\" \\\\ \\/");
          }
        }
        made += text_[at_];
      }
      if (at_ == text_.size()) {
        return wrong("the closing '\"'");
      }
      ++at_;
    } else {
      while (at_ < text_.size() && !is_space(text_[at_]) && text_[at_] != ')' &&
             text_[at_] != ']') {
        made += text_[at_++];
      }
    }
    if (made.empty()) {
      return wrong("a value");
    }
    return made;
  }

  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) {
      ++at_;
    }
  }
  [[nodiscard]] bool next_is(char c) const { return at_ < text_.size() && text_[at_] == c; }
  std::string_view take_word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_path_char(text_[at_])) {
      ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::size_t tests_ = 0;
};

std::string escaped(std::string_view text) {
  std::string made;
  for (const char c : text) {
    made += c == ',' || c == '\\' ? "\\" : "";
    made += c;
  }
  return made;
}

std::unexpected<Error> not_offered(const FilterTest& test, std::string_view hint) {
  return fail(Code::unsupported,
              fmt::format("'_filter': {} is not offered with '{}'{}{}", quoted(test.path),
                          name(test.op), hint.empty() ? "" : "; ", hint));
}

bool is_prefix(FilterOp op) {
  return op == FilterOp::eq || op == FilterOp::ne || (op >= FilterOp::gt && op <= FilterOp::eb);
}

Result<PlainCondition> text_condition(const FilterTest& test) {
  switch (test.op) {
    case FilterOp::eq: return PlainCondition{std::string(whole_modifier), escaped(test.value)};
    case FilterOp::co: return PlainCondition{"contains", escaped(test.value)};
    case FilterOp::sw: return PlainCondition{"", escaped(test.value)};
    case FilterOp::ew: return PlainCondition{std::string(ends_modifier), escaped(test.value)};
    default: return not_offered(test, "a text has eq, co, sw, ew and pr");
  }
}

Result<PlainCondition> token_condition(const FilterTest& test) {
  switch (test.op) {
    case FilterOp::eq: return PlainCondition{"", escaped(test.value)};
    case FilterOp::in: return PlainCondition{"in", escaped(test.value)};
    case FilterOp::ni: return PlainCondition{"in", escaped(test.value), true};
    // "True if the value subsumes a concept in the set", and the other way round.
    case FilterOp::ss: return PlainCondition{"below", escaped(test.value)};
    case FilterOp::sb: return PlainCondition{"above", escaped(test.value)};
    case FilterOp::ne: return not_offered(test, "write not (… eq …)");
    default: return not_offered(test, "a code has eq, in, ni, ss, sb and pr");
  }
}

}  // namespace

std::string_view name(FilterOp op) { return op_names[static_cast<std::size_t>(op)]; }

Result<FilterNode> parse_filter(std::string_view text) { return FilterReader(text).read(); }

Result<PlainCondition> plain_condition(const FilterTest& test, fhir::ParamKind kind) {
  if (test.op == FilterOp::pr) {
    if (test.value != "true" && test.value != "false") {
      return fail(Code::value, fmt::format("'_filter': '{} pr' is 'true' or 'false', not {}",
                                           test.path, quoted(test.value)));
    }
    return PlainCondition{"missing", test.value == "true" ? "false" : "true"};
  }
  switch (kind) {
    case fhir::ParamKind::string: return text_condition(test);
    case fhir::ParamKind::token: return token_condition(test);
    case fhir::ParamKind::date:
    case fhir::ParamKind::number:
    case fhir::ParamKind::quantity: {
      TRY(std::string value, prefixed_value(test));
      return PlainCondition{"", std::move(value)};
    }
    case fhir::ParamKind::reference:
      return test.op == FilterOp::eq || test.op == FilterOp::re
                 ? Result<PlainCondition>(PlainCondition{"", escaped(test.value)})
                 : not_offered(test, "a reference has re, eq and pr");
    case fhir::ParamKind::uri:
    case fhir::ParamKind::composite:
    case fhir::ParamKind::special: break;
  }
  return test.op == FilterOp::eq ? Result<PlainCondition>(PlainCondition{"", escaped(test.value)})
                                 : not_offered(test, "it has eq and pr");
}

Result<std::string> prefixed_value(const FilterTest& test) {
  if (!is_prefix(test.op)) {
    return not_offered(test, "it has eq, ne, gt, lt, ge, le, ap, sa, eb and pr");
  }
  return std::string(name(test.op)) + escaped(test.value);
}

Result<std::string> equal_value(const FilterTest& test) {
  if (test.op != FilterOp::eq) {
    return not_offered(test, "it has eq only");
  }
  return escaped(test.value);
}

}  // namespace holdfast::search
