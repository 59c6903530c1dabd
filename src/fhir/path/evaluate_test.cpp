#include "fhir/path/evaluate.h"

#include <gtest/gtest.h>

#include "fhir/path/path_testing.h"

namespace holdfast::fhir::path {
namespace {

// https://hl7.org/fhirpath/N1/#boolean-logic: the tables, row by row.
TEST(Evaluate, KnowsThreeTruthValues) {
  Bench at;
  constexpr std::string_view values[] = {"true", "false", "{}"};
  const auto table = [&at, &values](std::string_view op) {
    std::string rows;
    for (const std::string_view a : values) {
      for (const std::string_view b : values) {
        const std::string result = at(fmt::format("{} {} {}", a, op, b));
        rows += result.empty() ? '-' : result[0];
      }
    }
    return rows;
  };
  EXPECT_EQ(table("and"), "tf-fff-f-");
  EXPECT_EQ(table("or"), "ttttf-t--");
  EXPECT_EQ(table("xor"), "ft-tf----");
  EXPECT_EQ(table("implies"), "tf-tttt--");
  EXPECT_EQ(at("{}.not()"), "");
  EXPECT_EQ(at("false and (1 | 2).single() = 1"), "false")
      << "not evaluated: nothing can change it";
  EXPECT_EQ(at("'a' and true"), "true") << "one item that is no boolean is true";
  EXPECT_EQ(at("true or (1 | 2).select($this = 1)"), "true");
  EXPECT_EQ(at("(1 | 2).select($this = 1) and true"),
            "evaluate: true or false is needed here, there are 2 values (character 27)");
}

TEST(Evaluate, ComparesQuantitiesByWhatTheyMeasure) {
  Bench at;
  EXPECT_EQ(at("4 'g' = 4000 'mg'"), "true");
  EXPECT_EQ(at("4 'g' > 3999.999999999999999999 'mg'"), "true");
  EXPECT_EQ(at("1 'cm' = 1 's'"), "");
  EXPECT_EQ(at("1 'cm' ~ 1 's'"), "false");
  EXPECT_EQ(at("1 'cm' < 1 's'"), "");
  EXPECT_EQ(at("1 year = 12 months"), "true");
  EXPECT_EQ(at("1 year = 1 'a'"), "") << "a calendar year has no fixed length";
  EXPECT_EQ(at("1 year ~ 1 'a'"), "true");
  EXPECT_EQ(at("1 week = 7 days and 1 second = 1 's' and 60 minutes = 1 'h'"), "true");
  EXPECT_EQ(at("5 'tablet' = 5 'tablet'"), "true");
  EXPECT_EQ(at("5 'tablet' = 5 'pill'"), "");
  EXPECT_EQ(at("1 'g' + 500 'mg'"), "1.5 'g'");
  EXPECT_EQ(at("10 'm' / 2 's'"), "5 '(m)/(s)'");
  EXPECT_EQ(at("(10 'm' / 2 's') = 5 'm/s'"), "true");
  EXPECT_EQ(at("3 * 2 'kg'"), "6 'kg'");
  EXPECT_EQ(at("6 'kg' / 2 'kg'"), "3 '1'");
  EXPECT_EQ(at("37 'Cel' = 98.6 '[degF]'"), "true");
}

TEST(Evaluate, ReadsQuantitiesOfResources) {
  Bench at(R"({"resourceType":"Observation","valueQuantity":{"value":185,"unit":"lbs",
    "system":"http://unitsofmeasure.org","code":"[lb_av]"},"referenceRange":[
    {"low":{"value":1,"unit":"drops"},"high":{"value":2,"unit":"drops"}},
    {"low":{"value":3,"comparator":"<","unit":"drops"},"high":{"value":1,"system":"http://x","code":"m"}}]})");
  EXPECT_EQ(at("value > 83 'kg'"), "true");
  EXPECT_EQ(at("value = 83.91458845 'kg'"), "true");
  EXPECT_EQ(at("referenceRange[0].select(low < high)"), "true");
  EXPECT_EQ(at("referenceRange[1].low < 5 'drops'"), "")
      << "a value with a comparator is no number";
  EXPECT_EQ(at("referenceRange[1].high = 1 'm'"), "true") << "the same text";
  EXPECT_EQ(at("referenceRange[1].high = 100 'cm'"), "") << "m of another system is no metre";
}

