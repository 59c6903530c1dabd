#include "api/negotiation.h"

#include <gtest/gtest.h>

namespace holdfast::api {
namespace {

Headers with(std::string_view name, std::string_view value) {
  Headers headers;
  headers.add(name, value);
  return headers;
}

TEST(Negotiation, ReadsJsonAndXmlUnderTheirNamesAndNothingElse) {
  for (const std::string_view good :
       {"application/fhir+json", "application/json", "Application/FHIR+JSON;charset=utf-8",
        "application/fhir+json; charset=\"UTF-8\"; fhirVersion=4.0", "text/json",
        "application/fhir+json;fhirVersion=4.0.1"}) {
    EXPECT_EQ(content_format(with("Content-Type", good)).value(), Format::json) << good;
  }
  for (const std::string_view good :
       {"application/fhir+xml", "application/xml", "TEXT/XML; charset=utf-8",
        "application/fhir+xml; fhirVersion=4.0"}) {
    EXPECT_EQ(content_format(with("Content-Type", good)).value(), Format::xml) << good;
  }
  for (const std::string_view bad :
       {"application/xhtml+xml", "text/plain", "application/fhir+json;charset=latin1",
        "application/fhir+xml;charset=utf-16", "application/fhir+json;fhirVersion=3.0", "", "json",
        "multipart/form-data"}) {
    const auto refused = content_format(with("Content-Type", bad));
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code, Code::media_type);
    EXPECT_NE(refused.error().what.find("application/fhir+json"), std::string::npos);
  }
  EXPECT_FALSE(content_format(Headers{}));
}

TEST(Negotiation, RendersAPageForWhoeverLikesItBetter) {
  for (const std::string_view page :
       {"text/html", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "text/*, application/json;q=0.5", "text/html, application/json"}) {
    EXPECT_EQ(rendering(with("Accept", page), {}).value(), Rendering::page) << page;
  }
  for (const std::string_view document :
       {"", "*/*", "application/json", "application/fhir+json, text/html;q=0.9",
        "application/json, text/html", "text/html;q=0, */*"}) {
    EXPECT_EQ(rendering(with("Accept", document), {}).value(), Rendering::document) << document;
  }
  EXPECT_EQ(rendering(Headers{}, {}).value(), Rendering::document);
  EXPECT_EQ(rendering(with("Accept", "image/png"), {}).error().code, Code::media_type);
  EXPECT_EQ(rendering(with("Accept", "text/html"), {{"_format", "json"}}).value(),
            Rendering::document);
  EXPECT_EQ(rendering(Headers{}, {{"_format", "text/html"}}).value(), Rendering::page);
  EXPECT_EQ(rendering(Headers{}, {{"_format", "xml"}}).error().code, Code::media_type);
}

TEST(Negotiation, WritesWhatAcceptLikesBest) {
  for (const std::string_view json :
       {"", "*/*", "application/*", "application/fhir+json", "application/json;q=0.1",
        "application/fhir+xml;q=0.5, application/fhir+json", "application/fhir+xml;q=0, */*;q=0.1",
        "application/fhir+json, application/fhir+xml", "application/fhir+json; fhirVersion=4.0",
        "application/fhir+xml;fhirVersion=3.0, */*;q=0.1",
        "application/fhir+xml;q=0.899, application/*;q=0.9"}) {
    EXPECT_EQ(reply_format(with("Accept", json), {}).value(), Format::json) << json;
  }
  for (const std::string_view xml :
       {"application/fhir+xml", "application/xml", "text/xml;q=0.1", "application/fhir+xml, */*",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "application/fhir+xml, application/fhir+json;q=0.5", "application/json;q=0, */*",
        "application/fhir+xml, application/fhir+json",
        "*/*;q=1.0, application/fhir+json;q=0.999"}) {
    EXPECT_EQ(reply_format(with("Accept", xml), {}).value(), Format::xml) << xml;
  }
  for (const std::string_view bad :
       {"text/html", "application/fhir+json;q=0", "*/*;q=0.0",
        "application/fhir+json;fhirVersion=3.0", "application/fhir+xml;q=0.000"}) {
    EXPECT_EQ(reply_format(with("Accept", bad), {}).error().code, Code::media_type) << bad;
  }
}

TEST(Negotiation, RepliesInTheFormOfTheContentWhereNothingElseIsSaid) {
  EXPECT_EQ(reply_format(Headers{}, {}).value(), Format::json);
  EXPECT_EQ(reply_format(with("Content-Type", "text/xml"), {}).value(), Format::xml);
  EXPECT_EQ(reply_format(with("Content-Type", "text/plain"), {}).value(), Format::json);
  Headers both = with("Content-Type", "text/xml");
  both.add("Accept", "*/*");
  EXPECT_EQ(reply_format(both, {}).value(), Format::json);
}

TEST(Negotiation, FormatParameterOverridesAccept) {
  const Headers xml = with("Accept", "application/fhir+xml");
  for (const char* good : {"json", "application/json", "application/fhir+json",
                           "application/fhir json", "text/json"}) {
    EXPECT_EQ(reply_format(xml, {{"_format", good}}).value(), Format::json) << good;
  }
  const Headers json = with("Accept", "application/fhir+json");
  for (const char* good :
       {"xml", "application/xml", "application/fhir+xml", "application/fhir xml", "text/xml"}) {
    EXPECT_EQ(reply_format(json, {{"_format", good}}).value(), Format::xml) << good;
  }
  for (const char* bad : {"ttl", "html", "", "XML"}) {
    EXPECT_FALSE(reply_format(Headers{}, {{"_format", bad}})) << bad;
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
  EXPECT_EQ(given_purpose(Headers{}).value(), "");
  EXPECT_EQ(given_purpose(with("Purpose-Of-Use", "historic-load")).value(), "historic-load");
  for (const char* const bad : {"", "two words", "caf\xc3\xa9", "a;b"}) {
    EXPECT_FALSE(given_purpose(with("Purpose-Of-Use", bad))) << bad;
  }
}

TEST(Negotiation, PrettyIsTrueOrFalse) {
  EXPECT_EQ(layout({{"_pretty", "true"}}).value(), Layout::indented);
  EXPECT_EQ(layout({{"_pretty", "false"}}).value(), Layout::compact);
  EXPECT_FALSE(layout({{"_pretty", "yes"}}));
}

}  // namespace
}  // namespace holdfast::api
