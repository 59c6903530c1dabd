// Resources by mistake or malice: whatever is in them, they are refused or become a message that
// our own parser reads back, with segments and texts that we meant. The mistakes are drawn from a
// fixed seed.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "hl7v2/batch.h"
#include "hl7v2/rendering/mapped_record.h"
#include "hl7v2/rendering/rendering_testing.h"
#include "hl7v2/test_data.h"
#include "hl7v2/test_numbers.h"
#include "hl7v2/text.h"

namespace holdfast::hl7v2 {
namespace {

/// Values and pieces of JSON are exchanged, put in, doubled or taken out.
Bytes mistaken(Bytes body, Numbers& numbers) {
  constexpr std::string_view pieces[] = {R"("|")",
                                         R"("^~\\&")",
                                         R"("\rPID|1||evil")",
                                         R"("\u0000\u000b\u001c\r")",
                                         R"("\"\"")",
                                         "null",
                                         "[]",
                                         "{}",
                                         "1e300",
                                         "-0",
                                         "true",
                                         R"([[["x"]]])",
                                         R"({"reference":"#"})",
                                         R"({"reference":"Patient/d1"})",
                                         R"("\\X0d\\")",
                                         R"("\\.br\\")",
                                         R"("\u2028é\ud83d\ude00")",
                                         R"({"value":{"value":"x"}})",
                                         "[null,1]"};
  for (std::uint64_t i = 0; i <= numbers.below(8); ++i) {
    // Behind a colon a value begins: up to the next comma or bracket it is exchanged.
    std::size_t at = body.find(':', numbers.below(body.size()));
    if (at == Bytes::npos || at + 1 >= body.size()) {
      continue;
    }
    ++at;
    const std::size_t end = std::min(body.find_first_of(",}]", at), body.size());
    switch (numbers.below(5)) {
      case 0: body.insert(numbers.below(body.size()), 1, "{}[]\",:0"[numbers.below(8)]); break;
      case 1: body.erase(numbers.below(body.size()), numbers.below(6)); break;
      default: body.replace(at, end - at, pieces[numbers.below(std::size(pieces))]);
    }
  }
  return body;
}

/// Only segments that the tables have, each field as text and back the same bytes' meaning.
void expect_sound(const Rendered& made, const Envelope& envelope) {
  const Decoded decoded = decode(made.bytes, Charset::utf8);
  ASSERT_FALSE(decoded.doubt.has_value()) << made.bytes;
  const Result<Message> message = Message::parse(decoded.text());
  ASSERT_TRUE(message.has_value()) << made.bytes;
  ASSERT_FALSE(message->fault().has_value()) << made.bytes;
  constexpr std::string_view known =
      "MSH EVN PID PD1 NK1 MRG PV1 PV2 DG1 ORC OBR OBX NTE SPM TQ1 SCH RGS AIS AIG AIL AIP TXA RF1 "
      "PRD IAM";
  ASSERT_EQ(std::ranges::count(made.bytes, '\r'), static_cast<std::ptrdiff_t>(message->segments()));
  for (std::size_t i = 0; i < message->segments(); ++i) {
    const Segment segment = message->segment(i);
    ASSERT_TRUE(segment.well_named() && known.find(segment.name()) != std::string_view::npos)
        << segment.raw();
    for (std::size_t field = i == 0 ? 3 : 1; field <= segment.fields(); ++field) {
      for (const BytesView repetition : segment.field(field).repetitions()) {
        for (const BytesView component : Pieces(repetition, '^')) {
          for (const BytesView part : Pieces(component, '&')) {
            ASSERT_NE(part, "\"\"");  // nobody asks to delete
            const std::string text = unescaped(part, message->delimiters());
            ASSERT_EQ(unescaped(escaped(text, message->delimiters()), message->delimiters()), text);
          }
        }
      }
    }
  }
  for (const char c : made.bytes) {
    ASSERT_TRUE(c == '\r' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f)) << made.bytes;
  }
  ASSERT_EQ(first_text(*message, *Path::parse("MSH-10")), envelope.control_id);
  ASSERT_EQ(made.values, made.carried + made.set_aside + made.left.size());
}

bool is_rendered(std::string_view name) {
  constexpr std::string_view types[] = {"Patient/",           "Encounter/",
                                        "ServiceRequest/",    "DiagnosticReport/",
                                        "DocumentReference/", "Appointment/"};
  return std::ranges::any_of(types, [&](std::string_view type) { return name.starts_with(type); });
}

