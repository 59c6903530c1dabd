// fhir/path/parser.cpp: precedence climbing over the lexer's tokens; one function a grammar rule.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "fhir/path/lexer.h"
#include "fhir/path/syntax.h"

namespace holdfast::fhir::path {
namespace {

/// Higher binds tighter. https://hl7.org/fhirpath/N1/#operator-precedence
struct Operator {
  std::string_view text;
  NodeKind kind;
  std::uint8_t binding;
};
constexpr std::uint8_t binding_min = 1;
constexpr std::array operators{
    Operator{"implies", NodeKind::implies, 1}, Operator{"or", NodeKind::either, 2},
    Operator{"xor", NodeKind::exclusive, 2},   Operator{"and", NodeKind::both, 3},
    Operator{"in", NodeKind::in, 4},           Operator{"contains", NodeKind::contains, 4},
    Operator{"=", NodeKind::equal, 5},         Operator{"~", NodeKind::equivalent, 5},
    Operator{"!=", NodeKind::not_equal, 5},    Operator{"!~", NodeKind::not_equivalent, 5},
    Operator{"<", NodeKind::less, 6},          Operator{"<=", NodeKind::less_equal, 6},
    Operator{">", NodeKind::greater, 6},       Operator{">=", NodeKind::greater_equal, 6},
    Operator{"|", NodeKind::unite, 7},         Operator{"is", NodeKind::is_type, 8},
    Operator{"as", NodeKind::as_type, 8},      Operator{"+", NodeKind::add, 9},
    Operator{"-", NodeKind::subtract, 9},      Operator{"&", NodeKind::concatenate, 9},
    Operator{"*", NodeKind::multiply, 10},     Operator{"/", NodeKind::divide, 10},
    Operator{"div", NodeKind::div, 10},        Operator{"mod", NodeKind::mod, 10},
};

constexpr std::array<std::string_view, 16> calendar_units{
    "year", "years", "month",  "months",  "week",   "weeks",   "day",         "days",
    "hour", "hours", "minute", "minutes", "second", "seconds", "millisecond", "milliseconds"};

/// Words that are never names without backticks; is, as, in and contains may be.
bool is_reserved(std::string_view word) {
  constexpr std::array<std::string_view, 8> words{"and", "or",  "xor",  "implies",
                                                  "div", "mod", "true", "false"};
  return std::ranges::find(words, word) != words.end();
}

bool is_chain(NodeKind kind) {
  return kind == NodeKind::unite || kind == NodeKind::both || kind == NodeKind::either;
}

}  // namespace

class Parser {
 public:
  explicit Parser(std::string_view expression) : lexer_(expression) {
    syntax_.expression_ = expression;
  }

  Result<Syntax> run() {
    TRY_OK(advance());
    TRY(const NodeId root, parse_expression(binding_min));
    (void)root;  // it was added last
    if (token_.kind != TokenKind::end) {
      return fail_expected("an operator or the end");
    }
    return std::move(syntax_);
  }

 private:
  Result<void> advance() {
    TRY(token_, lexer_.next());
    return ok();
  }
  [[nodiscard]] bool is_symbol(char symbol) const {
    return token_.kind == TokenKind::symbol && token_.text.size() == 1 && token_.text[0] == symbol;
  }
  [[nodiscard]] const Operator* find_operator() const {
    if (token_.kind != TokenKind::symbol && token_.kind != TokenKind::identifier) {
      return nullptr;
    }
    const auto* found = std::ranges::find(operators, token_.text, &Operator::text);
    return found != operators.end() ? found : nullptr;
  }
  [[nodiscard]] std::unexpected<Error> fail_expected(std::string_view what) const {
    constexpr std::size_t shown_max = 40;
    if (token_.kind == TokenKind::end) {
      return fail_at(token_.begin, Code::syntax, fmt::format("expected {}, found the end", what));
    }
    if (token_.kind == TokenKind::identifier && is_reserved(token_.text)) {
      return fail_at(token_.begin, Code::syntax,
                     fmt::format("expected {}, found the word {} (a name that is one stands in "
                                 "backticks: `{}`)",
                                 what, token_.text, token_.text));
    }
    const std::string_view found =
        std::string_view(syntax_.expression_).substr(token_.begin, token_.end - token_.begin);
    return fail_at(token_.begin, Code::syntax,
                   fmt::format("expected {}, found {}{}", what, found.substr(0, shown_max),
                               found.size() > shown_max ? "…" : ""));
  }
  Result<void> take_symbol(char symbol) {
    if (!is_symbol(symbol)) {
      return fail_expected(fmt::format("'{}'", symbol));
    }
    return advance();
  }

