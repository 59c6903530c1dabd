#include "api/negotiation.h"

#include <gtest/gtest.h>

namespace holdfast::api {
namespace {

Headers with(std::string_view name, std::string_view value) {
  Headers headers;
  headers.add(name, value);
  return headers;
}

TEST(Negotiation, ReadsJsonUnderItsNamesAndNothingElse) {
  for (const std::string_view good :
       {"application/fhir+json", "application/json", "Application/FHIR+JSON;charset=utf-8",
        "application/fhir+json; charset=\"UTF-8\"; fhirVersion=4.0",
        "application/fhir+json;fhirVersion=4.0.1"}) {
    EXPECT_TRUE(check_content_type(with("Content-Type", good))) << good;
  }
  for (const std::string_view bad :
       {"application/fhir+xml", "text/plain", "application/fhir+json;charset=latin1",
        "application/fhir+json;fhirVersion=3.0", "", "json", "multipart/form-data"}) {
    const auto refused = check_content_type(with("Content-Type", bad));
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code, Code::media_type);
    EXPECT_NE(refused.error().what.find("application/fhir+json"), std::string::npos);
  }
  EXPECT_FALSE(check_content_type(Headers{}));
}

TEST(Negotiation, WritesJsonForWhoeverLetsIt) {
  for (const std::string_view good :
       {"", "*/*", "application/*", "application/fhir+json", "application/json;q=0.1",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "application/fhir+xml, application/fhir+json;q=0.5",
        "application/fhir+json; fhirVersion=4.0"}) {
    EXPECT_TRUE(check_accept(with("Accept", good), {})) << good;
  }
  for (const std::string_view bad :
       {"application/fhir+xml", "text/html", "application/fhir+json;q=0", "*/*;q=0.0",
        "application/fhir+json; fhirVersion=3.0"}) {
    EXPECT_FALSE(check_accept(with("Accept", bad), {})) << bad;
  }
}

TEST(Negotiation, FormatParameterOverridesAccept) {
  const Headers xml = with("Accept", "application/fhir+xml");
  for (const char* good : {"json", "application/json", "application/fhir+json",
                           "application/fhir json", "text/json"}) {
    EXPECT_TRUE(check_accept(xml, {{"_format", good}})) << good;
  }
  for (const char* bad : {"xml", "ttl", "html", "", "application/fhir+xml"}) {
    EXPECT_FALSE(check_accept(Headers{}, {{"_format", bad}})) << bad;
  }
}

TEST(Negotiation, PreferencesThatAreNotKnownAreIgnored) {
  const Preferences none = preferences(with("Prefer", "respond-async, return=nothing, x=\"a,b\""));
  EXPECT_EQ(none.content, Return::unspecified);
  EXPECT_EQ(none.handling, Handling::strict);
  const Preferences both = preferences(with("Prefer", "return=minimal; handling=lenient"));
  EXPECT_EQ(both.content, Return::minimal);
  EXPECT_EQ(both.handling, Handling::lenient);
  EXPECT_EQ(preferences(with("prefer", "return=OperationOutcome")).content,
            Return::operation_outcome);
  EXPECT_EQ(preferences(with("Prefer", "return=\"representation\"")).content,
            Return::representation);
}

TEST(Negotiation, IfMatchNamesOneVersion) {
  EXPECT_EQ(if_match("W/\"3\"").value(), Version{3});
  EXPECT_EQ(if_match("\"3\"").value(), Version{3});
  EXPECT_EQ(if_match("3").error().code, Code::syntax);
  EXPECT_EQ(if_match("W/3").error().code, Code::syntax);
  EXPECT_EQ(if_match("*").error().code, Code::unsupported);
  EXPECT_EQ(if_match("W/\"3\", W/\"4\"").error().code, Code::unsupported);
  EXPECT_EQ(if_match("W/\"abc\"").error().code, Code::precondition);
  EXPECT_EQ(if_match("W/\"0\"").error().code, Code::precondition);
}

TEST(Negotiation, ConditionalReadComparesTagsBeforeDates) {
  const Time modified{1'767'225'600'500};  // 2026-01-01T00:00:00.5Z
  const std::string_view same = "Thu, 01 Jan 2026 00:00:00 GMT";
  const std::string_view before = "Wed, 31 Dec 2025 23:59:59 GMT";
  EXPECT_TRUE(is_not_modified("W/\"3\"", std::nullopt, Version{3}, modified));
  EXPECT_TRUE(is_not_modified("W/\"2\", \"3\"", std::nullopt, Version{3}, modified));
  EXPECT_TRUE(is_not_modified("*", std::nullopt, Version{3}, modified));
  EXPECT_FALSE(is_not_modified("W/\"2\"", std::nullopt, Version{3}, modified));
  EXPECT_FALSE(is_not_modified("W/\"2\"", same, Version{3}, modified));
  EXPECT_TRUE(is_not_modified(std::nullopt, same, Version{3}, modified));
  EXPECT_FALSE(is_not_modified(std::nullopt, before, Version{3}, modified));
  EXPECT_FALSE(is_not_modified(std::nullopt, "yesterday", Version{3}, modified));
  EXPECT_FALSE(is_not_modified(std::nullopt, std::nullopt, Version{3}, modified));
}

TEST(Negotiation, IdempotencyKeyIsShortPrintableAndOnlyOne) {
  EXPECT_FALSE(given_key(Headers{}).value());
  EXPECT_EQ(given_key(with("Idempotency-Key", "a-1")).value(), "a-1");
  for (const std::string& bad : {std::string(), std::string(256, 'a'), std::string("a b"),
                                 std::string("a\x01"), std::string("\xc3\xa9")}) {
    EXPECT_FALSE(given_key(with("Idempotency-Key", bad))) << bad;
  }
  Headers two = with("Idempotency-Key", "a");
  two.add("Idempotency-Key", "b");
  EXPECT_FALSE(given_key(two));
}

TEST(Negotiation, PrettyIsTrueOrFalse) {
  EXPECT_EQ(layout({{"_pretty", "true"}}).value(), Layout::indented);
  EXPECT_EQ(layout({{"_pretty", "false"}}).value(), Layout::compact);
  EXPECT_FALSE(layout({{"_pretty", "yes"}}));
}

}  // namespace
}  // namespace holdfast::api
