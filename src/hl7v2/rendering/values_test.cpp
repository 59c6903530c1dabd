// Data types, names of systems, times and character sets, as a receiver reads them.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/time.h"
#include "hl7v2/rendering/moments.h"
#include "hl7v2/rendering/rendering_testing.h"

namespace holdfast::hl7v2 {
namespace {

RenderedMessage patient(std::string_view members, Envelope envelope = test_envelope()) {
  return RenderedMessage(
      fmt::format(R"({{"resourceType":"Patient","id":"p","identifier":[{{"value":"1"}}],{}}})",
                  members),
      {}, std::move(envelope));
}

TEST(RenderValue, IdentifiersNameWhoGaveThem) {
  const auto cx = [](std::string_view system) {
    return RenderedMessage(
               fmt::format(R"({{"resourceType":"Patient","id":"p","identifier":[{{"system":"{}",)"
                           R"("value":"7"}}]}})",
                           system))
        .raw("PID", 3);
  };
  EXPECT_EQ(cx("https://fhir.nhs.uk/Id/nhs-number"), "7^^^NHSNBR^NH");
  EXPECT_EQ(cx("urn:holdfast:authority:QE%202"), "7^^^QE 2");
  EXPECT_EQ(cx("urn:oid:2.16.840.1"), "7^^^&2.16.840.1&ISO");
  EXPECT_EQ(cx("urn:uuid:426d2726-51fc-89fe-a946-8596e80a80eb"),
            "7^^^&426d2726-51fc-89fe-a946-8596e80a80eb&UUID");
  EXPECT_EQ(cx("https://x.example/ids"), "7^^^&https://x.example/ids&URI");
  EXPECT_EQ(cx("urn:holdfast:key:RXH"), "p^^^RXH");
}

TEST(RenderValue, TheNeighboursOwnNamesComeFirst) {
  Overlay overlay;
  overlay.authorities["HOSP"] = "https://x.example/ids";
  overlay.codes["0001"]["W"] = {"http://hl7.org/fhir/administrative-gender", "female", ""};
  overlay.coding_systems["WINPATH"] = "https://lab.example/codes";
  Envelope envelope = test_envelope();
  envelope.overlay = &overlay;
  const RenderedMessage made(
      R"({"resourceType":"Patient","id":"p","identifier":[{"system":"https://x.example/ids","value":"7"}],)"
      R"("gender":"female","communication":[{"language":{"coding":[{"system":"https://lab.example/codes","code":"x"}]}}]})",
      {}, envelope);
  EXPECT_EQ(made.raw("PID", 3), "7^^^HOSP");
  EXPECT_EQ(made.raw("PID", 8), "W");
  EXPECT_EQ(made.raw("PID", 15), "x^^WINPATH");
}

TEST(RenderValue, NamesAddressesAndNumbersRepeat) {
  const RenderedMessage made = patient(
      R"("name":[{"use":"usual","family":"O'Neil","given":["A","B","C"],"prefix":["Dr"]},{"use":"nickname",)"
      R"("given":["Al"]},{"text":"Whole Name"}],"address":[{"use":"home","line":["1 Rd","Flat 2"],"city":"York",)"
      R"("postalCode":"YO1 1AA"}],"telecom":[{"system":"phone","use":"mobile","value":"07"},{"system":"email",)"
      R"("value":"a@b"},{"system":"phone","use":"work","value":"01"},{"system":"url","value":"http://x"}])");
  EXPECT_EQ(made.raw("PID", 5), "O'Neil^A^B C^^Dr^^D~Whole Name");
  EXPECT_EQ(made.raw("PID", 9), "^Al^^^^^N");
  EXPECT_EQ(made.raw("PID", 11), "1 Rd^Flat 2^York^^YO1 1AA^^H");
  EXPECT_EQ(made.raw("PID", 13), "07^PRS^CP~^^Internet^a@b");
  EXPECT_EQ(made.raw("PID", 14), "01^WPN^PH");
  EXPECT_TRUE(made.leaves("Patient.telecom[3].value"));
}

TEST(RenderValue, CodesAreThoseOfTheTableAndKeepTheirSystemWhereTheyAreNot) {
  const auto marital = [](std::string_view coding) {
    return patient(fmt::format(R"("maritalStatus":{{"coding":[{}]}})", coding)).raw("PID", 16);
  };
  EXPECT_EQ(
      marital(R"({"system":"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus","code":"M"})"),
      "M");
  EXPECT_EQ(
      marital(R"({"system":"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus","code":"L"})"),
      "E");
  EXPECT_EQ(marital(R"({"system":"http://snomed.info/sct","code":"87915002","display":"Married"})"),
            "87915002^Married^SCT");
  EXPECT_EQ(patient(R"("maritalStatus":{"text":"it is complicated"})").raw("PID", 16),
            "^it is complicated");
  EXPECT_EQ(
      patient(
          R"("maritalStatus":{"coding":[{"system":"https://a","code":"1"},{"system":"urn:oid:1.2",)"
          R"("code":"2"},{"system":"urn:holdfast:coding-system:LOC","code":"3"}],"text":"T"})")
          .raw("PID", 16),
      "1^^https://a^2^^1.2^^^T^3^^LOC");
  EXPECT_TRUE(patient(R"("gender":"nobody")").leaves("Patient.gender"));
}

TEST(RenderValue, DelimitersAndLineEndsNeverDivide) {
  const RenderedMessage made =
      patient(R"("name":[{"family":"A|B^C~D\\E&F\rPID|2\nG\u000bH\u001c"}])");
  EXPECT_EQ(made.segments(), "MSH EVN PID PV1");
  EXPECT_EQ(made.at("PID-5.1"), "A|B^C~D\\E&F\nPID|2\nG\x0bH\x1c");
  EXPECT_EQ(made.at("PID-5.2"), "");
}

TEST(RenderValue, TwoQuotesAreNoWishToDelete) {
  const RenderedMessage made = patient(R"("name":[{"family":"\"\""}])");
  EXPECT_EQ(made.raw("PID", 5), "\\X2222\\");
  EXPECT_EQ(made.at("PID-5.1"), "\"\"");
}

TEST(RenderValue, WhatACharacterSetCannotCarryIsItsBytes) {
  const std::string_view name = R"("name":[{"family":"Zoë Łukasz"}])";
  Envelope latin = test_envelope();
  latin.charset = Charset::latin_1;
  EXPECT_EQ(patient(name, latin).raw("PID", 5), "Zo\xeb \\Xc581\\ukasz");
  EXPECT_EQ(patient(name, latin).raw("MSH", 18), "8859/1");
  latin.charset = Charset::ascii;
  EXPECT_EQ(patient(name, latin).raw("PID", 5), "Zo\\Xc3ab\\ \\Xc581\\ukasz");
  EXPECT_EQ(patient(name, latin).raw("MSH", 18), "");
  EXPECT_EQ(patient(name).raw("PID", 5), "Zoë Łukasz");
  EXPECT_EQ(patient(name, latin).at("PID-5.1"), "Zoë Łukasz");
}

TEST(RenderValue, TheHeaderSaysWhatTheEnvelopeSays) {
  Envelope envelope = test_envelope();
  envelope.sending_facility = "RXH^2.16.1^ISO";
  envelope.version = "2.3";
  envelope.processing = 'T';
  envelope.accept_ack = AckCondition::always;
  envelope.application_ack = AckCondition::never;
  const RenderedMessage made = patient(R"("active":true)", envelope);
  EXPECT_EQ(
      made.bytes.substr(0, made.bytes.find('\r')),
      "MSH|^~\\&|HOLDFAST|RXH^2.16.1^ISO|LAB|QE2|20240301120000+0000||ADT^A28|M1|T|2.3|||AL|NE||"
      "UNICODE UTF-8");
  for (const auto spoil :
       {+[](Envelope& e) { e.version = "2.9"; }, +[](Envelope& e) { e.control_id = ""; },
        +[](Envelope& e) { e.control_id = std::string(21, 'x'); },
        +[](Envelope& e) { e.processing = 'X'; },
        +[](Envelope& e) { e.sending_application = "\xff"; }}) {
    Envelope bad = test_envelope();
    spoil(bad);
    EXPECT_EQ(patient(R"("active":true)", bad).result.error().code, Code::value);
  }
}

TEST(RenderTime, HasItsPrecisionAndItsOffset) {
  const auto dtm = [](std::string_view text, const char* zone = nullptr) {
    const std::optional<Zone> in =
        zone == nullptr ? std::nullopt : std::optional(*Zone::named(zone));
    return to_dtm(text, in).value_or("none");
  };
  EXPECT_EQ(dtm("2024"), "2024");
  EXPECT_EQ(dtm("2024-02"), "202402");
  EXPECT_EQ(dtm("2024-02-29", "Europe/London"), "20240229");
  EXPECT_EQ(dtm("2024-07-01T10:00:00.123456+02:00"), "20240701100000.1234+0200");
  EXPECT_EQ(dtm("2024-07-01T10:00:00Z"), "20240701100000+0000");
  EXPECT_EQ(dtm("2024-07-01T10:00:00.5Z", "Europe/London"), "20240701110000.5");
  EXPECT_EQ(dtm("2024-01-01T10:00:00Z", "Europe/London"), "20240101100000");
  EXPECT_EQ(dtm("2024-01-01T00:30:00+05:30", "Z"), "20231231190000");
  EXPECT_EQ(dtm("2024-01-01T10:00:00Z", "-05:00"), "20240101050000");
  // 01:30 comes twice on the last Sunday of October: the second needs its offset.
  EXPECT_EQ(dtm("2024-10-27T00:30:00Z", "Europe/London"), "20241027013000");
  EXPECT_EQ(dtm("2024-10-27T01:30:00Z", "Europe/London"), "20241027013000+0000");
  EXPECT_EQ(dtm("yesterday"), "none");
  EXPECT_EQ(to_tm("10:30:00.5").value_or("none"), "103000.5");
  EXPECT_EQ(to_tm("25:00:00").value_or("none"), "none");
  EXPECT_EQ(to_dtm(Time{-1}, std::nullopt), "19691231235959+0000");
}

TEST(RenderTime, ReadBackInItsZoneIsTheSameMoment) {
  const Zone zone = *Zone::named("Europe/London");
  for (std::int64_t hour = 0; hour < 366 * 24; ++hour) {
    const Time at{1'704'067'200'000 + hour * 3'600'000};
    const auto back = to_fhir_date_time(to_dtm(at, zone), zone);
    ASSERT_TRUE(back.has_value());
    const auto range = parse_date_time(back->text);
    ASSERT_TRUE(range && range->from == at) << back->text;
  }
}

}  // namespace
}  // namespace holdfast::hl7v2