  /// Appends the node; its depth is that of what it holds and one more.
  Result<NodeId> add(SyntaxNode node, std::span<const NodeId> operands) {
    std::uint32_t below = node.input != no_node ? syntax_.nodes_[node.input].depth : 0U;
    for (const NodeId operand : operands) {
      below = std::max<std::uint32_t>(below, syntax_.nodes_[operand].depth);
    }
    if (below >= expression_depth_max) {
      return fail_too_deep(node.at);
    }
    node.depth = static_cast<std::uint8_t>(below + 1);
    node.first = static_cast<std::uint32_t>(syntax_.operands_.size());
    node.count = static_cast<std::uint32_t>(operands.size());
    syntax_.operands_.insert(syntax_.operands_.end(), operands.begin(), operands.end());
    syntax_.nodes_.push_back(node);
    return static_cast<NodeId>(syntax_.nodes_.size() - 1);
  }
  [[nodiscard]] static std::unexpected<Error> fail_too_deep(std::uint32_t at) {
    return fail_at(at, Code::too_large,
                   fmt::format("the expression is nested more than {} deep", expression_depth_max));
  }
  void keep_text(SyntaxNode& node, std::string_view text) {
    node.text = static_cast<std::uint32_t>(syntax_.pool_.size());
    node.text_bytes = static_cast<std::uint32_t>(text.size());
    syntax_.pool_.append(text);
  }
  [[nodiscard]] SyntaxNode here(NodeKind kind) const {
    SyntaxNode node;
    node.kind = kind;
    node.begin = token_.begin;
    node.at = token_.begin;
    node.end = token_.end;
    return node;
  }
  /// A node with an input: it begins where that begins.
  [[nodiscard]] SyntaxNode behind(NodeKind kind, NodeId input) const {
    SyntaxNode node = here(kind);
    node.input = input;
    node.begin = syntax_.nodes_[input].begin;
    return node;
  }

  Result<NodeId> parse_expression(std::uint8_t binding) {
    if (nested_ == expression_depth_max) {
      return fail_too_deep(token_.begin);
    }
    ++nested_;
    auto parsed = parse_operators(binding);
    --nested_;
    return parsed;
  }

  Result<NodeId> parse_operators(std::uint8_t binding) {
    TRY(NodeId left, parse_sign());
    for (const Operator* found = find_operator(); found != nullptr && found->binding >= binding;
         found = find_operator()) {
      if (found->kind == NodeKind::is_type || found->kind == NodeKind::as_type) {
        TRY(left, parse_type(found->kind, left));
        continue;
      }
      SyntaxNode node = here(found->kind);
      std::vector<NodeId> operands{left};
      do {
        TRY_OK(advance());
        TRY(const NodeId right, parse_operand(found->binding));
        operands.push_back(right);
      } while (is_chain(found->kind) && find_operator() == found);
      node.begin = syntax_.nodes_[left].begin;
      node.end = syntax_.nodes_[operands.back()].end;
      TRY(left, add(node, operands));
    }
    return left;
  }
  /// What stands right of an operator: only what binds tighter. It is no nesting by itself.
  Result<NodeId> parse_operand(std::uint8_t binding) {
    return parse_operators(static_cast<std::uint8_t>(binding + 1));
  }

  // typeSpecifier: qualifiedIdentifier
  Result<NodeId> parse_type(NodeKind kind, NodeId input) {
    SyntaxNode node = behind(kind, input);
    TRY_OK(advance());
    std::string name;
    while (true) {
      if (!is_name()) {
        return fail_expected("the name of a type");
      }
      name += token_.text;
      node.end = token_.end;
      TRY_OK(advance());
      if (!is_symbol('.')) {
        break;
      }
      name += '.';
      TRY_OK(advance());
    }
    keep_text(node, name);
    return add(node, {});
  }

  Result<NodeId> parse_sign() {
    if (!is_symbol('-') && !is_symbol('+')) {
      return parse_path();
    }
    SyntaxNode node = here(is_symbol('-') ? NodeKind::negative : NodeKind::positive);
    if (nested_ == expression_depth_max) {
      return fail_too_deep(token_.begin);
    }
    TRY_OK(advance());
    ++nested_;
    auto operand = parse_sign();
    --nested_;
    if (!operand) {
      return operand;
    }
    node.end = syntax_.nodes_[*operand].end;
    return add(node, std::array{*operand});
  }

  Result<NodeId> parse_path() {
    TRY(NodeId left, parse_term());
    while (true) {
      if (is_symbol('.')) {
        TRY_OK(advance());
        TRY(left, parse_step(left));
      } else if (is_symbol('[')) {
        SyntaxNode node = behind(NodeKind::indexer, left);
        TRY_OK(advance());
        TRY(const NodeId operand, parse_expression(binding_min));
        node.end = token_.end;
        TRY_OK(take_symbol(']'));
        TRY(left, add(node, std::array{operand}));
      } else {
        return left;
      }
    }
  }

  [[nodiscard]] bool is_name() const {
    return token_.kind == TokenKind::delimited ||
           (token_.kind == TokenKind::identifier && !is_reserved(token_.text));
  }