// https://hl7.org/fhirpath/N1/#conversion
TEST(Evaluate, ConvertsAsTheTablesSay) {
  Bench at;
  EXPECT_EQ(at("'true'.toBoolean() and 'Yes'.toBoolean() and 1.toBoolean() and 1.0.toBoolean()"),
            "true");
  EXPECT_EQ(at("'N'.toBoolean() or 0.toBoolean()"), "false");
  EXPECT_EQ(at("2.toBoolean() | 'maybe'.toBoolean()"), "");
  EXPECT_EQ(at("'2147483648'.toInteger()"), "");
  EXPECT_EQ(at("'+5'.toInteger() + true.toInteger()"), "6");
  EXPECT_EQ(at("1.5.toInteger()"), "");
  EXPECT_EQ(at("'1.50'.toDecimal()"), "1.50");
  EXPECT_EQ(at("true.toDecimal()"), "1.0");
  EXPECT_EQ(at("'2014-01-25T10:30'.toDateTime().toDate()"), "2014-01-25");
  EXPECT_EQ(at("'2014-02-30'.toDate()"), "");
  EXPECT_EQ(at("@2014.toDateTime().type()"), "System.DateTime");
  EXPECT_EQ(at("'10:30'.toTime()"), "10:30");
  EXPECT_EQ(at("'4 days'.toQuantity()"), "4 days");
  EXPECT_EQ(at("'4.0 \\'mg\\''.toQuantity() = 4 'mg'"), "true");
  EXPECT_EQ(at("'4 mg'.convertsToQuantity()"), "false");
  EXPECT_EQ(at("1 'h'.toQuantity('min')"), "60 'min'");
  EXPECT_EQ(at("1.convertsToString() and 'x'.convertsToInteger().not()"), "true");
  EXPECT_EQ(at("{}.convertsToInteger()"), "");
  EXPECT_EQ(at("(1 | 2).toString()").substr(0, 9), "evaluate:");
}

TEST(Evaluate, HandlesTextsByCharacters) {
  Bench at;
  EXPECT_EQ(at("'äöü'.length()"), "3");
  EXPECT_EQ(at("'äöü'.substring(1, 1)"), "'ö'");
  EXPECT_EQ(at("'äöü'.indexOf('ü')"), "2");
  EXPECT_EQ(at("'abcabc'.lastIndexOf('b')"), "4");
  EXPECT_EQ(at("'ÄÖÜ-Éa'.lower() & 'äßş'.upper()"), "'äöü-éaÄßŞ'");
  EXPECT_EQ(at("'äb'.toChars()"), "'ä', 'b'");
  EXPECT_EQ(at("'abc'.substring(3) | 'abc'.substring(-1)"), "");
  EXPECT_EQ(at("'abc'.replace('', 'x')"), "'xaxbxcx'");
  EXPECT_EQ(at("'aXbX'.replace('X', 'yy')"), "'ayybyy'");
  EXPECT_EQ(at("'a,b,,c'.split(',')"), "'a', 'b', '', 'c'");
  EXPECT_EQ(at("'a b' ~ ' A  B '"), "true");
  EXPECT_EQ(at("'<a href=\"x\">'.escape('html').unescape('html')"), "'<a href=\"x\">'");
  EXPECT_EQ(at("'a\\n\\u00e9'.escape('json')"), "'a\\né'");
  EXPECT_EQ(at("'\\\\u00e9\\\\n'.unescape('json')"), "'é\n'");
  EXPECT_EQ(at("'zz'.decode('hex')"), "");
  EXPECT_EQ(at("'ff'.decode('hex')"), "") << "no UTF-8";
  EXPECT_EQ(at("'a'.encode('rot13')").substr(0, 9), "evaluate:");
}

