// hl7v2/rendering/rendering_testing.h: a record of a few resources, and messages made of it, for
// the tests of this folder.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hl7v2/message.h"
#include "hl7v2/path.h"
#include "hl7v2/rendering/render.h"

namespace holdfast::hl7v2 {

/// Resources by "Patient/1".
class TestRecord : public RecordReader {
 public:
  Result<std::optional<Bytes>> read(std::string_view type, std::string_view id) override {
    ++reads;
    const auto found = resources.find(std::string(type) + "/" + std::string(id));
    return found == resources.end() ? std::optional<Bytes>() : std::optional(found->second);
  }
  std::map<std::string, Bytes> resources;
  int reads = 0;
};

inline Envelope test_envelope() {
  Envelope envelope;
  envelope.sending_application = "HOLDFAST";
  envelope.sending_facility = "RXH";
  envelope.receiving_application = "LAB";
  envelope.receiving_facility = "QE2";
  envelope.control_id = "M1";
  envelope.time = Time{1'709'294'400'000};  // 2024-03-01T12:00:00Z
  return envelope;
}

constexpr std::string_view test_patient =
    R"({"resourceType":"Patient","id":"1","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number",)"
    R"("value":"9434765919"}],"name":[{"use":"official","family":"Smith","given":["Ann","Beth"]}],)"
    R"("gender":"female","birthDate":"1980-02-03"})";

/// What was rendered, or why not.
struct RenderedMessage {
  RenderedMessage(std::string_view focus, std::optional<BytesView> before = {},
                  Envelope envelope = test_envelope(), TestRecord record = {}) {
    fhir::JsonReader reader;
    record.resources.try_emplace("Patient/1", test_patient);
    result = render(envelope, focus, before, record, reader);
    if (result) {
      bytes = result->bytes;
      Result<Message> read = Message::parse(bytes);
      EXPECT_TRUE(read.has_value()) << bytes;
      message = *std::move(read);
    }
  }
  RenderedMessage(const RenderedMessage&) = delete;
  RenderedMessage& operator=(const RenderedMessage&) = delete;
  RenderedMessage(RenderedMessage&&) = delete;
  RenderedMessage& operator=(RenderedMessage&&) = delete;
  ~RenderedMessage() = default;

  /// The text at "PID-5.1"; the error where there is no message.
  [[nodiscard]] std::string at(std::string_view path) const {
    if (!message) {
      return result.error().what;
    }
    return first_text(*message, *Path::parse(path));
  }
  /// A field as it stands.
  [[nodiscard]] std::string raw(std::string_view name, std::size_t field,
                                std::size_t number = 1) const {
    const auto found = message ? message->find(name, number) : std::nullopt;
    return found ? std::string(found->field(field).raw()) : std::string("no such segment");
  }
  [[nodiscard]] std::string type() const { return result ? result->type : result.error().what; }
  [[nodiscard]] std::size_t count(std::string_view name) const {
    std::size_t number = 0;
    while (message && message->find(name, number + 1)) {
      ++number;
    }
    return number;
  }
  /// "PID PV1 …"
  [[nodiscard]] std::string segments() const {
    std::string all;
    for (std::size_t i = 0; message && i < message->segments(); ++i) {
      all.append(all.empty() ? "" : " ").append(message->segment(i).name());
    }
    return all;
  }
  [[nodiscard]] bool leaves(std::string_view path) const {
    return result &&
           std::ranges::any_of(result->left, [&](const Left& one) { return one.path == path; });
  }

  Result<Rendered> result = fail(Code::usage, "not rendered");
  Bytes bytes;
  std::optional<Message> message;
};

}  // namespace holdfast::hl7v2