  /// Behind a point: a name, a function, or $this and its like. No operator can stand there, so a
  /// word that is one elsewhere is a name, as FHIR writes `Patient.text.div`.
  Result<NodeId> parse_step(NodeId input) {
    if (token_.kind == TokenKind::special) {
      return fail_at(token_.begin, Code::syntax,
                     fmt::format("expected a name, found ${}, which stands only at the beginning "
                                 "of a path",
                                 token_.text));
    }
    if (!is_name() && token_.kind != TokenKind::identifier) {
      return fail_expected("the name of an element or function");
    }
    return parse_named(behind(NodeKind::member, input));
  }

  Result<NodeId> parse_named(SyntaxNode node) {
    keep_text(node, token_.text);
    TRY_OK(advance());
    if (!is_symbol('(')) {
      return add(node, {});
    }
    node.kind = NodeKind::function;
    TRY_OK(advance());
    std::vector<NodeId> arguments;
    while (!is_symbol(')')) {
      TRY(const NodeId argument, parse_expression(binding_min));
      arguments.push_back(argument);
      if (is_symbol(')')) {
        break;
      }
      if (!is_symbol(',')) {
        return fail_expected("',' or ')'");
      }
      TRY_OK(advance());
      if (is_symbol(')')) {
        return fail_expected("another argument");
      }
    }
    node.end = token_.end;
    TRY_OK(advance());
    return add(node, arguments);
  }

  Result<NodeId> parse_term() {
    switch (token_.kind) {
      case TokenKind::string: return parse_literal(NodeKind::string);
      case TokenKind::integer: return parse_number(NodeKind::integer);
      case TokenKind::decimal: return parse_number(NodeKind::decimal);
      case TokenKind::date: return parse_literal(NodeKind::date);
      case TokenKind::date_time: return parse_literal(NodeKind::date_time);
      case TokenKind::time: return parse_literal(NodeKind::time);
      case TokenKind::variable: return parse_literal(NodeKind::variable);
      case TokenKind::special:
        return parse_literal(token_.text == "this"    ? NodeKind::this_item
                             : token_.text == "index" ? NodeKind::index
                                                      : NodeKind::total);
      case TokenKind::delimited: return parse_named(here(NodeKind::member));
      case TokenKind::identifier:
        if (token_.text == "true" || token_.text == "false") {
          return parse_literal(NodeKind::boolean);
        }
        return is_name() ? parse_named(here(NodeKind::member)) : Result<NodeId>(fail_term());
      case TokenKind::symbol: return parse_bracket();
      case TokenKind::end: break;
    }
    return fail_term();
  }
  [[nodiscard]] std::unexpected<Error> fail_term() const {
    return fail_expected("a value, a name or '('");
  }

  Result<NodeId> parse_literal(NodeKind kind) {
    SyntaxNode node = here(kind);
    keep_text(node, token_.text);
    TRY_OK(advance());
    return add(node, {});
  }

  // quantity: NUMBER unit?
  Result<NodeId> parse_number(NodeKind kind) {
    SyntaxNode node = here(kind);
    keep_text(node, token_.text);
    TRY_OK(advance());
    const bool calendar = token_.kind == TokenKind::identifier &&
                          std::ranges::find(calendar_units, token_.text) != calendar_units.end();
    if (calendar || token_.kind == TokenKind::string) {
      if (token_.text.size() > UINT16_MAX) {
        return fail_at(token_.begin, Code::too_large, "no unit is that long");
      }
      node.kind = NodeKind::quantity;
      node.calendar_unit = calendar;
      node.unit_bytes = static_cast<std::uint16_t>(token_.text.size());
      node.end = token_.end;
      syntax_.pool_.append(token_.text);
      TRY_OK(advance());
    }
    return add(node, {});
  }

  Result<NodeId> parse_bracket() {
    SyntaxNode node = here(NodeKind::empty);
    if (is_symbol('{')) {
      TRY_OK(advance());
      node.end = token_.end;
      TRY_OK(take_symbol('}'));
      return add(node, {});
    }
    if (!is_symbol('(')) {
      return fail_term();
    }
    TRY_OK(advance());
    TRY(const NodeId inner, parse_expression(binding_min));
    syntax_.nodes_[inner].begin = node.begin;
    syntax_.nodes_[inner].end = token_.end;
    TRY_OK(take_symbol(')'));
    return inner;
  }

  Lexer lexer_;
  Token token_;
  Syntax syntax_;
  std::uint32_t nested_ = 0;
};

Result<Syntax> parse(std::string_view expression) {
  if (expression.size() > expression_bytes_max) {
    return fail(Code::too_large, fmt::format("the expression has {} bytes, more than {}",
                                             expression.size(), expression_bytes_max));
  }
  if (const auto bad = find_bad_utf8(expression)) {
    return fail_at(*bad, Code::syntax, "the expression is not UTF-8");
  }
  return Parser(expression).run();
}

}  // namespace holdfast::fhir::path
