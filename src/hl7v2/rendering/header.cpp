#include "hl7v2/rendering/header.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/text.h"
#include "hl7v2/message.h"
#include "hl7v2/rendering/moments.h"

namespace holdfast::hl7v2 {
namespace {

constexpr std::array<std::string_view, 9> versions{"2.3", "2.3.1", "2.4", "2.5",  "2.5.1",
                                                   "2.6", "2.7",   "2.8", "2.7.1"};
constexpr std::size_t control_id_bytes_max = 20;
constexpr std::size_t control_id_bytes_max_27 = 199;
/// A structure in MSH-9.3 came with 2.3.1.
constexpr std::string_view first_with_structure = "2.3.1";

/// HL7 table 0155.
std::string_view code(AckCondition condition) {
  switch (condition) {
    case AckCondition::unsaid: return "";
    case AckCondition::always: return "AL";
    case AckCondition::never: return "NE";
    case AckCondition::error: return "ER";
    case AckCondition::success: return "SU";
  }
  check(false, "a condition of table 0155");
  return "";
}

/// Parts between ^ as components.
void put_parts(Writer& writer, std::size_t field, std::string_view text) {
  if (text.empty()) {
    return;
  }
  writer.field(field);
  std::size_t number = 0;
  for (const BytesView part : Pieces(text, '^')) {
    ++number;
    if (!part.empty()) {
      writer.component(number).text(part);
    }
  }
}

bool is_ascii(BytesView text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

Result<void> check_envelope(const Envelope& envelope) {
  if (std::ranges::find(versions, envelope.version) == versions.end()) {
    return fail(Code::value, fmt::format("version '{}' of HL7 is not written here; 2.3 to 2.8 are",
                                         envelope.version.substr(0, 16)));
  }
  const std::size_t most =
      envelope.version < "2.7" ? control_id_bytes_max : control_id_bytes_max_27;
  if (envelope.control_id.empty() || envelope.control_id.size() > most) {
    return fail(Code::value, fmt::format("MSH-10 has 1 to {} characters in version {}, not {}",
                                         most, envelope.version, envelope.control_id.size()));
  }
  if (envelope.processing != 'P' && envelope.processing != 'T' && envelope.processing != 'D') {
    return fail(Code::value, "MSH-11 is P, T or D");
  }
  for (const std::string* text :
       {&envelope.sending_application, &envelope.sending_facility, &envelope.receiving_application,
        &envelope.receiving_facility, &envelope.control_id}) {
    if (find_bad_utf8(*text)) {
      return fail(Code::value, "an application, facility or control id is not UTF-8");
    }
  }
  return ok();
}

void write_header(Writer& writer, const Envelope& envelope, std::string_view type,
                  std::string_view structure) {
  put_parts(writer, 3, envelope.sending_application);
  put_parts(writer, 4, envelope.sending_facility);
  put_parts(writer, 5, envelope.receiving_application);
  put_parts(writer, 6, envelope.receiving_facility);
  writer.text(7, to_dtm(envelope.time, envelope.zone));
  put_parts(writer, 9, type);
  if (envelope.version >= first_with_structure) {
    writer.component(3).text(structure);
  }
  writer.text(10, envelope.control_id);
  writer.text(11, std::string_view(&envelope.processing, 1));
  writer.text(12, envelope.version);
  if (envelope.accept_ack != AckCondition::unsaid) {
    writer.text(15, code(envelope.accept_ack));
  }
  if (envelope.application_ack != AckCondition::unsaid) {
    writer.text(16, code(envelope.application_ack));
  }
  if (envelope.charset != Charset::ascii) {
    // HL7 table 0211 writes it with a blank.
    writer.text(18, envelope.charset == Charset::utf8 ? "UNICODE UTF-8" : name(envelope.charset));
  }
}

Bytes in_charset(Bytes message, Charset charset) {
  if (charset == Charset::utf8 || is_ascii(message)) {
    return message;
  }
  Bytes made;
  made.reserve(message.size());
  for (std::size_t at = 0; at < message.size();) {
    std::size_t end = at + 1;
    if (static_cast<unsigned char>(message[at]) < 0x80) {
      made.push_back(message[at]);
      at = end;
      continue;
    }
    while (end < message.size() && (static_cast<unsigned char>(message[end]) & 0xc0U) == 0x80U) {
      ++end;
    }
    const BytesView letter = BytesView(message).substr(at, end - at);
    const Result<Bytes> known = charset == Charset::ascii
                                    ? Result<Bytes>(fail(Code::value, "not ASCII"))
                                    : encode(letter, charset);
    if (known) {
      made += *known;
    } else {
      made += "\\X";
      for (const char byte : letter) {
        append_hex(made, byte);
      }
      made += '\\';
    }
    at = end;
  }
  return made;
}

}  // namespace holdfast::hl7v2
