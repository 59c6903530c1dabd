#include "exchange/incoming.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace holdfast::exchange {
namespace {

/// What a stranger sent, fit for a sentence.
std::string shown(std::string_view text) {
  std::string safe;
  for (const char c : text.substr(0, 64)) {
    const auto byte = static_cast<unsigned char>(c);
    safe.push_back(byte >= ' ' && byte < 0x7f ? c : '?');
  }
  return safe;
}

}  // namespace

Incoming::Incoming(const Neighbours& neighbours, const Caller& caller, Bytes received)
    : peer(caller.address),
      certificate(caller.certificate ? caller.certificate->subject : std::string()),
      bytes(std::move(received)),
      hash(sha256(bytes)) {
  decoded.original = bytes;
  auto parsed = hl7v2::Message::parse(bytes);
  if (!parsed) {
    refusal = {Fault::segment_sequence, "this is no HL7 v2 message: " + parsed.error().what, ""};
    return;
  }
  const auto found =
      neighbours.find(parsed->header().field(3).text(), parsed->header().field(4).text(), caller);
  look(found, *std::move(parsed));
}

Incoming::Incoming(const Neighbour& known, Bytes received)
    : bytes(std::move(received)), hash(sha256(bytes)) {
  decoded.original = bytes;
  auto parsed = hl7v2::Message::parse(bytes);
  if (!parsed) {
    refusal = {Fault::segment_sequence, "this is no HL7 v2 message: " + parsed.error().what, ""};
    return;
  }
  look(&known, *std::move(parsed));
}

std::string Incoming::named() const {
  return fmt::format("{} {} of {}", type.empty() ? "the message" : shown(type),
                     control_id.empty() ? "without an id" : shown(control_id),
                     neighbour == nullptr ? "an unknown sender at " + peer : neighbour->title);
}

void Incoming::look(std::expected<const Neighbour*, Stranger> found,
                    std::optional<hl7v2::Message> parsed) {
  const hl7v2::Segment header = parsed->header();
  const std::string application = header.field(3).text();
  const std::string facility = header.field(4).text();
  // A batch header has its id one field further on.
  control_id = header.field(header.name() == "MSH" ? 10 : 11).text();
  const std::string code = header.field(9).component(1).text();
  const std::string event = header.field(9).component(2).text();
  type = event.empty() ? code : code + "^" + event;
  if (found) {
    neighbour = *found;
    decoded = hl7v2::decode(bytes, neighbour->charset);
    if (decoded.owned) {
      auto again = hl7v2::Message::parse(decoded.text());
      parsed.reset();
      if (again) {
        parsed = *std::move(again);
      }
    }
  }
  message = std::move(parsed);
  look_at_number();
  if (!found && found.error() == Stranger::wrong_address) {
    refusal = {Fault::not_in_table,
               fmt::format("{}|{} is a neighbour that does not call from {}", shown(application),
                           shown(facility), peer),
               "MSH-3"};
  } else if (!found && found.error() == Stranger::wrong_certificate) {
    refusal = {Fault::not_in_table,
               fmt::format("{}|{} is a neighbour that shows a certificate of its own; this "
                           "connection shows {}",
                           shown(application), shown(facility),
                           certificate.empty() ? "none" : "that of " + shown(certificate)),
               "MSH-3"};
  } else if (!found) {
    refusal = {
        Fault::not_in_table,
        fmt::format("{}|{} is no neighbour of this system", shown(application), shown(facility)),
        "MSH-3"};
  } else if (!message || message->fault()) {
    refusal = {Fault::segment_sequence,
               "the message cannot be taken apart: " +
                   (message ? message->fault()->what : std::string("its text is not one")),
               "MSH-2"};
  } else if (control_id.empty()) {
    refusal = {Fault::required_missing, "the message has no id", "MSH-10"};
  } else if (code.empty() && !is_about_link()) {
    refusal = {Fault::required_missing, "the message has no type", "MSH-9"};
  } else if (const std::string processing = message->header().field(11).component(1).text();
             processing != std::string(1, static_cast<char>(neighbour->processing))) {
    refusal = {Fault::unsupported_processing,
               fmt::format("this channel takes messages of processing id {}, not '{}'",
                           static_cast<char>(neighbour->processing), shown(processing)),
               "MSH-11"};
  } else if (needs_number() && !sequence) {
    refusal = {Fault::required_missing,
               "its sender numbers its messages, and MSH-13 is neither -1, 0 nor a positive number",
               "MSH-13"};
  }
}

bool Incoming::needs_number() const {
  return neighbour->sequence &&
         !(message->find("MSA") && message->header().field(13).text().empty());
}

void Incoming::look_at_number() {
  if (neighbour == nullptr || !neighbour->sequence || !message || message->fault()) {
    return;
  }
  if (const auto number = read_sequence_number(message->header().field(13).text())) {
    sequence = *number;
  }
}

}  // namespace holdfast::exchange
