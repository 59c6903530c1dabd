#include "fhir/terminology/grammar.h"

#include <string>

#include <gtest/gtest.h>

#include "fhir/terminology/pattern.h"
#include "fhir/test_data.h"

namespace holdfast::fhir::terminology {
namespace {

TEST(Grammar, KnowsMediaTypes) {
  for (const char* good :
       {"text/plain", "application/fhir+json", "image/svg+xml", "text/plain; charset=utf-8",
        "application/x-y;a=\"b c\"", "APPLICATION/PDF"}) {
    EXPECT_EQ(fit_media_type(good), Fit::yes) << good;
  }
  for (const char* bad : {"", "text", "text/", "/plain", "text plain", "texts/plain", "text/pl ain",
                          "text/plain;", "text/plain;charset", "text/plain;=x", "text//plain"}) {
    EXPECT_EQ(fit_media_type(bad), Fit::no) << bad;
  }
}

TEST(Grammar, KnowsLanguages) {
  for (const char* good : {"en", "EN", "en-GB", "cy-gb", "es-419"}) {
    EXPECT_EQ(fit_language(good), Fit::yes) << good;
  }
  for (const char* shape : {"cym", "zh-Hans-CN", "de-CH-1996", "de-1996", "x-nhs", "i-klingon",
                            "en-US-u-islamcal", "zh-yue-HK", "en-ZZ", "cym-GB", "en-x-a"}) {
    EXPECT_EQ(fit_language(shape), Fit::shape) << shape;
  }
  for (const char* bad : {"", "e", "zz", "english-", "en_GB", "en--GB", "1n", "abcdefghi", "en-u",
                          "de-abc1", "de-abcd-1-efgh-a"}) {
    EXPECT_EQ(fit_language(bad), Fit::no) << bad;
  }
}

TEST(Grammar, KnowsUnits) {
  for (const char* good : {"mg/dL",
                           "10*3/uL",
                           "m[H2O]",
                           "mm[Hg]",
                           "/min",
                           "{score}",
                           "mg{total}",
                           "kg.m/s2",
                           "m-2",
                           "s+2",
                           "/100{WBC}",
                           "{# of fetuses}",
                           "1",
                           "10*-6",
                           "B[10.nV]",
                           "%",
                           "[degF]",
                           "(kg.m)/(s2)",
                           "{}",
                           "KiBy",
                           "dag",
                           "mol/kg{bw}/d",
                           "4.[pi].10*-7.N/A2"}) {
    EXPECT_EQ(fit_unit(good), Fit::yes) << good;
  }
  for (const char* bad :
       {"",   "mg/", "mg//dL", "xyz", "Mg/DL", "mg dL",     "m{",  "m}", "kin",   "k[in_i]", "(m",
        "m)", "-2",  "m--2",   "//m", "mg.",   "\xc2\xb5g", "mcg", "2m", "m{\t}", "{a{b}}"}) {
    EXPECT_EQ(fit_unit(bad), Fit::no) << bad;
  }
  EXPECT_EQ(fit_unit(std::string(100'000, '(')), Fit::no);
}

// ucum-common and ucum-units as the publishers expanded them: an independent list of 1,000 units.
TEST(Grammar, TakesEveryUnitThatThePublishersList) {
  const Json bundle =
      read_json(file_bytes(definitions_package() / "Bundle-valueset-expansions.json"));
  int units = 0;
  for (const JsonValue entry : bundle.root().find("entry")->children()) {
    const auto contains = entry.find("resource")->find("expansion")->find("contains");
    if (!contains) {
      continue;
    }
    for (const JsonValue one : contains->children()) {
      if (one.find("system")->equals("http://unitsofmeasure.org")) {
        EXPECT_EQ(fit_unit(one.find("code")->text()), Fit::yes) << one.find("code")->text();
        ++units;
      }
    }
  }
  EXPECT_GT(units, 1000);
}

TEST(Grammar, KnowsTheShapeOfIsoCodes) {
  EXPECT_EQ(fit("urn:iso:std:iso:4217", "GBP"), Fit::shape);
  EXPECT_EQ(fit("urn:iso:std:iso:4217", "gbp"), Fit::no);
  EXPECT_EQ(fit("urn:iso:std:iso:3166", "GBR"), Fit::shape);
  EXPECT_EQ(fit("urn:iso:std:iso:3166", "826"), Fit::shape);
  EXPECT_EQ(fit("urn:iso:std:iso:3166", "US-CA"), Fit::shape);
  EXPECT_EQ(fit("urn:iso:std:iso:3166", "England"), Fit::no);
  EXPECT_EQ(fit("urn:iso:std:iso:3166:-2", "GB-ENG"), Fit::shape);
  EXPECT_EQ(fit("urn:iso:std:iso:3166:-2", "GB"), Fit::no);
}

bool matches(std::string_view pattern, std::string_view text) {
  const auto read = Pattern::read(pattern);
  EXPECT_TRUE(read.has_value()) << pattern;
  return read && read->fits(text);
}

TEST(Pattern, FitsTheWholeText) {
  EXPECT_TRUE(matches("[0-9]{3}", "826"));
  EXPECT_FALSE(matches("[0-9]{3}", "8266"));
  EXPECT_FALSE(matches("[0-9]{3}", "82"));
  EXPECT_TRUE(matches("^[A-Z]{2,}$", "GBR"));
  EXPECT_FALSE(matches("[^A-Z]+", "aBc"));
  EXPECT_TRUE(matches(R"(\d+-\d)", "12345-6"));
  EXPECT_TRUE(matches("a?b*c.", "cx"));
  EXPECT_TRUE(matches("a?b*c.", "abbbc\xff"));
  EXPECT_FALSE(matches("a{0}b", "ab"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_TRUE(matches("[]a]+", "a]"));
  EXPECT_TRUE(matches("a.*a.*a", "abababa"));
  EXPECT_FALSE(matches("a.*a.*a", "abba"));
}

TEST(Pattern, IsReadInTimeLinearInTheText) {
  std::string nested;
  for (int i = 0; i < 100; ++i) {
    nested += "a*";
  }
  EXPECT_FALSE(matches(nested + "b", std::string(20'000, 'a')));
}

TEST(Pattern, RefusesWhatItDoesNotRead) {
  const auto refusal = [](std::string_view text) { return Pattern::read(text).error().code; };
  for (const char* other : {"(a)", "a|b", "a*?", R"(\b)", "[a[b]]", "a++"}) {
    EXPECT_EQ(refusal(other), Code::unsupported) << other;
  }
  for (const char* wrong : {"*", "[a", "a{", "a{2,1}", "a{99999}", "\\", "[z-a]", "a{x}"}) {
    EXPECT_EQ(refusal(wrong), Code::syntax) << wrong;
  }
  EXPECT_EQ(refusal("a{1000}b{1000}c{1000}"), Code::too_large);
}

}  // namespace
}  // namespace holdfast::fhir::terminology
