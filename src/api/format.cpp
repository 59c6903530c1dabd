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

Deed deed_of(Interaction interaction) {
  switch (interaction) {
    case Interaction::create:
    case Interaction::update:
    case Interaction::update_selected:
    case Interaction::remove:
    case Interaction::remove_selected:
    case Interaction::patch:
    case Interaction::patch_selected:
    case Interaction::meta_add:
    case Interaction::meta_delete:
    case Interaction::process_message:
    case Interaction::close_many:
    case Interaction::confirm:
    case Interaction::bundle: return Deed::writing;
    default: return Deed::reading;
  }
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
