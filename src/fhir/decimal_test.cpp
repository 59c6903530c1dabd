#include "fhir/decimal.h"

#include <gtest/gtest.h>

#include <string>

#include "fhir/json.h"

namespace holdfast::fhir {
namespace {

Decimal number(std::string_view text) {
  const auto read = Decimal::parse(text);
  EXPECT_TRUE(read.has_value()) << text;
  return read.value_or(Decimal());
}
std::string text(const std::optional<Decimal>& of) { return of ? of->text() : "none"; }

TEST(Decimal, KeepsTheDigitsThatWereWritten) {
  for (const auto* same : {"0", "0.00", "1.50", "-0.0120", "123456789012345678901234567890.5",
                           "100", "1000000000", "-1", "0.000000001"}) {
    EXPECT_EQ(number(same).text(), same);
  }
  EXPECT_EQ(number("15e2").text(), "1500");
  EXPECT_EQ(number("15E-3").text(), "0.015");
  EXPECT_EQ(number("-0").text(), "0");
  EXPECT_EQ(number("007.10").text(), "7.10");
  EXPECT_EQ(number("1.50").places(), 2U);
  EXPECT_EQ(number("1.5000").stripped().text(), "1.5");
  for (const auto* wrong :
       {"", "-", "1.", ".5", "1e", "1e+", "a", "1 ", "1.2.3", "1e2000", "--1"}) {
    EXPECT_FALSE(Decimal::parse(wrong).has_value()) << wrong;
  }
  EXPECT_FALSE(Decimal::parse(std::string(145, '9')).has_value());
  EXPECT_TRUE(Decimal::parse(std::string(144, '9')).has_value());
}

TEST(Decimal, IsANumberThatOurReaderTakes) {
  EXPECT_EQ(number("1.50").json_text(), "1.50");
  EXPECT_EQ(number("-15e-200").json_text(), "-1.5e-199");
  EXPECT_EQ(number("15e200").json_text(), "1.5e201");
  EXPECT_EQ(number("0e-300").json_text(), "0");
  EXPECT_TRUE(number("9.99e308").is_in_range() && number("1e-308").is_in_range());
  EXPECT_FALSE(number("1e309").is_in_range() || number("9e-309").is_in_range());
  for (const auto& text : {std::string(144, '9'), "0." + std::string(140, '7'),
                           std::string("3e900"), "-" + std::string(128, '8')}) {
    const std::string json = number(text).json_text();
    EXPECT_LE(json.size(), json_number_bytes_max) << json;
    const auto again = Decimal::parse(json);
    ASSERT_TRUE(again.has_value()) << json;
    EXPECT_EQ(*again, number(text).rounded_to_digits(100)) << json;
  }
}

TEST(Decimal, ComparesByValue) {
  EXPECT_EQ(number("1.50"), number("1.5"));
  EXPECT_EQ(number("0.0"), number("-0"));
  EXPECT_EQ(number("1e3"), number("1000.00"));
  EXPECT_LT(number("1e-300"), number("1e300"));
  EXPECT_LT(number("-2"), number("-1.99999999999999999999999999"));
  EXPECT_GT(number("0.1"), number("0.0999999999999999999999999999999"));
  EXPECT_LT(number("-1"), number("0"));
}

TEST(Decimal, AddsAndMultipliesExactly) {
  EXPECT_EQ(text(add(number("0.1"), number("0.2"))), "0.3");
  EXPECT_EQ(text(add(number("1.50"), number("1"))), "2.50");
  EXPECT_EQ(text(subtract(number("1.8"), number("1.2"))), "0.6");
  EXPECT_EQ(text(subtract(number("1"), number("1.000000000000000000000000001"))),
            "-0.000000000000000000000000001");
  EXPECT_EQ(text(subtract(number("1000000000000000000"), number("1"))), "999999999999999999");
  EXPECT_EQ(text(multiply(number("1.2"), number("1.8"))), "2.16");
  EXPECT_EQ(text(multiply(number("123456789123456789"), number("-987654321987654321"))),
            "-121932631356500531347203169112635269");
  EXPECT_EQ(text(add(number("1e308"), number("1e-308"))), "none");
  EXPECT_EQ(text(multiply(number(std::string(100, '9')), number(std::string(100, '9')))), "none");
}

// a = q × b + r with |r| < |b|, over numbers of many lengths: finds a wrong guess in the division.
TEST(Decimal, DividesSoThatQuotientAndRestGiveTheNumberBack) {
  std::uint64_t state = 12345;
  const auto draw = [&state](std::size_t digits) {
    std::string drawn;
    for (std::size_t i = 0; i < digits; ++i) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      const auto of = static_cast<unsigned>(state >> 60U);
      drawn.push_back(static_cast<char>('0' + (of > 9 ? (of % 2 == 0 ? 9 : 0) : of)));
    }
    return drawn;
  };
  for (std::size_t digits = 1; digits < 70; ++digits) {
    for (std::size_t by = 1; by <= digits; ++by) {
      const Decimal a = number("1" + draw(digits));
      const Decimal b = number("1" + draw(by));
      const auto whole = divide_whole(a, b);
      const auto rest = remainder(a, b);
      ASSERT_TRUE(whole && rest);
      ASSERT_LT(*rest, b);
      ASSERT_GE(*rest, Decimal());
      ASSERT_EQ(*add(*multiply(*whole, b), *rest), a) << a.text() << " / " << b.text();
    }
  }
}

TEST(Decimal, RoundsQuotients) {
  EXPECT_EQ(text(divide(number("1"), number("3"))), "0." + std::string(34, '3'));
  EXPECT_EQ(text(divide(number("2"), number("3"))), "0." + std::string(33, '6') + "7");
  EXPECT_EQ(text(divide(number("4.0"), number("2.0"))), "2");
  EXPECT_EQ(text(divide(number("1"), number("8"))), "0.125");
  EXPECT_EQ(text(divide(number("1000"), number("0.001"))), "1000000");
  EXPECT_EQ(text(divide(number("1"), number("0"))), "none");
  EXPECT_EQ(text(divide_whole(number("-5"), number("2"))), "-2");
  EXPECT_EQ(text(remainder(number("2.2"), number("1.8"))), "0.4");
  EXPECT_EQ(text(remainder(number("-5"), number("3"))), "-2");
}

TEST(Decimal, RoundsInEveryDirection) {
  using Rounding = Decimal::Rounding;
  EXPECT_EQ(number("2.5").rounded(0).text(), "3");
  EXPECT_EQ(number("-2.5").rounded(0).text(), "-3");
  EXPECT_EQ(number("2.4999").rounded(0).text(), "2");
  EXPECT_EQ(number("2.501").rounded(1).text(), "2.5");
  EXPECT_EQ(number("-2.1").rounded(0, Rounding::floor).text(), "-3");
  EXPECT_EQ(number("-2.9").rounded(0, Rounding::ceiling).text(), "-2");
  EXPECT_EQ(number("2.0000000001").rounded(0, Rounding::ceiling).text(), "3");
  EXPECT_EQ(number("2.000").rounded(0, Rounding::ceiling).text(), "2");
  EXPECT_EQ(number("0.000001").rounded(2, Rounding::ceiling).text(), "0.01");
  EXPECT_EQ(number("0.6").rounded(0).text(), "1");
  EXPECT_EQ(number("999.96").rounded(1).text(), "1000.0");
  EXPECT_EQ(text(number("1.5").with_places(4, Rounding::truncate)), "1.5000");
  EXPECT_EQ(number("123456").rounded_to_digits(3).text(), "123000");
  EXPECT_EQ(number("9999").rounded_to_digits(2).text(), "10000");
}

TEST(Decimal, FitsIntoIntegersOrSaysNo) {
  EXPECT_EQ(number("9223372036854775807").to_int64(), INT64_MAX);
  EXPECT_EQ(number("-9223372036854775808").to_int64(), INT64_MIN);
  EXPECT_EQ(number("9223372036854775808").to_int64(), std::nullopt);
  EXPECT_EQ(number("1e30").to_int64(), std::nullopt);
  EXPECT_EQ(number("12.00").to_int64(), 12);
  EXPECT_EQ(number("12.01").to_int64(), std::nullopt);
  EXPECT_EQ(Decimal(INT64_MIN).text(), "-9223372036854775808");
}

// Digits from the tables of Abramowitz and Stegun, and from Python's decimal module.
TEST(Decimal, ComputesFunctionsToItsDigits) {
  EXPECT_EQ(text(square_root(number("2"))), "1.414213562373095048801688724209698");
  EXPECT_EQ(text(square_root(number("81"))), "9");
  EXPECT_EQ(text(square_root(number("0.0001"))), "0.01");
  EXPECT_EQ(text(square_root(number("-1"))), "none");
  EXPECT_EQ(text(exponential(number("1"))), "2.718281828459045235360287471352662");
  EXPECT_EQ(text(exponential(number("0"))), "1");
  EXPECT_EQ(text(exponential(number("100000"))), "none");
  EXPECT_EQ(text(natural_logarithm(number("2"))), "0.6931471805599453094172321214581766");
  EXPECT_EQ(text(natural_logarithm(number("1"))), "0");
  EXPECT_EQ(text(natural_logarithm(number("0"))), "none");
  EXPECT_EQ(text(logarithm(number("16"), number("2"))), "4");
  EXPECT_EQ(text(logarithm(number("100.0"), number("10.0"))), "2");
  EXPECT_EQ(text(logarithm(number("8"), number("1"))), "none");
  EXPECT_EQ(text(power(number("2"), number("100"))), "1267650600228229401496703205376");
  EXPECT_EQ(text(power(number("2"), number("-2"))), "0.25");
  EXPECT_EQ(text(power(number("2.5"), number("2"))), "6.25");
  EXPECT_EQ(text(power(number("4"), number("0.5"))), "2");
  EXPECT_EQ(text(power(number("-1"), number("0.5"))), "none");
  EXPECT_EQ(text(power(number("10"), number("100000"))), "none");
}

}  // namespace
}  // namespace holdfast::fhir
