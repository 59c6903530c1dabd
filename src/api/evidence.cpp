#include "api/evidence.h"

#include <utility>

#include <fmt/format.h>

#include "api/format.h"
#include "api/interactions.h"
#include "api/stored.h"
#include "fhir/member.h"
#include "hl7v2/mapping/report.h"
#include "views/versions.h"

namespace holdfast::api {
namespace {

/// As exchange writes it: the body ends with its media type, and has no data of its own.
bool may_stand_for_a_message(const views::Body& body) {
  return fhir::name(body.header.type) == "Binary" &&
         body.bytes.ends_with(fmt::format(R"("contentType":"{}"}})", hl7v2_media_type));
}

}  // namespace

Result<std::optional<Message>> message_of(const Parts& parts, const node::Moment& moment,
                                          const views::Body& binary) {
  if (!may_stand_for_a_message(binary)) {
    return std::nullopt;
  }
  // Whatever has been done to its meta since: the first version came with the message.
  const views::BodyHeader& header = binary.header;
  TRY(const auto row, views::read_version(*moment.reader, header.type, header.id, Version{1}));
  if (!row) {
    return std::nullopt;
  }
  TRY(const views::BodyHeader first, views::read_body_header(*moment.reader, *row));
  TRY(auto entry, parts.node.read_entry(first.position));
  if (!entry.first.message || entry.first.message->evidence != header.id) {
    return std::nullopt;  // somebody else's Binary that looks like one
  }
  return std::move(entry.first.message);
}

Result<void> fill_data(const Parts& parts, const node::Moment& moment, views::Body& body) {
  TRY(const auto message, message_of(parts, moment, body));
  if (!message) {
    return ok();
  }
  body.bytes = fhir::with_data(std::move(body.bytes), message->bytes);
  return ok();
}

Result<Reply> mapping_report(const Parts& parts, const Call& call, const node::Moment& moment) {
  TRY_OK(check_parameters(call, {}));
  const Match& match = call.match;
  const auto no_message = [&] {
    return fail(Code::not_found,
                fmt::format("{}/{} stands for no message", fhir::name(match.type), match.id));
  };
  TRY(const auto current, views::read_current(*moment.reader, match.type, match.id));
  if (!current || current->presence == views::Presence::deleted) {
    return no_message();
  }
  TRY(const views::Body body, stored_row(parts, moment, current->row));
  TRY(const auto message, message_of(parts, moment, body));
  if (!message) {
    return no_message();
  }
  hl7v2::Report report;
  if (!message->report.empty()) {
    TRY(report, hl7v2::decode_report(message->report));
  }
  Reply reply;
  reply.headers.add("Content-Type", fhir_json);
  reply.body = hl7v2::operation_outcome(report);
  return reply;
}

}  // namespace holdfast::api
