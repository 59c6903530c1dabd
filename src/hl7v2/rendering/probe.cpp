#include "hl7v2/rendering/probe.h"

#include <algorithm>

#include "hl7v2/message.h"
#include "hl7v2/rendering/header.h"
#include "hl7v2/rendering/moments.h"
#include "hl7v2/writer.h"

namespace holdfast::hl7v2 {
namespace {

constexpr std::size_t time_field = 7;
constexpr std::size_t control_id_field = 10;
constexpr std::size_t charset_field = 18;

/// The header with these two fields said anew.
void write_header_of(Writer& writer, const Segment& header, std::string_view time,
                     std::string_view control_id) {
  const std::size_t fields = std::max(header.fields(), control_id_field);
  for (std::size_t number = 3; number <= fields; ++number) {
    if (number == time_field) {
      writer.text(number, time);
    } else if (number == control_id_field) {
      writer.text(number, control_id);
    } else if (const Field field = header.field(number); !field.empty()) {
      writer.field(number).raw(field.raw());
    }
  }
}

}  // namespace

Result<Bytes> probe_header(const Envelope& envelope) {
  Envelope named = envelope;
  named.control_id = "0";
  TRY_OK(check_envelope(named));
  Writer whole;
  write_header(whole, named, probe_type, "NMD_N02");
  const Bytes bytes = whole.take();
  TRY(const Message message, Message::parse(bytes));
  Writer writer;
  write_header_of(writer, message.header(), "", "");
  Bytes made = writer.take();
  made.pop_back();  // the end of the segment
  return made;
}

Result<Bytes> probe_message(BytesView header, Time now, std::string_view control_id,
                            std::string_view note) {
  TRY(const Message message, Message::parse(header));
  if (message.fault() || message.delimiters() != Delimiters{} || message.segments() != 1 ||
      message.header().name() != "MSH") {
    return fail(Code::value, "this is no header of a test message");
  }
  const std::string time = to_dtm(now, std::nullopt);
  Writer writer;
  write_header_of(writer, message.header(), time, control_id);
  writer.segment("NCK").text(1, time);
  writer.segment("NTE").text(1, "1").text(3, note);
  Charset charset = Charset::ascii;
  if (const std::string named = message.header().field(charset_field).text(); !named.empty()) {
    TRY(charset, charset_named(named));
  }
  return in_charset(writer.take(), charset);
}

}  // namespace holdfast::hl7v2
