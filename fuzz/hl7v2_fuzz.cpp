// HL7 v2 over arbitrary bytes. What must hold: frames come out of a stream the same, wherever it is
// cut; a message put together again is the same bytes; what is read as text is UTF-8; texts survive
// escaping; batches hold what they hold; mapping ends, with resources that check_resource() takes,
// references that lie within, and a report that counts each value once, or with a reason.
//
// Input: bytes as they come over a connection.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "fhir/check.h"
#include "fhir/json.h"
#include "hl7v2/batch.h"
#include "hl7v2/charset.h"
#include "hl7v2/frame.h"
#include "hl7v2/mapping/map.h"
#include "hl7v2/message.h"
#include "hl7v2/text.h"

namespace {

using namespace holdfast;

constexpr std::size_t frame_bytes_max = 4096;

/// What a Deframer makes of the bytes when they come `piece` at a time.
std::vector<std::string> frames(BytesView bytes, std::size_t piece) {
  hl7v2::Deframer deframer(frame_bytes_max);
  std::vector<std::string> all;
  const auto take = [&](const hl7v2::Arrival& arrival) {
    all.push_back(std::to_string(static_cast<int>(arrival.kind)) + std::string(arrival.bytes));
  };
  while (!bytes.empty()) {
    const auto space = deframer.space();
    const std::size_t count = std::min({space.size(), bytes.size(), piece});
    check(count > 0, "there is always space");
    std::memcpy(space.data(), bytes.data(), count);
    deframer.came(count);
    bytes.remove_prefix(count);
    while (const auto arrival = deframer.next()) {
      take(*arrival);
      if (arrival->kind == hl7v2::Arrival::Kind::too_long) {
        return all;
      }
    }
  }
  if (const auto rest = deframer.rest()) {
    take(*rest);
  }
  return all;
}

void map_one(const hl7v2::Message& message, fhir::JsonReader& reader) {
  static const hl7v2::Overlay overlay;
  static const hl7v2::IdentifierPolicy identifiers;
  const auto mapped = hl7v2::map(message, {overlay, identifiers});
  if (!mapped) {
    check(!mapped.error().what.empty(), "a refusal has a sentence");
    return;
  }
  for (std::size_t i = 0; i < mapped->drafts.size(); ++i) {
    const hl7v2::Draft& draft = mapped->drafts[i];
    check(draft.local.value == i + 1, "drafts are numbered in their order");
    const auto json = reader.read(draft.body);
    check(json.has_value(), "a draft is JSON");
    check(fhir::check_resource(json->root()).has_value(), "a draft is a resource");
    std::size_t done = 0;
    for (const hl7v2::LocalReference& reference : draft.references) {
      check(reference.offset >= done && reference.offset + reference.bytes <= draft.body.size() &&
                reference.to.value >= 1 && reference.to.value <= mapped->drafts.size(),
            "a reference lies within its body and leads to a draft");
      done = reference.offset + reference.bytes;
    }
  }
  const hl7v2::Report& report = mapped->report;
  check(report.mapped + report.set_aside <= report.leaves, "each value is counted once");
  const auto again = hl7v2::decode_report(hl7v2::encode(report));
  check(again.has_value() && *again == report, "a report survives its bytes");
}

void read_message(BytesView bytes, fhir::JsonReader& reader) {
  const hl7v2::Decoded decoded = hl7v2::decode(bytes, hl7v2::Charset::utf8);
  check(!find_bad_utf8(decoded.text()), "what is read is UTF-8");
  const auto message = hl7v2::Message::parse(decoded.text());
  if (!message) {
    return;
  }
  check(message->encode() == decoded.text(), "put together again it is the same");
  for (std::size_t i = 0; i < message->segments() && !message->fault(); ++i) {
    for (std::size_t field = 1; field <= message->segment(i).fields(); ++field) {
      const std::string text = message->segment(i).field(field).text();
      check(hl7v2::unescaped(hl7v2::escaped(text, message->delimiters()), message->delimiters()) ==
                    text ||
                message->delimiters().escape == '\0' || text.find('\r') != std::string::npos,
            "a text survives escaping");
    }
  }
  map_one(*message, reader);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fhir::JsonReader reader;
  const BytesView bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = frames(bytes, bytes.size() + 1);
  check(frames(bytes, 1) == whole && frames(bytes, 7) == whole,
        "frames are the same wherever the stream is cut");
#ifdef HOLDFAST_PLANTED_CRASH
  check(whole.size() < 3 || whole[1].find("PID|7") == std::string::npos, "planted");
#endif
  read_message(bytes, reader);
  for (const std::string& frame : whole) {
    read_message(BytesView(frame).substr(1), reader);
  }
  if (const auto batch = hl7v2::split_batch(bytes)) {
    for (const BytesView one : batch->messages) {
      check(one.starts_with("MSH") && one.data() >= bytes.data() &&
                one.data() + one.size() <= bytes.data() + bytes.size(),
            "a message of a batch lies in it");
    }
  }
  return 0;
}
