#include "exchange/answer.h"

#include <fmt/format.h>

#include "base/text.h"
#include "base/time.h"
#include "exchange/order_answer.h"
#include "hl7v2/time.h"
#include "hl7v2/writer.h"

namespace holdfast::exchange {
namespace {

using hl7v2::Message;

constexpr std::string_view version_default = "2.4";
constexpr std::size_t text_bytes_max = 250;

/// No more than that, and no half character.
std::string_view cut(std::string_view text) {
  const std::string_view begin = text.substr(0, text_bytes_max);
  const auto bad = find_bad_utf8(begin);
  return bad ? begin.substr(0, *bad) : begin;
}

std::string code_of(Disposition disposition, char mode) {
  switch (disposition) {
    case Disposition::applied: return {mode, 'A'};
    // CE says that it could not be kept. What is faulty is kept: CA.
    case Disposition::faulty: return {mode, mode == 'C' ? 'A' : 'E'};
    case Disposition::refused: return {mode, 'R'};
  }
  return {};
}

/// HL7 table 0155.
bool asks(std::string_view condition, Disposition disposition, bool when_empty) {
  const bool good = disposition == Disposition::applied;
  if (condition == "AL") {
    return true;
  }
  if (condition == "ER") {
    return !good;
  }
  if (condition == "SU") {
    return good;
  }
  return condition != "NE" && when_empty;
}

std::string time_text(Time now) { return *hl7v2::from_fhir_date_time(to_instant(now)); }

/// MSH-9: ACK of their event, or what answers an order.
void write_type(hl7v2::Writer& writer, const Message* theirs,
                const std::optional<OrderAnswer>& order) {
  writer.field(9);
  if (order) {
    writer.text(order->code).component(2).text(order->event).component(3).text(order->structure);
    return;
  }
  writer.text("ACK");
  const bool readable = theirs != nullptr && !theirs->fault();
  const std::string event = readable ? theirs->header().field(9).component(2).text() : "";
  if (!event.empty()) {
    writer.component(2).text(event).component(3).text("ACK");
  }
}

/// MSH and MSA of an answer to `theirs`, in their delimiters and version.
hl7v2::Writer begin(const Message* theirs, std::string_view code, const Verdict& verdict,
                    const Ourselves& us, Time now, std::string_view id,
                    const std::optional<OrderAnswer>& order) {
  const bool readable = theirs != nullptr && !theirs->fault();
  hl7v2::Writer writer(readable ? theirs->delimiters() : hl7v2::Delimiters());
  const auto said = [&](std::size_t field) {
    return readable ? theirs->header().field(field).raw() : BytesView();
  };
  // We answer as whom it was sent to: senders look for that.
  const auto ours = [&](std::size_t field, BytesView theirs_for_us, const std::string& name) {
    writer.field(field);
    if (theirs_for_us.empty()) {
      writer.text(name);
    } else {
      writer.raw(theirs_for_us);
    }
  };
  ours(3, said(5), us.application);
  ours(4, said(6), us.facility);
  writer.field(5).raw(said(3));
  writer.field(6).raw(said(4));
  writer.text(7, time_text(now));
  write_type(writer, theirs, order);
  writer.text(10, id);
  writer.field(11).raw(said(11).empty() ? BytesView("P") : said(11));
  writer.field(12).raw(said(12).empty() ? version_default : said(12));
  const bool enhanced = !said(15).empty() || !said(16).empty();
  if (enhanced) {
    writer.text(15, "NE").text(16, "NE");  // nobody acknowledges an acknowledgement
  }
  writer.field(18).text("UNICODE UTF-8");
  writer.segment("MSA").text(1, code);
  writer.field(2).raw(said(10));
  if (verdict.disposition != Disposition::applied) {
    writer.text(3, cut(verdict.what));
  }
  if (verdict.expected != 0) {
    writer.text(4, std::to_string(verdict.expected));
  }
  return writer;
}

/// ERR as of version 2.5; before, senders expect fields of other types there.
bool has_err_fields(const Message* theirs) {
  const std::string version =
      theirs == nullptr ? "" : theirs->header().field(12).component(1).text();
  return version >= "2.5" && version.starts_with("2.");
}

void add_err(hl7v2::Writer& writer, const Verdict& verdict) {
  writer.segment("ERR");
  const std::size_t dash = verdict.where.find('-');
  if (dash == 3) {
    writer.field(2).text(verdict.where.substr(0, 3)).component(2).text("1");
    const std::string_view field = std::string_view(verdict.where).substr(4);
    writer.component(3).text(field.substr(0, field.find_first_not_of("0123456789")));
  }
  writer.field(3).text(std::to_string(static_cast<unsigned>(verdict.fault)));
  writer.component(2).text(text_of(verdict.fault)).component(3).text("HL70357");
  writer.text(4, "E");
  writer.text(8, cut(verdict.what));
}

}  // namespace

std::string_view text_of(Fault fault) {
  switch (fault) {
    case Fault::segment_sequence: return "Segment sequence error";
    case Fault::required_missing: return "Required field missing";
    case Fault::data_type: return "Data type error";
    case Fault::not_in_table: return "Table value not found";
    case Fault::unsupported_type: return "Unsupported message type";
    case Fault::unsupported_event: return "Unsupported event code";
    case Fault::unsupported_processing: return "Unsupported processing id";
    case Fault::unknown_key: return "Unknown key identifier";
    case Fault::duplicate_key: return "Duplicate key identifier";
    case Fault::internal: break;
  }
  return "Application internal error";
}

Fault fault_of(Code code) {
  switch (code) {
    case Code::required: return Fault::required_missing;
    case Code::structure: return Fault::segment_sequence;
    case Code::value:
    case Code::syntax: return Fault::data_type;
    case Code::code_invalid: return Fault::not_in_table;
    case Code::unsupported: return Fault::unsupported_event;
    case Code::not_found:
    case Code::unmatched: return Fault::unknown_key;
    case Code::conflict:
    case Code::multiple_matches: return Fault::duplicate_key;
    default: return Fault::internal;
  }
}

std::vector<Bytes> acknowledge(const Message* theirs, const Verdict& verdict, const Ourselves& us,
                               Time now, std::string_view id, AnswerOrders orders) {
  const bool readable = theirs != nullptr && !theirs->fault();
  const std::string accept = readable ? theirs->header().field(15).text() : "";
  const std::string application = readable ? theirs->header().field(16).text() : "";
  const bool original = accept.empty() && application.empty();
  std::vector<Bytes> answers;
  const auto add = [&](char mode) {
    const std::string name =
        answers.empty() ? std::string(id) : fmt::format("{}-{}", id, answers.size() + 1);
    const bool by_order = readable && mode == 'A' && orders == AnswerOrders::order;
    const auto order = by_order ? order_answer_to(*theirs) : std::nullopt;
    hl7v2::Writer writer =
        begin(theirs, code_of(verdict.disposition, mode), verdict, us, now, name, order);
    if (verdict.disposition != Disposition::applied && has_err_fields(theirs)) {
      add_err(writer, verdict);
    }
    if (order) {
      add_orders(writer, *theirs, verdict.disposition);
    }
    answers.push_back(writer.take());
  };
  if (!original && asks(accept, verdict.disposition, false)) {
    add('C');
  }
  // Section 2.9.3.2: what was not accepted (CR) is not gone on with.
  const bool ends_here = !answers.empty() && verdict.disposition == Disposition::refused;
  if (original || (!ends_here && asks(application, verdict.disposition, false))) {
    add('A');
  }
  return answers;
}

Bytes as_batch(const Message& header, const std::vector<Bytes>& answers, const Ourselves& us,
               Time now, std::string_view id) {
  hl7v2::Writer writer(header.fault() ? hl7v2::Delimiters() : header.delimiters(), "BHS");
  writer.text(3, us.application).text(4, us.facility);
  writer.field(5).raw(header.header().field(3).raw());
  writer.field(6).raw(header.header().field(4).raw());
  writer.text(7, time_text(now)).text(11, id);
  writer.field(12).raw(header.header().field(11).raw());
  Bytes batch = writer.take();
  for (const Bytes& answer : answers) {
    batch += answer;
  }
  batch += fmt::format("BTS{}{}\r", header.delimiters().field, answers.size());
  return batch;
}

}  // namespace holdfast::exchange