TEST(RenderHostile, ResourcesBecomeSoundMessagesOrARefusal) {
  const auto all = samples();
  HOLDFAST_NEED_SAMPLES(all);
  Numbers numbers;
  const Overlay overlay;
  const IdentifierPolicy policy;
  fhir::JsonReader reader;
  constexpr Charset charsets[] = {Charset::utf8, Charset::ascii, Charset::latin_1,
                                  Charset::windows_1252};
  std::size_t rendered = 0;
  for (const Sample& sample : all) {
    const Result<Message> message = Message::parse(sample.bytes);
    const auto mapped =
        message ? map(*message, MapInput{overlay, policy}) : Result<Mapped>(fail(Code::syntax, ""));
    if (!mapped) {
      continue;
    }
    const MappedRecord original(*mapped);
    for (int i = 0; i < 40; ++i) {
      MappedRecord record = original;
      for (auto& [name, body] : record.resources) {
        body = numbers.below(5) == 0 ? mistaken(body, numbers) : body;
      }
      std::string focus = record.names[numbers.below(record.names.size())];
      for (int tries = 0; tries < 8 && !is_rendered(focus); ++tries) {
        focus = record.names[numbers.below(record.names.size())];
      }
      Envelope envelope = test_envelope();
      envelope.charset = charsets[numbers.below(std::size(charsets))];
      envelope.version = numbers.below(2) == 0 ? "2.4" : "2.5.1";
      const Bytes before = mistaken(record.resources[focus], numbers);
      const Result<Rendered> made = render(
          envelope, record.resources[focus],
          numbers.below(2) == 0 ? std::nullopt : std::optional<BytesView>(before), record, reader);
      if (made) {
        ++rendered;
        ASSERT_NO_FATAL_FAILURE(expect_sound(*made, envelope)) << sample.file;
      }
    }
  }
  EXPECT_GT(rendered, 700U);
}

TEST(RenderHostile, AReferenceToItselfAndAContainedOneWithoutEndEnds) {
  TestRecord record;
  record.resources["Observation/a"] =
      R"({"resourceType":"Observation","id":"a","status":"final","code":{"text":"A"},)"
      R"("hasMember":[{"reference":"Observation/b"},{"reference":"Observation/a"}]})";
  record.resources["Observation/b"] =
      R"({"resourceType":"Observation","id":"b","status":"final","code":{"text":"B"},)"
      R"("hasMember":[{"reference":"Observation/a"}]})";
  const RenderedMessage made(
      R"({"resourceType":"DiagnosticReport","id":"r","status":"final","code":{"text":"R"},)"
      R"("subject":{"reference":"Patient/1"},"result":[{"reference":"Observation/a"}],)"
      R"("performer":[{"reference":"#x"}],"contained":[{"resourceType":"PractitionerRole","id":"x",)"
      R"("practitioner":{"reference":"#x"}}]})",
      {}, test_envelope(), record);
  EXPECT_EQ(made.segments(), "MSH PID OBR OBX OBX");
}

TEST(RenderHostile, ManyNumbersAndContainedResourcesTakeNoAge) {
  std::string numbers;
  std::string results;
  std::string inner;
  for (int i = 0; i < 20'000; ++i) {
    const std::string_view comma = i == 0 ? "" : ",";
    numbers += fmt::format(R"({}{{"value":"{}"}})", comma, i);
    results += fmt::format(R"({}{{"reference":"#c{}"}})", comma, i);
    inner += fmt::format(R"({}{{"resourceType":"Observation","id":"c{}"}})", comma, i);
  }
  const RenderedMessage patient(
      fmt::format(R"({{"resourceType":"Patient","id":"p","identifier":[{}]}})", numbers));
  EXPECT_EQ(patient.type(), "ADT^A28");
  EXPECT_EQ(patient.result->left.size(), left_max);
  EXPECT_EQ(patient.result->carried, 1'000U);
  const RenderedMessage report(fmt::format(
      R"({{"resourceType":"DiagnosticReport","id":"r","status":"final","code":{{"text":"R"}},)"
      R"("subject":{{"reference":"Patient/1"}},"result":[{}],"contained":[{}]}})",
      results, inner));
  EXPECT_EQ(report.result.error().code, Code::too_large);
}

TEST(RenderHostile, MoreResourcesThanAMessageMayHaveAreRefused) {
  TestRecord record;
  std::string results;
  for (std::size_t i = 0; i < resources_max + 10; ++i) {
    record.resources[fmt::format("Observation/o{}", i)] = fmt::format(
        R"({{"resourceType":"Observation","id":"o{}","status":"final","code":{{"text":"A"}}}})", i);
    results += fmt::format(R"({}{{"reference":"Observation/o{}"}})", i == 0 ? "" : ",", i);
  }
  const RenderedMessage made(
      fmt::format(
          R"({{"resourceType":"DiagnosticReport","id":"r","status":"final","code":{{"text":"R"}},)"
          R"("subject":{{"reference":"Patient/1"}},"result":[{}]}})",
          results),
      {}, test_envelope(), record);
  EXPECT_EQ(made.result.error().code, Code::too_large);
}

}  // namespace
}  // namespace holdfast::hl7v2