TEST(Evaluate, TellsManyTextsApartCheaply) {
  Bytes json = R"({"resourceType":"Patient","name":[{"given":[)";
  for (int i = 0; i < 20'000; ++i) {
    json += fmt::format("{}\"g{}\"", i == 0 ? "" : ",", i % 10'000);
  }
  Bench at(json + "]}]}");
  at.surroundings.limits = outside_limits;
  EXPECT_EQ(at("name.given.distinct().count()"), "10000");
  EXPECT_EQ(at("name.given.isDistinct()"), "false");
  EXPECT_EQ(at("name.given.take(10000).isDistinct()"), "true");
  EXPECT_EQ(at("name.given.distinct().skip(9998)"), "g9998, g9999") << "in the order of the first";
  EXPECT_EQ(at("(name.given | name | name).count()").substr(0, 9), "evaluate:");
}

// What does not depend on the item is kept; what does is not, and neither is what speaks.
TEST(Evaluate, KeepsOnlyWhatIsTheSameForEveryItem) {
  Bench at(
      R"({"resourceType":"Patient","id":"p","name":[{"family":"a"},{"family":"b"},{"family":"c"}]})");
  EXPECT_EQ(at("name.select(%resource.name.family.where($this != 'b').count())"), "2, 2, 2");
  EXPECT_EQ(at("name.select(%resource.name.family.where($this = %context.name[0].family))"),
            "a, a, a");
  EXPECT_EQ(at("name.select(family.select($this & %resource.id.upper()))"), "'aP', 'bP', 'cP'");
  EXPECT_EQ(at("name.select(%resource.name.select($index).skip(1).first() + $index)"), "1, 2, 3");
  EXPECT_EQ(at("(1 | 2).select((1 | 2 | 3).aggregate($total + $this, 0) + $this)"), "7, 8");
  EXPECT_EQ(at("(1 | 2 | 3).aggregate((5).select($total + $this), 1)"), "16");
  EXPECT_EQ(at("(1 | 2).select((3 | 4).where($this > 3).select($this + 1) + $this)"), "6, 7");
  EXPECT_EQ(at("(1 | 2).select(iif($this = 2, (7 | 8).last(), 0))"), "0, 8");
  at.surroundings.limits.steps = 3000;
  std::string many = "(0";
  for (int i = 1; i < 40; ++i) {
    many += fmt::format("|{}", i);
  }
  EXPECT_EQ(at(many + ").where(%resource.descendants().where($this is string).select(1 + "
                      "1).count() = 4).count()"),
            "40")
      << "evaluated once, not forty times";
}

// Linear in the text: these take RE2 no time, and a backtracking matcher for ever.
TEST(Evaluate, MatchesInLinearTime) {
  Bench at;
  const std::string many(30'000 / 2, 'a');
  EXPECT_EQ(at("'" + many + "!'.matches('^(a+)+$')"), "false");
  EXPECT_EQ(at("'" + many + "!'.matches('(a|a)*b')"), "false");
  EXPECT_EQ(at("'John Doe'.replaceMatches('(\\\\w+) (\\\\w+)', '$2, $1 $$')"), "'Doe, John $'");
  EXPECT_EQ(at("'aäb'.replaceMatches('x*', '-')"), "'-a-ä-b-'");
  EXPECT_EQ(at("'a'.matches('(?=a)')").substr(0, 8), "compile:");
  EXPECT_EQ(at("'a'.matches('(')").substr(0, 8), "compile:");
  EXPECT_EQ(at("'a'.matches('(' & ')')"), "true");
  EXPECT_EQ(at("'a'.matches('(' & '(')").substr(0, 9), "evaluate:");
  EXPECT_EQ(at("'a'.matches('" + std::string(pattern_bytes_max + 1, 'a') + "')").substr(0, 8),
            "compile:");
  EXPECT_EQ(at("'a'.matches('((a{900}){900}){900}')").substr(0, 8), "compile:");
  std::string many_patterns = "'a'.matches('a')";
  for (std::size_t i = 1; i < patterns_max; ++i) {
    many_patterns += " and 'a'.matches('a')";
  }
  EXPECT_EQ(at(many_patterns), "true");
  EXPECT_EQ(at(many_patterns + " and 'a'.matches('a')").substr(0, 8), "compile:");
}

TEST(Evaluate, FoldsAndCounts) {
  Bench at;
  EXPECT_EQ(at("(1 | 2 | 3).aggregate($this + $total, 0)"), "6");
  EXPECT_EQ(
      at("(3 | 1 | 2).aggregate(iif($total.empty(), $this, iif($this < $total, $this, $total)))"),
      "1");
  EXPECT_EQ(at("('a' | 'b').select($this & $index.toString())"), "'a0', 'b1'");
  EXPECT_EQ(at("(1 | 2 | 3 | 4).where($index mod 2 = 1)"), "2, 4");
  EXPECT_EQ(at("(1 | 2).combine(2 | 3).distinct().count()"), "3");
  EXPECT_EQ(at("(1 | 2 | 3).intersect(2 | 3 | 4)"), "2, 3");
  EXPECT_EQ(at("1.combine(1).intersect(1)"), "1");
  EXPECT_EQ(at("(1 | 2).supersetOf(2) and {}.subsetOf(1)"), "true");
  EXPECT_EQ(at("(1 | 2 | 3).tail().last()"), "3");
  EXPECT_EQ(at("(true | false).anyTrue() and {}.allTrue() and {}.anyTrue().not()"), "true");
  EXPECT_EQ(at("iif(false, 1)"), "");
  EXPECT_EQ(at("{}.iif(empty(), 'none', 'some')"), "'none'");
  EXPECT_EQ(at("(2).power(10) + 2.power(0.5).round(3)"), "1025.414");
  EXPECT_EQ(at("2147483647 + 1"), "") << "an overflow is nothing";
  EXPECT_EQ(at("(-5) div 2 + (-5) mod 2"), "-3");
  EXPECT_EQ(at("10.0.power(300) * 10.0.power(9)"), "")
      << "as is a number that no JSON of ours holds";
  EXPECT_EQ(at("0.1.power(300) / 10.0.power(9)"), "");
  EXPECT_EQ(at("1.0 / 3 * 3"), "0.9999999999999999999999999999999999");
  EXPECT_EQ(at("5.1.ceiling() + (-5.1).floor() + 2.9.truncate() + (-3).abs()"), "5");
}

TEST(Evaluate, TakesTheTimeItIsGiven) {
  Bench at;
  at.surroundings.now = Time{1'700'000'000'123};
  at.surroundings.offset_minutes = 60;
  EXPECT_EQ(at("now()"), "2023-11-14T23:13:20.123+01:00");
  EXPECT_EQ(at("today()"), "2023-11-14");
  EXPECT_EQ(at("timeOfDay()"), "23:13:20.123");
  EXPECT_EQ(at("now() = now()"), "true");
  EXPECT_EQ(at("@2023-11-14T23:13:20.123 = now()"), "true") << "what names no zone is in ours";
}

TEST(Evaluate, StopsAtItsLimits) {
  Bench at;
  at.surroundings.limits = outside_limits;
  std::string ten = "(0|1|2|3|4|5|6|7|8|9)";
  EXPECT_EQ(at(ten + ".select(" + ten + ".select(" + ten + ".count())).count()"), "100");
  std::string deep = ten;
  for (int i = 0; i < 8; ++i) {
    deep = ten + ".select(" + deep + ")";
  }
  EXPECT_EQ(at(deep).substr(0, 9), "evaluate:");
  EXPECT_EQ(at.code, Code::too_costly);
  at.surroundings.limits.steps = 10'000'000;
  EXPECT_EQ(at(deep), "evaluate: the evaluation holds more than 100000 items ()");
  std::string doubled = "'" + std::string(1000, 'x') + "'";
  for (int i = 0; i < 20; ++i) {
    doubled += ".replace('x', 'xx')";
  }
  EXPECT_EQ(at(doubled), "evaluate: the evaluation makes more than 4194304 bytes of text ()");
  EXPECT_EQ(at.code, Code::too_costly);
  EXPECT_EQ(at("1.repeat($this + 1).count()"),
            "evaluate: the evaluation takes more than 10000000 steps ()");
  EXPECT_EQ(at("1 + 1"), "2") << "and goes on afterwards";
  at.surroundings.limits = outside_limits;
  EXPECT_EQ(
      at(fmt::format(
             "{0}.select({0}.combine($this).select({0}.combine($this).select((1.7 + $this).ln())))",
             ten))
          .substr(0, 9),
      "evaluate:");
}

TEST(Evaluate, GoesAsDeepAsExpressionsMay) {
  Bench at;
  std::string calls = "1";
  std::string sums = "1";
  for (std::uint32_t i = 2; i < expression_depth_max; ++i) {
    calls = "iif(true, " + calls + ")";
    sums = "1.select($this + " + sums + ")";
  }
  EXPECT_EQ(at(calls), "1");
  EXPECT_EQ(at("1.select(" + calls + ")"), "1");
  EXPECT_EQ(at(sums).substr(0, 8), "compile:") << "two levels a turn";
  sums = "1";
  for (std::uint32_t i = 0; i + 2 < expression_depth_max / 2; ++i) {
    sums = "1.select($this + " + sums + ")";
  }
  EXPECT_EQ(at(sums), fmt::format("{}", expression_depth_max / 2 - 1));
}

class Listener : public Tracer {
 public:
  void trace(std::string_view name, std::span<const Value> values) override {
    heard += fmt::format("{}:{} ", name, values.size());
  }
  std::string heard;
};

TEST(Evaluate, TellsTheTracer) {
  Bench at;
  Listener listener;
  at.surroundings.tracer = &listener;
  EXPECT_EQ(at("(1 | 2).trace('a').trace('b', $this + 1).trace('c', {}).count()"), "2");
  EXPECT_EQ(listener.heard, "a:2 b:2 c:0 ");
  listener.heard.clear();
  EXPECT_EQ(at("(1 | 2).select(%resource.trace('x').exists())"), "true, true");
  EXPECT_EQ(listener.heard, "x:1 x:1 ");
}

class Codes : public Terminology {
 public:
  std::optional<bool> is_member(const PathCode& code, std::string_view value_set) override {
    return value_set == "vs" ? std::optional(code.code == "good") : std::nullopt;
  }
  std::optional<bool> subsumes(const PathCode& code, const PathCode& descendant) override {
    return descendant.code.starts_with(code.code);
  }
};

TEST(Evaluate, AsksTheTerminology) {
  Bench at(
      R"({"resourceType":"Observation","status":"good","code":{"coding":[{"system":"s","code":"x"},{"code":"good"}]}})");
  EXPECT_EQ(at("status.memberOf('vs')"),
            "evaluate: memberOf() needs a terminology, which is not at hand here (character 8)");
  Codes codes;
  at.surroundings.terminology = &codes;
  EXPECT_EQ(at("status.memberOf('vs') and code.memberOf('vs') and code.coding[1].memberOf('vs')"),
            "true");
  EXPECT_EQ(at("code.coding[0].memberOf('vs')"), "false");
  EXPECT_EQ(at("status.memberOf('other')"), "");
  EXPECT_EQ(at("code.subsumes(code.coding[1])"), "true");
  EXPECT_EQ(at("status.subsumedBy(code.coding[0])"), "false");
}

TEST(Evaluate, ChecksModifierExtensions) {
  Bench at(R"({"resourceType":"Patient","modifierExtension":[{"url":"m","valueBoolean":true}]})");
  EXPECT_EQ(at("checkModifiers('m').exists()"), "true");
  EXPECT_EQ(at("checkModifiers('n').exists()"),
            "evaluate: the modifier extension m is not known (character 1)");
}

TEST(Evaluate, FindsWhatNarrativesMustNotHave) {
  const auto check = [](std::string_view div) {
    Bytes json = R"({"resourceType":"Patient","text":{"status":"generated","div":")";
    append_json_escaped(json, div);
    Bench at(json + "\"}}");
    return at("text.`div`.htmlChecks()") == "true" && at("text.htmlChecks()") == "true";
  };
  const std::string open = R"(<div xmlns="http://www.w3.org/1999/xhtml">)";
  EXPECT_TRUE(check(open + "<p class='a'>x &lt; y&#160;</p><br/><img src='#a' alt=''/></div>"));
  EXPECT_TRUE(check(open + "<!-- <script> --> x <a href=\"http://a\">b</a></div> "));
  for (const auto* inside :
       {"", " &nbsp; ", "<!-- x -->", "x<script>y</script>", "x<p onclick='a'>y</p>",
        "x<a href='javascript:a'>y</a>", "x<iframe/>", "x<b>y", "x</p>", "x & y", "x<form>y</form>",
        "x<p title=a>y</p>", "x<![CDATA[y]]>", "x<?pi?>", "x<b>y</i></b>", "x<style>y</style>",
        "x<object/>", "x<input/>"}) {
    EXPECT_FALSE(check(open + inside + "</div>")) << inside;
  }
  EXPECT_FALSE(check("<div>x</div>")) << "no namespace";
  EXPECT_FALSE(check(open + "x</div><div>y</div>"));
  EXPECT_FALSE(check("<p>x</p>"));
  EXPECT_FALSE(check("x"));
}

}  // namespace
}  // namespace holdfast::fhir::path
