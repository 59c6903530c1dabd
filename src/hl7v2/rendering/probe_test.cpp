#include "hl7v2/rendering/probe.h"

#include <gtest/gtest.h>

namespace holdfast::hl7v2 {
namespace {

Envelope envelope() {
  Envelope one;
  one.sending_application = "HOLDFAST";
  one.sending_facility = "RXH";
  one.receiving_application = "GP^1.2.3^ISO";
  one.processing = 'T';
  return one;
}

TEST(ProbeMessage, HasTheHeaderOfTheEnvelopeAndSaysWhatItIs) {
  const auto header = probe_header(envelope());
  ASSERT_TRUE(header) << header.error().what;
  EXPECT_EQ(*header,
            "MSH|^~\\&|HOLDFAST|RXH|GP^1.2.3^ISO||||NMD^N02^NMD_N02||T|2.4||||||UNICODE UTF-8");
  const auto message = probe_message(*header, Time{1'767'225'600'000}, "T1", "a test | of it");
  ASSERT_TRUE(message) << message.error().what;
  EXPECT_EQ(
      *message,
      "MSH|^~\\&|HOLDFAST|RXH|GP^1.2.3^ISO||20260101000000+0000||NMD^N02^NMD_N02|T1|T|2.4||||||"
      "UNICODE UTF-8\rNCK|20260101000000+0000\rNTE|1||a test \\F\\ of it\r");
}

TEST(ProbeMessage, IsInTheCharacterSetThatItsHeaderNames) {
  Envelope latin = envelope();
  latin.charset = Charset::latin_1;
  latin.accept_ack = AckCondition::always;
  latin.application_ack = AckCondition::always;
  const auto header = probe_header(latin);
  ASSERT_TRUE(header);
  EXPECT_TRUE(header->ends_with("|T|2.4|||AL|AL||8859/1")) << *header;
  const auto message = probe_message(*header, Time{0}, "T1", "Zoë");
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->ends_with("NTE|1||Zo\xeb\r"));
}

TEST(ProbeMessage, IsNotMadeOfWhatIsNoHeader) {
  EXPECT_FALSE(probe_message("", Time{0}, "1", "x"));
  EXPECT_FALSE(probe_message("PID|1", Time{0}, "1", "x"));
  EXPECT_FALSE(probe_message("MSH|^~\\&|A\rPID|1", Time{0}, "1", "x"));
  EXPECT_FALSE(probe_message("MSH#^~\\&#A", Time{0}, "1", "x"));
  Envelope wrong = envelope();
  wrong.version = "9";
  EXPECT_EQ(probe_header(wrong).error().code, Code::value);
}

}  // namespace
}  // namespace holdfast::hl7v2
