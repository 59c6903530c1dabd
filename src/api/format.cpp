#include "api/format.h"

#include <utility>

#include <fmt/format.h>

#include "api/outcome.h"
#include "base/check.h"
#include "fhir/json.h"
#include "fhir/xml.h"

namespace holdfast::api {
namespace {

Result<Bytes> xml_of(fhir::ReaderPool& readers, Bytes json, Layout layout) {
  fhir::ReaderPool::Lease reader = readers.take();
  TRY(const fhir::Json document, reader->read(std::move(json)));
  return fhir::xml_from_json(document.root(), layout == Layout::indented ? fhir::XmlLayout::indented
                                                                         : fhir::XmlLayout::dense);
}

void drop_place(Error& error) {
  error.where = std::string(fhir::split_where(error.where).expression);
}

// Nothing that we write of our own is beyond XML, but for what it quotes.
Bytes said_in_xml(fhir::ReaderPool& readers, const Bytes& outcome) {
  auto xml = xml_of(readers, outcome, Layout::compact);
  return xml ? *std::move(xml)
             : *xml_of(readers, success_outcome("the reason holds what XML cannot hold"),
                       Layout::compact);
}

}  // namespace

Result<Bytes> json_content(Format format, Bytes body) {
  if (format == Format::json) {
    return body;
  }
  return fhir::json_from_xml(body);
}

Error placed_in(Format format, Error error) {
  if (format == Format::xml) {
    drop_place(error);
    for (Error& further : error.more) {
      drop_place(further);
    }
  }
  return error;
}

// Each is named, so that a new one is thought about: a client is never told that nothing happened
// when it did.
Deed deed_of(Interaction interaction) {
  using enum Interaction;
  switch (interaction) {
    case create:
    case update:
    case update_selected:
    case remove:
    case remove_selected:
    case patch:
    case patch_selected:
    case meta_add:
    case meta_delete:
    case bundle:
    case take_up:
    case channel_pause:
    case channel_resume:
    case channel_fence:
    case channel_test:
    case channel_replay:
    case channel_divert:
    case channel_end_diversion:
    case channel_pass_on:
    case duty_retry:
    case duty_skip:
    case duty_resend:
    case item_advance:
    case item_assign:
    case item_close:
    case item_reopen:
    case item_hand_over:
    case item_accept:
    case item_decline:
    case item_withdraw_offer:
    case close_many:
    case confirm:
    case reconcile:
    case process_message: return Deed::writing;
    case capabilities:
    case openapi:
    case read:
    case vread:
    case history:
    case history_type:
    case history_system:
    case meta:
    case meta_system:
    case expand:
    case validate_in_set:
    case validate_in_system:
    case lookup:
    case subsumes:
    case translate:
    case everything_patient:
    case everything_encounter:
    case chronology:
    case validate:
    case search:
    case search_form:
    case search_all:
    case search_all_form:
    case compartment:
    case compartment_form:
    case explain:
    case explain_form:
    case explain_all:
    case explain_all_form:
    case mapping_report:
    case channel_queue:
    case channel_sent:
    case open_duties:
    case pending:
    case check_pathways:
    case whereabouts:
    case oversight:
    case ledger:
    case work_list:
    case checkpoint:
    case proof:
    case live:
    case ready: return Deed::reading;
  }
  return Deed::writing;
}

void write_as_xml(fhir::ReaderPool& readers, Reply& reply, Layout layout, Deed deed) {
  if (reply.headers.find("Content-Type") != fhir_json) {
    return;
  }
  auto xml = xml_of(readers, reply.body.joined(), layout);
  if (xml) {
    reply.body = *std::move(xml);
  } else {
    Error why = std::move(xml).error();
    drop_place(why);
    why.code = Code::media_type;
    why.what = fmt::format("this cannot be said in XML, only in JSON: {}", why.what);
    if (reply.status < 300 && deed == Deed::writing) {
      reply.body = said_in_xml(readers, success_outcome(why.what));
    } else {
      reply.body = said_in_xml(readers, operation_outcome(why, Origin::request));
      reply.status = reply.status < 300 ? meaning(why.code, Origin::request).status : reply.status;
    }
  }
  reply.headers.set("Content-Type", fhir_xml);
}

}  // namespace holdfast::api
