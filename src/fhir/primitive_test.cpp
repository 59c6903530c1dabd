#include "fhir/primitive.h"

#include <initializer_list>

#include <gtest/gtest.h>

#include "fhir/test_data.h"

namespace holdfast::fhir {
namespace {

/// Whether the one JSON value is in the value space of the type.
bool accepts(ElementKind kind, const std::string& json_text) {
  const Json json = read_json(json_text);
  return json.root().kind() == json_kind_of(kind) && !find_fault(kind, json.root());
}

struct Case {
  ElementKind kind;
  std::initializer_list<const char*> good;
  std::initializer_list<const char*> bad;
};

TEST(Primitive, HoldsTheValueSpaceOfEveryType) {
  const std::string id64 = '"' + std::string(64, 'a') + '"';
  const std::string id65 = '"' + std::string(65, 'a') + '"';
  const Case cases[] = {
      {ElementKind::boolean, {"true", "false"}, {"\"true\"", "1", "null"}},
      {ElementKind::integer,
       {"0", "-0", "-2147483648", "2147483647"},
       {"2147483648", "-2147483649", "1.0", "1e2", "\"1\"", "99999999999999999999999"}},
      {ElementKind::unsigned_int, {"0", "2147483647"}, {"-1", "-0", "2147483648", "0.0"}},
      {ElementKind::positive_int, {"1", "2147483647"}, {"0", "-1", "1e1"}},
      {ElementKind::decimal,
       {"0", "-1.50", "1e-10", "123456789012345678901234567890.5"},
       {"\"1\""}},
      {ElementKind::string,
       {"\"a\"", "\" a \"", "\"a\\r\\n\\tb\"", "\"\\u0009\"", "\"\\u00e9\""},
       {"\"\"", "1", "\"\\u0000\"", "\"a\\bc\"", "\"\\f\"", "\"\\u001f\"", "\"\\u000B\""}},
      {ElementKind::markdown, {"\"# a\\n\\nb\""}, {"\"\"", "\"\\u0007\""}},
      {ElementKind::code,
       {"\"a\"", "\"a b\"", "\"a-b c\""},
       {"\"\"", "\" a\"", "\"a \"", "\"a  b\"", "\"\\t\""}},
      {ElementKind::id,
       {"\"a\"", "\"A-1.b\"", id64.c_str()},
       {"\"\"", "\"a_b\"", "\"a b\"", "\"a/b\"", "\"é\"", id65.c_str()}},
      {ElementKind::uri,
       {"\"http://a/b?c\"", "\"urn:x:y\"", "\"a\\/b\""},
       {"\"\"", "\"a b\"", "\"a\\n\""}},
      {ElementKind::url, {"\"http://a\""}, {"\"http:// a\""}},
      {ElementKind::canonical, {"\"http://a|1.0\""}, {"\"a |1\""}},
      {ElementKind::oid,
       {"\"urn:oid:1.2.3\"", "\"urn:oid:2.16.840.1.113883\"", "\"urn:oid:0.0\""},
       {"\"urn:oid:3.1\"", "\"urn:oid:1\"", "\"urn:oid:1.02\"", "\"1.2.3\"", "\"urn:oid:1.2.\""}},
      {ElementKind::uuid,
       {"\"urn:uuid:c757873d-ec9a-4326-a141-556f43239520\""},
       {"\"urn:uuid:C757873D-EC9A-4326-A141-556F43239520\"",
        "\"c757873d-ec9a-4326-a141-556f43239520\"",
        "\"urn:uuid:c757873dec9a4326a141556f43239520\""}},
      {ElementKind::date,
       {"\"2018\"", "\"1973-06\"", "\"1905-08-23\"", "\"2000-02-29\"", "\"0001\""},
       {"\"18\"", "\"0000\"", "\"2018-13\"", "\"2018-00\"", "\"2018-1\"", "\"2018-02-30\"",
        "\"1900-02-29\"", "\"2018-04-31\"", "\"2018-01-01T00:00:00Z\"", "\"2018-01-01 \""}},
      {ElementKind::date_time,
       {"\"2018\"", "\"2018-05\"", "\"2018-05-06\"", "\"2015-02-07T13:28:17-05:00\"",
        "\"2017-01-01T00:00:00.000Z\"", "\"2016-12-31T23:59:60Z\"",
        "\"2017-01-01T00:00:00+14:00\""},
       {"\"2015-02-07T13:28\"", "\"2015-02-07T13:28:17\"", "\"2015-02T13:28:17Z\"",
        "\"2015-02-07T24:00:00Z\"", "\"2015-02-07T13:60:00Z\"", "\"2015-02-07T13:28:61Z\"",
        "\"2015-02-07T13:28:17.Z\"", "\"2015-02-07T13:28:17+14:01\"",
        "\"2015-02-07T13:28:17+15:00\"", "\"2015-02-07t13:28:17Z\"", "\"2015-02-07T13:28:17z\"",
        "\"2015-02-07T13:28:17ZZ\""}},
      {ElementKind::instant,
       {"\"2015-02-07T13:28:17.239+02:00\"", "\"2017-01-01T00:00:00Z\""},
       {"\"2017\"", "\"2017-01-01\"", "\"2017-01-01T00:00:00\""}},
      {ElementKind::time,
       {"\"00:00:00\"", "\"23:59:60.123\""},
       {"\"24:00:00\"", "\"12:00\"", "\"12:00:00Z\"", "\"12:00:00.\""}},
      {ElementKind::base64_binary,
       {"\"YQ==\"", "\"YWI=\"", "\"YWJj\"", "\"YWJj\\nYWJj\""},
       {"\"\"", "\"YQ=\"", "\"YQ\"", "\"Y===\"", "\"YQ==YQ==\"", "\"Y-_=\""}},
      {ElementKind::xhtml,
       {"\"<div>a</div>\"", "\"<div xmlns=\\\"x\\\"/>\"", "\"\\u003cdiv>a</div>\"",
        "\" <div>a</div>\""},
       {"\"<p>a</p>\"", "\"a\"", "\"<divx>\"", "\"<div\"", "\"\""}},
  };
  for (const Case& one : cases) {
    for (const char* text : one.good) {
      EXPECT_TRUE(accepts(one.kind, text)) << name(one.kind) << ' ' << text;
    }
    for (const char* text : one.bad) {
      EXPECT_FALSE(accepts(one.kind, text)) << name(one.kind) << ' ' << text;
    }
  }
}

TEST(Primitive, AStringIsAtMostOneMegabyte) {
  const auto quoted = [](std::string text) { return '"' + std::move(text) + '"'; };
  EXPECT_TRUE(accepts(ElementKind::string, quoted(std::string(string_bytes_max, 'a'))));
  EXPECT_FALSE(accepts(ElementKind::string, quoted(std::string(string_bytes_max + 1, 'a'))));
  EXPECT_TRUE(accepts(ElementKind::base64_binary, quoted(std::string(string_bytes_max + 4, 'a'))));
  std::string escaped;
  for (std::size_t i = 0; i < string_bytes_max; ++i) {
    escaped += "\\n";
  }
  EXPECT_TRUE(accepts(ElementKind::string, quoted(escaped)));
  EXPECT_FALSE(accepts(ElementKind::string, quoted(escaped + "a")));
}

}  // namespace
}  // namespace holdfast::fhir
