#include "fhir/path/syntax.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace holdfast::fhir::path {
namespace {

std::string_view symbol(NodeKind kind) {
  switch (kind) {
    case NodeKind::multiply: return "*";
    case NodeKind::divide: return "/";
    case NodeKind::div: return "div";
    case NodeKind::mod: return "mod";
    case NodeKind::add: return "+";
    case NodeKind::subtract: return "-";
    case NodeKind::concatenate: return "&";
    case NodeKind::unite: return "|";
    case NodeKind::less: return "<";
    case NodeKind::less_equal: return "<=";
    case NodeKind::greater: return ">";
    case NodeKind::greater_equal: return ">=";
    case NodeKind::equal: return "=";
    case NodeKind::equivalent: return "~";
    case NodeKind::not_equal: return "!=";
    case NodeKind::not_equivalent: return "!~";
    case NodeKind::in: return "in";
    case NodeKind::contains: return "contains";
    case NodeKind::both: return "and";
    case NodeKind::either: return "or";
    case NodeKind::exclusive: return "xor";
    case NodeKind::implies: return "implies";
    case NodeKind::negative: return "neg";
    case NodeKind::positive: return "pos";
    case NodeKind::indexer: return "index";
    default: return "?";
  }
}

/// The tree as one line: (operator operand…), input before everything.
std::string shape(const Syntax& syntax, NodeId id) {
  const SyntaxNode& node = syntax.node(id);
  std::string text;
  switch (node.kind) {
    case NodeKind::empty: return "{}";
    case NodeKind::string: return fmt::format("'{}'", syntax.text(id));
    case NodeKind::variable: return fmt::format("%{}", syntax.text(id));
    case NodeKind::this_item:
    case NodeKind::index:
    case NodeKind::total: return fmt::format("${}", syntax.text(id));
    case NodeKind::quantity:
      return node.calendar_unit ? fmt::format("{} {}", syntax.text(id), syntax.unit(id))
                                : fmt::format("{} '{}'", syntax.text(id), syntax.unit(id));
    case NodeKind::boolean:
    case NodeKind::integer:
    case NodeKind::decimal: return std::string(syntax.text(id));
    case NodeKind::date: return fmt::format("date {}", syntax.text(id));
    case NodeKind::date_time: return fmt::format("dateTime {}", syntax.text(id));
    case NodeKind::time: return fmt::format("time {}", syntax.text(id));
    case NodeKind::member:
    case NodeKind::function:
      text = node.input == no_node ? "" : shape(syntax, node.input) + ".";
      text += syntax.text(id);
      break;
    case NodeKind::is_type:
    case NodeKind::as_type:
      return fmt::format("({} {} {})", node.kind == NodeKind::is_type ? "is" : "as",
                         shape(syntax, node.input), syntax.text(id));
    default:
      text = fmt::format("({}", symbol(node.kind));
      if (node.input != no_node) {
        text += " " + shape(syntax, node.input);
      }
      for (const NodeId operand : syntax.operands(id)) {
        text += " " + shape(syntax, operand);
      }
      return text + ")";
  }
  if (node.kind == NodeKind::function) {
    text += "(";
    for (const NodeId operand : syntax.operands(id)) {
      text += (text.back() == '(' ? "" : ", ") + shape(syntax, operand);
    }
    text += ")";
  }
  return text;
}

std::string shape(std::string_view expression) {
  const auto syntax = parse(expression);
  return syntax ? shape(*syntax, syntax->root())
                : fmt::format("{}: {}", syntax.error().where, syntax.error().what);
}

// https://hl7.org/fhirpath/N1/#operator-precedence
TEST(Syntax, BindsAsTheTableOfPrecedenceSays) {
  EXPECT_EQ(shape("1+2*3+4"), "(+ (+ 1 (* 2 3)) 4)");
  EXPECT_EQ(shape("1 > 2 is Boolean"), "(> 1 (is 2 Boolean))");
  EXPECT_EQ(shape("1 | 1 is Integer"), "(| 1 (is 1 Integer))");
  EXPECT_EQ(shape("a = b | c"), "(= a (| b c))");
  EXPECT_EQ(shape("true and '0' in ('0' | '1')"), "(and true (in '0' (| '0' '1')))");
  EXPECT_EQ(shape("-1.abs()"), "(neg 1.abs())");
  EXPECT_EQ(shape("-1 + - 2"), "(+ (neg 1) (neg 2))");
  EXPECT_EQ(shape("a implies b implies c"), "(implies (implies a b) c)");
  EXPECT_EQ(shape("a or b and c"), "(or a (and b c))");
  EXPECT_EQ(shape("a.b[0].c"), "(index a.b 0).c");
  EXPECT_EQ(shape("text.div div a.mod.and"), "(div text.div a.mod.and)");
  EXPECT_EQ(shape("a & b + c"), "(+ (& a b) c)");
  EXPECT_EQ(shape("a < b = c > d"), "(= (< a b) (> c d))");
  EXPECT_EQ(shape("(a as B).c"), "(as a B).c");
  EXPECT_EQ(shape("a div b mod c"), "(mod (div a b) c)");
}

TEST(Syntax, KeepsLongChainsFlat) {
  EXPECT_EQ(shape("a | b | c"), "(| a b c)");
  EXPECT_EQ(shape("a or b xor c or d or e"), "(or (xor (or a b) c) d e)");
  EXPECT_EQ(shape("a or (b or c)"), "(or a (or b c))");
  std::string chain = "a";
  while (chain.size() < expression_bytes_max - 4) {
    chain += "|a";
  }
  EXPECT_TRUE(parse(chain).has_value());
}

TEST(Syntax, ReadsEveryLiteral) {
  EXPECT_EQ(shape("{ }"), "{}");
  EXPECT_EQ(shape("1.50"), "1.50");
  EXPECT_EQ(shape("1.toString()"), "1.toString()");
  EXPECT_EQ(shape("4 'mg/dL'"), "4 'mg/dL'");
  EXPECT_EQ(shape("4.5 years"), "4.5 years");
  EXPECT_EQ(shape("@2014"), "date 2014");
  EXPECT_EQ(shape("@2014-01-25"), "date 2014-01-25");
  EXPECT_EQ(shape("@2014T"), "dateTime 2014T");
  EXPECT_EQ(shape("@2014-01-01T08"), "dateTime 2014-01-01T08");
  EXPECT_EQ(shape("@2014-01-01T08:05+08:00.low()"), "dateTime 2014-01-01T08:05+08:00.low()");
  EXPECT_EQ(shape("@2014-01-01T08:05:01.123Z"), "dateTime 2014-01-01T08:05:01.123Z");
  EXPECT_EQ(shape("@T10:30:00.000"), "time 10:30:00.000");
  EXPECT_EQ(shape("@2012-04-15 - 1 day"), "(- date 2012-04-15 1 day)");
  EXPECT_EQ(shape("$this.a + $index - $total"), "(- (+ $this.a $index) $total)");
}

TEST(Syntax, ReadsNamesAndVariables) {
  EXPECT_EQ(shape("`a b`.`div`"), "a b.div");
  EXPECT_EQ(shape("a.contains(b).is(C).as.in"), "a.contains(b).is(C).as.in");
  EXPECT_EQ(shape("contains contains contains"), "(contains contains contains)");
  EXPECT_EQ(shape("%resource.id"), "%resource.id");
  EXPECT_EQ(shape("%`vs-a` = %vs-a-b"), "(= %vs-a %vs-a-b)");
  EXPECT_EQ(shape("%'us-zip'"), "%us-zip");
  EXPECT_EQ(shape("%a-b"), "(- %a b)");
  EXPECT_EQ(shape("f() // what\n + /* b */ 1"), "(+ f() 1)");
  EXPECT_EQ(shape("a is FHIR.`Patient`"), "(is a FHIR.Patient)");
}

TEST(Syntax, UnescapesTexts) {
  EXPECT_EQ(shape(R"('a\'b\\\/\`\"')"), R"('a'b\/`"')");
  EXPECT_EQ(shape(R"('\u00e9\ud83d\ude00')"), "'\u00e9\U0001F600'");
  EXPECT_EQ(shape("'a\\tb' = 'c\\n'"), "(= 'a\tb' 'c\n')");
  EXPECT_EQ(shape(R"('\ud83d')"), "character 2: half of a surrogate pair");
  EXPECT_EQ(shape(R"('\x')"),
            "character 2: expected one of ' \" ` \\ / f n r t u after the backslash");
}

TEST(Syntax, SaysWhatWasExpectedAndWhere) {
  EXPECT_EQ(shape(""), "character 1: expected a value, a name or '(', found the end");
  EXPECT_EQ(shape("a."), "character 3: expected the name of an element or function, found the end");
  EXPECT_EQ(shape("a.where(b"), "character 10: expected ',' or ')', found the end");
  EXPECT_EQ(shape("a b"), "character 3: expected an operator or the end, found b");
  EXPECT_EQ(shape("f(a,)"), "character 5: expected another argument, found )");
  EXPECT_EQ(shape("'abc"), "character 1: expected a closing ' for the one that opens here");
  EXPECT_EQ(shape("a = \"b\""), "character 5: a text stands in single quotes: 'text'");
  EXPECT_EQ(shape("a ; b"), "character 3: no token begins with ';'");
  EXPECT_EQ(shape("1 + div"),
            "character 5: expected a value, a name or '(', found the word div (a name that is one "
            "stands in backticks: `div`)");
  EXPECT_EQ(shape("a is 3"), "character 6: expected the name of a type, found 3");
  EXPECT_EQ(shape("/* a"), "character 1: this comment has no end: expected */");
  EXPECT_EQ(shape("a = '\xe9'"), "character 6: the expression is not UTF-8");
  EXPECT_EQ(shape("@T"), "character 1: expected an hour after @T");
  EXPECT_EQ(
      shape("a.$this"),
      "character 3: expected a name, found $this, which stands only at the beginning of a path");
}

TEST(Syntax, RefusesWhatIsTooLongOrTooDeep) {
  const auto code = [](const std::string& expression) { return parse(expression).error().code; };
  EXPECT_EQ(code(std::string(expression_bytes_max + 1, 'a')), Code::too_large);
  EXPECT_EQ(code(std::string(5000, '(')), Code::too_large);
  EXPECT_EQ(code(std::string(5000, '-') + "1"), Code::too_large);
  std::string steps = "a";
  std::string sums = "1";
  std::string calls;
  for (int i = 0; i < 200; ++i) {
    steps += ".a";
    sums += "+1";
    calls += "f(";
  }
  EXPECT_EQ(code(steps), Code::too_large);
  EXPECT_EQ(code(sums), Code::too_large);
  EXPECT_EQ(code(calls), Code::too_large);
  EXPECT_TRUE(parse(steps.substr(0, 2UL * expression_depth_max - 1)).has_value());
}

TEST(Syntax, TellsWhereANodeStands) {
  const auto syntax = parse("a.where(b = 1) | (c as D).e");
  ASSERT_TRUE(syntax.has_value());
  const auto operands = syntax->operands(syntax->root());
  ASSERT_EQ(operands.size(), 2U);
  EXPECT_EQ(syntax->source(operands[0]), "a.where(b = 1)");
  EXPECT_EQ(syntax->source(operands[1]), "(c as D).e");
  EXPECT_EQ(syntax->source(syntax->node(operands[1]).input), "(c as D)");
  EXPECT_EQ(syntax->node(operands[0]).at, 2U);
  EXPECT_EQ(syntax->qualified(operands[0]), std::nullopt);
  EXPECT_EQ(error_offset(parse("a b").error()), 2U);
  const auto type = parse("FHIR.Patient");
  EXPECT_EQ(type->qualified(type->root()), "FHIR.Patient");
}

}  // namespace
}  // namespace holdfast::fhir::path
