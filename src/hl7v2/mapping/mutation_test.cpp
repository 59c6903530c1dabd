// Messages by mistake: whatever a sender makes of a message, it is refused or becomes resources
// that FHIR R4 takes, with every value counted. The mistakes are drawn from a fixed seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "fhir/check.h"
#include "fhir/test_data.h"
#include "hl7v2/mapping/map.h"
#include "hl7v2/test_data.h"
#include "hl7v2/test_numbers.h"

namespace holdfast::hl7v2 {
namespace {

/// Puts in, takes out, doubles or exchanges a few pieces behind the MSH.
Bytes mistaken(Bytes text, Numbers& numbers) {
  constexpr std::string_view pieces[] = {
      "|",  "^",    "~",    "&",       "\r",     "\"\"",         "\\",
      " ",  "0",    "-1",   "2024",    "W",      "<5",           "\\X00\\",
      "^^", "||||", "OBX|", "\rOBR|1", "\rPID|", "\rNTE|1||x\r", "\xc3\xa9"};
  const std::size_t head = std::min(text.find_first_of("\r\n"), text.size() - 1) + 1;
  if (head >= text.size()) {
    return text;
  }
  for (std::uint64_t i = 0; i <= numbers.below(6); ++i) {
    const std::size_t at = head + numbers.below(text.size() - head);
    const std::size_t count = std::min<std::size_t>(numbers.below(12), text.size() - at);
    switch (numbers.below(4)) {
      case 0: text.insert(at, pieces[numbers.below(std::size(pieces))]); break;
      case 1:
        if (text.size() - count > head + 1) {
          text.erase(at, count);
        }
        break;
      case 2: text.insert(head + numbers.below(text.size() - head), text.substr(at, count)); break;
      default: text.replace(at, 1, pieces[numbers.below(std::size(pieces))]);
    }
  }
  return text;
}

void expect_sound(const Mapped& mapped, const Bytes& text) {
  fhir::JsonReader reader;
  for (const Draft& draft : mapped.drafts) {
    Result<fhir::Json> json = reader.read(draft.body);
    ASSERT_TRUE(json.has_value()) << json.error().what << "\n" << draft.body << "\n" << text;
    const Result<void> checked = fhir::check_resource(json->root());
    ASSERT_TRUE(checked.has_value()) << checked.error().what << " " << checked.error().where << "\n"
                                     << draft.body << "\n"
                                     << text;
  }
  ASSERT_LE(mapped.report.mapped + mapped.report.set_aside, mapped.report.leaves);
  Result<fhir::Json> outcome = reader.read(operation_outcome(mapped.report));
  ASSERT_TRUE(outcome.has_value()) << text;
  const Result<void> checked = fhir::check_resource(outcome->root());
  ASSERT_TRUE(checked.has_value()) << checked.error().what << "\n" << text;
}

TEST(MappingMistakes, GiveSoundResourcesOrARefusal) {
  const auto all = samples();
  HOLDFAST_NEED_SAMPLES(all);
  Numbers numbers;
  const Overlay overlay;
  const IdentifierPolicy policy;
  std::size_t mapped_count = 0;
  for (const Sample& sample : all) {
    const Bytes& original = sample.bytes;
    for (int i = 0; i < 25; ++i) {
      const Bytes text = mistaken(original, numbers);
      const Result<Message> message = Message::parse(text);
      if (!message || find_bad_utf8(text)) {
        continue;  // charset.h comes before mapping
      }
      const Result<Mapped> mapped = map(*message, MapInput{overlay, policy});
      if (mapped) {
        ++mapped_count;
        ASSERT_NO_FATAL_FAILURE(expect_sound(*mapped, text)) << sample.file;
      }
    }
  }
  EXPECT_GT(mapped_count, 1000U);
}

}  // namespace
}  // namespace holdfast::hl7v2
